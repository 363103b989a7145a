"""What the core questions must keep reaching; what went wrong is printed with a failure.

The aims are 0.90 of the answers right and cited and 0.80 of the refusals right: reached, and not to be lost again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from libqa.evaluation.questions import load_sets
from libqa.evaluation.runner import Result, run
from libqa.evaluation.table import render
from tests.conftest import ROOT

if TYPE_CHECKING:
    from libqa import LibQA


@pytest.fixture(scope="module")
def result(qa: LibQA) -> Result:
    return run(qa, load_sets([str(ROOT / "eval" / "questions" / "core.jsonl")]))


def figure(result: Result, name: str) -> float:
    value = result.figures[name]
    assert value is not None
    return value


def test_right_and_cited_answers_do_not_become_fewer(result: Result) -> None:
    assert figure(result, "right_and_cited") >= 0.90, render(result)


def test_right_refusals_do_not_become_fewer(result: Result) -> None:
    assert figure(result, "refusal_right") >= 0.80, render(result)


def test_every_citation_is_an_exact_slice_and_no_statement_goes_without(result: Result) -> None:
    assert figure(result, "citation_exact") == 1.0
    for outcome in result.outcomes:
        answer = outcome.answer
        assert answer.abstained == (not answer.statements) == (not answer.citations)
        assert all(s.citations for s in answer.statements)
        assert {n for s in answer.statements for n in s.citations} == set(range(len(answer.citations)))


def test_the_direct_answer_and_the_quote_are_short(result: Result) -> None:
    assert figure(result, "direct_length") <= 30, render(result)
    assert figure(result, "quote_length") <= 60, render(result)


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        ("图书馆专家论坛在哪里举行？", "成都"),
        ("How many people attended online?", "1000余人"),
    ],
)
def test_plain_questions_are_answered(qa: LibQA, question: str, answer: str) -> None:
    assert answer in qa.ask(question).text
