"""Names of people: surnames of two characters with all of the given name, and words that only look like them."""

from __future__ import annotations

import pytest

from libqa.text import entities


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("独孤望舒主持开幕式。", ["独孤望舒"]),
        ("獨孤望舒主持開幕式。", ["獨孤望舒"]),
        ("馆长上官云岫致辞。", ["上官云岫"]),
        ("主讲人是鲜于文博。", ["鲜于文博"]),
        ("值班员：澹台明镜；备班员：宇文长风", ["澹台明镜", "宇文长风"]),
        ("濮阳飞雪和太史慈航出席", ["濮阳飞雪", "太史慈航"]),
        ("闻人达、公冶长、申屠刚", ["闻人达", "公冶长", "申屠刚"]),
        ("赫连勃勃、万俟咏和呼延灼", ["赫连勃勃", "万俟咏", "呼延灼"]),
        ("投影仪的借用人：东方未明；录音笔的借用人：西门寒松。", ["东方未明", "西门寒松"]),
        ("馆长欧阳明主持", ["欧阳明"]),
        ("司马迁著史记，诸葛亮北伐", ["司马迁", "诸葛亮"]),
    ],
)
def test_compound_surnames_keep_their_given_names(text: str, names: list[str]) -> None:
    assert [text[a:b] for a, b in entities.people(text)] == names


@pytest.mark.parametrize(
    "text",
    [
        "第五次会议在南门召开",
        "全国人民来到百里之外",
        "东方的早晨",
        "西门外的街道",
        "上官网查询",
        "从西门进入校园",
        "百里挑一",
    ],
)
def test_words_that_look_like_compound_surnames_name_nobody(text: str) -> None:
    assert entities.people(text) == []


def test_compound_surnames_have_two_characters() -> None:
    assert {len(name) for name in entities.COMPOUND} == {2}
    assert len(entities.COMPOUND) >= 60
