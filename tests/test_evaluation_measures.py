"""The measures against cases counted by hand: ranking, abstention, citations, significance."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from libqa.evaluation import abstaining, citing, ranking, significance
from libqa.evaluation.figures import BY_NAME, FIGURES, columns, figures
from tests.conftest import ROOT

# -- ranking (ir-measures) ---------------------------------------------------------------------------------------------


def test_the_library_ranks_as_by_hand() -> None:
    relevant = {"first": {"a"}, "third": {"c"}, "two": {"b", "d"}, "none": {"z"}, "empty": {"a"}, "late": {"k"}}
    letters = [*"abcdefghijk"]
    found = ranking.measure(relevant, {q: letters for q in relevant if q != "empty"})
    assert found["first"] == dict.fromkeys(ranking.NAMES, 1.0)
    assert found["third"]["hit@1"] == 0.0
    assert found["third"]["hit@3"] == 1.0
    assert found["third"]["mrr@10"] == pytest.approx(1 / 3)
    assert found["third"]["ndcg@10"] == pytest.approx(1 / math.log2(4))
    gain = 1 / math.log2(3) + 1 / math.log2(5)  # at ranks 2 and 4
    assert found["two"]["ndcg@10"] == pytest.approx(gain / (1 + 1 / math.log2(3)))
    assert found["two"]["mrr@10"] == 0.5
    for nothing in ("none", "empty", "late"):  # k is the eleventh
        assert found[nothing] == dict.fromkeys(ranking.NAMES, 0.0)


def test_the_order_given_decides_not_the_names() -> None:
    found = ranking.measure({"q": {"a"}}, {"q": ["z", "a"]})
    assert found["q"]["mrr@10"] == 0.5


# -- confidence --------------------------------------------------------------------------------------------------------


def test_auroc_counts_pairs() -> None:
    assert abstaining.auroc([0.9, 0.4, 0.6, 0.1], [True, True, False, False]) == 0.75
    assert abstaining.auroc([0.5, 0.5], [True, False]) == 0.5
    assert abstaining.auroc([0.5], [True]) is None


def test_risk_grows_with_every_wrong_answer() -> None:
    curve = abstaining.risk_coverage([0.7, 0.9, 0.8, 0.6], [True, True, False, False])
    assert curve.coverage.tolist() == [0.25, 0.5, 0.75, 1.0]
    assert curve.risk.tolist() == pytest.approx([0, 1 / 2, 1 / 3, 1 / 2])
    assert curve.area == pytest.approx((0 + 1 / 2 + 1 / 3 + 1 / 2) / 4)
    equal = abstaining.risk_coverage([0.5, 0.5], [True, False])
    assert equal.risk.tolist() == [0.5, 0.5]  # whatever order they came in


def test_calibration_is_the_gap_in_each_bin() -> None:
    confidence, right = [0.05, 0.95, 0.91, 1.0], [False, True, True, False]
    assert abstaining.reliability(confidence, right) == [
        abstaining.Bin(0.0, 0.1, 1, 0.05, 0.0),
        abstaining.Bin(0.9, 1.0, 3, pytest.approx(2.86 / 3), pytest.approx(2 / 3)),
    ]
    assert abstaining.calibration_error(confidence, right) == pytest.approx((0.05 + 3 * (2.86 - 2) / 3) / 4)
    assert abstaining.brier([1.0, 0.5], [True, False]) == 0.125
    assert abstaining.brier([], []) is None


# -- citations ---------------------------------------------------------------------------------------------------------

CHENGDU, ONLINE = "论坛在成都举行", "1000余人线上参会"


@pytest.mark.parametrize(
    ("statement", "quotes", "supported"),
    [
        ("成都", [CHENGDU], True),
        ("論壇在成都舉行。", [CHENGDU], True),  # script and the full stop do not count
        ("论坛在成都举行，1000余人线上参会", [CHENGDU, ONLINE], True),  # each clause in one of them
        ("论坛在成都举行，1000余人线上参会", [CHENGDU], False),
        ("重庆", [CHENGDU, ONLINE], False),
        ("100", [ONLINE], False),  # not part of a number
        ("Chengdu (“成都”)", [CHENGDU], True),  # English around original words
        ("Chongqing (“重庆”)", [CHENGDU], False),
        ("他说“成都”在重庆", [CHENGDU], False),  # Chinese around them has to stand there too
        ("…", [CHENGDU], False),
    ],
)
def test_a_statement_is_supported_by_what_holds_it(statement: str, quotes: list[str], supported: bool) -> None:
    assert citing.supports(quotes, statement) is supported


def test_alce_recall_and_precision_as_in_the_paper() -> None:
    both = "论坛在成都举行，1000余人线上参会"
    assert citing.precise(both, [CHENGDU, ONLINE]) == [True, True]  # neither suffices, together they do
    assert citing.precise("成都", [CHENGDU, ONLINE]) == [True, False]  # the second is irrelevant
    assert citing.precise("成都", [CHENGDU, CHENGDU]) == [True, True]  # each supports alone
    assert citing.precise("重庆", [CHENGDU, ONLINE]) == [False, False]  # not recalled
    assert not citing.recalled("成都", [])
    assert citing.of_answer([("成都", [CHENGDU, ONLINE]), ("重庆", [CHENGDU]), ("成都", [])]) == (1 / 3, 1 / 3)
    assert citing.of_answer([]) is None


# -- figures and significance ------------------------------------------------------------------------------------------


def test_figures_leave_out_questions_they_do_not_apply_to() -> None:
    found = figures(columns([{"right": 1.0, "citations": 3, "exact": 2}, {"refusal_right": 0.0}, {"right": 0.0}]))
    assert (found["questions"], found["right"], found["refusal_right"]) == (3, 0.5, 0.0)
    assert found["citation_exact"] == pytest.approx(2 / 3)
    assert found["p50_ms"] is None


def test_intervals_hold_the_figure_and_shrink_with_more_questions() -> None:
    few = columns([{"right": float(n % 2)} for n in range(20)])
    many = columns([{"right": float(n % 2)} for n in range(2000)])
    only = [BY_NAME["right"], BY_NAME["span_f1"]]
    wide, narrow = (significance.intervals(table, only)["right"] for table in (few, many))
    assert wide is not None
    assert narrow is not None
    assert wide[0] < narrow[0] < 0.5 < narrow[1] < wide[1]
    assert narrow == pytest.approx((0.478, 0.522), abs=0.003)  # 0.5 ± 1.96 · sqrt(0.25 / 2000)
    assert significance.intervals(few, only)["span_f1"] is None
    assert significance.intervals(few, only) == significance.intervals(few, only)


def test_mcnemar_is_the_binomial_of_what_changed() -> None:
    assert significance.mcnemar(0, 5) == pytest.approx(2 / 32)
    assert significance.mcnemar(1, 9) == pytest.approx(2 * 11 / 1024)
    assert significance.mcnemar(0, 0) == significance.mcnemar(4, 4) == 1.0


def test_each_kind_of_figure_has_its_test() -> None:
    before = columns([{"right": 0.0, "span_f1": 0.1, "confidence": 0.9, "answerable": float(n > 5)} for n in range(10)])
    values = [
        {"right": float(n < 6), "span_f1": 0.1 + n / 20, "confidence": n / 10, "answerable": float(n > 5)}
        for n in range(10)
    ]
    after = columns(values)
    assert significance.difference(BY_NAME["right"], before, after) == ("McNemar", pytest.approx(2 / 64))
    named, p = significance.difference(BY_NAME["span_f1"], before, after) or ("", 1.0)
    assert (named, p) == (
        "permutation",
        pytest.approx(4 / 1024),
    )  # of 1,024 sign flips 2 on each side: n = 0 did not change
    named, p = significance.difference(BY_NAME["abstention_auroc"], before, after) or ("", 1.0)
    assert (named, p) == ("bootstrap", pytest.approx(0.001, abs=0.003))
    assert significance.difference(BY_NAME["hit@1"], before, after) is None
    assert significance.difference(BY_NAME["span_f1"], before, before) == ("permutation", 1.0)


def test_every_figure_is_explained() -> None:
    assert len(BY_NAME) == len(FIGURES)
    for figure in FIGURES:
        assert figure.label
        assert figure.meaning
        empty = {name: np.full(2, np.nan) for name in columns([{}])}
        assert figure.name == "questions" or math.isnan(figure.compute(empty))


def test_the_documentation_explains_every_figure() -> None:
    page = (ROOT / "docs" / "evaluation.md").read_text(encoding="utf-8")
    told = re.findall(r"^\| `([^`]+)` \| ([^|]+) \| ([^|]+) \|$", page, re.MULTILINE)
    assert told == [(figure.name, figure.label, figure.meaning) for figure in FIGURES]
