"""A sentence taken apart into what can be checked: words, numbers, dates and names."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from libqa.answering.wording import Span, Word, words
from libqa.text import entities, segment
from libqa.text.quantities import Date, Quantity, dates, quantities
from libqa.text.script import fold

ONE_OF_KIND = {"名": "人", "位": "人", "代": "人", "学": "人", "家": "所", "座": "所", "馆": "所", "校": "所"}
"""Measure words that count the same things."""
_COUNTS = frozenset("个人所项种类大方条座届次场两")  # of these, another one may be used for the same count


@dataclass(frozen=True, slots=True)
class Claim:
    """A sentence taken apart; ``clauses`` are spans of it, ``people`` folded names of people, in it or not."""

    text: str
    words: tuple[Word, ...]
    numbers: tuple[Quantity, ...]
    dates: tuple[Date, ...]
    clauses: tuple[Span, ...]
    people: frozenset[str] = frozenset()

    def clause(self, at: int) -> int:
        """Number of the clause that holds the character ``at``."""
        return next((i for i, (a, b) in enumerate(self.clauses) if a <= at < b), 0)


def take_apart(sentence: str, names: Collection[str] = ()) -> Claim:
    """Return the sentence's words, numbers, dates and clauses; for ``names`` see `wording.words`."""
    found, when = quantities(sentence), dates(sentence)
    taken = [*((q.start, q.end + len(q.unit)) for q in found), *((d.start, d.end) for d in when)]
    own = [w for w in words(sentence, names) if all(w.end <= a or b <= w.start for a, b in taken)]
    clauses = tuple(c for a, b in segment.sentences(sentence) for c in segment.clauses(sentence, a, b))
    counted = [q for q in found if q.value != 1 or q.unit == "%"]
    return Claim(sentence, tuple(own), tuple(counted), when, clauses, frozenset(names))


def people(text: str) -> set[str]:
    """Return the names of people in a text, folded."""
    return {fold(text[a:b]) for a, b in entities.people(text)}


def same_number(a: Quantity, b: Quantity) -> bool:
    """Whether two numbers say the same: equal values, of things that are counted alike or of none that is named."""
    kinds = {ONE_OF_KIND.get(unit, unit) for unit in (a.unit, b.unit) if unit}
    if abs(a.value - b.value) > 1e-6 or (len(kinds) > 1 and not kinds <= _COUNTS):
        return False
    return a.unit == b.unit or "%" not in (a.unit, b.unit)


def dated(date: Date, known: Sequence[Date]) -> bool:
    """Whether ``known`` says a date, its day and month together; its year may stand apart (当年12月7日)."""
    if date.month is None:
        return any(k.year == date.year for k in known)
    fits = [k for k in known if k.month == date.month and (date.day is None or k.day == date.day)]
    if date.year is None:
        return bool(fits)
    return any(k.year == date.year for k in fits) or (
        any(k.year is None for k in fits) and any(k.year == date.year for k in known)
    )
