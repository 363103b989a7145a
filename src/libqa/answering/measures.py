"""What is counted: people, books, bodies, area, money … A number answers only a question for its own kind of thing."""

from __future__ import annotations

import re

Measure = str
"""``person book body area money share length time rank day count``; the classifier itself where another would not do
(几类); or ``""``."""

_NUMERAL = r"[\d〇零一二两三四五六七八九十百千万亿半几多余,.]"
_KINDS = "项种类门条篇件组批支队台套份层级款期集对"
"""Classifiers of things that are not counted with one of another: 几类 is not answered by 一项."""
_ASKED_KIND, _KIND = re.compile(f"(?:多少|几)([{_KINDS}])"), re.compile(rf"{_NUMERAL}\s*([个{_KINDS}])")
_SOME, _LAST = re.compile(_NUMERAL), re.compile(_NUMERAL + "$")
_SAYING: tuple[tuple[Measure, str], ...] = (
    ("rank", rf"第{_NUMERAL}+"),
    ("share", rf"[%‰]|百分之|{_NUMERAL}成(?![立为员])|分之"),
    ("area", rf"{_NUMERAL}\s*(?:平方|亩|公顷)"),
    ("money", rf"{_NUMERAL}\s*(?:元|美元|港元|欧元)"),
    ("length", rf"{_NUMERAL}\s*(?:公里|千米|米|厘米|英里|里)"),
    ("person", rf"{_NUMERAL}\s*(?:人|名|位)"),
    ("book", rf"{_NUMERAL}\s*(?:册|本(?!科)|卷)"),
    ("body", rf"{_NUMERAL}\s*(?:所|家|校|馆)"),
    ("time", rf"{_NUMERAL}\s*(?:年|个月|个?工作日|天|日|个?小时|分钟|周|学时|世纪)"),
    ("day", rf"{_NUMERAL}\s*(?:月|号)"),
    ("count", rf"{_NUMERAL}\s*[个场次届座栋间处{_KINDS.replace('级', '')}]"),
)
_SAID = tuple((measure, re.compile(pattern)) for measure, pattern in _SAYING)
_ASKED: tuple[tuple[Measure, str], ...] = (
    ("rank", r"第几"),
    ("share", r"百分|比例|占比|几成|多大份额|[%]|\b(?:percentage|percent|proportion|share)\b"),
    ("area", r"面积|多大(?!比例|份额)|平方|\b(?:area|how (?:large|big)|square met(?:er|re)s?|floor space)\b"),
    ("money", r"多少(?:万|亿)?(?:元|钱|经费|资金)|经费|花了多少|\b(?:how much (?:money|funding)|yuan|budget|cost)\b"),
    ("length", r"多远|多高|多长(?!时间)|公里|多少米|\b(?:how (?:far|high|tall|long is)|kilomet(?:er|re)s?|distance)\b"),
    (
        "person",
        r"(?:多少|几)(?:个|名|位)?(?:人|学生|观众|馆员|教师|老师|读者|代表|专家|选手|同学|同行|师生|职工|员工|志愿者)"
        r"|几位|多少名|人数|人(?:一共|总共|共|大约|大概|约)?(?:有|是)?多少[?]?$"
        r"|\bhow many (?:\w+ ){0,2}(?:people|persons|students|librarians|teachers|readers|participants"
        r"|staff|attendees|experts|speakers|members of staff|users|viewers|contestants)\b",
    ),
    (
        "book",
        r"(?:多少|几)(?:万|亿)?(?:册|本|卷|藏书|图书)|藏书(?:量|有)?多少"
        r"|\bhow many (?:\w+ ){0,2}(?:books|volumes|copies)\b",
    ),
    (
        "body",
        r"(?:多少|几)(?:所|家|个?(?:学校|高校|大学|院校|图书馆|成员馆|单位|机构|公司|企业))"
        r"|\bhow many (?:\w+ ){0,2}(?:universities|libraries|colleges|institutions|schools|companies)\b",
    ),
    (
        "time",
        r"多久|多少(?:年|天|个月|小时|学时)|几(?:年|天|个月|小时)|\bhow (?:long|many (?:years|days|months|hours))\b",
    ),
    ("count", r"(?:多少|几)[个场次届座栋间处]|\bhow many\b"),
)
_BARE = 8  # characters of a span that is little more than a number
_ALIKE: dict[Measure, frozenset[Measure]] = {
    "count": frozenset(("count", "person", "body", "book", "")),
    "body": frozenset(("body", "count", "")),
    "person": frozenset(("person", "")),
    "book": frozenset(("book", "count", "")),
    "rank": frozenset(("rank",)),
    "share": frozenset(("share",)),
}
"""What may stand for a kind of thing; for the others only themselves and a number without a measure."""


def asked_for(folded: str) -> Measure:
    """Return what a question (folded) wants counted or measured; ``""`` where it does not tell."""
    kind = _ASKED_KIND.search(folded)
    return next((measure for measure, pattern in _ASKED if re.search(pattern, folded)), "") or (kind[1] if kind else "")


def said(span: str) -> frozenset[Measure]:
    """Return the kinds of things that the numbers of a span (folded) count, and their classifiers.

    ``""`` stands for a bare number; one with a measure that is not known counts things.
    """
    found = frozenset(measure for measure, pattern in _SAID if pattern.search(span)).union(_KIND.findall(span))
    if found or len(span) > _BARE or not _SOME.search(span):
        return found
    return frozenset(("" if _LAST.search(span) else "count",))


def fits(asked: Measure, folded: str, start: int, end: int) -> bool:
    """Whether ``folded[start:end]`` may give the number asked for; a numeral is taken with the measure after it."""
    cut = end < len(folded) and _SOME.fullmatch(folded[end - 1]) is not None
    span = folded[start : end + 2 if cut else end]
    alike = frozenset((asked, "个", "")) if asked in _KINDS else _ALIKE.get(asked, frozenset((asked, "")))
    return not asked or bool(said(span) & alike)
