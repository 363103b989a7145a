"""The order of passages by search and reading together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from libqa.answering.extract import RANKER
from libqa.answering.features import Floats, Pointers
from libqa.errors import ModelError

ORDERING = RANKER.with_name("ordering.npz")
NAMES = ("share", "start_mass", "end_mass", "answerable")
_LEAST = 1e-3


def measure(shares: Sequence[float], points: Sequence[Pointers | None]) -> Floats:
    """Return the features of the texts, shape ``(len(points), len(NAMES))``, all of them logarithms.

    The share of the best retrieval score, the reader's probability that the answer starts and that it ends in this
    text rather than in another, and the odds that this text answers at all; of a text that was not read (``None``) they
    are at their least.
    """
    rows = np.zeros((len(points), len(NAMES)), dtype=np.float32)
    for row, share, p in zip(rows, shares, points, strict=True):
        start, end, answerable = (np.exp(p.start).sum(), np.exp(p.end).sum(), p.answerable) if p else (0.0, 0.0, 0.0)
        row[0] = np.log(max(share, _LEAST))
        row[1] = np.log(start + _LEAST)
        row[2] = np.log(end + _LEAST)
        row[3] = np.log((answerable + _LEAST) / (1.0 - answerable + _LEAST))
    return rows


@dataclass(frozen=True, slots=True)
class Ordering:
    """Weights of the features, shape ``(len(NAMES),)``, learnt by ``training/train_ranker.py``."""

    weights: Floats

    def score(self, shares: Sequence[float], points: Sequence[Pointers | None]) -> Floats:
        """Return one logit per text; comparable within one question."""
        out: Floats = measure(shares, points) @ self.weights
        return out


@cache
def load_ordering(path: Path = ORDERING) -> Ordering:
    """Load the bundled weights.

    Raises
    ------
    ModelError : the file is missing or was made for other features.
    """
    try:
        with np.load(path) as file:
            weights = file["weights"].astype(np.float32)
    except (OSError, KeyError, ValueError) as e:
        raise ModelError(str(path), f"the ordering cannot be read ({e})", "reinstall libqa") from e
    if weights.shape != (len(NAMES),):
        raise ModelError(str(path), "the ordering was made for other features", "reinstall libqa")
    return Ordering(weights)
