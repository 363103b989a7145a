"""The figures of an evaluation: what each is called, means, and how it comes from one value per question."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from libqa.evaluation import abstaining

Columns = Mapping[str, NDArray[np.float64]]
"""One value per question under each name; NaN where that does not apply to the question."""
Values = Mapping[str, float]
Pairs = Callable[[NDArray[np.float64], NDArray[np.bool_]], "float | None"]
Unit = Literal["share", "count", "characters", "ms"]


@dataclass(frozen=True, slots=True)
class Figure:
    """``compute`` gives the value from the named columns, or NaN where nothing was measured.

    ``mean``: it is the mean of its one column, so that single questions can be compared between runs. ``higher``: more
    is better; ``None`` where neither is.
    """

    name: str
    label: str
    meaning: str
    compute: Callable[[Columns], float]
    columns: tuple[str, ...]
    unit: Unit = "share"
    higher: bool | None = True
    mean: bool = False


def columns(values: Sequence[Values]) -> dict[str, NDArray[np.float64]]:
    """Return the values of all questions as columns."""
    names = sorted({name for one in values for name in one} | NEEDED)
    return {name: np.array([one.get(name, np.nan) for one in values], float) for name in names}


def figures(table: Columns, rows: NDArray[np.bool_] | NDArray[np.intp] | None = None) -> dict[str, float | None]:
    """Return every figure over the chosen rows of the columns; ``None`` where nothing was measured."""
    chosen = table if rows is None else {name: values[rows] for name, values in table.items()}
    found = {figure.name: figure.compute(chosen) for figure in FIGURES}
    return {name: None if np.isnan(value) else float(value) for name, value in found.items()}


def grouped(table: Columns, keys: Sequence[Iterable[str]]) -> dict[str, dict[str, float | None]]:
    """Return the figures of each group; ``keys`` names the groups that each question belongs to."""
    members = [set(of) for of in keys]
    names = sorted({name for of in members for name in of if name})
    return {name: figures(table, np.array([name in of for of in members], bool)) for name in names}


def _mean(column: str) -> Callable[[Columns], float]:
    def compute(table: Columns) -> float:
        known = table[column][~np.isnan(table[column])]
        return float(known.mean()) if len(known) else float("nan")

    return compute


def _percentile(column: str, share: float) -> Callable[[Columns], float]:
    def compute(table: Columns) -> float:
        known = table[column][~np.isnan(table[column])]
        return float(np.percentile(known, share)) if len(known) else float("nan")

    return compute


def _of_pairs(first: str, second: str, measure: Pairs) -> Callable[[Columns], float]:
    def compute(table: Columns) -> float:
        known = ~(np.isnan(table[first]) | np.isnan(table[second]))
        value = measure(table[first][known], table[second][known] > 0) if known.any() else None
        return float("nan") if value is None else value

    return compute


def _exact(table: Columns) -> float:
    total = float(np.nansum(table["citations"]))
    return float(np.nansum(table["exact"])) / total if total else float("nan")


def _count(table: Columns) -> float:
    return float(len(next(iter(table.values()))))


def _share(name: str, label: str, meaning: str, higher: bool = True) -> Figure:
    return Figure(name, label, meaning, _mean(name), (name,), higher=higher, mean=True)


def _paired(
    name: str, label: str, meaning: str, columns: tuple[str, str], measure: Pairs, higher: bool = False
) -> Figure:
    return Figure(name, label, meaning, _of_pairs(*columns, measure), columns, higher=higher)


def _middle(name: str, label: str, meaning: str, column: str, share: float = 50, unit: Unit = "ms") -> Figure:
    return Figure(name, label, meaning, _percentile(column, share), (column,), unit, higher=False)


_SURE = ("confidence", "correct")

FIGURES: tuple[Figure, ...] = (
    Figure("questions", "questions", "questions asked", _count, (), "count", None),
    _share(
        "right_and_cited",
        "answer right and cited",
        "answerable questions answered right, where a quote overlaps the evidence or itself holds every nugget",
    ),
    _share("right", "answer right", "answerable questions whose every nugget is in the answer or its quotes"),
    _share("direct_right", "first line alone right", "of them, those whose first statement alone holds every nugget"),
    _share("nugget_recall", "nugget recall", "nuggets that the answer or its quotes hold, mean over questions"),
    _share(
        "exact_match",
        "exact match (CMRC 2018)",
        "first statements that are an answer but for punctuation; questions with one nugget, 0 where refused",
    ),
    _share(
        "character_f1",
        "character F1 (CMRC 2018)",
        "longest common run of the first statement and an answer; questions with one nugget, 0 where refused",
    ),
    _share("right_sentence", "right sentence", "reading alone: the sentence shares a character with the gold answer"),
    _share("sentence_holds", "sentence holds the answer", "reading alone: the sentence holds a gold answer whole"),
    _share("span_exact", "span exact match", "reading alone: the span is a gold answer but for punctuation"),
    _share("span_f1", "span F1 (CMRC 2018)", "reading alone: longest common run of the span and a gold answer"),
    _share("refusal_right", "refusal right", "unanswerable questions that were refused"),
    _share("false_answer", "unanswerable, but answered", "unanswerable questions that were answered", False),
    _share("false_refusal", "answerable, but refused", "answerable questions that were refused", False),
    _paired(
        "abstention_auroc",
        "abstention AUROC",
        "chance that an answerable question has the higher confidence than an unanswerable one",
        ("confidence", "answerable"),
        abstaining.auroc,
        higher=True,
    ),
    _paired(
        "aurc",
        "area under risk-coverage",
        "share of wrong answers among the surest, mean over every number of questions answered",
        _SURE,
        lambda confidence, right: abstaining.risk_coverage(confidence, right).area,
    ),
    _paired(
        "ece",
        "calibration error (ECE)",
        "mean gap between confidence and the share that is right, ten bins",
        _SURE,
        abstaining.calibration_error,
    ),
    _paired("brier", "Brier score", "mean squared gap between confidence and being right", _SURE, abstaining.brier),
    Figure(
        "citation_exact",
        "citations exact",
        "citations that are slices of their document; anything but 1 is a defect",
        _exact,
        ("exact", "citations"),
    ),
    _share(
        "citation_precision",
        "citation precision",
        "citations of an answer that overlap the evidence or hold a nugget, mean over answers to answerable questions",
    ),
    _share(
        "citation_recall",
        "citation recall",
        "nuggets that a citation holds or whose evidence it overlaps, mean over answerable questions",
    ),
    _share(
        "statement_recall",
        "statements supported",
        "statements that stand in what they cite, mean over answers (ALCE citation recall, containment for NLI)",
    ),
    _share(
        "statement_precision",
        "citations to the point",
        "citations that support their statement and are not superfluous, mean over answers (ALCE citation precision)",
    ),
    *(
        _share(f"hit@{k}", f"hit@{k}", f"questions with a right passage among the first {k} found")
        for k in (1, 3, 5, 10)
    ),
    _share("mrr@10", "MRR@10", "1 over the rank of the first right passage, 0 if it is not among ten"),
    _share("ndcg@10", "nDCG@10", "discounted gain of the right passages among ten, as a share of the ideal list's"),
    _middle(
        "direct_length",
        "direct answer, median characters",
        "of the first statement, for who, when, where and how-many questions",
        "direct_length",
        unit="characters",
    ),
    _middle(
        "quote_length",
        "quote, median characters",
        "median over answers of the median of their quotes",
        "quote_length",
        unit="characters",
    ),
    _middle("p50_ms", "answer time p50, ms", "median time of an answer, or of a reading", "milliseconds"),
    _middle("p95_ms", "answer time p95, ms", "95 of 100 answers take less", "milliseconds", 95),
    _middle("search_p50_ms", "search time p50, ms", "median time of a search alone", "search_milliseconds"),
)
BY_NAME = {figure.name: figure for figure in FIGURES}
NEEDED = frozenset(column for figure in FIGURES for column in figure.columns)
