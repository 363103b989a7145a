"""Short names and by-names of universities and places, written out where the documents hold them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libqa.text import shortnames
from libqa.text.shortnames import written_out

HELD = frozenset("四川大学 重庆大学 西安交通大学 兰州大学 西北大学 重庆 昆明 陕西".split())


@pytest.mark.parametrize(
    ("question", "written"),
    [
        ("川大图书馆有几座分馆？", "四川大学图书馆有几座分馆？"),
        ("西交大和兰大，哪个早？", "西安交通大学和兰州大学，哪个早？"),
        ("在川大辦的決賽", "在四川大學辦的決賽"),
        ("四川大学的馆长", "四川大学的馆长"),
        ("云南大部分地区", "云南大部分地区"),
        ("重大的图书馆有多大？", "重庆大学的图书馆有多大？"),
        ("这次重大会议在哪里开？", "这次重大会议在哪里开？"),
        ("西大的图书馆有多大？", "西北大学的图书馆有多大？"),  # also 广西大学 and 西南大学, which no document holds
        ("浙大的馆员", "浙大的馆员"),
        ("春城的会", "昆明的会"),
        ("三秦大地的馆", "陕西的馆"),
        ("这次会议意义重大？", "这次会议意义重大？"),
        ("西安交通大学和重庆大学", "西安交通大学和重庆大学"),
        ("Who is in charge?", "Who is in charge?"),
    ],
)
def test_names_that_the_documents_hold(question: str, written: str) -> None:
    assert written_out(question, HELD.__contains__) == written


def test_a_name_that_may_be_two_is_left() -> None:
    both = HELD | {"西南交通大学"}
    assert written_out("交大的馆", HELD.__contains__) == "西安交通大学的馆"
    assert written_out("交大的馆", both.__contains__) == "交大的馆"


@pytest.mark.parametrize("name", [*shortnames._SHORT, *shortnames._NICKNAMES, "清华附中", "同济医院", "青城山"])
def test_names_in_full_are_left(name: str) -> None:
    assert written_out(f"{name}图书馆在哪里？", lambda name: True) == f"{name}图书馆在哪里？"


@pytest.mark.parametrize("question", ["金陵图书馆在哪里？", "山城区有几家图书馆？", "江城大学有多大？"])
def test_what_only_begins_like_a_by_name_is_left(question: str) -> None:
    assert written_out(question, {"南京", "重庆", "武汉"}.__contains__) == question


def test_a_by_name_that_the_documents_use_is_left() -> None:
    assert written_out("春城的会", {"昆明", "春城"}.__contains__) == "春城的会"


@given(st.text(alphabet="川大西交重庆学的馆山城a ，"))
def test_nothing_changes_where_nothing_is_held(question: str) -> None:
    assert written_out(question, lambda name: False) == question
