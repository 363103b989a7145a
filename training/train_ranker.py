"""Train the ranker of candidate answers and the calibration of refusals, on what the whole pipeline really sees.

    python training/train_reader.py && python training/train_ranker.py

The questions are those of cmrc2018/train that the reader was not trained on; the pool are all its paragraphs. For each
question the index is searched and the hits are read. The ranker learns from candidates' character F1 with the given
answer. The calibration learns, with scores of a ranker that has not seen the question (four folds), to tell right
answers from wrong ones, with the paragraph in the pool, taken out of it, and with a name or a year of the question
changed. One question in five is put word for word into English by the lexicon, since no English questions on Chinese
text are at hand.
"""

from __future__ import annotations

import pickle
import random
import sys
import tempfile
import time
import zlib
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import cloze
from common import arguments, rows, seed_everything
from examples import NEWS_KEPT, alike, held_out, some_window

from libqa.answering import abstain, answer, extract, features, ordering, understand
from libqa.answering.dialogue import Resolved
from libqa.config import Settings
from libqa.index import Index
from libqa.models import load_embedder
from libqa.text import entities
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
    "overlap": -2.0, "fits": 1.0, "misfits": -1.0, "anchors_sentence": 1.0, "anchors_passage": 2.0,
    "uncovered": -3.0, "cover_context": 2.0, "soft_sentence": 2.0, "similar_near": 2.0,
}  # fmt: skip
"""Where the ranker starts, set by hand: texts of other kinds than encyclopaedia paragraphs keep to it more."""
TRUST = {"reader_best": 10.0, "answerable_logit": 1.0, "share": 4.0}
"""The reader's own order, which is half of what ships: it holds on texts of other kinds."""
STAY = 0.02
"""How strongly it is held to that start."""


@dataclass(frozen=True)
class Seen:
    """What the pipeline sees of a question: candidates, their features, character F1 with the answer, whether they
    stand in the gold text, and for reranking the features of the texts and which of them hold the answer."""

    asked: understand.Question
    found: list
    x: np.ndarray
    y: np.ndarray
    inside: np.ndarray
    texts: np.ndarray
    gold: np.ndarray


def look(index: Index, question: str, gold: str, answers) -> Seen:
    """Search and read."""
    with index.view() as view:
        hits, asked, sources = answer.look_up(view, index.embedder, Resolved(question), answer.READ)
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
        for h in hits
    ]
    texts = ordering.measure([s.share for s in sources], [s.points for s in sources])
    return Seen(asked, found, x, y, inside, texts, np.array(holding, bool))


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


def train_ranker(sets, seed: int, hidden: int = 32, epochs: int = 10) -> extract.Ranker:
    """Train from `PRIOR` on, beside a network that starts at nothing.

    Return the mean of start and end, and that again halfway to `TRUST`.
    """
    import torch

    seed_everything(seed)
    sets = [(x, y) for x, y in sets if y.max(initial=0) >= 0.5]
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
    mixed = (linear.detach().numpy() / std + prior) / 4 + trust / 2
    return extract.Ranker((w1 / std).T.copy(), b1 - w1 @ (mean / std), w2[0] / 4, mixed.astype(np.float32))


def train_calibration(x: np.ndarray, y: np.ndarray, seed: int, hidden: int = 12) -> abstain.Calibration:
    import torch

    seed_everything(seed)
    mean, std = x.mean(0), x.std(0) + 1e-2
    net = torch.nn.Sequential(torch.nn.Linear(x.shape[1], hidden), torch.nn.Tanh(), torch.nn.Linear(hidden, 1))
    optimiser = torch.optim.AdamW(net.parameters(), lr=5e-3, weight_decay=5e-2)
    data, label = torch.tensor((x - mean) / std), torch.tensor(y)
    for _ in range(60):
        order = torch.randperm(len(data))
        for i in range(0, len(data), 64):
            part = order[i : i + 64]
            loss = torch.nn.functional.binary_cross_entropy_with_logits(net(data[part]).squeeze(1), label[part])
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    w1, b1, w2, b2 = (p.detach().numpy().astype(np.float32) for p in net.parameters())
    return abstain.Calibration((w1 / std).T.copy(), b1 - w1 @ (mean / std), w2[0], b2)


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


def auroc(score: np.ndarray, label: np.ndarray) -> float:
    order = np.argsort(score)
    ranks = np.empty(len(score))
    ranks[order] = np.arange(1, len(score) + 1)
    good = label > 0.5
    return float((ranks[good].sum() - good.sum() * (good.sum() + 1) / 2) / max(1, good.sum() * (~good).sum()))


def ask_all(index: Index, asked, names, english, rng: random.Random, pool_text) -> tuple[list, list]:
    """Look at every question, one in five in English, and at half of them with something in it changed."""
    seen, changed = [], []
    started = time.time()
    for n, (question, context, answers) in enumerate(asked):
        said = cloze.glossed(question, english, rng) if n % 5 == 4 else None
        seen.append(look(index, said[0] if said else question, identity(context), answers))
        other = cloze.swapped(question, names, pool_text(context), rng) if n % 2 else None
        changed.append(look(index, other, "", []) if other else None)
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
    with tempfile.TemporaryDirectory() as folder:
        sets = {
            "cmrc": (contexts, [(r["question"], r["context"], r["answers"]) for r in chosen]),
            "news": (dict.fromkeys(news, ""), made_up(news, args.made, args.work / "words.npz", rng)),
        }
        seen, changed = [], []
        for name, (texts, asked) in sets.items():
            index = build_index(texts, Path(folder) / name)
            a, b = ask_all(index, asked, names, english, rng, lambda c, t=texts: fold(c + t[c]))
            seen += a
            changed += b
        held = {}
        for name in ("cmrc2018/trial", "drcd/dev"):
            part = rng.sample(list(rows(args.data, name, evaluate=True)), args.dev)
            own = build_index(
                {r["context"]: r["title"] for r in rows(args.data, name, evaluate=True)}, Path(folder) / "dev"
            )
            held[name] = [look(own, r["question"], identity(r["context"]), r["answers"]) for r in part]
    with (args.work / "ranker.pkl").open("wb") as file:
        pickle.dump((seen, changed, held), file)
    fit(args, seen, changed, held)


def fit(args, seen, changed, held) -> None:
    """Train ranker and calibration, write them, and report."""
    args.out.mkdir(parents=True, exist_ok=True)
    order = np.random.default_rng(args.seed).permutation(len(seen))
    seen, changed = [seen[i] for i in order], [changed[i] for i in order]
    fold_of = np.arange(len(seen)) % 4
    samples, labels = [], []
    for k in range(4):
        part = train_ranker([(s.x, s.y) for s, f in zip(seen, fold_of, strict=True) if f != k], args.seed)
        for i in np.flatnonzero(fold_of == k):
            s = seen[i]
            for keep in (None, ~s.inside):
                ranked = rank(part, s.found, s.x, keep)
                if ranked:
                    samples.append(abstain.measure(s.asked, ranked))
                    labels.append(float(value(ranked, s.found, s.y) >= 0.4))
            if (other := changed[i]) is not None and other.found:
                samples.append(abstain.measure(other.asked, rank(part, other.found, other.x)))
                labels.append(0.0)
    ranker = train_ranker([(s.x, s.y) for s in seen], args.seed)
    calibration = train_calibration(np.stack(samples), np.array(labels, np.float32), args.seed)
    np.savez(args.out / "ranker.npz", w1=ranker.w1, b1=ranker.b1, w2=ranker.w2, linear=ranker.linear)
    ordering = train_ordering(seen, args.seed)
    np.savez(args.out / "ordering.npz", weights=ordering.weights)
    np.savez(args.out / "abstention.npz", w1=calibration.w1, b1=calibration.b1, w2=calibration.w2, b2=calibration.b2)
    print(f"{len(labels)} samples for the calibration, {np.mean(labels):.2f} right", flush=True)
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
