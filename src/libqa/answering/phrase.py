"""Say an answer in the language and script of the question; quotes themselves are never changed."""

from __future__ import annotations

import re

from libqa.text.script import Language, to_hant

REFUSAL: dict[Language, str] = {
    "zh-Hans": "文献中没有找到这个问题的答案。",
    "zh-Hant": "文獻中沒有找到這個問題的答案。",
    "en": "The documents do not say.",
}
_MONTHS = ("January February March April May June July August September October November December").split()
_DATE = re.compile(r"^(\d{4})年(?:(\d{1,2})月(?:(\d{1,2})[日号])?)?$")
_DAY = re.compile(r"^(\d{1,2})月(\d{1,2})[日号]$")
_NUMBER = re.compile(
    r"^(约|近|逾|不?超过|不少于|不低于|不足|不到|至少|至多|最多|超|共|累计|达)?([\d,]+(?:\.\d+)?)([多余])?(万|亿)?([多余])?"
)
_SCALE = {"万": 10_000, "亿": 100_000_000}
_BEFORE = {
    "约": "about ", "近": "nearly ", "逾": "more than ", "超过": "more than ", "超": "more than ",
    "不超过": "at most ", "至多": "at most ", "最多": "at most ", "不足": "less than ", "不到": "less than ",
    "至少": "at least ", "不少于": "at least ", "不低于": "at least ",
}  # fmt: skip
_PAIRS = (("“", "”"), ("‘", "’"), ("《", "》"), ("（", "）"), ("「", "」"))


def say(span: str, kind: str, language: Language) -> str:
    """Return the sentence that gives ``span`` (an exact slice of a document) as the answer.

    Chinese questions get the span itself, in the script of the question; English ones an English rendering of dates,
    numbers and personal names, or an English frame, around the Chinese words.
    """
    span = balanced(span)
    if language == "en":
        return _english(span, kind)
    text = to_hant(span) if language == "zh-Hant" else span
    return text if text.endswith(("。", "！", "？", ".", "!", "?")) else text + "。"


def balanced(span: str) -> str:
    """Return ``span`` without an opening or closing mark whose partner is not in it."""
    for opener, closer in _PAIRS:
        if span.count(opener) != span.count(closer):
            if span.startswith(opener) and span.count(opener) > span.count(closer):
                span = span[1:]
            elif span.endswith(closer) and span.count(closer) > span.count(opener):
                span = span[:-1]
    return span


def _english(span: str, kind: str) -> str:
    rendering = {"date": _date, "number": _number, "person": _person}.get(kind, lambda _: "")(span)
    quoted = span if span[:1] in "“《" and span[-1:] in "”》" else f"“{span}”"
    return f"{rendering} ({quoted})." if rendering else f"The documents say: {quoted}."


def _date(span: str) -> str:
    if found := _DATE.match(span):
        year, month, day = found.groups()
        name = _MONTHS[int(month) - 1] + " " if month and 1 <= int(month) <= 12 else ""
        return f"{int(day)} {name}{year}" if day and name else f"{name}{year}"
    if (found := _DAY.match(span)) and 1 <= int(found[1]) <= 12:
        return f"{int(found[2])} {_MONTHS[int(found[1]) - 1]}"
    return ""


def _number(span: str) -> str:
    found = _NUMBER.match(span)
    if not found or re.search(r"\d-\d", span):  # a telephone number
        return ""
    before, digits, more, scale, more_after = found.groups()
    value = float(digits.replace(",", "")) * _SCALE.get(scale or "", 1)
    text = f"{value:,.0f}" if value == int(value) else f"{value:,}"
    if not scale and "," not in digits and len(digits) <= 4:
        text = digits
    prefix = "more than " if more or more_after else _BEFORE.get(before or "", "")
    return prefix + text + ("%" if span.endswith("%") else "")


def _person(span: str) -> str:
    """The name in pinyin, surname first; a role after the name is left to the Chinese original."""
    if not re.fullmatch(r"[\u4e00-\u9fff]{2,4}", span):
        return "" if re.search(r"[\u4e00-\u9fff]", span) else span
    from pypinyin import Style, lazy_pinyin

    sounds = lazy_pinyin(span, style=Style.NORMAL)
    size = 2 if len(span) == 4 else 1
    return f"{''.join(sounds[:size]).capitalize()} {''.join(sounds[size:]).capitalize()}"
