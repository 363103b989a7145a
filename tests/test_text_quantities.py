"""Numbers and dates as values."""

from __future__ import annotations

import pytest

from libqa.text import entities
from libqa.text.quantities import dates, han_value, quantities


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("65所高校图书馆的150余人，一千多人在线", [(65, "所"), (150, "人"), (1000, "人")]),
        ("港币一千万元，国家投资三百三十万元", [(10_000_000, "元"), (3_300_000, "元")]),
        ("1000万港元", [(10_000_000, "元")]),
        ("19萬門慕課，5.3億人次", [(190_000, "门"), (530_000_000, "人")]),
        ("近百人，百分之九十二，占72%", [(100, "人"), (92, "%"), (72, "%")]),
        ("第46届", [(46, "届")]),
        ("10.22 million yuan and 59,316 square metres", [(10_220_000, ""), (59_316, "")]),
        ("two hundred and five students, twenty-five percent", [(205, ""), (25, "")]),
        ("一流大学的统一管理", []),
        ("万方数据千方百计", []),
    ],
)
def test_numbers_are_read_in_every_way_of_writing_them(text: str, expected: list[tuple[float, str]]) -> None:
    assert [(q.value, q.unit) for q in quantities(text)] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023年12月7日", [(2023, 12, 7)]),
        ("二〇二三年十二月", [(2023, 12, None)]),
        ("2001年4月22—24日", [(2001, 4, 22), (2001, 4, 24)]),
        ("on 23–25 July 2012", [(2012, 7, 23), (2012, 7, 25)]),
        ("December 7, 2023", [(2023, 12, 7)]),
        ("in February 2022", [(2022, 2, None)]),
        ("2022—2023年", [(2022, None, None), (2023, None, None)]),
        ("2023-12-07", [(2023, 12, 7)]),
        ("it may be 3,000 of 2022", [(2022, None, None)]),
        ("11月46日", [(None, 11, 46)]),
    ],
)
def test_dates_are_read_as_far_as_they_go(text: str, expected: list[tuple[int | None, int | None, int | None]]) -> None:
    assert [(d.year, d.month, d.day) for d in dates(text)] == expected


def test_a_date_is_no_number_and_its_place_is_exact() -> None:
    text = "2023年12月7日有20所馆"
    (number,), (date,) = quantities(text), dates(text)
    assert (text[number.start : number.end], text[date.start : date.end]) == ("20", "2023年12月7日")


@pytest.mark.parametrize(
    ("numeral", "value"),
    [("二百五十", 250), ("三百三十万", 3_300_000), ("一亿二千万", 120_000_000), ("十五", 15), ("二〇二三", 2023)],
)
def test_chinese_numerals(numeral: str, value: float) -> None:
    assert han_value(numeral) == value
    assert han_value(numeral + "个") is None


@pytest.mark.parametrize(
    ("text", "words", "value"),
    [
        ("总投资一亿三千六百万元。", "一亿三千六百万", 136_000_000.0),
        ("总投资1亿3600万元。", "1亿3600万", 136_000_000.0),
        ("共三万五千册。", "三万五千", 35_000.0),
        ("330万人。", "330万", 3_300_000.0),
    ],
)
def test_ten_thousands_and_hundred_millions_stand_inside_numerals(text: str, words: str, value: float) -> None:
    [number] = quantities(text)
    assert (text[number.start : number.end], number.value) == (words, value)
    entity = max((e for e in entities.find(text) if e.kind == "number"), key=lambda e: e.end - e.start)
    assert words in text[entity.start : entity.end]


def test_months_are_whole_words() -> None:
    assert dates("Margaret Hill marched on.") == ()
    [date] = dates("12 Sept. 2012")
    assert (date.year, date.month, date.day) == (2012, 9, 12)
