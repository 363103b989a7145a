"""Names said two ways: 中国高等教育文献保障系统(CALIS), X的全称是Y. What a question for the one or the other wants."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from libqa.answering.understand import Question
from libqa.text import dictionary, entities

Span = tuple[int, int]

_ASKS = re.compile(
    r"全称|全名|简称|缩写|\bfull (?:\w+ )?name\b|\bstands? for\b|\babbreviat\w+|\bacronym\b|\bshort (?:name )?for\b"
)
_FULL = re.compile(r"全称|全名|什么的|\bfull\b|\bstands? for\b|(?:\bof|\bfor) what\b")
_OTHERWISE = re.compile(r"\((?:以下|下文)?(?:英文|中文)?(?:简称|全称|缩写)?(?:为|:)?[“]?([^()“”,;:]{2,40})[”]?[,)]")
_DEFINED = re.compile(r"(?<=是)[^,;:。!?()“”是]{2,40}?(?=的?(?:英文|中文)?(?:简称|缩写))")
_VERBS = frozenset("联合 保障 共享 开发 应用 交流 发展 学习".split())
"""Words that names hold although they are verbs."""
_IN_NAME = tuple("nbjalsz")  # parts of speech of the words of a name, but for what 依托 or 组成 is
_LONGEST = 40
_BEFORE = 80
_SHORT = r"(?:英文|中文)?(?:简称|缩写)"
_KIND = rf"(?:以下|下文)?(?:{_SHORT}|全称)?(?:为|:)?"
_SUBJECT = re.compile("(.{2,40}?)的?(?:英文|中文)?(?:全称|全名|简称|缩写)")
_MARK = re.compile("[,;:。!?]")
_CUT = re.compile("(?:英文|中文|简称|全称)$")


def asks(question: Question) -> bool:
    """Whether a question asks for the full or the short form of a name."""
    return question.kind in ("what", "which") and _ASKS.search(question.folded) is not None


@lru_cache(maxsize=1024)
def glossed(text: str, folded: str) -> tuple[Span, ...]:
    """Return names that stand before another form of themselves in brackets, those other forms, and Y of X是Y的简称."""
    words = entities.cut(text)
    pairs = (span for m in _OTHERWISE.finditer(folded) for span in _pair(words, m))
    return (*pairs, *(m.span() for m in _DEFINED.finditer(folded)))


def _pair(words: tuple[entities.Word, ...], m: re.Match[str]) -> Iterator[Span]:
    start = m.start()
    for word, a, b in reversed([w for w in words if w[2] <= m.start()]):
        sort = dictionary.part_of_speech(word)
        part = sort.startswith(_IN_NAME) or sort in ("", "vn") or word in _VERBS
        if b != start or m.start() - a > _LONGEST or not part or not word.isalnum():
            break
        start = a
    if start < m.start():
        yield start, m.start()
        yield m.span(1)


def says_otherwise(question: Question, text: str, folded: str, start: int, end: int) -> bool:
    """Whether ``text[start:end]`` is the form that a question asks for of a name that it says."""
    before, after = folded[max(0, start - _BEFORE) : start], folded[end : end + _LONGEST]
    found = [form for term in question.terms for form, _ in term.forms if len(form) > 1 and not _ASKS.search(form)]
    if subject := _SUBJECT.match(question.folded):
        found.append(subject[1][-3:])
    if not found or folded[start] in "是为叫" or _CUT.search(folded, start, end) or _MARK.search(folded, start, end):
        return False
    forms = rf"[《“]?(?:{'|'.join(map(re.escape, found))})"
    if (start, end) in glossed(text, folded) and (
        re.match(rf"[》”]?\({_KIND}{forms}[》”]?[),]", after) or re.search(rf"{forms}[》”]?\({_KIND}[“]?$", before)
    ):
        return True
    whole = re.match(r"[”》]?(?:[,;:。!?()]|$)", after)
    if not _FULL.search(question.folded):
        return bool(whole and re.search(rf"{forms}[^。;!?]*{_SHORT}(?:是|为|叫做?)?[“]?$", before))
    return bool(
        (whole and re.search(rf"{forms}[^。;!?]*(?:全称|全名)(?:是|为|叫做?)?[“]?$", before))
        or (re.match(rf"[》”]?的?{_SHORT}", after) and re.search(rf"{forms}[》”]?(?:即|就)?是$", before))
        or re.match(rf"[》”]?,?(?:以下|下文|日常)?也?{_SHORT}(?:为|是)?{forms}", after)
    )
