"""Which candidates can answer a type of question at all: a person for who, a number of books for how many books."""

from __future__ import annotations

import re
from collections.abc import Sequence, Set
from functools import lru_cache

from libqa.answering import measures, naming, wanted
from libqa.answering.asking import ZH_STOP
from libqa.answering.candidates import Candidate, Laid
from libqa.answering.understand import Question
from libqa.text import dictionary, entities, segment
from libqa.text.schools import schools

_NAME = re.compile(r"[\u4e00-\u9fff]{2,4}")
_NUMERAL = re.compile(r"[\d〇零一二两三四五六七八九十百千万亿半几]")
_SEVERAL = re.compile(r"[、和与及;,]|以及|”“|》《")
_SOMEBODY = re.compile(
    r"哪一?[位名]|何人|什么人|哪个人|(?:馆长|主任|委员|组长|书记|主席|会长|秘书长|理事长|经理|校长|院长|部长|司长|作者|主编)"
    r"(?:是|由|为)?谁"
    r"|\b(?:which|what) (?:person|professor|expert|speaker|scientist)\b"
    r"|\bwho (?:is|was|were|are) .*"
    r"\b(?:director|president|chair\w*|manager|secretary|head|author|leader|dean|editor)s?\b"
)
_PEOPLE = re.compile("[人员者长师家生授任手]$|^$")  # what which may ask for with a person as the answer
_POST = re.compile(
    rf"({wanted.POSTS})(?:目前|现在|如今)?(?:又|则)?(?:是|由|为|叫)?(?:谁|哪一?[位名个]|何人|什么人)"
    rf"|(?:谁|哪一?[位名个]|何人|什么人)(?:是|担任|出任|任|当)[^,。;]*?({wanted.POSTS})[?]?$"
)
_POST_EN = re.compile(
    r"\bwho (?:is|was|are|were|became|serves as|served as) .*?"
    r"\b(general manager|director|president|chair\w*|manager|secretary|head|dean|editor)s?\b"
)
_HELD_BY = re.compile(rf"([^、,;:。!?()“”]*)({wanted.POSTS})[”)]?$")
_DEPUTY = re.compile(r"副|\b(?:vice|deputy|associate)\b")
_BEFORE = 40  # characters before a name that may say whose post it is
_HOLDS = re.compile("主办|承办|协办")
_THEN = re.compile("[同当次]日|[同当][天年月]|随后|先后|相继")
_TITLE = re.compile(r"题目|标题|\btitled?\b")
_THEME = re.compile("”为?主题")
_AFTER = 4  # characters after a span that may say so
_PAIRS = (("“", "”"), ("‘", "’"), ("《", "》"), ("(", ")"), ("「", "」"))
_NAMING = ("person", "organisation", "place", "title")
_TIMED = re.compile("[年月日天周]|[小时学]时|时[候间刻代]|[时学早前后初中晚]期|期[间末]|点")
_SO_MANY = re.compile(r"[约近]?\d+[多余]?[个位名支家所场项种类座篇本份部条门张层间]")
_SAYS = re.compile("(?:称|说|表示|指出|认为|强调|透露|据悉|提到)$")
_NEW = ("who", "when", "where", "number", "list")  # questions that want something they do not say
_CHOICE = re.compile(r"还是|或|更|比|\bor\b|\bthan\b")  # which of two that the question names
_MOSTLY = 0.7  # share of a span that makes it a date or number
_PLACED = re.compile("[馆校院厅楼区市省县国线]")
_BODIES = re.compile("(?:单位|机构|公司|企业|部门|学校)(?:是|为|有)?谁")
_NOBODY = frozenset("图书馆 大学 学院 学校 高校 公司 中心 委员会 联盟 馆 部 社 政府 银行 医院 分馆".split())


def admissible(question: Question, laid: Laid, found: Sequence[Candidate]) -> list[Candidate]:
    """Return the candidates that can answer a question of this type at all.

    Who wants a person or an organisation in the span, when a date or a time, how many a number of that, where a place,
    an organisation or a building, a list more than one thing, which no bare number or date unless that is what is asked
    for, and whether something is so a statement; a noun beside the question word may demand more (`wanted`). What the
    question itself says answers it not, nor does a lone verb.
    """
    demand, post, renamed = wanted.expectation(question), _post(question), naming.asks(question)
    measure = measures.asked_for(question.folded) if question.kind == "number" else ""
    kept = []
    for c in found:
        span = laid.folded[c.start : c.end]
        inside, around = _named(laid.text, c.start, c.end)
        holds = _held(c, inside, around)
        if _says_nothing(laid, c) or _misplaced(question, laid, c, holds, around):
            continue
        if demand is not None and not demand(span, holds):
            continue
        if post and (not _in_sentence(laid, c, post) or _others(question, post, laid, c, inside)):
            continue
        if renamed and not naming.says_otherwise(question, laid.text, laid.folded, c.start, c.end):
            continue
        if _can_answer(question, span, _kind_of(c, inside), holds) and measures.fits(
            measure, laid.folded, c.start, c.end
        ):
            kept.append(c)
    return kept


def _held(c: Candidate, inside: Sequence[entities.Entity], around: Sequence[entities.Entity]) -> Set[str]:
    """The kinds of entities in a candidate, and whether it is a name or within a title."""
    holds: set[str] = {e.kind for e in inside}
    if any(e.kind == "title" for e in around):
        holds.add(wanted.TITLED)
    if any((e.start, e.end) == (c.start, c.end) and e.kind in _NAMING for e in inside):
        holds.add(wanted.NAMED)
    return holds


def _misplaced(
    question: Question, laid: Laid, c: Candidate, holds: Set[str], around: Sequence[entities.Entity]
) -> bool:
    """Whether a candidate stands where it cannot be what this type of question asks for."""
    kind = question.kind
    new = kind in _NEW or (kind == "which" and not _CHOICE.search(question.folded))
    if new and laid.folded[c.start : c.end].removesuffix("年") in question.folded:
        return True
    theme = _THEME.search(laid.folded, c.start, c.end + _AFTER)
    if theme and _TITLE.search(question.folded) and "《" not in laid.folded[c.start : c.end]:
        return True  # what a meeting was about is no title of a report
    if kind in _NEW and kind != "who" and laid.folded.startswith(":", c.end):
        return True  # a label (存放地点：北楼三层)
    if kind == "where":  # no place in the name of an event, nobody who holds one, no 四川 of 四川成都, no 成都同日
        going_on = any(e.kind == "place" and e.start <= c.end < e.end for e in entities.find(laid.text))
        timed = _THEN.search(laid.folded, c.start, c.end)
        return wanted.TITLED in holds or going_on or bool(timed) or _HOLDS.match(laid.folded, c.end) is not None
    if kind == "number":  # 2017年 of 2017年4月26日, 101 of “101计划”
        return _dates(c, around) or (c.kind == "number" and wanted.TITLED in holds)
    return (kind in ("why", "how") and wanted.NAMED in holds) or (kind == "why" and _repeats(question, laid, c))


def _repeats(question: Question, laid: Laid, c: Candidate) -> bool:
    """Whether a candidate has no word of its own beside those of the question: no reason for what is asked."""
    said = [form for term in question.terms for form, _ in term.forms]
    words = (word for word, _, _ in segment.words(laid.folded[c.start : c.end]) if len(word) > 1)
    return all(word in ZH_STOP or any(word in form or form in word for form in said) for word in words)


@lru_cache(maxsize=64)
def _post(question: Question) -> tuple[str, ...]:
    """The ways to say the post whose holder a question asks for: who is in it stands beside it."""
    if question.kind != "who":
        return ()
    found = _POST_EN.search(question.folded) if question.language == "en" else _POST.search(question.folded)
    if not found:
        return ()
    said = next(group for group in found.groups() if group)
    return (said, *(form for term in question.terms if said in term.text for form, _ in term.forms))


def _in_sentence(laid: Laid, c: Candidate, forms: Sequence[str]) -> bool:
    start, end = laid.sentences[laid.sentence_of[c.first]]
    return any(form in laid.folded[start:end] for form in forms)


def _others(
    question: Question, post: Sequence[str], laid: Laid, c: Candidate, inside: Sequence[entities.Entity]
) -> bool:
    """Whether somebody a candidate names holds the post at another body than the question's, or is a deputy."""
    people = [e.start for e in inside if e.kind == "person"] or [c.start]
    return any(_elsewhere(question, post, laid.folded[max(0, start - _BEFORE) : start]) for start in people)


def _elsewhere(question: Question, post: Sequence[str], before: str) -> bool:
    """Whether the post that stands right before a name is such a one, but not the one that the question means."""
    held = _HELD_BY.search(before)
    if not held or held[2] not in post:
        return False
    if held[1].endswith("副") and not _DEPUTY.search(question.folded):
        return True
    asked = [form for anchor in question.anchors if anchor.kind == "organisation" for form in anchor.forms]
    named = schools(held[1]) or [(e.start, e.end) for e in entities.find(held[1]) if e.kind == "place"]
    if not asked or not named:
        return False
    start, end = max(named, key=lambda span: span[1])
    return not any(form in held[1][start:end] or held[1][start:end] in form for form in asked)


@lru_cache(maxsize=32768)
def _named(text: str, start: int, end: int) -> tuple[tuple[entities.Entity, ...], tuple[entities.Entity, ...]]:
    """The entities of a text inside a span, and those that the span is inside of."""
    named = entities.find(text)
    inside = tuple(e for e in named if start <= e.start and e.end <= end)
    return inside, tuple(e for e in named if e.start <= start and end <= e.end)


def _dates(c: Candidate, around: Sequence[entities.Entity]) -> bool:
    """Whether a candidate is a year or a part of a longer date."""
    size = c.end - c.start
    return any(e.kind == "date" and (e.end - e.start > size or size == len("2017年")) for e in around)


def _kind_of(c: Candidate, inside: Sequence[entities.Entity]) -> str:
    """The kind of a candidate; a date or number with a word or two around it is one."""
    if c.kind in ("date", "number"):
        return c.kind
    size = c.end - c.start
    return next((e.kind for e in inside if e.kind in ("date", "number") and e.end - e.start >= _MOSTLY * size), c.kind)


def _says_nothing(laid: Laid, c: Candidate) -> bool:
    """Whether a candidate is a lone verb, adverb or the like, ends inside a name, or only says who says something."""
    if (
        entities.goes_on(laid.folded, c.end)
        or _torn(laid.folded[c.start : c.end])
        or (c.kind == "clause" and _SAYS.search(laid.folded[c.start : c.end]))
    ):
        return True
    lone = c.kind in ("reader", "complement", "clause") and c.end - c.start <= 4
    return lone and dictionary.part_of_speech(laid.folded[c.start : c.end])[:1] in tuple("vdpcur")


def _torn(span: str) -> bool:
    """Whether a quotation, title or bracket begins or ends inside a span, but not at its edge: 一类是“西部大学."""
    inner = span[1:-1]
    return any(
        span.count(opener) != span.count(closer) and inner.count(opener) != inner.count(closer)
        for opener, closer in _PAIRS
    )


def _can_answer(question: Question, span: str, kind: str, holds: Set[str]) -> bool:
    exact = kind in ("date", "number")
    if question.kind == "when":
        timed = kind not in ("person", "organisation", "place", "title") and bool(_TIMED.search(span))
        return "date" in holds or timed
    if question.kind == "number":
        return kind not in ("person", "title", "place", "date") and bool(_NUMERAL.search(span))
    if question.kind in ("who", "where"):
        return not exact and kind != "title" and _names(question, span, kind, holds)
    if question.kind == "which":
        return _is_one(question, span, kind)
    if question.kind == "list":
        return not exact and bool(_SEVERAL.search(span))
    return question.kind != "yesno" or kind in ("clause", "clauses")  # a statement decides whether something is so


def _does(span: str) -> bool:
    """Whether a span is a verb or the like, or begins with one of two characters: 扩大范围 is nobody's name."""
    verb = dictionary.part_of_speech(span[:2])[:1] in ("v", "a", "d")
    return verb and (len(span) == 2 or dictionary.frequency(span[2:]) > 0)


def _is_one(question: Question, span: str, kind: str) -> bool:
    """Whether a span may be the one that a question asks for: 第四届 for 哪一届, but no 79支队伍 for 哪支队伍."""
    headed = bool(question.head and question.head in span)
    if kind in ("date", "number") or _SO_MANY.match(span):
        return headed and (kind == "date" or span[0] == "第")
    return headed or kind != "person" or _PEOPLE.search(question.head) is not None


def _names(question: Question, span: str, kind: str, holds: Set[str]) -> bool:
    """Whether a span names a place; or a person, or a body where the question does not ask for a person."""
    if question.kind == "where":
        placed = bool(holds & {"place", "organisation"}) or bool(_PLACED.search(span)) or kind == "reader"
        return placed and kind != "person"
    if _BODIES.search(question.folded):
        return "organisation" in holds
    if "person" in holds or (kind == "reader" and _NAME.fullmatch(span) and not _does(span)):
        return kind != "place"
    return "organisation" in holds and not _SOMEBODY.search(question.folded) and span not in _NOBODY
