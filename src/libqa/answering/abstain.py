"""How likely it is that the best candidate answers the question: one calibrated probability, the basis of "
"refusals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from libqa.answering import extract, features
from libqa.answering.extract import RANKER, Found
from libqa.answering.features import Floats
from libqa.answering.understand import Question
from libqa.errors import ModelError

CALIBRATION = RANKER.with_name("abstention.npz")
_FROM_ROW = tuple(
    (
        "cover_clause cover_near cover_sentence cover_passage cover_context near_6 near_25 bigrams_clause "
        "bigrams_sentence outside overlap anchors_sentence anchors_passage head_in head_beside "
        "answerable reader_best uncovered unmet soft_clause soft_sentence similar_near similar_sentence english"
    ).split()
)
_ANCHORS = ("year", "person", "place", "title", "organisation", "number")
_ROW = [features.NAMES.index(name) for name in _FROM_ROW]
NAMES = (
    *_FROM_ROW,
    "score",
    "margin",
    "mass",
    "best_answerable",
    "few_words",
    "has_head",
    "fitting_kind",
    "agreed_share",
    *(f"lacks_{kind}" for kind in _ANCHORS),
    *(f"document_lacks_{kind}" for kind in _ANCHORS),
)
_SHARE = features.NAMES.index("share")


def measure(question: Question, found: Sequence[Found]) -> Floats:
    """Return the features of an answer, shape ``(len(NAMES),)``; ``found`` is sorted, best first, and not empty."""
    top = found[0]
    scores = np.array([f.score for f in found], dtype=np.float32)
    odds = np.exp(scores - scores[0])
    same = np.array([extract.agree(f, top) for f in found])
    rival = next((f.score for f, ok in zip(found, same, strict=True) if not ok), top.score - 5.0)
    share = max(float(f.row[_SHARE]) for f, ok in zip(found, same, strict=True) if ok)
    row = top.row
    lacking = {a.kind for a, held in zip(question.anchors, top.cover.named, strict=True) if not held}
    nowhere = {a.kind for a, held in zip(question.anchors, top.cover.documented, strict=True) if not held}
    return np.array(
        [
            *row[_ROW],
            top.score / 5.0,
            min(top.score - rival, 5.0) / 5.0,
            float((odds * same).sum() / odds.sum()),
            max(f.answerable for f in found),
            len(question.terms) <= 2,
            bool(question.head),
            top.candidate.kind in features.FITTING.get(question.kind, (top.candidate.kind,)),
            share,
            *(kind in lacking for kind in _ANCHORS),
            *(kind in nowhere for kind in _ANCHORS),
        ],
        dtype=np.float32,
    )


@dataclass(frozen=True, slots=True)
class Calibration:
    """A small network over `NAMES`, trained with log loss, so that its output is a probability."""

    w1: Floats
    b1: Floats
    w2: Floats
    b2: Floats

    def confidence(self, question: Question, found: Sequence[Found]) -> float:
        """Return the probability (0..1) that the best candidate answers the question; 0 without candidates."""
        if not found:
            return 0.0
        hidden = np.tanh(measure(question, found) @ self.w1 + self.b1)
        return float(1.0 / (1.0 + np.exp(-(hidden @ self.w2 + self.b2[0]))))


@cache
def load_calibration(path: Path = CALIBRATION) -> Calibration:
    """Load the bundled calibration.

    Raises
    ------
    ModelError : the file is missing or was made for other features.
    """
    try:
        with np.load(path) as file:
            calibration = Calibration(*(file[name].astype(np.float32) for name in ("w1", "b1", "w2", "b2")))
    except (OSError, KeyError, ValueError) as e:
        raise ModelError(str(path), f"the calibration cannot be read ({e})", "reinstall libqa") from e
    if calibration.w1.shape[0] != len(NAMES):
        raise ModelError(str(path), "the calibration was made for other features", "reinstall libqa")
    return calibration
