"""Measure the bundled models on the development sets that nothing was trained on.

Lexicon and embedder: English to Chinese sentence search on NTREX, question to paragraph search on cmrc2018/trial and
drcd/dev with 20,000 paragraphs of crud_news as distractors.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import common
import numpy as np
from numpy.typing import NDArray

from libqa.text.script import fold


def ranks(scores: NDArray[np.float32], gold: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the rank (0 is best) of the gold column in each row; ties count against."""
    own = scores[np.arange(len(gold)), gold][:, None]
    return (scores >= own).sum(axis=1) - 1


def shown(name: str, found: NDArray[np.int64]) -> None:
    mrr = np.where(found < 10, 1 / (found + 1.0), 0).mean()
    print(
        f"{name}: R@1 {np.mean(found < 1):.3f}  R@10 {np.mean(found < 10):.3f}  MRR@10 {mrr:.3f}  n={len(found)}",
        flush=True,
    )


def pool(data: Path, distractors: int) -> tuple[list[str], dict[str, tuple[list[str], NDArray[np.int64]]]]:
    """Return the paragraphs of both reading sets and the news, and for each set its questions and gold rows."""
    texts: dict[str, int] = {}
    sets: dict[str, tuple[list[str], NDArray[np.int64]]] = {}
    for name in ("cmrc2018/trial", "drcd/dev"):
        questions, gold = [], []
        for row in common.rows(data, name, evaluate=True):
            questions.append(row["question"])
            gold.append(texts.setdefault(row["context"], len(texts)))
        sets[name] = (questions, np.array(gold))
    for row in common.rows(data, "crud_news/text"):
        if len(texts) >= distractors + len({r for _, g in sets.values() for r in g.tolist()}):
            break
        texts.setdefault(row["text"][:500], len(texts))
    return list(texts), sets


def evaluate_lexicon(data: Path) -> None:
    import jieba

    from libqa.models.lexicon import translate

    pairs = list(common.rows(data, "ntrex/train", evaluate=True))
    documents = [set(jieba.cut_for_search(fold(p["zh"]), HMM=False)) for p in pairs]
    df: dict[str, int] = {}
    for words in documents:
        for w in words:
            df[w] = df.get(w, 0) + 1
    postings: dict[str, list[int]] = {}
    for i, words in enumerate(documents):
        for w in words:
            postings.setdefault(w, []).append(i)
    scores = np.zeros((len(pairs), len(pairs)), np.float32)
    known = total = hit = 0
    for i, p in enumerate(pairs):
        for _, terms in translate(p["en"]):
            known += 1
            best = np.zeros(len(pairs), np.float32)
            for zh, prob in terms:
                parts = [zh] if zh in df else [w for w in jieba.cut(zh, HMM=False) if w in df and len(w) > 1]
                for w in parts:
                    idf = np.log(len(pairs) / df[w])
                    at = postings[w]
                    best[at] = np.maximum(best[at], idf * prob**0.3 / len(parts))
            hit += best[i] > 0
            scores[i] += best
        for w in set(fold(p["en"]).split()):
            if w in postings:
                scores[i][postings[w]] += np.log(len(pairs) / df[w])
        total += 1
    lengths = np.array([len(d) for d in documents], np.float32)
    scores /= (0.5 + 0.5 * lengths / lengths.mean())[None] ** 0.5
    print(
        f"lexicon: {known / total:.1f} translated units a sentence, {hit / known:.2f} of them in the Chinese sentence"
    )
    shown("lexicon NTREX en->zh", ranks(scores, np.arange(len(pairs))))


def evaluate_embedder(data: Path, distractors: int) -> None:
    from libqa.models.embedder import StaticEmbedder

    embedder = StaticEmbedder()
    pairs = list(common.rows(data, "ntrex/train", evaluate=True))
    english = embedder.encode([p["en"] for p in pairs], "query")
    for side in ("zh", "zh_hant"):
        shown(
            f"embedder NTREX en->{side}",
            ranks(english @ embedder.encode([p[side] for p in pairs], "passage").T, np.arange(len(pairs))),
        )
    texts, sets = pool(data, distractors)
    started = time.perf_counter()
    vectors = embedder.encode(texts, "passage")
    print(f"{len(texts)} paragraphs in {time.perf_counter() - started:.1f} s")
    for name, (questions, gold) in sets.items():
        shown(f"embedder {name}", ranks(embedder.encode(questions, "query") @ vectors.T, gold))


def main() -> None:
    parser = common.arguments(__doc__ or "")
    parser.add_argument("--distractors", type=int, default=20000)
    parser.add_argument("parts", nargs="*", default=["lexicon", "embedder"])
    args: Any = parser.parse_args()
    if "lexicon" in args.parts:
        evaluate_lexicon(args.data)
    if "embedder" in args.parts:
        evaluate_embedder(args.data, args.distractors)


if __name__ == "__main__":
    sys.exit(main())
