"""Numbers and dates of a text as values, so that 三百三十万, 330万 and 3.3 million are one thing.

Rules over folded text, Chinese and English. Recall comes first; who compares decides what must agree.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from libqa.text.script import fold


@dataclass(frozen=True, slots=True)
class Quantity:
    """``text[start:end]`` says the number ``value``.

    ``unit`` is the measure or noun character after it (``""`` where there is none, always so in English), ``ordinal``
    tells 第二 and second from 两 and two.
    """

    value: float
    unit: str
    ordinal: bool
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Date:
    """``text[start:end]`` says a date, as far as it goes: ``year``, ``month`` and ``day`` may each be ``None``."""

    year: int | None
    month: int | None
    day: int | None
    start: int
    end: int


_DIGIT = {c: i for i, c in enumerate("〇一二三四五六七八九")} | {"零": 0, "两": 2}
_POWER = {"十": 10, "百": 100, "千": 1000}
_SCALE = {"百": 1e2, "千": 1e3, "万": 1e4, "亿": 1e8, "百万": 1e6, "千万": 1e7, "万亿": 1e12, "十万": 1e5}
_ARABIC = r"\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d+(?:\.\d+)?"
_HAN_NUMERAL = "[〇零一二两三四五六七八九十百千万亿]"
_ZH_NUMBER = re.compile(
    rf"(?P<percent>百分之)?(?P<nth>第)?(?:(?P<arabic>{_ARABIC})[多余几]?\s?(?P<scale>万亿|百万|千万|十万|[百千万亿])?(?:(?<=亿)(?P<rest>{_ARABIC})\s?万)?"
    rf"|(?P<han>{_HAN_NUMERAL}+))[多余几]?(?:\s?(?P<unit>%|‰|个百分点|平方公里|平方米|公里|(?:港|美|日|欧)元|[\u4e00-\u9fff]))?"
)
_EN_UNITS = (
    "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen "
    "eighteen nineteen"
).split()
_EN_TENS = "twenty thirty forty fifty sixty seventy eighty ninety".split()
_EN_ORDINALS = (
    "zeroth first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth "
    "fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"
).split()
_WORD_VALUE = {w: float(i) for i, w in enumerate(_EN_UNITS)} | {w: 10.0 * i for i, w in enumerate(_EN_TENS, 2)}
_EN_SCALE = {"hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9}
_WORDS = "|".join([*sorted(_WORD_VALUE, key=len, reverse=True), *_EN_SCALE])
_EN_WORDS = re.compile(rf"\b(?:a )?(?:{_WORDS})(?:(?:[ -]| and )(?:{_WORDS}))*\b")
_EN_DIGITS = re.compile(
    rf"(?<![\w.])(?P<arabic>{_ARABIC})(?:(?P<nth>st|nd|rd|th)\b|\s?(?P<scale>hundred|thousand|million|billion)\b)?"
    r"(?P<unit>\s?%|\s?percent\b|\s?per cent\b)?"
)
_EN_NTH = re.compile(rf"\b(?:{'|'.join(_EN_ORDINALS[1:])})\b")

_MONTHS = "january february march april may june july august september october november december".split()
_MONTH = f"(?:{'|'.join([*_MONTHS, *(m[:3] + '[.]?' for m in _MONTHS if m != 'may'), 'sept[.]?'])})(?![a-z])"
_DAYS = r"\d{1,2}(?:\s?-+\s?\d{1,2})?"
_EN_DATES = (
    re.compile(rf"\b(?P<days>{_DAYS})(?:st|nd|rd|th)? (?:of )?(?P<month>{_MONTH})(?:,? (?P<year>[12]\d{{3}}))?"),
    re.compile(
        rf"\b(?P<month>{_MONTH})(?: (?P<days>{_DAYS})(?:st|nd|rd|th)?\b(?!\d))?(?:,? (?:of )?(?P<year>[12]\d{{3}})\b)?"
    ),
)
_NUMERIC_DATE = re.compile(r"(?<!\d)(?P<year>[12]\d{3})[-./](?P<month>\d{1,2})(?:[-./](?P<days>\d{1,2}))?(?!\d)")
_N = r"(?:\d{1,2}|[一二三四五六七八九十]{1,3})"
_ZH_DATE = re.compile(
    rf"(?:(?P<year>[12]\d{{3}}|[〇零一二三四五六七八九]{{4}})\s?年)?\s?(?P<month>{_N})\s?月(?:份)?"
    rf"(?:\s?(?P<days>{_N}(?:\s?(?:-+|~|至|到)\s?{_N})?)\s?[日号])?"
)
_ZH_YEAR = re.compile(
    r"(?P<first>[12]\d{3}|[〇零一二三四五六七八九]{4})\s?年?(?:\s?(?:-+|~|至|到)\s?(?P<last>[12]\d{3}))?\s?年(?!\s?\d{1,2}\s?月)"
)
_EN_YEAR = re.compile(
    r"(?<![\d,.$])(?P<first>1[5-9]\d\d|20\d\d)(?:\s?-+\s?(?P<last>(?:1[5-9]|20)\d\d))?(?![\d%]|,\d|\.\d)"
)


@lru_cache(maxsize=1024)
def dates(text: str) -> tuple[Date, ...]:
    """Return the dates of ``text`` in order; a range of days or years gives one for each end."""
    folded = fold(text)
    found: list[Date] = []
    for pattern in (_NUMERIC_DATE, _ZH_DATE, *_EN_DATES):
        for m in pattern.finditer(folded):
            if _free(found, m.start(), m.end()):
                found += _days(m)
    for pattern in (_ZH_YEAR, _EN_YEAR):
        for m in pattern.finditer(folded):
            if _free(found, m.start(), m.end()):
                ends = [m["first"], m["last"]] if m["last"] else [m["first"]]
                found += [Date(_year(y), None, None, m.start(), m.end()) for y in ends]
    return tuple(sorted(found, key=lambda d: (d.start, d.day or 0, d.year or 0)))


@lru_cache(maxsize=1024)
def quantities(text: str) -> tuple[Quantity, ...]:
    """Return the numbers of ``text`` that are no part of a date, in order.

    一 and two-character readings without any amount in them (一流, 千方百计) are left out where they can be told.
    """
    folded = fold(text)
    taken: list[Date | Quantity] = list(dates(text))
    found: list[Quantity] = []
    for candidate in (*_english(folded), *_chinese(folded)):
        if _free(taken, candidate.start, candidate.end):
            taken.append(candidate)
            found.append(candidate)
    return tuple(sorted(found, key=lambda q: q.start))


def _free(taken: list[Date] | list[Date | Quantity], start: int, end: int) -> bool:
    return all(end <= t.start or t.end <= start for t in taken)


def _days(m: re.Match[str]) -> Iterator[Date]:
    year = _year(m["year"]) if m["year"] else None
    name = m["month"].rstrip(".")[:3]
    english = next((i for i, month in enumerate(_MONTHS, 1) if month[:3] == name), None)
    month = english or _small(m["month"])
    if not 1 <= month <= 12 or (english and not m["days"] and not year and name == "may"):
        return  # "may" is a verb far more often
    days = [_small(d) for d in re.split(r"\s?(?:-+|~|至|到)\s?", m["days"])] if m["days"] else [None]
    for day in days:  # one that is none is given too, so that it is missed elsewhere
        yield Date(year, month, day, m.start(), m.end())


def _year(text: str) -> int:
    return int(text) if text.isdigit() and text.isascii() else int("".join(str(_DIGIT[c]) for c in text))


def _small(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() else int(han_value(text) or 0)


def han_value(numeral: str) -> float | None:
    """Return the value of a folded Chinese numeral (二百五十, 三百三十万, 二〇二三), ``None`` where it is none."""
    if len(numeral) > 1 and all(c in _DIGIT for c in numeral):
        return float("".join(str(_DIGIT[c]) for c in numeral))
    total = section = 0.0
    digit: int | None = None
    for c in numeral:
        if c in _DIGIT:
            if digit is not None and digit != 0:
                return None
            digit = _DIGIT[c]
        elif c in _POWER:
            section += (1 if digit is None else digit) * _POWER[c]
            digit = None
        elif c in "万亿":
            section += digit or 0
            if not section and not total:
                return None
            total = (total + section) * _SCALE[c] if c == "亿" else total + section * _SCALE[c]
            section, digit = 0.0, None
        else:
            return None
    return total + section + (digit or 0)


def _chinese(folded: str) -> Iterator[Quantity]:
    for m in _ZH_NUMBER.finditer(folded):
        unit = m["unit"] or ""
        if m["arabic"]:
            value = float(m["arabic"].replace(",", "")) * _SCALE.get(m["scale"] or "", 1.0)
            value += float((m["rest"] or "0").replace(",", "")) * _SCALE["万"]  # 1亿3600万
        else:
            inside = re.match(r"[一-龥]", folded[max(0, m.start() - 1) : m.start()]) and len(m["han"]) == 1
            if inside and not (m["nth"] or m["percent"] or unit):
                continue
            found = han_value(m["han"])
            alone = m["han"] in tuple("一百千万亿") and not folded[: m.start()].endswith(("近", "约", "逾", "上", "超"))
            if found is None or (alone and not m["percent"] and not m["nth"]):
                continue  # a lone 一 or 万 is part of a word, but for 近百
            value = found
        unit = "%" if m["percent"] else unit[-1:] if unit.endswith("元") else unit
        end = m.end() - (len(m["unit"] or "") if unit != "%" else 0)
        yield Quantity(round(value, 6), unit, bool(m["nth"]), m.start(), end)


def _english(folded: str) -> Iterator[Quantity]:
    for m in _EN_DIGITS.finditer(folded):
        after = folded[m.end() : m.end() + 1]
        if re.match(r"[\u4e00-\u9fff多余]", after) or re.match(r"\s[\u4e00-\u9fff]", folded[m.end() : m.end() + 2]):
            continue  # a Chinese measure follows
        value = float(m["arabic"].replace(",", "")) * _EN_SCALE.get(m["scale"] or "", 1.0)
        yield Quantity(round(value, 6), "%" if m["unit"] else "", bool(m["nth"]), m.start(), m.end())
    for m in _EN_WORDS.finditer(folded):
        value = 0.0
        part = 0.0
        for word in re.findall("[a-z]+", m[0]):
            if word in _WORD_VALUE:
                part += _WORD_VALUE[word]
            elif word == "hundred":
                part = (part or 1.0) * 100
            elif word in _EN_SCALE:
                value += (part or 1.0) * _EN_SCALE[word]
                part = 0.0
        yield Quantity(value + part, "", False, m.start(), m.end())
    for m in _EN_NTH.finditer(folded):
        yield Quantity(float(_EN_ORDINALS.index(m[0])), "", True, m.start(), m.end())
