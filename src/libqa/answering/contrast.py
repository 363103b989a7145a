"""Questions that set two things against each other: each is asked about by itself (哪个多: how many has either)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from libqa.text import dictionary, segment
from libqa.text.quantities import quantities
from libqa.text.script import fold, language, to_hant
from libqa.types import Answer, Citation, Statement

_TIMES = "早晚先后久"
_MORE = f"多少大小高低长短远近贵{_TIMES}"
_WHICH = r"(?:谁|何者|哪一?[个家所场笔座项次届栋头边种篇本校馆位省市县]?)"
_LEAD = re.compile(r"^(?:请问|想问|想知道|拿|把|照[^,]{1,8},|按[^,]{1,8},|论[^,]{1,6},)+")
_CHINESE = re.compile(
    rf"^(?P<both>.+?)(?:相?比(?:起来|较)?|比一比)?[,:]?{_WHICH}(?P<what>[^,;?]{{0,12}}?)(?:更|较|比较)?(?P<more>[{_MORE}])"
    r"(?:一?些|一?点)?(?P<rest>[,;?].*)?$"
)
_EITHER = re.compile(
    rf"^(?P<lead>(?:.*,)?)(?:是)?(?P<left>[^,]+?)(?:更|较)?(?P<more>[{_MORE}]),?还是(?P<right>[^,]+?)(?:更|较)?(?P=more)(?P<rest>.*)$"
)
_AND = re.compile(r",?(?:和|跟|与|同|以及|、),?")
_HOW_MANY = re.compile(r"(?:多少|几)(?P<unit>[\u4e00-\u9fff]{0,4})")
_SHARED = re.compile(r"的([^的,]{1,6})$")
_ENGLISH = re.compile(  # bounded: questions are untrusted
    r"^(?:which|who|what)\b(?P<what>.{0,80}?\b(?P<more>more|fewer|less|larger|bigger|greater|smaller|longer|higher|earlier"
    r"|later|older|newer|first)\b.{0,80}?)[,:] (?P<left>.{1,120}?),? or (?P<right>.{1,120}?)\?*$",
    re.IGNORECASE,
)
_EARLIER, _COUNTED = frozenset("earlier later older newer first".split()), frozenset("more fewer less".split())
_VERB = re.compile(r"\b(?:is|was|were|are|did|does|do|has|have|had)\b")
_NO_NEED = re.compile(
    r"\b(?:of the two|than the other|more|fewer|less|larger|bigger|greater|smaller|longer|higher|earlier|later|older"
    r"|newer|first)\b"
)


@dataclass(frozen=True, slots=True)
class Side:
    """One of two things that are compared, as the question names it, and the question about it alone."""

    name: str
    question: str


def sides(question: str) -> tuple[Side, Side] | None:
    """Return the two sides of a question that compares, or ``None`` where it compares nothing that can be told."""
    return _english(question) if language(question) == "en" else _chinese(question)


def _chinese(question: str) -> tuple[Side, Side] | None:
    folded = _LEAD.sub("", fold(question)).replace("谁先谁后", "谁先")
    if ask := _EITHER.match(folded):
        lead, names, what = ask["lead"], (ask["left"], ask["right"]), ""
    elif (ask := _CHINESE.match(folded)) and (parts := _parted(ask["both"])):
        lead, names, what = parts[0], parts[1:], ask["what"].removesuffix("得").removeprefix("的")
    else:
        return None
    many = _HOW_MANY.search(ask["rest"] or "")
    if ask["more"] in _TIMES and not many:
        tail = f"是什么时候{what}的?" if what else "是什么时候?"
    else:
        tail = f"{what}有多少{many['unit'] if many else ''}?"
    script = to_hant if language(question) == "zh-Hant" else str
    left, right = (Side(script(name), script(f"{lead}{name}{tail}")) for name in names)
    return left, right


def _parted(both: str) -> tuple[str, str, str] | None:
    """What is said of both things, and their names, parted at the conjunction that leaves the most even halves."""
    places = [m.span() for m in _AND.finditer(both) if m.start() > 1 and m.end() < len(both) - 1]
    if not places:
        return None
    start, end = min(places, key=lambda p: abs(len(both[: p[0]].rpartition(",")[2]) - len(both[p[1] :])))
    lead, comma, left = both[:start].rpartition(",")
    right = both[end:].strip(",")
    shared = _SHARED.search(right)
    if shared and "的" not in left and _thing(shared[1]):  # 四川大学和重庆大学的图书馆
        left += shared[0]
    return lead + comma, left, right


def _thing(words: str) -> bool:
    return dictionary.part_of_speech(segment.words(words)[-1][0])[:1] == "n"


def _english(question: str) -> tuple[Side, Side] | None:
    found = _ENGLISH.match(question.strip())
    if not found:
        return None
    more = found["more"].lower()
    word = "When" if more in _EARLIER else "How many" if more in _COUNTED else "How large"
    what = " ".join(_NO_NEED.sub(" ", found["what"]).split())
    verb = _VERB.search(what)
    rest = what[verb.end() :].strip() if verb else what
    if verb and verb[0] in ("has", "have", "had"):
        form = f"{word} {rest} does {{}} have?"
    else:
        form = f"{word} {verb[0] if verb else 'is'} {{}} {rest}".strip() + "?"
    left, right = (Side(name, form.format(name)) for name in (found["left"], found["right"]))
    return left, right


def together(text: str, resolved: str, names: Sequence[str], answers: Sequence[Answer]) -> Answer | None:
    """Return one answer to a question that compares, from those about each thing; as sure as the least sure of them.

    ``None`` where one of them is not answered, both by the same words of a document, or one in books and the other in
    days: then nothing is compared.
    """
    places = {(c.document_id, c.start, c.end) for a in answers for c in a.citations[:1]}
    same = len(places) < len(answers) and len({a.text for a in answers}) < len(answers)
    units = [{q.unit for q in quantities(a.text)} for a in answers]
    if any(a.abstained for a in answers) or same or (all(units) and not set.intersection(*units)):
        return None
    citations: list[Citation] = []
    statements: list[Statement] = []
    for name, answer in zip(names, answers, strict=True):
        link = ": " if answer.language == "en" else "："
        for statement in answer.statements[:1]:
            cited = [answer.citations[n] for n in statement.citations]
            numbers = tuple(range(len(citations), len(citations) + len(cited)))
            citations += cited
            statements.append(replace(statement, text=f"{name}{link}{statement.text}", citations=numbers))
    least = min(answers, key=lambda a: a.confidence)
    said = "\n".join(s.text for s in statements)
    return replace(
        least, question=text, text=said, statements=tuple(statements), citations=tuple(citations), resolved=resolved
    )
