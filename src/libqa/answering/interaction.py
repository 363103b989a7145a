"""How near passages come to a question piece by piece: late interaction (Khattab and Zaharia, ColBERT, SIGIR 2020).

Each piece of the question looks for the piece of a passage that is likest to it, and counts as its learnt weight
squared. The vectors are those of the bundled embedder's table, so nothing has to be computed but products: whatever
the index was built with, a passage may say in other words what is asked. One vector for a whole passage blurs this.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from libqa.models import bundled_embedder
from libqa.models.pieces import UNKNOWN
from libqa.text.script import fold
from libqa.text.segment import sentences

Floats = NDArray[np.float32]
NAMES = ("sentence", "pieces", "pieces_squared", "pieces_in_sentence")
"""The cosine of question and likest sentence; the likeness of pieces, and its square, to their likest ones in passage
and heading; their likeness to the likest ones in one sentence and the heading, for the best sentence."""


CHINESE = np.array([1.0, 0.52, 3.32, -2.66, 1.22, -1.06], np.float32)
"""What the score by search and the measures of `NAMES` count for Chinese questions (training/train_search.py).

The last is added to all: it takes away what a passage gets that is as like the question as any other.
"""
ENGLISH = np.array([0.51, 0.45, 2.59, -3.13, 2.28, -1.0], np.float32)
"""The same for English ones, of which search can tell half as much; a difference means the same in both."""


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """A passage in pieces: ``ids`` in segments from ``starts`` on, and the length of each segment's sum of vectors.

    The first segment is the heading, the others are sentences. Each begins with a piece that is like no other.
    """

    ids: NDArray[np.int64]
    starts: NDArray[np.int64]
    lengths: Floats


def measure(question: str, passages: Sequence[tuple[str, str]]) -> Floats:
    """Return how near passages come to a question, shape ``(len(passages), len(NAMES))``, each from -1 to 1.

    ``passages`` are pairs of heading (title and section) and text; what they have in common with the question by
    chance counts like everything else, so that only differences between passages tell.
    """
    asked = _vectors(_pieces(question))
    weights = (asked**2).sum(axis=1)
    if not len(passages) or not weights.any():
        return np.zeros((len(passages), len(NAMES)), np.float32)
    texts = [prepare(heading, text) for heading, text in passages]
    sizes = np.array([len(text.ids) for text in texts])
    starts = np.concatenate([text.starts + shift for text, shift in zip(texts, np.cumsum(sizes) - sizes, strict=True)])
    counts = np.array([len(text.starts) for text in texts])
    first = np.cumsum(counts) - counts  # the headings among the segments
    body = np.delete(np.arange(len(starts)), first)
    owners = np.repeat(np.arange(len(texts)), counts - 1)
    begins = np.cumsum(counts - 1) - (counts - 1)
    different, places = _distinct(np.concatenate([text.ids for text in texts]))
    known = _vectors(different)
    products = np.concatenate([_unit(asked), asked.sum(axis=0, keepdims=True)]) @ known.T
    products[:-1] /= _norms(known)
    products = products[:, places]
    likest = np.maximum.reduceat(products[:-1], starts, axis=1)  # (pieces of the question, segments)
    share = weights / weights.sum()
    whole = np.maximum.reduceat(likest, first, axis=1)
    in_sentence = share @ np.maximum(likest[:, body], likest[:, first][:, owners])
    lengths = np.concatenate([text.lengths for text in texts])[body] * np.linalg.norm(asked.sum(axis=0))
    cosines = np.add.reduceat(products[-1], starts)[body] / np.maximum(lengths, 1e-9)
    columns = (
        np.maximum.reduceat(cosines, begins),
        share @ whole,
        share @ whole**2,
        np.maximum.reduceat(in_sentence, begins),
    )
    return np.stack(columns, axis=1).astype(np.float32)


def score(searched: Floats, near: Floats, english: bool) -> Floats:
    """Return scores by search (n,) and the measures of `measure` (n, 4) as one, near 0 for what has nothing to say."""
    weights = ENGLISH if english else CHINESE
    out: Floats = weights[0] * searched + near @ weights[1:-1] + weights[-1]
    return out


@lru_cache(maxsize=4096)
def prepare(heading: str, text: str) -> Prepared:
    """Cut a passage into pieces, sentence by sentence."""
    parts = [_pieces(part) for part in (heading, *(text[start:end] for start, end in sentences(text) or [(0, 0)]))]
    sizes = np.array([1 + len(part) for part in parts])
    lengths = [np.linalg.norm(_vectors(part).sum(axis=0)) for part in parts]
    ids = np.concatenate([np.concatenate([[UNKNOWN], part]) for part in parts]).astype(np.int64)
    return Prepared(ids, np.cumsum(sizes) - sizes, np.array(lengths, np.float32))


def _pieces(text: str) -> NDArray[np.int64]:
    return np.array([i for i in bundled_embedder().segmenter.cut(fold(text)).ids if i != UNKNOWN], np.int64)


def _vectors(ids: NDArray[np.int64]) -> Floats:
    return bundled_embedder().pieces(ids)


def _distinct(ids: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the different ids, and for each id its place among them; ids are below the vocabulary's size."""
    there = np.zeros(bundled_embedder().segmenter.size, np.int64)
    there[ids] = 1
    return np.flatnonzero(there), (np.cumsum(there) - 1)[ids]


def _norms(vectors: Floats) -> Floats:
    out: Floats = np.maximum(np.linalg.norm(vectors, axis=1), np.float32(1e-9))
    return out


def _unit(vectors: Floats) -> Floats:
    out: Floats = vectors / _norms(vectors)[:, None]
    return out
