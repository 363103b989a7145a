"""How sure a figure is, and whether two runs differ by more than chance."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from libqa.evaluation.figures import FIGURES, Columns, Figure
from libqa.evaluation.ranking import missing

_SEED = 20231
RESAMPLES = 1000
_PERMUTATIONS = 4999


def intervals(
    table: Columns, of: Iterable[Figure] = FIGURES, resamples: int = RESAMPLES
) -> dict[str, tuple[float, float] | None]:
    """Return 95 % intervals of the figures over resampled questions; ``None`` where nothing was measured.

    The percentile bootstrap (Efron and Tibshirani, *An Introduction to the Bootstrap*, 1993, chapter 13), with a fixed
    seed. A resample in which a figure is not defined is left out.
    """
    counts = _resamples(len(next(iter(table.values()))), resamples)
    found: dict[str, tuple[float, float] | None] = {}
    for figure in of:
        if not figure.columns:
            continue
        if np.isnan(figure.compute(table)):
            found[figure.name] = None
            continue
        values = _means(table[figure.columns[0]], counts) if figure.mean else _recomputed(figure, table, counts)
        values = values[~np.isnan(values)]
        low, high = np.percentile(values, [2.5, 97.5]) if len(values) else (np.nan, np.nan)
        found[figure.name] = (float(low), float(high)) if len(values) else None
    return found


def difference(figure: Figure, before: Columns, after: Columns) -> tuple[str, float] | None:
    """Return the test that fits a figure of the same questions in two runs, and its two-sided p; ``None`` without data.

    Right-or-wrong values: McNemar's test, exact (binomial, over the questions that changed). Other means: permutation
    by flipping signs of the differences (Fisher), 4,999 times. Other figures: paired bootstrap over questions (Efron
    and Tibshirani, 1993), p from the share of resamples on the other side of no difference.

    Raises
    ------
    MissingExtra : scipy is not installed.
    """
    if not figure.mean:
        return _paired_bootstrap(figure, before, after)
    a, b = before[figure.columns[0]], after[figure.columns[0]]
    known = ~(np.isnan(a) | np.isnan(b))
    a, b = a[known], b[known]
    if not len(a):
        return None
    if np.isin(a, (0, 1)).all() and np.isin(b, (0, 1)).all():
        return "McNemar", mcnemar(int((a > b).sum()), int((b > a).sum()))
    return "permutation", _permutation(b - a)


def mcnemar(lost: int, won: int) -> float:
    """Return the two-sided exact p of ``won`` against ``lost`` questions (McNemar, *Psychometrika* 12, 1947)."""
    try:
        from scipy.stats import binomtest
    except ImportError:
        raise missing("scipy") from None
    return float(binomtest(won, won + lost).pvalue) if won + lost else 1.0


def _permutation(differences: NDArray[np.float64]) -> float:
    try:
        from scipy.stats import permutation_test
    except ImportError:
        raise missing("scipy") from None
    if not differences.any():
        return 1.0
    return float(
        permutation_test(
            (differences,),
            np.mean,
            permutation_type="samples",
            vectorized=True,
            n_resamples=_PERMUTATIONS,
            batch=256,
            rng=np.random.default_rng(_SEED),
        ).pvalue
    )


def _paired_bootstrap(figure: Figure, before: Columns, after: Columns) -> tuple[str, float] | None:
    if not figure.columns:
        return None
    counts = _resamples(len(before[figure.columns[0]]), RESAMPLES)
    gaps = _recomputed(figure, after, counts) - _recomputed(figure, before, counts)
    gaps = gaps[~np.isnan(gaps)]
    if not len(gaps):
        return None
    return "bootstrap", float(min(1.0, 2 * min((gaps <= 0).mean(), (gaps >= 0).mean()) + 1 / len(gaps)))


def _resamples(size: int, count: int) -> NDArray[np.int64]:
    """Return how often each of ``size`` questions is drawn in each of ``count`` resamples."""
    if not size:
        return np.zeros((count, 0), np.int64)
    return np.random.default_rng(_SEED).multinomial(size, np.full(size, 1 / size), count)


def _means(column: NDArray[np.float64], counts: NDArray[np.int64]) -> NDArray[np.float64]:
    known = ~np.isnan(column)
    weight = (counts @ known).astype(float)
    weight[weight == 0] = np.nan
    return np.asarray(counts @ np.where(known, column, 0.0) / weight, float)


def _recomputed(figure: Figure, table: Columns, counts: NDArray[np.int64]) -> NDArray[np.float64]:
    rows = np.arange(counts.shape[1])
    needed = {name: table[name] for name in figure.columns}
    chosen = (np.repeat(rows, drawn) for drawn in counts)
    return np.array([figure.compute({k: v[rows_] for k, v in needed.items()}) for rows_ in chosen], float)
