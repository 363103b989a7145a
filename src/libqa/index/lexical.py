"""BM25 over inverted lists that live in plain NumPy arrays, so that they can be memory-mapped."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any

import numpy as np
from numpy.typing import NDArray

K1, B = 1.2, 0.75
"""Saturation and length normalisation of BM25."""
_REMEMBERED = 20_000  # terms whose place is kept; a question looks each of its own up about three times


@dataclass(frozen=True, slots=True, eq=False)
class Postings:
    """Inverted lists of N passages: the rows (0..N-1) that hold each of T terms, and how often.

    The list of term t is ``rows[starts[t]:starts[t+1]]``, ascending, with ``counts`` beside it. The terms are sorted by
    their UTF-8 bytes and stand one after the other in ``vocabulary``; term t is ``vocabulary[bounds[t]:bounds[t+1]]``.
    ``lengths`` counts the terms of each passage.
    """

    vocabulary: NDArray[np.uint8]
    bounds: NDArray[np.int64]
    starts: NDArray[np.int64]
    rows: NDArray[np.int32]
    counts: NDArray[np.uint16]
    lengths: NDArray[np.int32]
    _places: dict[str, slice] = field(init=False, repr=False, default_factory=dict)

    def find(self, term: str) -> slice:
        """Return where the list of ``term`` stands; an empty slice if no passage holds it."""
        if (place := self._places.get(term)) is None:
            if len(self._places) >= _REMEMBERED:
                self._places.clear()
            place = self._places[term] = self._find(term)
        return place

    def _find(self, term: str) -> slice:
        key, count = term.encode(), len(self.bounds) - 1
        letters, bounds = memoryview(self.vocabulary), memoryview(self.bounds)  # type: ignore[arg-type]

        def name(number: int) -> bytes:
            return letters[bounds[number] : bounds[number + 1]].tobytes()

        at = bisect_left(range(count), key, key=name)
        if at < count and name(at) == key:
            return slice(int(self.starts[at]), int(self.starts[at + 1]))
        return slice(0, 0)

    def terms(self) -> list[bytes]:
        """Return all terms, sorted."""
        whole = self.vocabulary.tobytes()
        return [whole[a:b] for a, b in zip(self.bounds[:-1].tolist(), self.bounds[1:].tolist(), strict=True)]

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name, for a snapshot."""
        return {part.name: getattr(self, part.name) for part in fields(self) if part.init}


def post(passages: Sequence[Mapping[str, int]]) -> Postings:
    """Build the inverted lists of passages given as term -> count."""
    numbers: dict[str, int] = {}
    terms = np.fromiter((numbers.setdefault(term, len(numbers)) for passage in passages for term in passage), np.int64)
    counts = np.fromiter((count for passage in passages for count in passage.values()), np.int64)
    rows = np.repeat(np.arange(len(passages), dtype=np.int32), [len(passage) for passage in passages])
    lengths = np.array([sum(passage.values()) for passage in passages], np.int32)
    return _sort([term.encode() for term in numbers], terms, rows, np.minimum(counts, 65535).astype(np.uint16), lengths)


def merge(parts: Sequence[tuple[Postings, NDArray[np.bool_]]]) -> Postings:
    """Join inverted lists into one, in the given order; passages whose flag is false are left out."""
    numbers: dict[bytes, int] = {}
    terms, rows, counts, lengths = [], [], [], []
    base = 0
    for postings, alive in parts:
        mapped = np.array([numbers.setdefault(term, len(numbers)) for term in postings.terms()], np.int64)
        kept = alive[postings.rows]
        terms.append(np.repeat(mapped, np.diff(postings.starts))[kept])
        rows.append((np.cumsum(alive, dtype=np.int32) - 1 + base)[postings.rows[kept]].astype(np.int32))
        counts.append(postings.counts[kept])
        lengths.append(postings.lengths[alive])
        base += int(alive.sum())
    return _sort(
        list(numbers), np.concatenate(terms), np.concatenate(rows), np.concatenate(counts), np.concatenate(lengths)
    )


def _sort(
    names: list[bytes],
    terms: NDArray[np.int64],
    rows: NDArray[np.int32],
    counts: NDArray[np.uint16],
    lengths: NDArray[np.int32],
) -> Postings:
    used = np.bincount(terms, minlength=len(names))
    order = sorted((number for number in range(len(names)) if used[number]), key=names.__getitem__)
    rank = np.zeros(len(names), np.int64)
    rank[order] = np.arange(len(order))
    by_term = np.argsort(rank[terms], kind="stable")
    sizes = np.array([len(names[number]) for number in order], np.int64)
    return Postings(
        np.frombuffer(b"".join(names[number] for number in order), np.uint8),
        np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        np.concatenate([[0], np.cumsum(used[order])]).astype(np.int64),
        rows[by_term],
        counts[by_term],
        lengths,
    )


def idf(passages: int, holding: int) -> float:
    """Return the inverse document frequency as Lucene has it: ln(1 + (N - n + 0.5) / (n + 0.5)), never negative."""
    return float(np.log1p((passages - holding + 0.5) / (holding + 0.5)))


def score(postings: Postings, weights: Mapping[str, float], average: float) -> NDArray[np.float32]:
    """Return the BM25 score of every row: the sum of ``weight * tf / (tf + k1 * (1 - b + b * length / average))``.

    ``weights`` hold idf times the term's weight in the query. Robertson & Zaragoza, "The Probabilistic Relevance
    Framework: BM25 and Beyond", FnTIR 3(4), 2009; without the constant factor k1 + 1, so that a term adds at most its
    weight.
    """
    total = np.zeros(len(postings.lengths), np.float32)
    brake = _brake(postings.lengths, average)
    for term, weight in weights.items():
        where = postings.find(term)
        if where.start < where.stop:
            rows = postings.rows[where]
            often = postings.counts[where].astype(np.float32)
            total[rows] += np.float32(weight) * often / (often + brake[rows])
    return total


def score_rows(
    postings: Postings, weights: Mapping[str, float], average: float, chosen: NDArray[np.int64]
) -> NDArray[np.float32]:
    """Return what ``score`` gives for the ``chosen`` rows only, without going through whole lists."""
    total = np.zeros(len(chosen), np.float32)
    brake = _brake(postings.lengths[chosen], average)
    for term, weight in weights.items():
        where = postings.find(term)
        if where.start < where.stop:
            rows = postings.rows[where]
            at = np.minimum(np.searchsorted(rows, chosen), len(rows) - 1)
            often = np.where(rows[at] == chosen, postings.counts[where][at], 0).astype(np.float32)
            total += np.float32(weight) * often / (often + brake)
    return total


def _brake(lengths: NDArray[np.int32], average: float) -> NDArray[np.float32]:
    return (K1 * (1 - B) + K1 * B / max(average, 1e-9) * lengths).astype(np.float32)
