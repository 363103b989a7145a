"""Measures of confidence and abstention: AUROC, risk and coverage, calibration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = Sequence[float] | NDArray[np.float64]
Bools = Sequence[bool] | NDArray[np.bool_]


def auroc(scores: Floats, positive: Bools) -> float | None:
    """Return the probability that a positive outscores a negative, ties counting half; ``None`` without both kinds.

    The area under the ROC curve as the Mann-Whitney statistic (Hanley and McNeil, *Radiology* 143, 1982).
    """
    values, truth = np.asarray(scores, float), np.asarray(positive, bool)
    ups, downs = int(truth.sum()), int((~truth).sum())
    if not ups or not downs:
        return None
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True)
    middle = np.cumsum(counts) - (counts - 1) / 2  # rank of tied values: the mean of the ranks they take up
    return float((middle[places][truth].sum() - ups * (ups + 1) / 2) / (ups * downs))


@dataclass(frozen=True, slots=True)
class RiskCoverage:
    """Risk at each coverage: of the ``coverage`` most confident answers, ``risk`` are wrong; all in 0..1."""

    coverage: NDArray[np.float64]
    risk: NDArray[np.float64]

    @property
    def area(self) -> float:
        """AURC, the mean risk over all coverages: 0 is best, the error rate is what random order would give."""
        return float(self.risk.mean()) if len(self.risk) else float("nan")


def risk_coverage(confidence: Floats, right: Bools) -> RiskCoverage:
    """Return the risk-coverage curve; answers of equal confidence share their errors evenly.

    El-Yaniv and Wiener, *On the Foundations of Noise-free Selective Classification*, JMLR 11, 2010; the area as in
    Geifman, Uziel and El-Yaniv, *Bias-Reduced Uncertainty Estimation*, ICLR 2019.
    """
    values, wrong = np.asarray(confidence, float), 1.0 - np.asarray(right, float)
    unique, places, counts = np.unique(-values, return_inverse=True, return_counts=True)
    errors = np.bincount(places, wrong, len(unique)) / np.maximum(counts, 1)
    count = np.arange(1, len(values) + 1)
    return RiskCoverage(count / max(1, len(values)), np.cumsum(np.repeat(errors, counts)) / count)


@dataclass(frozen=True, slots=True)
class Bin:
    """Answers whose confidence is in ``low..high``: how many, their mean confidence, the share that is right."""

    low: float
    high: float
    count: int
    confidence: float
    right: float


def reliability(confidence: Floats, right: Bools, bins: int = 10) -> list[Bin]:
    """Return the bins of equal width that hold answers, lowest first: a reliability diagram.

    Guo et al., *On Calibration of Modern Neural Networks*, ICML 2017. A bin is ``[low, high)``, the last one closed.
    """
    values, truth = np.asarray(confidence, float), np.asarray(right, float)
    places = np.clip((values * bins).astype(int), 0, bins - 1)
    found = []
    for n in np.unique(places):
        inside = places == n
        found.append(
            Bin(n / bins, (n + 1) / bins, int(inside.sum()), float(values[inside].mean()), float(truth[inside].mean()))
        )
    return found


def calibration_error(confidence: Floats, right: Bools, bins: int = 10) -> float | None:
    """Return the expected calibration error (ECE): the mean gap between confidence and right share of `reliability`."""
    found = reliability(confidence, right, bins)
    total = sum(b.count for b in found)
    return sum(b.count * abs(b.confidence - b.right) for b in found) / total if total else None


def brier(confidence: Floats, right: Bools) -> float | None:
    """Return the mean squared difference of confidence and outcome (Brier, *Monthly Weather Review* 78, 1950)."""
    gap = np.asarray(confidence, float) - np.asarray(right, float)
    return float((gap**2).mean()) if len(gap) else None
