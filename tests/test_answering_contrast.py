"""Questions that set two things against each other."""

from __future__ import annotations

from pathlib import Path

import pytest

from libqa import Document, LibQA, Settings
from libqa.answering.contrast import sides

EAST = Document("east", "东湖图书馆于1952年建成，馆藏图书120万册，馆长是李国华。", "东湖图书馆")
WEST = Document("west", "西山图书馆于1987年建成，馆藏图书86万册，馆长是张文清。", "西山图书馆")


@pytest.mark.parametrize(
    ("question", "asked"),
    [
        ("东湖馆和西山馆的藏书，哪个多？", ["东湖馆的藏书有多少?", "西山馆的藏书有多少?"]),
        ("拿东湖馆跟西山馆比，哪家面积大，各多少平方米？", ["东湖馆面积有多少平方米?", "西山馆面积有多少平方米?"]),
        ("東湖館和西山館，哪個成立得早？", ["東湖館是什麼時候成立的?", "西山館是什麼時候成立的?"]),
        ("2020年的会，到场的人多还是上线的人多？", ["2020年的会,到场的人有多少?", "2020年的会,上线的人有多少?"]),
        ("东湖馆和西山馆谁先谁后？", ["东湖馆是什么时候?", "西山馆是什么时候?"]),
        (
            "Which library was founded earlier, East Lake Library or West Hill Library?",
            ["When was East Lake Library founded?", "When was West Hill Library founded?"],
        ),
        (
            "Which has more books, East Lake Library or West Hill Library?",
            ["How many books does East Lake Library have?", "How many books does West Hill Library have?"],
        ),
    ],
)
def test_each_side_is_asked_about_by_itself(question: str, asked: list[str]) -> None:
    found = sides(question)
    assert found is not None
    assert [side.question for side in found] == asked


@pytest.mark.parametrize(
    "question",
    [
        "论坛在哪里举行？",
        "和东湖馆比，西山馆多了哪一项？",
        "三个分馆里面积最大的是哪一个？",
        "Who opened the library?",
        "Which library has the most books?",
    ],
)
def test_other_questions_compare_nothing(question: str) -> None:
    assert sides(question) is None


def test_both_sides_are_answered_and_cited(tmp_path: Path) -> None:
    qa = LibQA.build([EAST, WEST], tmp_path / "index", Settings(threshold=0.0))
    answer = qa.ask("东湖图书馆和西山图书馆的藏书，哪个多？")
    assert [s.text for s in answer.statements] == ["东湖图书馆的藏书：120万册。", "西山图书馆的藏书：86万册。"]
    assert [c.document_id for c in answer.citations] == ["east", "west"]
    assert [s.citations for s in answer.statements] == [(0,), (1,)]


def test_nothing_is_compared_where_one_side_is_missing(tmp_path: Path) -> None:
    qa = LibQA.build([EAST, WEST], tmp_path / "index", Settings(threshold=1.0))
    assert qa.ask("东湖图书馆和西山图书馆的藏书，哪个多？").abstained


def test_days_are_not_compared_with_books(tmp_path: Path) -> None:
    rules = Document("rules", "本科生借期30天。研究生可借图书30册。", "借阅规则")
    answer = LibQA.build([rules], tmp_path / "index", Settings(threshold=0.0)).ask("本科生和研究生，谁借得多？")
    assert not any(s.text.startswith("本科生：") for s in answer.statements)
