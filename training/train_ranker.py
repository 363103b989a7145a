"""Train the ranker of candidate answers and the calibration of refusals, on what the whole pipeline really sees.

    python training/train_reader.py && python training/train_ranker.py

The questions are those of cmrc2018/train that the reader was not trained on, with all its paragraphs as the pool, some
made from news, and those written for training on families of documents that the reader has not seen. For each
question the index is searched and the hits are read. The ranker learns from candidates' character F1 with the given
answer. The calibration learns, with scores of a ranker that has not seen the question (four folds), to tell right
answers from wrong ones: with the paragraph in the pool, taken out of it, with the sentence that answers taken out of
the paragraph, and with a name, year or word of the question changed, for one from elsewhere or from the same text.
The calibration learns most from the questions written for training, a quarter of which has no answer, each asked of a
small library that holds its text, and some of them besides of one that holds other texts only; and from the project's
own development questions. One question in five of the others is put word for word into English by the
lexicon. With ``--calibrate`` ranker and order stay as they ship.
"""

from __future__ import annotations

import pickle
import random
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import cloze
import written
from common import arguments, rows, seed_everything
from examples import NEWS_KEPT, alike, alike_by, held_out, index_of, some_window

from libqa import LibQA
from libqa.answering import abstain, answer, dialogue, extract, features, ordering, reader, understand
from libqa.answering.dialogue import Resolved
from libqa.answering.ordering import load_ordering
from libqa.config import Settings
from libqa.evaluation import judging
from libqa.evaluation.questions import Question, load_sets
from libqa.index import Index
from libqa.models import load_embedder
from libqa.text import entities, segment
from libqa.text.script import fold
from libqa.types import Document


def f1(a: str, b: str) -> float:
    common = sum((Counter(a) & Counter(b)).values())
    return 2 * common / (len(a) + len(b)) if common else 0.0


def identity(context: str) -> str:
    return f"{zlib.crc32(context.encode()):08x}"


def build_index(contexts: dict[str, str], folder: Path) -> Index:
    documents = [Document(identity(c), c, title) for c, title in contexts.items()]
    return Index.create(folder, load_embedder(), Settings(), documents)


PRIOR = {
    "reader_best": 7.0, "answerable_logit": 0.7, "share": 5.0, "outside": 6.0, "near_25": 2.0, "near_6": 1.0,
    "overlap": -2.0, "fits": 1.0, "misfits": -1.0, "anchors_sentence": 1.0, "anchors_passage": 2.0, "uncovered": -3.0,
    "rival_clause": -1.0, "rival_sentence": -0.5, "rival_apart": -0.5, "cover_context": 2.0, "soft_sentence": 2.0,
    "similar_near": 2.0, "less_said": 4.0,
}  # fmt: skip
"""Where the ranker starts, set by hand: texts of other kinds than encyclopaedia paragraphs keep to it more."""
TRUST = {
    "reader_best": 10.0, "answerable_logit": 1.0, "share": 4.0,
    "rival_clause": -20.0, "rival_sentence": -8.0, "rival_apart": -5.0, "unnamed": -12.0, "renamed": 20.0,
    "less_said": 6.0,
}  # fmt: skip
"""The reader's own order and what speaks against it, which is half of what ships: it holds on texts of other kinds."""
WHETHER = {
    "reader_best": -4.0, "cover_clause": 5.0, "cover_near": 6.0, "soft_sentence": 6.0, "similar_near": 6.0,
    "yesno": -11.0,
}  # fmt: skip
"""Added where a question asks whether something is so: the reader never read such questions, words must tell. The last
keeps the scores about as high as those of other questions."""
ROOT = Path(__file__).resolve().parent.parent
OWN = ("second.jsonl", "dev.jsonl")
"""The project's own development questions; `core.jsonl` and `test.jsonl` choose nothing here."""
OWN_COUNT = 45.0
"""What one of them counts in the calibration, a written question being 1: there are few, on texts as they are."""
LIBRARY = 8
"""Families of written documents in one library: about as many passages as the project's corpus has."""
ELSEWHERE = 1 / 6
"""Questions that a library is asked on the texts of others, for each one on its own."""
FOLDS = 4
FREEDOM = 1.0
"""Inverse strength of what holds the weights of the calibration to nothing."""
OTHERS = 0.2
"""What all samples from encyclopaedia and news count together, those of the written questions being 1."""
GOOD = 0.4
"""Character F1 from which a candidate is the answer."""
THRESHOLD = Settings().threshold
"""Confidence from which a question is answered."""
SEEDS = 4
"""Networks that are trained and averaged, each from another seed."""
LEARNT = 0.4
"""Share of what training makes of the ranker in what ships."""
STAY = 0.02
"""How strongly it is held to that start."""


@dataclass(frozen=True)
class Seen:
    """What the pipeline sees of a question: candidates, their features, character F1 with the answer, whether they
    stand in the gold text, and for reranking the features of the texts and which of them hold the answer.

    ``right`` is whether the best candidate being this one makes the answer right; ``family`` numbers what belongs
    together and must not be learnt from to be judged; ``kind`` says whether a written question has an answer.
    """

    asked: understand.Question
    found: list
    x: np.ndarray
    y: np.ndarray
    inside: np.ndarray
    texts: np.ndarray
    gold: np.ndarray
    right: np.ndarray
    family: int = -1
    kind: str = ""


def look(index: Index, resolved: Resolved, gold: str, answers) -> Seen:
    """Search and read."""
    with index.view() as view:
        hits, asked, sources = answer.look_up(view, index.embedder, resolved, answer.READ)
    found, x = extract.measure_all(asked, sources)
    y = np.zeros(len(found), np.float32)
    for i, f in enumerate(found):
        passage = hits[f.source].passage
        if passage.document_id == gold:
            a, b = f.candidate.start + passage.start, f.candidate.end + passage.start
            for given in answers:
                start, end = given["start"], given["start"] + len(given["text"])
                if a < end and start < b:
                    y[i] = max(y[i], f1(passage.text[f.candidate.start : f.candidate.end], given["text"]))
    inside = np.array([hits[f.source].passage.document_id == gold for f in found], bool)
    places = [(given["start"], given["start"] + len(given["text"])) for given in answers]
    holding = [
        h.passage.document_id == gold and any(h.passage.start < e and s < h.passage.end for s, e in places)
        for h in hits[: len(sources)]
    ]
    texts = ordering.measure([s.share for s in sources], [s.points for s in sources])
    return Seen(asked, found, x, y, inside, texts, np.array(holding, bool), y >= GOOD)


def look_written(part: str, folder: Path, rng: random.Random) -> list[Seen]:
    """Ask small libraries of the documents written for a part of training their questions, and some of the others'.

    An answer is right where its sentence says all that is asked for, as the evaluation has it.
    """
    families = [written.load(path) for path in written.families(part)]
    numbers, out = rng.sample(range(len(families)), len(families)), []
    for first in range(0, len(families), LIBRARY):
        own = numbers[first : first + LIBRARY]
        texts = {i: given for n in own for i, given in families[n][0].items()}
        index, documents = index_of(texts, folder / str(first))
        similarity = alike_by(index.embedder)
        asked = [(n, q) for n in own for q in families[n][1]]
        others = [(n, q) for n in numbers if n not in own for q in families[n][1] if not q.history]
        for family, q in (*asked, *rng.sample(others, int(ELSEWHERE * len(asked)))):
            answers = []
            if q.answers and family in own:
                text = documents[q.document].text
                start, end = written.place(text, q)
                answers = [{"text": text[start:end], "start": start}]
            seen = look(index, dialogue.resolve(q.question, q.history, similarity), q.document, answers)
            said = [f.laid.text[slice(*f.laid.sentences[f.laid.sentence_of[f.candidate.first]])] for f in seen.found]
            holds = [bool(answers) and all(a in sentence for a in q.answers) for sentence in said]
            kind = "answerable" if answers else "unanswerable" if family in own else "elsewhere"
            out.append(replace(seen, right=seen.inside & np.array(holds, bool), family=family, kind=kind))
    return out


def train_ordering(seen: list[Seen], seed: int) -> ordering.Ordering:
    """Fit the weights so that a text that holds the answer comes first (softmax over the texts of a question)."""
    import torch

    seed_everything(seed)
    weights = torch.tensor([6.0, 0.3, 0.3, 0.3], requires_grad=True)
    sets = [(torch.tensor(s.texts), torch.tensor(s.gold)) for s in seen if s.gold.any() and not s.gold.all()]
    optimiser = torch.optim.Adam([weights], lr=0.05)
    for _ in range(80):
        loss = torch.stack([-torch.logsumexp(torch.log_softmax(x @ weights, 0)[g], 0) for x, g in sets]).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return ordering.Ordering(weights.detach().numpy().astype(np.float32))


def first_right(seen: list[Seen], ordering: ordering.Ordering) -> tuple[float, float]:
    """Return how often the first text holds the answer, by search alone and reranked."""
    by_search = [s.gold[np.argmax(s.texts[:, 0])] for s in seen if len(s.gold)]
    reranked = [s.gold[np.argmax(s.texts @ ordering.weights)] for s in seen if len(s.gold)]
    return float(np.mean(by_search)), float(np.mean(reranked))


def train_ranker(seen: Sequence[Seen], seed: int, hidden: int = 32, epochs: int = 10) -> extract.Ranker:
    """Train from `PRIOR` on, beside a network that starts at nothing.

    Return `LEARNT` parts of what it learns; of the rest a third is `PRIOR` and two thirds are `TRUST`.
    """
    import torch

    seed_everything(seed)
    sets = [(s.x, s.y) for s in seen if s.y.max(initial=0) >= 0.5]
    everything = np.concatenate([x for x, _ in sets])
    mean, std = everything.mean(0), everything.std(0) + 1e-2
    net = torch.nn.Sequential(
        torch.nn.Linear(len(mean), hidden),
        torch.nn.ReLU(),
        torch.nn.Dropout(0.2),
        torch.nn.Linear(hidden, 1, bias=False),
    )
    torch.nn.init.zeros_(net[3].weight)
    prior = np.array([PRIOR.get(name, 0.0) for name in features.NAMES], dtype=np.float32)
    start = torch.tensor(prior * std)
    linear = start.clone().requires_grad_()
    optimiser = torch.optim.AdamW([*net.parameters(), linear], lr=1e-3, weight_decay=1e-2)
    tensors = [(torch.tensor((x - mean) / std), torch.tensor(y**4)) for x, y in sets]
    steps = epochs * (len(sets) // 16 + 1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=steps + 1)
    for _ in range(epochs):
        random.shuffle(tensors)
        for i in range(0, len(tensors), 16):
            loss = 0.0
            for x, target in tensors[i : i + 16]:
                logits = net(x).squeeze(1) + x @ linear
                loss = loss - (target / target.sum() * torch.log_softmax(logits, 0)).sum()
            loss = loss / 16 + STAY * ((linear - start) ** 2).sum() + STAY * (net[3].weight ** 2).sum()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
    w1, b1, w2 = (p.detach().numpy().astype(np.float32) for p in net.parameters())
    trust = np.array([TRUST.get(name, 0.0) for name in features.NAMES], dtype=np.float32)
    mixed = LEARNT * linear.detach().numpy() / std + (1.0 - LEARNT) * (prior + 2.0 * trust) / 3.0
    whether = np.array([WHETHER.get(name, 0.0) for name in features.NAMES], dtype=np.float32)
    return extract.Ranker(
        (w1 / std).T.copy(), b1 - w1 @ (mean / std), LEARNT * w2[0], mixed.astype(np.float32), whether
    )


def train_calibration(x: np.ndarray, y: np.ndarray, count: np.ndarray) -> abstain.Calibration:
    """Fit the probability that the best candidate is right; ``count`` is how much each sample counts."""
    from sklearn.linear_model import LogisticRegression

    spread = x.std(axis=0) + 1e-6
    fitted = LogisticRegression(C=FREEDOM, max_iter=5000).fit(x / spread, y, sample_weight=count)
    return abstain.Calibration((fitted.coef_[0] / spread).astype(np.float32), float(fitted.intercept_[0]))


def cross_judged(x: np.ndarray, y: np.ndarray, count: np.ndarray, folds: np.ndarray) -> np.ndarray:
    """Return the confidence in each sample by a calibration that has not seen its fold."""
    out = np.zeros(len(y))
    for k in np.unique(folds):
        here = folds == k
        own = train_calibration(x[~here], y[~here], count[~here])
        out[here] = x[here] @ own.weights + own.bias
    return out


def mean_ranker(rankers: list[extract.Ranker]) -> extract.Ranker:
    """Return one network whose score is the mean of theirs."""
    return extract.Ranker(
        np.hstack([r.w1 for r in rankers]),
        np.concatenate([r.b1 for r in rankers]),
        np.concatenate([r.w2 for r in rankers]) / len(rankers),
        np.mean([r.linear for r in rankers], axis=0),
        rankers[0].whether,
    )


def rank(ranker: extract.Ranker, found, x, keep=None):
    """Return the candidates with their scores, best first; ``keep`` leaves some out."""
    chosen = [i for i in range(len(found)) if keep is None or keep[i]]
    return extract.in_order([found[i] for i in chosen], ranker.score(x[chosen]))


def value(ranked, found, y) -> float:
    """Character F1 of the best candidate."""
    if not ranked:
        return 0.0
    best = ranked[0]
    same = (f.source == best.source and f.candidate is best.candidate for f in found)
    return max((float(v) for v, here in zip(y, same, strict=True) if here), default=0.0)


def best_right(ranked, seen: Seen) -> bool:
    """Whether the best candidate makes the answer right."""
    best = ranked[0]
    return any(
        ok and f.source == best.source and f.candidate is best.candidate
        for f, ok in zip(seen.found, seen.right, strict=True)
    )


def auroc(score: np.ndarray, label: np.ndarray) -> float:
    order = np.argsort(score)
    ranks = np.empty(len(score))
    ranks[order] = np.arange(1, len(score) + 1)
    good = label > 0.5
    return float((ranks[good].sum() - good.sum() * (good.sum() + 1) / 2) / max(1, good.sum() * (~good).sum()))


def look_without(index: Index, question: str, gold: str, answers) -> Seen | None:
    """Search, and read with the sentences that hold the answers taken out of the gold text."""
    with index.view() as view:
        hits, asked, sources = answer.look_up(view, index.embedder, Resolved(question), answer.READ)
    texts = []
    for hit, source in zip(hits, sources, strict=False):  # what fits far less is not read
        given = source.given
        if hit.passage.document_id == gold:
            said = [a["text"] for a in answers]
            kept = [given.text[a:b] for a, b in segment.sentences(given.text)]
            rest = "".join(k for k in kept if not any(text in k or k.strip() in text for text in said))
            if not rest.strip():
                return None
            document = given.document.replace(fold(given.text), fold(rest))
            given = replace(given, text=rest, document=document)
        texts.append(given)
    points = reader.load_reader().read(asked, texts)
    sources = [replace(s, given=t, points=p) for s, t, p in zip(sources, texts, points, strict=True)]
    found, x = extract.measure_all(asked, sources)
    nothing = np.zeros(len(found), np.float32)
    return Seen(asked, found, x, nothing, nothing > 0, np.zeros((0, 4), np.float32), np.zeros(0, bool), nothing > 0)


def ask_all(index: Index, asked, names, english, siblings: cloze.Siblings, rng: random.Random, pool_text):
    """Look at every question, one in five in English, and at each in some way that leaves it without an answer.

    Return what was seen, and for each question pairs: seen, and whether the old answer must come first for it to count
    as wrong (else any answer is).
    """
    seen, changed = [], []
    started = time.time()
    for n, (question, context, answers) in enumerate(asked):
        said = cloze.glossed(question, english, rng) if n % 5 == 4 else None
        seen.append(look(index, Resolved(said[0] if said else question), identity(context), answers))
        wrong: list[tuple[Seen, bool]] = []
        if n % 2 and (other := cloze.swapped(question, names, pool_text(context), rng)):
            wrong.append((look(index, Resolved(other), "", []), False))
        start = answers[0]["start"]
        apart = next((s for s in segment.sentences(context) if s[0] <= start < s[1]), (0, len(context)))
        if n % 4 and (other := cloze.misled(question, context, apart, siblings, rng)):
            wrong.append((look(index, Resolved(other[0]), identity(context), answers), True))
        if n % 5 in (1, 3) and (without := look_without(index, question, identity(context), answers)):
            wrong.append((without, False))
        changed.append(wrong)
        if n % 200 == 199:
            print(f"{n + 1} questions, {time.time() - started:.0f} s", flush=True)
    return seen, changed


def made_up(articles: list[str], count: int, words: Path, rng: random.Random):
    """Return questions made from the articles, each with its article and answer."""
    loaded = np.load(words)
    maker = cloze.Maker(alike([str(w) for w in loaded["words"]], loaded["vectors"].astype(np.float32)))
    out = []
    while len(out) < count:
        text = rng.choice(articles)
        low, high = some_window(text, rng)
        if made := maker.make(text[low:high], [], rng):
            answer = {"text": text[low + made.start : low + made.end], "start": low + made.start}
            out.append((made.question, text, [answer]))
    return out


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--questions", type=int, default=1700)
    parser.add_argument("--made", type=int, default=1200, help="questions made from news texts")
    parser.add_argument("--dev", type=int, default=250, help="questions of each development set to report on")
    parser.add_argument("--out", type=Path, default=extract.RANKER.parent)
    parser.add_argument("--calibrate", action="store_true", help="fit the calibration alone")
    parser.add_argument("--refit", action="store_true", help="train again on what the last run saw")
    args = parser.parse_args()
    if args.refit:
        with (args.work / "ranker.pkl").open("rb") as file:
            fit(args, *pickle.load(file))
        return
    rng = random.Random(args.seed)
    everything = list(rows(args.data, "cmrc2018/train"))
    contexts = {r["context"]: r["title"] for r in everything}
    chosen = [r for r in everything if held_out(r)]
    chosen = rng.sample(chosen, min(args.questions, len(chosen)))
    names: dict[str, list[str]] = {}
    for r in everything[::7]:
        for e in entities.find(r["question"]):
            if e.kind != "date":
                names.setdefault(e.kind, []).append(r["question"][e.start : e.end])
    news = [r["text"] for i, r in enumerate(rows(args.data, "crud_news/text")) if i % NEWS_KEPT == 0][:1500]
    english = cloze.reverse_lexicon()
    loaded = np.load(args.work / "words.npz")
    siblings = cloze.Siblings([str(w) for w in loaded["words"]], loaded["vectors"].astype(np.float32))
    with tempfile.TemporaryDirectory() as folder:
        sets = {
            "cmrc": (contexts, [(r["question"], r["context"], r["answers"]) for r in chosen]),
            "news": (dict.fromkeys(news, ""), made_up(news, args.made, args.work / "words.npz", rng)),
        }
        seen, changed = [], []
        for name, (texts, asked) in sets.items():
            index = build_index(texts, Path(folder) / name)
            a, b = ask_all(index, asked, names, english, siblings, rng, lambda c, t=texts: fold(c + t[c]))
            seen += a
            changed += b
        held = {}
        for name in ("cmrc2018/trial", "drcd/dev"):
            part = rng.sample(list(rows(args.data, name, evaluate=True)), args.dev)
            own = build_index(
                {r["context"]: r["title"] for r in rows(args.data, name, evaluate=True)}, Path(folder) / "dev"
            )
            held[name] = [look(own, Resolved(r["question"]), identity(r["context"]), r["answers"]) for r in part]
        asked = look_written("ranker", Path(folder), rng)
    with (args.work / "ranker.pkl").open("wb") as file:
        pickle.dump((seen, changed, held, asked), file)
    fit(args, seen, changed, held, asked)


@dataclass(frozen=True)
class Own:
    """One of the project's own questions as its index is asked it: hits, candidates, features, and the evidence."""

    question: Question
    asked: understand.Question
    hits: list
    found: list
    x: np.ndarray
    gold: list


def own_questions(folder: Path) -> list[Own]:
    """Ask the index of the project's corpus its development questions."""
    qa = LibQA.build(ROOT / "corpus", folder)
    texts = {d.id: d.text for d in qa.documents()}
    out = []
    for question in load_sets([ROOT / "eval" / "questions" / name for name in OWN]):
        with qa._index.view() as view:
            resolved = dialogue.resolve(question.question, question.history, qa._similarity())
            hits, asked, sources = answer.look_up(view, qa._index.embedder, resolved, answer.READ)
        found, x = extract.measure_all(asked, sources)
        gold = [span for spans in judging.evidence_spans(question, texts) for span in spans]
        out.append(Own(question, asked, hits, found, x, gold))
    return out


def own_samples(own: list[Own], ranker: extract.Ranker) -> tuple[np.ndarray, np.ndarray]:
    """Return the features of the best candidates and whether each is right and cited."""
    samples, labels = [], []
    for o in own:
        if ranked := rank(ranker, o.found, o.x):
            said = answer.compose(o.question.question, "", o.asked, o.hits, answer.Chosen(ranked, 1.0), 0.0)
            samples.append(abstain.measure(o.asked, ranked))
            labels.append(float(judging.right_and_cited(o.question, said, o.gold)[1]))
    return np.stack(samples), np.array(labels)


def samples_of(part: extract.Ranker, seen: Seen, changed=()) -> Iterator[tuple[np.ndarray, bool]]:
    """Yield what the calibration sees of a question, and of the same one left without an answer, and what is right."""
    for keep in (None, ~seen.inside) if seen.family < 0 else (None,):
        if ranked := rank(part, seen.found, seen.x, keep):
            yield abstain.measure(seen.asked, ranked), best_right(ranked, seen)
    for other, old in changed:
        ranked = rank(part, other.found, other.x)
        if ranked and (not old or best_right(ranked, other)):
            yield abstain.measure(other.asked, ranked), False


def fit(args, seen, changed, held, asked) -> None:
    """Train ranker and calibration, write them, and report."""
    args.out.mkdir(parents=True, exist_ok=True)
    order = np.random.default_rng(args.seed).permutation(len(seen))
    seen, changed = [*(seen[i] for i in order), *asked], [*(changed[i] for i in order), *(() for _ in asked)]
    fold_of = np.array([i if s.family < 0 else s.family for i, s in enumerate(seen)]) % FOLDS
    is_written = np.array([s.family >= 0 for s in seen])
    samples, labels, owners = [], [], []
    for k in range(FOLDS):
        others = [s for s, f in zip(seen, fold_of, strict=True) if f != k]
        part = (
            extract.load_ranker()
            if args.calibrate
            else mean_ranker([train_ranker(others, args.seed + n) for n in (0, 1)])
        )
        for i in np.flatnonzero(fold_of == k):
            for sample, right in samples_of(part, seen[i], changed[i]):
                samples.append(sample)
                labels.append(float(right))
                owners.append(i)
    ranker = part if args.calibrate else mean_ranker([train_ranker(seen, args.seed + n) for n in range(SEEDS)])
    x, y, of_written = np.stack(samples), np.array(labels), is_written[owners]
    with tempfile.TemporaryDirectory() as folder:
        own, right = own_samples(own_questions(Path(folder)), ranker)
    count = np.where(of_written, 1.0, OTHERS * of_written.sum() / max(1, (~of_written).sum()))
    counts = np.concatenate([count, np.full(len(right), OWN_COUNT)])
    calibration = train_calibration(np.concatenate([x, own]), np.concatenate([y, right]), counts)
    ordering = load_ordering() if args.calibrate else train_ordering(seen, args.seed)
    if not args.calibrate:
        np.savez(args.out / "ranker.npz", **{name: getattr(ranker, name) for name in extract.ARRAYS})
        np.savez(args.out / "ordering.npz", weights=ordering.weights)
    np.savez(args.out / "abstention.npz", weights=calibration.weights, bias=np.float32(calibration.bias))
    judged = cross_judged(x, y, count, fold_of[owners])
    print(f"written: right {y[of_written].mean():.3f}, AUROC {auroc(judged[of_written], y[of_written]):.3f}")
    kinds, answered = np.array([seen[i].kind for i in owners]), judged >= np.log(THRESHOLD / (1 - THRESHOLD))
    for kind in ("answerable", "unanswerable", "elsewhere"):
        some = kinds == kind
        good = (answered & (y > 0))[some].mean()
        print(f"{kind}: {some.sum()}, answered {answered[some].mean():.3f}, right {good:.3f}")
    print(f"{len(labels)} samples for the calibration, {np.mean(labels):.2f} right")
    print(dict(zip(abstain.NAMES, calibration.weights.round(2), strict=True)), round(calibration.bias, 2), flush=True)
    for name, part in {"held-out questions": seen, **held}.items():
        score, label, total, sentence = [], [], 0.0, 0
        for s in part:
            for keep in (None, ~s.inside):
                ranked = rank(ranker, s.found, s.x, keep)
                got = value(ranked, s.found, s.y)
                score.append(calibration.confidence(s.asked, ranked))
                label.append(got >= 0.4)
                if keep is None:
                    total += got
                    sentence += got > 0
        score, label = np.array(score), np.array(label)
        whole, without = score[0::2], score[1::2]
        print(
            f"{name}: R@1 {first_right(part, ordering)} F1 {total / len(part):.3f} "
            f"overlapping {sentence / len(part):.3f} "
            f"AUROC right/wrong {auroc(score, label):.3f} "
            f"gold present/absent {auroc(score, np.arange(len(score)) % 2 == 0):.3f} "
            f"answered at .5: present {np.mean(whole >= 0.5):.2f} absent {np.mean(without >= 0.5):.2f}",
            flush=True,
        )
    print([len(features.NAMES), len(abstain.NAMES)])


if __name__ == "__main__":
    main()
