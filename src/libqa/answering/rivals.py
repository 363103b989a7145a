"""Right values in the wrong place: the texts hold a number, date or name, but say another one of the same thing."""

from __future__ import annotations

import itertools
import re
from collections.abc import Callable, Collection, Iterator, Sequence

from libqa.answering.claims import ONE_OF_KIND, Claim, dated, same_number
from libqa.answering.wording import Span, Text, Word
from libqa.text import entities
from libqa.text.quantities import Date, Quantity, dates, quantities

# What a word counts that stands in the same clause, up to the same ；, in the same sentence, or further away.
_CLAUSE, _PART, _SENTENCE, _FAR = 1.0, 0.85, 0.6, 0.3
_TAKEN = 0.6  # and what of it is left if it is the title of a rival: 馆长张秋
_TITLE = re.compile(r"[^\s的有是由为在了和与及、，,。：:；;（）()]{0,16}$")
_ASIDE = 0.6  # what a word of another clause of the claim counts
_VALUE = 0.8  # what another number or date of the claim counts beside words, which count at most 1
_SLACK = 0.05  # share of all of it that is put down to chance
_LEAD = 1.12  # how much better another value's place must fit than the sentence's own
Around = tuple["Word | Quantity | Date", float]
Places = Callable[[Text], "tuple[list[Span], list[Span]]"]
"""Where a text says a value, and where it says another of the same kind that the sentence does not say too."""


def displaced(claim: Claim, texts: Sequence[Text]) -> Iterator[str]:
    """Yield the numbers, dates and people of a sentence in whose place the texts say another one."""
    for number in claim.numbers:
        yield from _rivals(claim, texts, number.start, _numbers(number, claim))
    for date in claim.dates:
        yield from _rivals(claim, texts, date.start, _dates(date, claim))
    for word in claim.words:
        if word.person:
            yield from _rivals(claim, texts, word.start, _people(word, claim))


def _numbers(number: Quantity, claim: Claim) -> Places:
    stated = [q for q in claim.numbers if q is not number]

    def places(text: Text) -> tuple[list[Span], list[Span]]:
        own, others = [], []
        for q in quantities(text.text):
            if same_number(number, q):
                own.append((q.start, q.end))
            elif alike_unit(number, q) and not any(same_number(s, q) for s in stated):
                others.append((q.start, q.end))
        return own, others

    return places


def alike_unit(a: Quantity, b: Quantity) -> bool:
    """Whether two numbers count things that could be taken for each other."""
    kinds = {ONE_OF_KIND.get(unit, unit) for unit in (a.unit, b.unit)}
    return (len(kinds) == 1 or "" in kinds) and ("%" in kinds) == (kinds == {"%"}) and a.ordinal == b.ordinal


def _dates(date: Date, claim: Claim) -> Places:
    def places(text: Text) -> tuple[list[Span], list[Span]]:
        own, others = [], []
        for d in dates(text.text):
            if dated(date, [d]) or (d.year is None and dated(Date(None, date.month, date.day, 0, 0), [d])):
                own.append((d.start, d.end))
            elif not any(dated(s, [d]) for s in claim.dates):
                others.append((d.start, d.end))
        return own, others

    return places


def _people(word: Word, claim: Claim) -> Places:
    stated = [w for w in claim.words if w.name and w is not word]

    def places(text: Text) -> tuple[list[Span], list[Span]]:
        own = [(a, b) for a, b, _ in text.find(word)]
        named = [(a, b) for w in stated for a, b, _ in text.find(w)]
        known = [m.span() for name in claim.people for m in re.finditer(re.escape(name), text.folded)]
        people = {*known, *entities.people(text.text)}
        return own, [p for p in people if not any(a < p[1] and p[0] < b for a, b in (*own, *named))]

    return places


def _rivals(claim: Claim, texts: Sequence[Text], at: int, places: Places) -> Iterator[str]:
    clause = claim.clause(at)
    around: list[Around] = [
        (part, weight * (1.0 if claim.clause(part.start) == clause else _ASIDE)) for part, weight in parts(claim, {at})
    ]
    own, rival = 0.0, 0.0
    found = False
    for text in texts:
        mine, others = places(text)
        found = found or bool(mine)
        found_here = [(list(said(part, text)), weight) for part, weight in around]
        own = max([own, *(fit(text, span, found_here, others) for span in mine)])
        rival = max([rival, *(fit(text, span, found_here, mine) for span in others)])
    if found and rival > own * _LEAD + _SLACK * sum(weight for _, weight in around):
        yield f"another value at {claim.text[at : at + 12]}"


def parts(claim: Claim, without: Collection[int]) -> list[Around]:
    """Return the words, numbers and dates of a sentence with what each counts, but for those that start ``without``."""
    found: list[Around] = [(word, word.weight) for word in claim.words]
    found += [(number, _VALUE) for number in claim.numbers]
    found += [(date, _VALUE) for date in claim.dates]
    return [(part, weight) for part, weight in found if part.start not in without]


def said(part: Word | Quantity | Date, text: Text) -> Iterator[tuple[int, int, float]]:
    """Where a text says another part of the sentence, and how well."""
    if isinstance(part, Word):
        yield from text.find(part)
    elif isinstance(part, Quantity):
        yield from ((q.start, q.end, 1.0) for q in quantities(text.text) if same_number(part, q))
    else:
        yield from ((d.start, d.end, 1.0) for d in dates(text.text) if dated(part, [d]))


def fit(
    text: Text, span: Span, around: Sequence[tuple[list[tuple[int, int, float]], float]], rivals: Sequence[Span]
) -> float:
    """How much of the rest of the sentence stands near a place of a text and does not belong to a rival there."""
    rings = _rings(text, span)
    titles = [_title(text, rival) for rival in rivals]
    total = 0.0
    for places, weight in around:
        best = 0.0
        for a, b, force in places:
            if a < span[1] and span[0] < b:
                continue  # the value itself
            near = next((n for low, high, n in rings if low <= a and b <= high), _FAR)
            taken = any(x <= a and b <= y for x, y in titles)
            best = max(best, near * force * (_TAKEN if taken else 1.0))
        total += weight * best
    return total


def _title(text: Text, span: Span) -> Span:
    """What stands before a name and belongs to it: 清华大学图书馆副馆长 in 作报告的有清华大学图书馆副馆长张秋."""
    found = _TITLE.search(text.folded, max(0, span[0] - 16), span[0])
    return (found.start() if found else span[0]), span[0]


def _rings(text: Text, span: Span) -> list[tuple[int, int, float]]:
    """The clause, the part up to ；, and the sentence around a place, and what a word in each counts."""
    sentence = next((s for s in text.sentences if s[0] <= span[0] < s[1]), span)
    clause = next((c for c in text.clauses if c[0] <= span[0] < c[1]), span)
    stops = [m.end() for m in re.finditer("[;；]", text.folded[sentence[0] : sentence[1]])]
    edges = [sentence[0], *(sentence[0] + stop for stop in stops), sentence[1]]
    part = next(((a, b) for a, b in itertools.pairwise(edges) if a <= span[0] < b), sentence)
    rings = [(*clause, _CLAUSE), (*part, _PART), (*sentence, _SENTENCE)]
    return [ring for ring in rings if ring[2] != _PART or part != sentence]
