"""Learn the fusion weights of ``libqa.answering.retrieve``, time searches, and measure harder questions.

Usage: python eval/bench_retrieval.py [--pool N] [--questions N] [--learn] [--latency N]

The questions as they are: ``libqa eval cmrc2018/trial drcd/dev --baselines``. Here besides: "vague", without the two
rarest words of each question; ntrex (up to ten words of an English sentence, to find the Chinese passage with its
translation). Each on its own paragraphs plus paragraphs of news (crud_news) up to ``--pool``. A hit is right if
it comes from the paragraph that the question was written for. Needs the data sets (``LIBQA_DATA``).
"""

from __future__ import annotations

import argparse
import itertools
import random
import tempfile
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean

import numpy as np

from libqa.answering.rarity import rarity
from libqa.answering.retrieve import ASKING, WEIGHTS, Weights, fuse, understand
from libqa.config import Settings
from libqa.evaluation import baselines, datasets, ranking
from libqa.evaluation.questions import sample
from libqa.index import Index, View
from libqa.index.state import merge
from libqa.models import load_embedder, translate
from libqa.text.script import fold
from libqa.text.segment import words
from libqa.types import Document

REAL_PASSAGES = 10_000  # that are really read for timing
PASSAGE, QUERY_WORDS = 4, 10  # sentences of a passage and words of a query made from ntrex


@dataclass(frozen=True)
class Task:
    """Documents to search, and questions with the id of the right one."""

    name: str
    documents: list[Document]
    questions: list[tuple[str, str]]


def reading_task(source: str, pool: int, questions: int) -> Task:
    documents, asked = datasets.reading_set(source)
    chosen = [(q.question, q.evidence[0].document) for q in sample(asked, questions)]
    return Task(source, documents + distractors(pool - len(documents)), chosen)


def english_task(pool: int, questions: int) -> Task:
    """Some words in a row of an English news sentence, to find the Chinese passage that holds its translation."""
    pairs = list(datasets.rows("ntrex/train"))
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
    return Task("ntrex", documents, sample([(q, right) for q, right in asked if len(q.split()) >= 5], questions))


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
    return datasets.distractors(f"crud_news/text:{max(0, count)}")


def figures(rankings: Iterable[list[str]], task: Task) -> dict[str, float]:
    """Return the mean of each measure of `ranking`."""
    ranked = {str(n): found for n, found in enumerate(rankings)}
    measured = ranking.measure({str(n): {right} for n, (_, right) in enumerate(task.questions)}, ranked)
    return {name: mean(values[name] for values in measured.values()) for name in ranking.NAMES}


@dataclass
class Bench:
    """One task in an index of its own, with the vectors of its questions."""

    task: Task
    view: View
    units: baselines.Units
    vectors: np.ndarray

    @property
    def queries(self) -> list[str]:
        return [question for question, _ in self.task.questions]

    def fused(self, weights: Weights) -> list[list[str]]:
        return baselines.fused(self.view, self.units, self.queries, self.vectors, weights)


def open_bench(task: Task, directory: Path) -> Bench:
    start = time.perf_counter()
    index = Index.create(directory / task.name, load_embedder(), Settings(), task.documents)
    print(f"{task.name}: {len(task.documents)} documents indexed in {time.perf_counter() - start:.1f} s", flush=True)
    view = index.view().__enter__()
    return ask_also(Bench(task, view, baselines.documents_as_units(view), np.zeros(0)), task)


def ask_also(bench: Bench, task: Task) -> Bench:
    """Put other questions to the same documents."""
    vectors = load_embedder().encode([question for question, _ in task.questions], "query")
    return replace(bench, task=task, vectors=vectors)


def report(bench: Bench) -> None:
    texts, queries = bench.units.texts, bench.queries
    systems = {
        r"BM25, \w\w+": baselines.bm25(texts, queries, baselines.words_only),
        "BM25, jieba": baselines.bm25(texts, queries, baselines.jieba_words),
        "BM25, jieba + bigrams": baselines.bm25(texts, queries, baselines.jieba_and_bigrams),
        "dense": baselines.dense(bench.view, bench.units, bench.vectors),
        "libqa, words alone": bench.fused(baselines.lexical_weights()),
        "libqa, fusion": bench.fused(WEIGHTS),
        "libqa, fusion and pieces": baselines.looked(bench.view, bench.units, queries, load_embedder()),
    }
    shown = ("hit@1", "hit@5", "hit@10", "mrr@10")
    print(f"\n| {bench.task.name}: {len(queries)} questions, {len(texts)} documents | R@1 | R@5 | R@10 | MRR@10 |")
    print("|---|---|---|---|---|")
    for name, rankings in systems.items():
        found = figures(rankings, bench.task)
        print(f"| {name} | " + " | ".join(f"{found[measure]:.3f}" for measure in shown) + " |", flush=True)


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
        return mean(figures(bench.fused(candidate), bench.task)["mrr@10"] for bench in benches)

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

    Repetition leaves the inverted lists and the vectors as long as they would be; only the vocabulary is smaller. The
    closer look at the best passages does not depend on how many others there are, and is not timed.
    """
    texts = (row["text"] for row in datasets.rows("crud_news/text"))
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
        for row in itertools.islice(datasets.rows("cmrc2018/trial"), 200):
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
            task = reading_task(source, options.pool, options.questions)
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
