"""What a question wants counted, and what a number counts."""

from __future__ import annotations

import pytest

from libqa.answering import measures
from libqa.text.script import fold


@pytest.mark.parametrize(
    ("question", "measure"),
    [
        ("到场的有多少人？", "person"),
        ("有多少名學生報名？", "person"),
        ("隔着屏幕参加的人有多少？", "person"),
        ("图书馆有多少册藏书？", "book"),
        ("覆盖了多少所高校？", "body"),
        ("新馆面积有多大？", "area"),
        ("女生占比是多少？", "share"),
        ("这是第几届？", "rank"),
        ("前后得了多少钱？", "money"),
        ("两地相距多远？", "length"),
        ("分成几个小组？", "count"),
        ("分成几类？", "类"),
        ("一共多少？", ""),
        ("How many universities took part?", "body"),
        ("How many of the librarians came?", "person"),
        ("What percentage of students are women?", "share"),
        ("How far apart are they?", "length"),
    ],
)
def test_what_is_asked_for(question: str, measure: str) -> None:
    assert measures.asked_for(fold(question)) == measure


@pytest.mark.parametrize(
    ("asked", "span", "fits"),
    [
        ("person", "120余人", True),
        ("person", "32所", False),
        ("person", "12月", False),
        ("person", "5000", True),
        ("body", "32所", True),
        ("body", "9792平方米", False),
        ("count", "三个", True),
        ("类", "三类", True),
        ("类", "三个", True),
        ("类", "一项", False),
        ("类", "五所", False),
        ("count", "29%", False),
        ("count", "6978通", True),
        ("share", "百分之九十二", True),
        ("share", "双一流大学图书馆建设联盟", False),
        ("rank", "第四届", True),
        ("rank", "4个", False),
        ("money", "约1022万元", True),
        ("", "1991年", True),
    ],
)
def test_a_number_fits_its_own_kind_of_thing(asked: measures.Measure, span: str, fits: bool) -> None:
    assert measures.fits(asked, span, 0, len(span)) is fits


def test_a_numeral_is_taken_with_what_follows_it() -> None:
    assert not measures.fits("person", "12月7日", 0, 2)
    assert measures.fits("person", "12人", 0, 2)
