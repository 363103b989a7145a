"""Full and short forms of names."""

import pytest

from libqa.answering import candidates, naming, rarity
from libqa.answering.admissible import admissible
from libqa.answering.understand import Question, understand

TEXT = (
    "全国联合编目中心（OLCC）由国家图书馆设立。读者服务协作组，简称“读协”，每年开会。"
    "省图协的全称是东湖省图书馆学术协会。NDLP是国家数字图书馆计划的英文缩写。"
)


def ask(question: str) -> Question:
    return understand(question, rarity.rarity)


def admitted(question: str) -> set[str]:
    laid = candidates.lay_out(TEXT)
    return {TEXT[c.start : c.end] for c in admissible(ask(question), laid, candidates.propose(laid))}


@pytest.mark.parametrize(
    ("question", "form"),
    [
        ("OLCC的全称是什么？", "全国联合编目中心"),
        ("What does OLCC stand for?", "全国联合编目中心"),
        ("全国联合编目中心的简称是什么？", "OLCC"),
        ("省图协的全称是什么？", "东湖省图书馆学术协会"),
        ("NDLP是什么的缩写？", "国家数字图书馆计划"),
        ("读者服务协作组简称什么？", "“读协”"),
    ],
)
def test_the_form_that_is_asked_for(question: str, form: str) -> None:
    assert admitted(question) == {form}


@pytest.mark.parametrize("question", ["OLCC由谁设立？", "协作组每年做什么？"])
def test_other_questions_ask_for_no_name(question: str) -> None:
    assert not naming.asks(ask(question))


def test_a_name_begins_after_the_verb() -> None:
    text = "工作组依托高等教育文献系统（HELS）开展工作。"
    assert [text[a:b] for a, b in naming.glossed(text, text.replace("（", "(").replace("）", ")"))] == [
        "高等教育文献系统",
        "HELS",
    ]
