"""What the reader tells of a sentence that the other checks do not: whether its facts stand where it says them."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import pytest

from libqa.answering import reader
from libqa.answering.claims import take_apart
from libqa.answering.entailment import entails
from libqa.answering.verify import verify
from libqa.answering.wording import lay

TALKS = "上午的报告会上，周晓梅介绍了古籍修复的进展，郑凯介绍了数字典藏平台。会后代表参观了特藏室。"
BUILDINGS = "总馆由建筑师冯志远设计，1987年落成；分馆由建筑师许佩兰设计，2009年落成。"


@cache
def swapped() -> tuple[dict[str, str], ...]:
    lines = (Path(__file__).parent / "cases" / "swapped.jsonl").read_text(encoding="utf-8").splitlines()
    return tuple(json.loads(line) for line in lines)


@pytest.mark.parametrize("half", ["development", "held-out"])
def test_two_values_of_a_sentence_that_were_exchanged_are_marked(half: str) -> None:
    """Each half: 20 sentences that name two people, years or amounts, as the passage has them and exchanged."""
    own = [c for c in swapped() if c["half"] == half]
    assert len(own) == 20
    assert {c["language"] for c in own} == {"zh-Hans", "zh-Hant", "en"}
    missed = [c["wrong"] for c in own if verify(c["wrong"], [c["passage"]]).supported]
    blamed = [c["right"] for c in own if not verify(c["right"], [c["passage"]]).supported]
    assert len(missed) <= 2, missed
    assert len(blamed) <= 2, blamed


@pytest.mark.parametrize(
    ("sentence", "passage", "reason"),
    [
        ("郑凯报告了古籍修复的进展，周晓梅报告了数字典藏平台。", TALKS, "郑凯 and 周晓梅 exchanged"),
        (
            "Zheng Kai reported on the restoration of ancient books, and Zhou Xiaomei on the digital platform.",
            TALKS,
            "Zheng Kai and Zhou Xiaomei exchanged",
        ),
        ("總館的設計者是許佩蘭，分館的設計者是馮志遠。", BUILDINGS, "許佩蘭 and 馮志遠 exchanged"),
        ("总馆2009年落成。", BUILDINGS, "the reader finds another value than 2009年"),
    ],
)
def test_what_the_reader_finds_is_said(sentence: str, passage: str, reason: str) -> None:
    verdict = verify(sentence, [passage])
    assert verdict.reasons == (reason,)
    assert verdict.entailed < 0.5


@pytest.mark.parametrize(
    ("sentence", "passage"),
    [
        ("周晓梅和郑凯在报告会上作了介绍。", TALKS),
        ("郑凯介绍数字典藏平台，周晓梅介绍古籍修复。", TALKS),
        ("分馆2009年落成。", BUILDINGS),
        ("兰利琼2023年和2025年都在任。", "兰利琼：四川大学图书馆馆长，2023年和2025年都在任，2023年论坛的致辞人。"),
    ],
)
def test_lists_other_orders_and_what_the_reader_alone_would_mistake_are_supported(sentence: str, passage: str) -> None:
    verdict = verify(sentence, [passage])
    assert verdict.supported, verdict.reasons
    assert verdict.entailed > 0.5


def test_values_may_stand_in_different_passages() -> None:
    texts = ["开幕式由副校长罗永刚主持。", "闭幕式由馆长谢春燕主持。"]
    assert verify("罗永刚主持开幕式，谢春燕主持闭幕式。", texts).supported
    assert verify("谢春燕主持开幕式，罗永刚主持闭幕式。", texts).reasons == ("谢春燕 and 罗永刚 exchanged",)


def test_the_reader_is_not_asked_where_there_is_one_value_only() -> None:
    read = entails(take_apart("总馆由冯志远设计。", {"冯志远"}), [lay("总馆由建筑师冯志远设计。")])
    assert (read.score, read.reasons) == (1.0, ())


def test_the_reader_is_asked_once_or_twice_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    read = reader.Reader.read
    monkeypatch.setattr(reader.Reader, "read", lambda self, *given: asked.append(1) or read(self, *given))
    for case in swapped():
        verify(case["wrong"], [case["passage"]])
    assert len(swapped()) <= len(asked) <= 2 * len(swapped())
