"""Choose the answer: every candidate of every passage is measured, and a small trained network ranks them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

import numpy as np

from libqa.answering import candidates, features, givens, topic
from libqa.answering.admissible import admissible
from libqa.answering.candidates import Candidate, Laid, Span
from libqa.answering.comparing import Text
from libqa.answering.features import Coverage, Floats, Pointers
from libqa.answering.understand import Question
from libqa.errors import ModelError

RANKER = Path(__file__).resolve().parent.parent / "models" / "bundled" / "ranker" / "ranker.npz"
ARRAYS = ("w1", "b1", "w2", "linear", "whether")
_WHETHER = features.NAMES.index("yesno")
_POINTED = 12  # spans that the reader may add
_LONGEST = 120  # characters of such a span


@dataclass(frozen=True, slots=True)
class Source:
    """A text, what the reader says of it, and how good a hit it is beside the best one (0..1)."""

    given: Text
    points: Pointers
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Found:
    """A candidate answer in ``sources[source]`` with its ranking score (a logit; comparable within one question).

    ``context`` is the folded title and section of that source.
    """

    source: int
    context: str
    candidate: Candidate
    laid: Laid
    cover: Coverage
    row: Floats
    score: float
    answerable: float


@dataclass(frozen=True, slots=True)
class Ranker:
    """A one-layer network over `features.NAMES` beside a linear part (the reader's own preference, corrected).

    Shapes: ``w1`` (features, hidden), ``b1`` (hidden,), ``w2`` (hidden,), ``linear`` (features,), and ``whether``
    (features,), which is added to ``linear`` where the question is whether something is so.
    """

    w1: Floats
    b1: Floats
    w2: Floats
    linear: Floats
    whether: Floats

    def score(self, rows: Floats) -> Floats:
        """Return one logit per row, shape (n,)."""
        hidden: Floats = np.maximum(rows @ self.w1 + self.b1, 0.0)
        out: Floats = hidden @ self.w2 + rows @ self.linear + rows[:, _WHETHER] * (rows @ self.whether)
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
            ranker = Ranker(*(file[name].astype(np.float32) for name in ARRAYS))
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


def measure_all(question: Question, sources: Sequence[Source], every: bool = False) -> tuple[list[Found], Floats]:
    """Return all candidates of all sources, unscored, and their features, shape ``(n, len(features.NAMES))``.

    Those that are not admissible stay out, unless ``every`` one is wanted or none is admissible.
    """
    laid = [candidates.lay_out(source.given.text) for source in sources]
    pointed = [pointed_spans(source.points, source.given.text) for source in sources]
    proposed = [candidates.propose(text, spans) for text, spans in zip(laid, pointed, strict=True)]
    fitting = [admissible(question, text, these) for text, these in zip(laid, proposed, strict=True)]
    if every or not any(fitting):
        fitting = proposed
    chosen: list[tuple[int, Candidate]] = []
    rows: list[Floats] = [np.zeros((0, len(features.NAMES)), np.float32)]
    covers = [
        features.locate(question, text, source.given.context, source.given.document)
        for source, text in zip(sources, laid, strict=True)
    ]
    named = [
        features.strictly_named(question, cover) - givens.named_otherwise(question, source.given.text)
        for source, cover in zip(sources, covers, strict=True)
    ]
    for i, (source, text, these, cover) in enumerate(zip(sources, laid, fitting, covers, strict=True)):
        if not these:
            continue
        measured = features.measure(question, text, these, cover, source.points, source.share)
        measured[:, features.UNNAMED] = max(named) - named[i]
        said = topic.said_beside(question, source.given, source.points, text.sentences)
        measured[:, features.LESS_SAID] = [said[text.sentence_of[c.first]] for c in these]
        rows.append(measured)
        chosen += [(i, c) for c in these]
    measures = np.concatenate(rows)
    _compare_within(measures, [sources[i].given.document or i for i, _ in chosen])
    found = [
        Found(i, sources[i].given.context, c, laid[i], covers[i], row, 0.0, sources[i].points.answerable)
        for (i, c), row in zip(chosen, measures, strict=True)
    ]
    return found, measures


def _compare_within(measures: Floats, documents: Sequence[str | int]) -> None:
    """Make of how much each candidate's sentence says how much less it says than the best one of its document."""
    best: dict[str | int, float] = {}
    said = measures[:, features.LESS_SAID].tolist()
    for document, own in zip(documents, said, strict=True):
        best[document] = max(best.get(document, 0.0), own)
    measures[:, features.LESS_SAID] = [own - best[document] for document, own in zip(documents, said, strict=True)]


def extract(question: Question, sources: Sequence[Source], ranker: Ranker, every: bool = False) -> list[Found]:
    """Return the candidate answers of all sources, best first; ``every`` as in `measure_all`."""
    found, rows = measure_all(question, sources, every)
    if not found:
        return []
    return in_order(found, ranker.score(rows))


def in_order(found: Sequence[Found], scores: Floats) -> list[Found]:
    """Return candidates with their scores, best first.

    What several texts say counts for more: the same words in another text add to the odds.
    """
    words = [words_of(f) for f in found]
    said: dict[str, dict[int, float]] = {}
    for f, own, score in zip(found, words, scores.tolist(), strict=True):
        sources = said.setdefault(own, {})
        sources[f.source] = max(sources.get(f.source, -np.inf), score)
    more = {own: float(np.logaddexp.reduce(list(by.values()))) - max(by.values()) for own, by in said.items()}
    joint = [score + more[own] for own, score in zip(words, scores.tolist(), strict=True)]
    order = sorted(range(len(found)), key=lambda i: -joint[i])
    return [replace(found[i], score=joint[i]) for i in order]


def words_of(found: Found) -> str:
    """Return the folded words of a candidate without marks, by which two answers are compared."""
    span = found.laid.folded[found.candidate.start : found.candidate.end]
    return re.sub(r"\W", "", span) or span


def agree(a: Found, b: Found) -> bool:
    """Whether two candidates are one answer: overlapping in one text, or one within the other's words in two texts."""
    x, y = a.candidate, b.candidate
    if a.source == b.source:
        return x.start < y.end and y.start < x.end
    mine, other = words_of(a), words_of(b)
    return len(min(mine, other, key=len)) > 1 and (mine in other or other in mine)
