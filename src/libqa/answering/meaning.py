"""How near the clauses and sentences of a text are to a question in meaning, by the bundled embedder's vectors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from libqa.answering.candidates import Laid, lay_out
from libqa.models import bundled_embedder
from libqa.models.pieces import UNKNOWN
from libqa.text.script import fold

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Nearness:
    """Cosines with a question: of each clause, of each clause with its neighbours, and of each sentence."""

    clauses: Floats
    around: Floats
    sentences: Floats


def nearness(question: str, laid: Laid) -> Nearness:
    """Compare a question with all clauses and sentences of a text."""
    asked = _asked(question)
    sums = _sums(laid.text)
    owner = np.array(laid.sentence_of, dtype=np.int64)
    around = sums.copy()
    if len(sums) > 1:
        same = (owner[1:] == owner[:-1])[:, None]
        around[1:] += sums[:-1] * same
        around[:-1] += sums[1:] * same
    whole = np.zeros((len(laid.sentences), sums.shape[1]), np.float32)
    np.add.at(whole, owner, sums)
    return Nearness(_cosine(sums, asked), _cosine(around, asked), _cosine(whole, asked))


@lru_cache(maxsize=64)
def _asked(question: str) -> Floats:
    out: Floats = bundled_embedder().encode([question], "query")[0]
    return out


@lru_cache(maxsize=1024)
def _sums(text: str) -> Floats:
    """Sum of the piece vectors of each clause, shape (clauses, dimension)."""
    embedder, laid = bundled_embedder(), lay_out(text)
    out = np.zeros((len(laid.clauses), embedder.dimension), np.float32)
    for row, (start, end) in enumerate(laid.clauses):
        ids = [i for i in embedder.segmenter.cut(fold(text[start:end])).ids if i != UNKNOWN]
        if ids:
            out[row] = embedder.pieces(ids).sum(axis=0)
    return out


def _cosine(rows: Floats, asked: Floats) -> Floats:
    out: Floats = rows @ asked / np.maximum(np.linalg.norm(rows, axis=1), 1e-6)
    return out
