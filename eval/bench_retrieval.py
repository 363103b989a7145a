"""Measure retrieval on development questions, and learn the fusion weights of ``libqa.answering.retrieve``.

Usage: python eval/bench_retrieval.py [--pool N] [--questions N] [--learn] [--latency N]

Sets: cmrc (cmrc2018/trial, Simplified questions) and drcd (drcd/dev, Traditional questions), each on its own paragraphs
plus paragraphs of news articles (crud_news) up to ``--pool``; the same "vague", without the two rarest words of each
question; ntrex (up to ten words of an English sentence, to find the Chinese passage with its translation, among the
same news). A hit is right if it comes from the paragraph that the question was written for. Needs the data sets
(``LIBQA_DATA``).
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import os
import random
import re
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import bm25s
import numpy as np

from libqa.answering.rarity import rarity
from libqa.answering.retrieve import ASKING, WEIGHTS, Weights, fuse, understand
from libqa.config import Settings
from libqa.index import Index, View
from libqa.index.state import merge
from libqa.models import load_embedder, translate
from libqa.text.script import fold
from libqa.text.segment import terms, words
from libqa.types import Document

DATA = Path(os.environ.get("LIBQA_DATA", Path(__file__).parents[1] / "../shared/data"))
DEPTH = 10
REAL_PASSAGES = 10_000  # that are really read for timing
PASSAGE, QUERY_WORDS = 4, 10  # sentences of a passage and words of a query made from ntrex
Ranking = Sequence[str]


@dataclass(frozen=True)
class Task:
    """Documents to search, and questions with the id of the right one."""

    name: str
    documents: list[Document]
    questions: list[tuple[str, str]]


def rows(name: str) -> Iterable[dict[str, str]]:
    with gzip.open(DATA / f"{name}.jsonl.gz", "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def reading_task(name: str, source: str, pool: int, questions: int) -> Task:
    """Paragraphs as documents without titles, since titles of encyclopaedia articles give half the answer away."""
    paragraphs: dict[str, str] = {}
    asked = []
    for row in rows(source):
        number = paragraphs.setdefault(row["context"], str(len(paragraphs)))
        asked.append((row["question"], number))
    random.Random(0).shuffle(asked)
    documents = [Document(number, text, " ") for text, number in paragraphs.items()]
    return Task(name, documents + distractors(pool - len(documents)), asked[:questions])


def english_task(pool: int, questions: int) -> Task:
    """Some words in a row of an English news sentence, to find the Chinese passage that holds its translation."""
    pairs = list(rows("ntrex/train"))
    documents = [
        Document(str(i), "".join(row["zh"] for row in pairs[i : i + PASSAGE]), " ")
        for i in range(0, len(pairs), PASSAGE)
    ]
    documents += distractors(pool - len(documents))
    choose = random.Random(0)
    asked = []
    for i, row in enumerate(pairs):
        english = row["en"].split()
        start = choose.randint(0, max(0, len(english) - QUERY_WORDS))
        asked.append((" ".join(english[start : start + QUERY_WORDS]), str(i // PASSAGE * PASSAGE)))
    choose.shuffle(asked)
    return Task("ntrex", documents, [(query, right) for query, right in asked if len(query.split()) >= 5][:questions])


def vague_task(task: Task) -> Task:
    """The same questions without their two rarest words, as if the asker did not know the documents' terms."""
    asked = []
    for question, right in task.questions:
        folded = fold(question)
        known = {word for word, _, _ in words(question) if len(word) > 1 and word not in ASKING}
        for word in sorted(known, key=lambda word: (rarity(word), word))[-2:]:
            folded = folded.replace(word, "")
        asked.append((folded, right))
    return Task(f"{task.name}, vague", task.documents, asked)


def distractors(count: int) -> list[Document]:
    news = itertools.islice(rows("crud_news/text"), max(0, count))
    return [Document(f"news{i}", row["text"][:500], " ") for i, row in enumerate(news)]


def figures(rankings: Iterable[Ranking], task: Task) -> tuple[float, float, float, float]:
    """Return R@1, R@5, R@10 and MRR@10."""
    places = [
        next((place for place, found in enumerate(ranking[:DEPTH], 1) if found == right), 0)
        for ranking, (_, right) in zip(rankings, task.questions, strict=True)
    ]
    recall = [sum(0 < place <= k for place in places) / len(places) for k in (1, 5, 10)]
    return recall[0], recall[1], recall[2], sum(1 / place for place in places if place) / len(places)


def reference(task: Task, tokens: Callable[[str], list[str]]) -> list[Ranking]:
    """Rank with bm25s (Lucene's BM25) over whole paragraphs and the given tokens."""
    engine = bm25s.BM25(method="lucene", k1=1.2, b=0.75)
    engine.index([tokens(document.text) for document in task.documents], show_progress=False)
    names = [document.id for document in task.documents]
    known = [[token for token in tokens(question) if token in engine.vocab_dict] for question, _ in task.questions]
    found, _ = engine.retrieve([asked for asked in known if asked], k=DEPTH, show_progress=False)
    ranked = iter(found)
    return [[names[i] for i in next(ranked)] if asked else [] for asked in known]


def documents_of(view: View, hits: Iterable[tuple[int, float]], owner: dict[int, str]) -> list[str]:
    return list(dict.fromkeys(owner[number] for number, _ in hits))


@dataclass
class Bench:
    """One task in an index of its own, with the vectors of its questions."""

    task: Task
    view: View
    owner: dict[int, str]
    vectors: np.ndarray

    def fused(self, weights: Weights) -> list[Ranking]:
        ranked = []
        for (question, _), vector in zip(self.task.questions, self.vectors, strict=True):
            query = understand(question, translate, self.view.holding, weights)
            ranked.append(documents_of(self.view, fuse(self.view, query, vector, weights)[:50], self.owner))
        return ranked

    def dense(self) -> list[Ranking]:
        return [documents_of(self.view, self.view.dense(vector, 30), self.owner) for vector in self.vectors]


def open_bench(task: Task, directory: Path) -> Bench:
    embedder = load_embedder()
    start = time.perf_counter()
    index = Index.create(directory / task.name, embedder, Settings(), task.documents)
    print(f"{task.name}: {len(task.documents)} documents indexed in {time.perf_counter() - start:.1f} s", flush=True)
    view = index.view().__enter__()
    owner = {p.id: document.id for document in task.documents for p in view.passages_of(document.id)}
    return ask_also(Bench(task, view, owner, np.zeros(0)), task)


def ask_also(bench: Bench, task: Task) -> Bench:
    """Put other questions to the same documents."""
    vectors = load_embedder().encode([question for question, _ in task.questions], "query")
    return replace(bench, task=task, vectors=vectors)


def report(bench: Bench) -> None:
    task = bench.task
    lexical = replace(WEIGHTS, dense=0.0, dense_english=0.0)
    systems = {
        r"BM25, \w\w+": reference(task, lambda text: re.findall(r"\w\w+", text.lower())),
        "BM25, jieba": reference(task, lambda text: [t for t in terms(text) if t[0] != "~"]),
        "BM25, jieba + bigrams": reference(task, terms),
        "dense": bench.dense(),
        "libqa, lexical side": bench.fused(lexical),
        "libqa": bench.fused(WEIGHTS),
    }
    title = f"{task.name}: {len(task.questions)} questions, {len(task.documents)} documents"
    print(f"\n| {title} | R@1 | R@5 | R@10 | MRR@10 |")
    print("|---|---|---|---|---|")
    for name, rankings in systems.items():
        print(f"| {name} | " + " | ".join(f"{value:.3f}" for value in figures(rankings, task)) + " |", flush=True)


GRID = {
    "bigram": (0.2, 0.35, 0.5, 0.7, 1.0),
    "stop": (0.0, 0.05, 0.15),
    "single": (0.3, 0.5, 0.8, 1.0),
    "rarity": (0.0, 0.3, 0.5, 1.0),
    "english": (0.1, 0.3, 0.5, 0.7),
    "translation": (0.3, 0.5, 0.7, 1.0),
    "dense": (0.0, 0.1, 0.2, 0.3, 0.5),
    "dense_english": (0.0, 0.5, 1.0, 1.5),
}


def learn(benches: Sequence[Bench]) -> Weights:
    """Coordinate ascent on the mean MRR@10 of all sets."""
    weights = WEIGHTS

    def value(candidate: Weights) -> float:
        return float(np.mean([figures(bench.fused(candidate), bench.task)[3] for bench in benches]))

    best = value(weights)
    for name, values in GRID.items():
        for candidate in (replace(weights, **{name: v}) for v in values if v != getattr(weights, name)):
            reached = value(candidate)
            print(f"{name}={getattr(candidate, name)}: {reached:.4f}", flush=True)
            if reached > best:
                best, weights = reached, candidate
    print(weights, best)
    return weights


def latency(count: int, directory: Path) -> None:
    """Time questions on ``count`` passages: news articles, repeated until there are enough (building is timed on them).

    Repetition leaves the inverted lists and the vectors as long as they would be; only the vocabulary is smaller.
    """
    texts = (row["text"] for row in rows("crud_news/text"))
    pieces = (text[i : i + 280] for text in texts for i in range(0, len(text), 280))
    taken = itertools.islice((piece for piece in pieces if len(piece.strip()) > 100), min(count, REAL_PASSAGES))
    documents = [Document(str(i), piece, " ") for i, piece in enumerate(taken)]
    embedder = load_embedder()
    start = time.process_time()
    index = Index.create(directory / "latency", embedder, Settings(), documents)
    spent = (time.process_time() - start) / len(documents) * 1000
    print(f"building takes {spent:.1f} ms of processor time a passage", flush=True)
    with index.view() as view:
        real = merge(list(view.state.segments))
        shifted = [replace(real, ids=real.ids + i * 10**9) for i in range(-(-count // len(real.ids)))]
        whole = merge([(copy, np.ones(len(copy.ids), bool)) for copy in shifted])
        state = replace(view.state, segments=((whole, np.ones(len(whole.ids), bool)),), _held={})
        large = View(state, view.connection)
        times = []
        for row in itertools.islice(rows("cmrc2018/trial"), 200):
            start = time.perf_counter()
            query = understand(row["question"], translate, large.holding)
            fuse(large, query, embedder.encode([row["question"]], "query")[0])
            times.append((time.perf_counter() - start) * 1000)
    median, most = np.percentile(times[20:], [50, 95])
    print(f"a search in {len(whole.ids)} passages takes {median:.1f} ms (median), {most:.1f} ms (95 %)")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pool", type=int, default=5000, help="documents to search in each reading set")
    parser.add_argument("--questions", type=int, default=500, help="questions of each set")
    parser.add_argument("--learn", action="store_true", help="learn the weights instead of reporting")
    parser.add_argument("--latency", type=int, metavar="N", help="only time searches in N passages")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        if options.latency:
            latency(options.latency, Path(name))
            return
        benches = []
        for source in ("cmrc2018/trial", "drcd/dev"):
            task = reading_task(source.partition("/")[0], source, options.pool, options.questions)
            benches.append(open_bench(task, Path(name)))
            benches.append(ask_also(benches[-1], vague_task(task)))
        benches.append(open_bench(english_task(options.pool, options.questions), Path(name)))
        if options.learn:
            learn(benches)
        else:
            for bench in benches:
                report(bench)


if __name__ == "__main__":
    main()
