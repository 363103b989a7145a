"""The searchable state of an index at one change: immutable, so that a reader who holds one keeps it.

A state is a few segments (a big one from the snapshot, small ones from later changes) and flags of the passages that
were removed since. Small segments are merged as they pile up, so their number stays logarithmic.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from libqa.index import dense, lexical, store

_BATCH = 10_000  # passages read from the database into one segment
_REMEMBERED = 50_000  # terms whose number of passages is remembered
_NONE = np.zeros(0, np.int64)


@dataclass(frozen=True, slots=True, eq=False)
class Segment:
    """Passages with ascending ``ids`` (n,), their inverted lists and their vectors (a FAISS index)."""

    ids: NDArray[np.int64]
    postings: lexical.Postings
    vectors: Any


@dataclass(frozen=True, eq=False)
class State:
    """What can be found at the change ``sequence`` of the index ``index``; ``last`` is the highest passage id seen."""

    index: str
    sequence: int
    token: str
    last: int
    segments: tuple[tuple[Segment, NDArray[np.bool_]], ...] = ()
    _held: dict[str, int] = field(default_factory=dict, repr=False)

    @cached_property
    def passages(self) -> int:
        """Number of passages."""
        return sum(int(alive.sum()) for _, alive in self.segments)

    @cached_property
    def _whole(self) -> list[bool]:
        """Of each segment, whether nothing of it was removed."""
        return [bool(alive.all()) for _, alive in self.segments]

    @cached_property
    def average_length(self) -> float:
        """Mean number of terms of a passage; 0 without passages."""
        total = sum(int(segment.postings.lengths[alive].sum()) for segment, alive in self.segments)
        return total / self.passages if self.passages else 0.0

    def holding(self, term: str) -> int:
        """Return the number of passages that hold the term."""
        count = self._held.get(term)
        if count is None:
            count = 0
            for (segment, alive), whole in zip(self.segments, self._whole, strict=True):
                where = segment.postings.find(term)
                count += where.stop - where.start if whole else int(alive[segment.postings.rows[where]].sum())
            if len(self._held) >= _REMEMBERED:
                self._held.clear()
            self._held[term] = count
        return count

    def idf(self, term: str) -> float:
        """Return the inverse document frequency of the term over all passages."""
        return lexical.idf(self.passages, self.holding(term))

    def lexical(self, terms: Mapping[str, float], k: int) -> list[tuple[int, float]]:
        """Return ids and BM25 scores of the ``k`` best passages, best first; passages without any term are left out."""
        weights = self._weights(terms)
        found: list[tuple[int, float]] = []
        for (segment, alive), whole in zip(self.segments, self._whole, strict=True):
            scores = lexical.score(segment.postings, weights, self.average_length)
            if not whole:
                scores[~alive] = 0.0
            best = np.argpartition(-scores, k - 1)[:k] if k < len(scores) else np.arange(len(scores))
            best = best[scores[best] > 0]
            found += zip(segment.ids[best].tolist(), scores[best].tolist(), strict=True)
        return sorted(found, key=lambda hit: (-hit[1], hit[0]))[:k]

    def lexical_of(self, terms: Mapping[str, float], ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the BM25 scores (n,) of given passages; 0 for one that is not there."""
        weights = self._weights(terms)
        out = np.zeros(len(ids), np.float32)
        for segment, alive in self.segments:
            rows, here = _rows(segment, alive, ids)
            if here.any():
                out[here] = lexical.score_rows(segment.postings, weights, self.average_length, rows)
        return out

    def dense(self, vector: NDArray[np.float32], k: int) -> list[tuple[int, float]]:
        """Return ids and inner products of the ``k`` nearest passages, best first."""
        found: list[tuple[int, float]] = []
        for (segment, alive), whole in zip(self.segments, self._whole, strict=True):
            found += dense.search(segment.vectors, vector, k, _NONE if whole else segment.ids[~alive])
        return sorted(found, key=lambda hit: (-hit[1], hit[0]))[:k]

    def dense_of(self, vector: NDArray[np.float32], ids: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the inner products (n,) of given passages; 0 for one that is not there."""
        out = np.zeros(len(ids), np.float32)
        for segment, alive in self.segments:
            rows, here = _rows(segment, alive, ids)
            if here.any():
                out[here] = dense.unpack(segment.vectors)[rows] @ vector.astype(np.float32)
        return out

    def _weights(self, terms: Mapping[str, float]) -> dict[str, float]:
        weighted = {term: weight * self.idf(term) for term, weight in terms.items() if weight > 0}
        return {term: weight for term, weight in weighted.items() if weight > 0}


def catch_up(state: State | None, connection: sqlite3.Connection, head: store.Head) -> State:
    """Return the state at ``head``, from an earlier one and the changes since, read in the connection's transaction."""
    if state is None or state.index != head.index or not store.has_change(connection, state.sequence, state.token):
        state = State(head.index, 0, "", 0)
    if state.sequence == head.sequence:
        return state
    gone = store.removed_since(connection, state.sequence)
    segments = [
        (segment, alive & ~np.isin(segment.ids, gone) if np.isin(gone, segment.ids).any() else alive)
        for segment, alive in state.segments
    ]
    last = state.last
    while True:
        ids, vectors, terms = store.passages_after(connection, last, head.dimension, _BATCH)
        if not len(ids):
            break
        last = int(ids[-1])
        segments.append((Segment(ids, lexical.post(terms), dense.pack(ids, vectors)), np.ones(len(ids), np.bool_)))
    segments = [(segment, alive) for segment, alive in segments if alive.any()]
    return State(head.index, head.sequence, head.token, last, tuple(_compact(segments)))


def merge(segments: list[tuple[Segment, NDArray[np.bool_]]]) -> Segment:
    """Join segments into one without the removed passages."""
    return Segment(
        np.concatenate([segment.ids[alive] for segment, alive in segments]),
        lexical.merge([(segment.postings, alive) for segment, alive in segments]),
        dense.join([(segment.vectors, segment.ids, alive) for segment, alive in segments]),
    )


def _compact(segments: list[tuple[Segment, NDArray[np.bool_]]]) -> list[tuple[Segment, NDArray[np.bool_]]]:
    """Merge from the newest on while a segment is not at least twice as large as all that follow."""
    cut, size = len(segments), 0
    for i in range(len(segments) - 1, -1, -1):
        here = int(segments[i][1].sum())
        if size * 2 > here or cut == len(segments):
            cut, size = i, size + here
        else:
            break
    if len(segments) - cut < 2:
        return segments
    merged = merge(segments[cut:])
    return [*segments[:cut], (merged, np.ones(len(merged.ids), np.bool_))]


def _rows(
    segment: Segment, alive: NDArray[np.bool_], ids: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the rows of those ``ids`` that the segment holds, and flags (over ``ids``) of which these are."""
    rows = np.searchsorted(segment.ids, ids)
    rows[rows == len(segment.ids)] = 0
    here = (segment.ids[rows] == ids) & alive[rows]
    return rows[here], here
