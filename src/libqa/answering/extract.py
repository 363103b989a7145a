"""Choose the answer: every candidate of every passage is measured, and a small trained network ranks them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from libqa.answering import candidates, features
from libqa.answering.candidates import Candidate, Laid, Span
from libqa.answering.features import Coverage, Floats, Pointers
from libqa.answering.understand import Question
from libqa.errors import ModelError

RANKER = Path(__file__).resolve().parent.parent / "models" / "bundled" / "ranker" / "ranker.npz"
_POINTED = 12  # spans that the reader may add
_LONGEST = 120  # characters of such a span


@dataclass(frozen=True, slots=True)
class Source:
    """A text to read: ``context`` is its folded title and section, ``share`` its retrieval score over the best "
    "one's."""

    text: str
    context: str = ""
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Found:
    """A candidate answer in ``sources[source]`` with its ranking score (a logit; comparable within one question)."""

    source: int
    candidate: Candidate
    laid: Laid
    cover: Coverage
    row: Floats
    score: float
    answerable: float


@dataclass(frozen=True, slots=True)
class Ranker:
    """A one-layer network over `features.NAMES`; ``w1`` is (features, hidden), ``w2`` is (hidden,)."""

    w1: Floats
    b1: Floats
    w2: Floats
    b2: Floats

    def score(self, rows: Floats) -> Floats:
        """Return one logit per row, shape (n,)."""
        hidden: Floats = np.maximum(rows @ self.w1 + self.b1, 0.0)
        out: Floats = hidden @ self.w2 + self.b2
        return out


@cache
def load_ranker(path: Path = RANKER) -> Ranker:
    """Load the bundled ranker.

    Raises
    ------
    ModelError : the file is missing or was made for other features.
    """
    try:
        with np.load(path) as file:
            ranker = Ranker(*(file[name].astype(np.float32) for name in ("w1", "b1", "w2", "b2")))
    except (OSError, KeyError, ValueError) as e:
        raise ModelError(str(path), f"the ranker cannot be read ({e})", "reinstall libqa") from e
    if ranker.w1.shape[0] != len(features.NAMES):
        raise ModelError(str(path), "the ranker was trained for other features", "reinstall libqa")
    return ranker


def pointed_spans(reader: Pointers, text: str) -> list[Span]:
    """Return the likeliest spans of at most 120 characters by the reader's start and end log-probabilities."""
    starts = np.argsort(-reader.start)[:_POINTED]
    ends = np.argsort(-reader.end)[:_POINTED]
    pairs = [
        (float(reader.start[s] + reader.end[e]), int(s), int(e) + 1)
        for s in starts
        for e in ends
        if 0 <= e - s < _LONGEST
    ]
    pairs.sort(reverse=True)
    return [(s, e) for _, s, e in pairs[:_POINTED] if "\n" not in text[s:e]]


def measure_all(
    question: Question, sources: Sequence[Source], readers: Sequence[Pointers]
) -> tuple[list[Found], Floats]:
    """Return all candidates of all sources, unscored, and their features, shape ``(n, len(features.NAMES))``."""
    found: list[Found] = []
    rows: list[Floats] = []
    for i, source in enumerate(sources):
        laid = candidates.lay_out(source.text)
        reader = readers[i] if readers else None
        proposed = candidates.propose(laid, pointed_spans(reader, source.text) if reader is not None else ())
        if not proposed:
            continue
        cover = features.locate(question, laid, source.context)
        measured = features.measure(question, laid, proposed, cover, reader, source.share)
        rows.append(measured)
        answerable = reader.answerable if reader is not None else 0.0
        found += [Found(i, c, laid, cover, row, 0.0, answerable) for c, row in zip(proposed, measured, strict=True)]
    return found, np.concatenate(rows) if rows else np.zeros((0, len(features.NAMES)), np.float32)


def extract(question: Question, sources: Sequence[Source], readers: Sequence[Pointers], ranker: Ranker) -> list[Found]:
    """Return the candidate answers of all sources, best first."""
    found, rows = measure_all(question, sources, readers)
    if not found:
        return []
    scores = ranker.score(rows)
    order = np.argsort(-scores, kind="stable")
    return [
        Found(f.source, f.candidate, f.laid, f.cover, f.row, float(scores[i]), f.answerable)
        for i, f in ((int(i), found[int(i)]) for i in order)
    ]
