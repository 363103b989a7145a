"""Train the static multilingual embedder with two contrastive losses and ship it as an int8 table.

A text is the sum of its pieces' vectors, normalised; a vector's length is thus the learnt weight of its piece.
Pairs: parallel text, dictionary headwords and senses, questions and paragraphs, titles and abstracts, a sentence and
its surroundings (inverse cloze, Lee et al. 2019), word-by-word English glosses of Chinese questions and sentences,
words of the thesaurus and their synonyms, alone and put into sentences, and the questions written for the reader.
The second loss is on late interaction, as ``libqa.answering.interaction`` has it: questions and the very sentences
that answer them, those of one text together, so that a sentence has to be told from its neighbours.
Needs ``prepare.py``, ``train_lexicon.py`` and ``train_tokenizer.py``. Resumes from its checkpoint.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import asked
import common
import numpy as np
import opencc
import said
import torch
import written
from numpy.typing import NDArray
from prepare import senses
from torch import nn
from torch.nn import functional

from libqa.models import thesaurus
from libqa.models.pieces import Segmenter
from libqa.text.script import fold
from libqa.text.segment import sentences, words

SENTENCE = re.compile(r"[^。！？!?；;\n]+[。！？!?；;]?")
TEXTS = (  # set, share of rows used for inverse cloze
    ("crud_news/text", 1.0),
    ("tw_laws_text/text", 0.25),
    ("cn_laws_text/text", 0.25),
    ("zhwiki_sample/text", 1.0),
    ("kdconv/travel_text", 1.0),
)
QUESTION_WORDS = dict(
    pair.split("=")
    for pair in """谁=who 什么=what 何=what 哪=which 哪里=where 哪儿=where 何处=where 何时=when 哪年=which_year
    哪个=which 哪些=which 哪一=which 哪一年=what_year 几=how_many 多少=how_many 多=how 为什么=why 为何=why
    怎么=how 怎样=how 如何=how 是=is 的=of 在=in 和=and 有=has 被=by 时候=time 年=year 月=month 日=day
    吗= 了= ？=? ?=?""".split()
)


class Bags:
    """Many bags of piece ids, stored flat."""

    def __init__(self, bags: list[NDArray[np.uint16]]) -> None:
        self.flat = np.concatenate(bags) if bags else np.zeros(0, np.uint16)
        self.starts = np.concatenate([[0], np.cumsum([len(b) for b in bags])]).astype(np.int64)

    def __len__(self) -> int:
        return len(self.starts) - 1

    def take(self, rows: NDArray[np.int64], keep: float, rng: np.random.Generator) -> tuple[torch.Tensor, torch.Tensor]:
        """Return flat ids and bag offsets of the rows; each piece is kept with probability ``keep``."""
        parts = [self.flat[self.starts[r] : self.starts[r + 1]] for r in rows]
        if keep < 1:
            parts = [p if len(p) < 4 else p[rng.random(len(p)) < keep] for p in parts]
        offsets = np.concatenate([[0], np.cumsum([len(p) for p in parts])[:-1]])
        return torch.from_numpy(np.concatenate(parts).astype(np.int64)), torch.from_numpy(offsets.astype(np.int64))


class Glosser:
    """Word-by-word English renderings of Chinese pieces, drawn from the lexicon turned round."""

    def __init__(self, segmenter: Segmenter, lexicon: Path, seed: int) -> None:
        self.cut = segmenter.cut
        self.random = random.Random(seed)
        options: dict[str, list[tuple[str, float]]] = defaultdict(list)
        for line in lexicon.read_text(encoding="utf-8").splitlines():
            english, terms = line.split("\t")
            for item in terms.split(" "):
                zh, percent = item.rsplit(":", 1)
                options[zh].append((english, int(percent) / (1 + english.count(" "))))
        for zh, english in QUESTION_WORDS.items():
            options[fold(zh)] = [(english.replace("_", " "), 1.0)]
        self.options = {zh: tuple(zip(*sorted(o, key=lambda x: -x[1])[:5], strict=True)) for zh, o in options.items()}

    def __call__(self, folded: str, chance: float = 1.0) -> str:
        """Return the text with its words rendered in English; words without a rendering stay."""
        out: list[str] = []
        for start, end in self.cut(folded).spans:
            word = folded[start:end]
            found = self.options.get(word)
            if found and self.random.random() < chance:
                out.append(self.random.choices(found[0], found[1])[0])
            else:
                out.append(word)
        return " ".join(out)


def windows(text: str, size: int, rng: random.Random) -> Iterator[list[str]]:
    """Yield runs of whole sentences of about ``size`` characters, at least two sentences long."""
    run: list[str] = []
    length, aim = 0, rng.randint(size // 2, size * 3 // 2)
    for match in SENTENCE.finditer(text):
        run.append(match.group())
        length += len(match.group())
        if length >= aim:
            if len(run) > 1:
                yield run
            run, length, aim = [], 0, rng.randint(size // 2, size * 3 // 2)
    if len(run) > 1 and length > size // 3:
        yield run


def cloze(run: list[str], rng: random.Random) -> tuple[str, str]:
    """Return a sentence (or a part of one) and its surroundings; one time in three they keep it."""
    i = rng.randrange(len(run))
    query = run[i]
    rest = "".join(run) if rng.random() < 0.35 else "".join(run[:i] + run[i + 1 :])
    if len(query) > 24 and rng.random() < 0.5:
        length = rng.randint(8, 24)
        start = rng.randrange(len(query) - length)
        query = query[start : start + length]
    return query[:120], rest


def reworded(folded: str, rng: random.Random) -> str:
    """Return a text with most of the words that the thesaurus knows said otherwise."""
    out = []
    for word, _, _ in words(folded):
        others = thesaurus.synonyms(word)
        out.append(rng.choice(others)[0] if others and rng.random() < 0.7 else word)
    return "".join(out)


def around(title: str, text: str, start: int, quotes: Sequence[str], rng: random.Random) -> str:
    """Return a stretch of a text about the place ``start``, under its title, or the quotes alone."""
    low = max(0, start - rng.randint(20, 150))
    return rng.choice((f"{title}\n{text[low : low + 250]}", " ".join(quotes)))


def sentence_at(title: str, text: str, start: int, rng: random.Random) -> str:
    """Return the sentence at a place of a text, one time in two under its title."""
    sentence = next((text[a:b] for a, b in sentences(text) if a <= start < b), text[start : start + LONGEST])
    return f"{rng.choice((title, ''))}\n{sentence}"[:LONGEST]


def collect(args: Any) -> dict[str, list[tuple[str, str]]]:
    """Return the training pairs by source, as folded text."""
    rng = random.Random(args.seed)
    segmenter = Segmenter(common.BUNDLED / "embedder" / "pieces.tsv")
    gloss = Glosser(segmenter, common.BUNDLED / "lexicon" / "lexicon.tsv", args.seed)
    mainland = opencc.OpenCC("tw2sp")  # half of the statutes in mainland words, as for the lexicon
    pairs: dict[str, list[tuple[str, str]]] = defaultdict(list)
    for name in ("tatoeba_zh_en/train", "python_docs_zh_en/train", "tw_laws_zh_en/train"):
        seen: set[str] = set()
        before: tuple[str, str] | None = None
        for i, row in enumerate(common.rows(args.data, name)):
            zh = mainland.convert(row["zh"]) if name.startswith("tw") and i % 2 else row["zh"]
            zh, en = fold(zh)[:300], fold(row["en"])[:900]
            key = re.sub(r"[0-9一二三四五六七八九十百]+", "#", zh)
            if key in seen or len(zh) < 2:
                continue
            seen.add(key)
            source = "laws" if name.startswith("tw") else "parallel"
            pairs[source].append((en, zh))
            if before and rng.random() < 0.3:  # an English sentence finds a longer Chinese passage
                pairs["passages_en"].append((rng.choice((before[0], en)), before[1] + zh))
            before = (en, zh)
    for row in common.rows(args.data, "cc_cedict/dict"):
        for sense in senses(row["en"]):
            pairs["dictionary"].append((sense, fold(row["zh"])))
    for row in common.rows(args.data, "cmrc2018/train"):
        question, context = fold(row["question"]), fold(row["context"])
        pairs["questions"].append((question, context))
        start = row["answers"][0]["start"]
        left, size = rng.randint(20, 120), rng.randint(120, 300)
        part = context[max(0, start - left) : max(0, start - left) + size]
        pairs["questions"].append((question, part))
        pairs["questions_en"].append((gloss(question), context))
        pairs["questions_en"].append((gloss(question, 0.8), part))
    for row in common.rows(args.data, "kdconv/turns"):
        query = fold(row["query"] if row["entity"] in row["query"] else row["entity"] + row["query"])
        pairs["questions"].append((query, fold(row["positive"])))
        pairs["questions_en"].append((gloss(query), fold(row["positive"])))
    for row in common.rows(args.data, "csl/title_abstract"):
        query, positive = fold(row["query"]), fold(row["positive"])
        pairs["questions"].append((query, positive))
        if row.get("keywords"):
            pairs["questions"].append((fold(" ".join(row["keywords"])), positive))
        pairs["questions_en"].append((gloss(query), positive))
    contexts = list(dict.fromkeys(fold(r["context"]) for r in common.rows(args.data, "cmrc2018/train")))
    abstracts = [fold(r["positive"]) for r in common.rows(args.data, "csl/title_abstract")]
    texts = [t for t in contexts + abstracts for _ in range(3)]
    for name, share in TEXTS:
        texts += [fold(r["text"]) for r in common.rows(args.data, name) if rng.random() < share]
    for line in thesaurus.BUNDLED.read_text(encoding="utf-8").splitlines():
        group = line.split(";")
        pairs["synonyms"] += [(rng.choice(group), other) for other in group for _ in range(3)]
    for path in written.families("reader"):
        documents, questions = written.load(path)
        for q in (q for q in questions if q.answers):
            title, text = documents[q.document]
            start, _ = written.place(text, q)
            pairs["written"].append((fold(q.question), fold(around(title, text, start, q.quotes, rng))))
            pairs["near_written"].append((fold(q.question), fold(sentence_at(title, text, start, rng))))
    documents, questions, places = asked.load(args.data)
    for q, (start, _) in ((q, at) for q, at in zip(questions, places, strict=True) if q.answers):
        title, text = documents[q.document]
        pairs["asked"].append((fold(q.question), fold(around(title, text, start, q.quotes, rng))))
        pairs["near_asked"].append((fold(q.question), fold(sentence_at(title, text, start, rng))))
        if rng.random() < GLOSSED:
            pairs["near_asked"].append((gloss(fold(q.question)), fold(sentence_at(title, text, start, rng))))
    for row in common.rows(args.data, "cmrc2018/train"):
        sentence = sentence_at(row["title"], row["context"], row["answers"][0]["start"], rng)
        pairs["near_questions"].append((fold(row["question"]), fold(sentence)))
    for statement, own in said.load():
        pairs["near_said"] += [(fold(question), fold(statement)) for question in own]
    for text in texts:
        for run in windows(text, 220, rng):
            pairs["cloze"].append(cloze(run, rng))
            if rng.random() < REWORDED:
                query, rest = cloze(run, rng)
                pairs["reworded"].append((reworded(query, rng), rest if rng.random() < 0.6 else query))
            if rng.random() < 0.5:
                query, rest = cloze(run, rng)
                pairs["cloze_en"].append((gloss(query), rest if rng.random() < 0.6 else query))
    return pairs


REWORDED = 0.25
"""Share of the windows of which a sentence is said otherwise."""
GLOSSED = 0.2
"""Share of the questions on texts of the data sets that are put word by word into English besides."""
LONGEST = 160
"""Characters of a sentence that answers, title included."""
MIX = {  # source: share of batches, batch size
    "laws": (0.09, 1024),
    "parallel": (0.10, 1024),
    "passages_en": (0.06, 768),
    "dictionary": (0.14, 2048),
    "questions": (0.10, 512),
    "questions_en": (0.08, 512),
    "cloze": (0.10, 768),
    "cloze_en": (0.10, 768),
    "synonyms": (0.05, 1024),
    "written": (0.12, 512),
    "asked": (0.06, 512),
    "reworded": (0.12, 768),
}


NEAR = ("near_written", "near_said", "near_written", "near_said", "near_asked", "near_questions")
"""The sources of the second loss, in turn."""
NEAR_BATCH, RUN = 96, 12
"""Questions in a batch of it, and how many of these stand beside each other in their source, mostly on one text."""


def load_bags(args: Any) -> dict[str, tuple[Bags, Bags]]:
    """Return the pairs as bags of pieces, from the cache if there is one."""
    segmenter = Segmenter(common.BUNDLED / "embedder" / "pieces.tsv")
    out = {}
    cache = args.work / f"pairs_{args.seed}.npz"
    if not cache.is_file():
        arrays: dict[str, NDArray[Any]] = {}
        for name, pairs in collect(args).items():
            both = [[np.array(segmenter.cut(t).ids, np.uint16) for t in pair] for pair in pairs]
            both = [pair for pair in both if len(pair[0]) and len(pair[1])]
            for side in (0, 1):
                bags = Bags([pair[side] for pair in both])
                arrays[f"{name}/{side}/flat"], arrays[f"{name}/{side}/starts"] = bags.flat, bags.starts
        np.savez(cache, **arrays)
    with np.load(cache) as arrays:
        for name in (*MIX, *dict.fromkeys(NEAR)):
            sides = []
            for side in (0, 1):
                bags = Bags([])
                bags.flat, bags.starts = arrays[f"{name}/{side}/flat"], arrays[f"{name}/{side}/starts"]
                sides.append(bags)
            out[name] = (sides[0], sides[1])
            print(f"{name}: {len(sides[0])} pairs", flush=True)
    return out


def loss_of(model: nn.EmbeddingBag, scale: torch.Tensor, queries: Any, positives: Any) -> torch.Tensor:
    """Return the symmetric in-batch contrastive loss; equal positives are not each other's negatives."""
    q = functional.normalize(model(*queries), dim=1)
    p = functional.normalize(model(*positives), dim=1)
    logits = scale.exp() * (q @ p.T)
    with torch.no_grad():
        same = (p @ p.T > 0.98) | (q @ q.T > 0.98)
        same.fill_diagonal_(False)
    logits = logits.masked_fill(same, -1e4)
    target = torch.arange(len(logits))
    return (functional.cross_entropy(logits, target) + functional.cross_entropy(logits.T, target)) / 2


def runs(count: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Return the rows of a batch of the second loss out of ``count``."""
    starts = rng.integers(0, max(1, count - RUN), NEAR_BATCH // RUN)
    return (starts[:, None] + np.arange(min(RUN, count))).ravel()


def near_loss(table: torch.Tensor, scale: torch.Tensor, queries: Any, positives: Any) -> torch.Tensor:
    """Return the in-batch contrastive loss of late interaction; equal positives are not each other's negatives."""
    (asked_ids, asked_at), (said_ids, said_at) = queries, positives
    ask, tell = table[asked_ids], table[said_ids]
    owners = [
        torch.repeat_interleave(torch.arange(len(at)), torch.diff(at, append=torch.tensor([len(ids)])))
        for ids, at in ((asked_ids, asked_at), (said_ids, said_at))
    ]
    size = len(said_at)
    weights = ask.square().sum(1)
    weights = weights / torch.zeros(size).index_add(0, owners[0], weights)[owners[0]].clamp_min(1e-6)
    likeness = functional.normalize(ask, dim=1) @ functional.normalize(tell, dim=1).T
    empty = torch.full((len(ask), size), -1.0)
    likest = empty.scatter_reduce(1, owners[1].expand(len(ask), -1), likeness, "amax", include_self=False)
    logits = scale.exp() * torch.zeros(size, size).index_add(0, owners[0], likest * weights[:, None])
    with torch.no_grad():
        whole = functional.normalize(torch.zeros(size, tell.shape[1]).index_add(0, owners[1], tell), dim=1)
        same = (whole @ whole.T > 0.95).fill_diagonal_(False)
    return functional.cross_entropy(logits.masked_fill(same, -1e4), torch.arange(size))


def export(weight: torch.Tensor, folder: Path) -> None:
    """Write the table as int8 rows with a float16 scale each, and the configuration."""
    table = weight.detach().float().cpu().numpy().copy()
    table[0] = 0.0
    scales = np.abs(table).max(axis=1, keepdims=True) / 127
    scales[scales == 0] = 1.0
    scales = scales.astype(np.float16).astype(np.float32)
    np.save(folder / "vectors.npy", np.clip(np.round(table / np.maximum(scales, 1e-8)), -127, 127).astype(np.int8))
    np.save(folder / "scales.npy", scales[:, 0].astype(np.float16))
    config = {"format": 1, "name": "libqa-static-1", "dimension": table.shape[1], "pieces": table.shape[0]}
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")


def drawn(args: Any) -> torch.Tensor:
    """Return random vectors, shorter for commoner pieces."""
    counts = np.array(json.loads((args.work / "piece_counts.json").read_text(encoding="utf-8")))
    share = counts / counts.sum()
    table = functional.normalize(torch.randn(len(counts), args.dimension), dim=1)
    return table * torch.from_numpy(np.sqrt(1e-4 / (1e-4 + share))).float()[:, None]


def shipped(folder: Path) -> torch.Tensor:
    """Return the vectors of an exported embedder."""
    table = np.load(folder / "vectors.npy").astype(np.float32)
    return torch.from_numpy(table * np.load(folder / "scales.npy").astype(np.float32)[:, None])


def main() -> None:
    parser = common.arguments(__doc__ or "")
    parser.add_argument("--dimension", type=int, default=256)
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--minutes", type=float, default=20, help="stop after this long; run again to go on")
    parser.add_argument("--rate", type=float, default=2e-3)
    parser.add_argument("--start", type=Path, help="folder of an embedder to start from")
    parser.add_argument("--out", type=Path, default=common.BUNDLED / "embedder")
    parser.add_argument("--keep", type=float, default=0.9, help="share of pieces kept in each text")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    common.seed_everything(args.seed)
    data = load_bags(args)
    table = shipped(args.start) if args.start else drawn(args)
    model = nn.EmbeddingBag.from_pretrained(table, freeze=False, mode="sum")
    scale = nn.Parameter(torch.tensor(4.0 if args.start else 3.0))
    near_scale = nn.Parameter(torch.tensor(3.0))
    model.to(args.device)
    parameters = [*model.parameters(), scale, near_scale]
    optimiser = torch.optim.Adam(parameters, lr=args.rate, betas=(0.9, 0.99), fused=True)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda s: min(1.0, (s + 1) / 100) * max(0.02, 1 - s / args.steps)
    )
    checkpoint = args.work / "embedder.pt"
    first = 0
    if checkpoint.is_file():
        state = torch.load(checkpoint, weights_only=True)
        first = state["step"]
        model.load_state_dict(state["model"])
        optimiser.load_state_dict(state["optimiser"])
        schedule.load_state_dict(state["schedule"])
        scale.data.copy_(state["scale"])
        near_scale.data.copy_(state["near_scale"])

    def save(step: int) -> None:
        state = {"step": step, "model": model.state_dict(), "optimiser": optimiser.state_dict()}
        scales = {"scale": scale.data, "near_scale": near_scale.data}
        torch.save(state | {"schedule": schedule.state_dict()} | scales, checkpoint)
        export(model.weight, args.out)

    shares = np.array([share for share, _ in MIX.values()])
    started, running = time.time(), defaultdict(float)
    for step in range(first, args.steps):
        rng = np.random.default_rng(
            (args.seed, step)
        )  # the batch depends on the step alone, so a resumed run is the same
        name = list(MIX)[rng.choice(len(MIX), p=shares / shares.sum())]
        left, right = data[name]
        rows = rng.choice(len(left), min(MIX[name][1], len(left)), replace=False)
        queries, positives = left.take(rows, args.keep, rng), right.take(rows, args.keep, rng)
        loss = loss_of(model, scale, [t.to(args.device) for t in queries], [t.to(args.device) for t in positives])
        near = NEAR[step % len(NEAR)]
        left, right = data[near]
        rows = runs(len(left), rng)
        second = near_loss(model.weight, near_scale, left.take(rows, args.keep, rng), right.take(rows, 1.0, rng))
        optimiser.zero_grad()
        (loss + second).backward()
        optimiser.step()
        schedule.step()
        scale.data.clamp_(max=4.0)
        for source, own in ((name, loss.item()), (near, second.item())):
            running[source] = 0.95 * (running[source] or own) + 0.05 * own
        if (step + 1) % 200 == 0:
            losses = " ".join(f"{k}={v:.2f}" for k, v in running.items())
            print(f"{step + 1} {time.time() - started:.0f}s scale={scale.item():.2f} {losses}", flush=True)
        if (step + 1) % 1000 == 0 or time.time() - started > 60 * args.minutes:
            save(step + 1)
        if time.time() - started > 60 * args.minutes:
            return
    save(args.steps)


if __name__ == "__main__":
    main()
