"""Whether the bundled reader finds a sentence's facts where the sentence says them.

Each person, date and number of the sentence is masked, which makes a question of the words around it; the reader reads
the cited passages for it. A sentence is contradicted where the reader points at another value of the same kind, and
where of two values, such as two speakers, each would rather stand in the other's place. As the reader prefers what
comes first, it is asked only where what the sentence says of the value stands nearer to the other one.

The way is that of question answering for factual consistency (QAGS, Wang et al., ACL 2020; QuestEval, Scialom et al.,
EMNLP 2021), with questions made by masking instead of by a model.
"""

from __future__ import annotations

import itertools
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from libqa.answering import comparing, rarity, reader, rivals
from libqa.answering.claims import Claim, dated, same_number
from libqa.answering.features import Pointers
from libqa.answering.understand import Question, understand
from libqa.answering.wording import Span, Text, Word
from libqa.text import entities
from libqa.text.quantities import Date, Quantity, dates, quantities
from libqa.text.script import fold, language

_MOST = 6
"""Facts of one sentence that are asked for; each is one pass of the reader."""
_WORDS = 10.0  # log-odds that the words around count where all of them stand with one value and none with the other
_ANOTHER = -2.0  # log-odds below which a value that the sentence does not hold is what the passages say
_ASK = {"who": ("谁", "who"), "when": ("什么时候", "when"), "number": ("多少", "how many")}
_BREAKS = (
    re.compile(r"[;；。！？!?\n]|\.(?=\s|$)"),
    re.compile(r"[,，]"),
    re.compile(r"[、和与與及而]|\b(?:and|while)\b"),
)
"""What parts two facts, the strongest first."""
_AND = re.compile(r"(?:[\s、,，和与與及]|以及|\band\b)*")
_EDGES = " ,，;；:：、。."


_Value = Word | Date | Quantity
_Place = tuple[int, int, int]  # number of the text, start, end


@dataclass(frozen=True, slots=True)
class Entailment:
    """What the reader says of a sentence.

    ``score`` (0..1) is the probability, as far as it can tell, that the least likely of the facts stands as the
    sentence has it; 1 where there was nothing to ask. ``reasons`` name the facts that it finds otherwise.
    """

    score: float
    reasons: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Fact:
    """``claim.text[start:end]`` is a value; ``low`` and ``high`` bound what the sentence says of it.

    ``alone`` tells that it names no other of the kind. The reader points at one of several, so that several are told
    apart in pairs.
    """

    kind: Literal["who", "when", "number"]
    value: _Value
    low: int
    high: int
    alone: bool

    @property
    def start(self) -> int:
        return self.value.start

    @property
    def end(self) -> int:
        return self.value.end


@dataclass(slots=True)
class _Asked:
    """A fact that can be masked, with the question that this makes.

    ``own`` and ``others`` are the places, as (text, start, end), of the value and of others of its kind.
    """

    fact: _Fact
    own: list[_Place]
    others: list[_Place]
    question: Question
    given: list[comparing.Text]
    pointers: list[Pointers] | None = None

    def sure(self, places: Sequence[_Place]) -> float:
        """Log-probability that the answer begins and ends in the likeliest of some places; only then it is read for."""
        if self.pointers is None:
            self.pointers = reader.load_reader().read(self.question, self.given)
        said = self.pointers
        return max(float(said[i].start[a:b].max() + said[i].end[a:b].max()) for i, a, b in places)


def entails(claim: Claim, texts: Sequence[Text], context: str = "") -> Entailment:
    """Say whether the reader finds the facts of a sentence in texts as the sentence has them.

    Parameters
    ----------
    claim : the sentence.
    texts : what it cites.
    context : what the texts take for granted: titles and headings.
    """
    asked = list(itertools.islice(_asked(claim, texts, fold(context)), _MOST))
    odds: list[float] = []
    reasons: list[str] = []
    for a, b in itertools.combinations(asked, 2):
        same_place = a.fact.low == b.fact.low or bool(set(a.own) & set(b.own))  # or the same list
        if same_place or not _exchangeable(a.fact.value, b.fact.value):
            continue
        if (nearer := 0.5 * (_nearness(claim, texts, a, b.own) + _nearness(claim, texts, b, a.own))) >= 0:
            continue
        sure = a.sure(a.own) + b.sure(b.own) - a.sure(b.own) - b.sure(a.own) + _WORDS * nearer
        odds.append(sure)
        if sure < 0:
            reasons.append(f"{_said(claim, a)} and {_said(claim, b)} exchanged")
    for fact in asked:
        if fact.others and fact.fact.alone and (nearer := _nearness(claim, texts, fact, fact.others)) < 0:
            sure = fact.sure(fact.own) - fact.sure(fact.others) + _WORDS * nearer - _ANOTHER
            odds.append(sure)
            if sure < 0:
                reasons.append(f"the reader finds another value than {_said(claim, fact)}")
    return Entailment(_probability(min(odds)) if odds else 1.0, tuple(reasons))


def _exchangeable(a: _Value, b: _Value) -> bool:
    """Whether one value could stand in the other's place: two people, two amounts of a kind, two dates as full."""
    if isinstance(a, Date) and isinstance(b, Date):
        return [a.year is None, a.month is None, a.day is None] == [b.year is None, b.month is None, b.day is None]
    if isinstance(a, Quantity) and isinstance(b, Quantity):
        return rivals.alike_unit(a, b)
    return isinstance(a, Word) and isinstance(b, Word)


def _probability(odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-max(-30.0, min(30.0, odds))))


def _said(claim: Claim, asked: _Asked) -> str:
    return claim.text[asked.fact.start : asked.fact.end]


def _asked(claim: Claim, texts: Sequence[Text], context: str) -> Iterator[_Asked]:
    """Mask each fact whose value the texts hold and that could be another of its kind."""
    facts = _facts(claim)
    names = _names(claim, texts)
    given = [comparing.Text(t.text, context, t.folded) for t in texts]
    for fact in facts:
        own, others = _places(fact, texts)
        if own and (others or not fact.alone) and (question := _question(claim, fact, names)):
            yield _Asked(fact, own, others, question, given)


def _facts(claim: Claim) -> list[_Fact]:
    people = [w for w in claim.words if w.person]
    taken = [(w.start, w.end) for w in people]
    values: list[tuple[Literal["who", "when", "number"], list[_Value]]] = [
        ("who", [*people]),
        ("when", [*{d.start: d for d in claim.dates}.values()]),
        ("number", [q for q in claim.numbers if not q.ordinal]),
    ]
    found = []
    for kind, same in values:
        own = [v for v in same if kind == "who" or all(v.end <= a or b <= v.start for a, b in taken)]
        own = [v for v in own if not any(u is not v and u.start <= v.start and v.end <= u.end for u in own)]
        lists = _lists(claim.text, own)
        bounds = [0, *_bounds(claim.text, [(same[0].start, same[-1].end) for same in lists]), len(claim.text)]
        found += [_Fact(kind, v, bounds[i], bounds[i + 1], len(own) == 1) for i, same in enumerate(lists) for v in same]
    return found


def _lists(sentence: str, values: Sequence[_Value]) -> list[list[_Value]]:
    """Values of which the same is said, A、B and C, together."""
    found: list[list[_Value]] = []
    for value in values:
        if found and _AND.fullmatch(sentence, found[-1][-1].end, value.start):
            found[-1].append(value)
        else:
            found.append([value])
    return found


def _bounds(sentence: str, values: Sequence[Span]) -> Iterator[int]:
    """Yield where what is said of one value ends and what is said of the next begins.

    Where values begin what is said of them (A did this, B did that) the last break before the next one counts, where
    they end it (this was done by A, that by B) the first one after.
    """
    leads = bool(values) and not re.search(r"\w", sentence[: values[0][0]])
    for (_, end), (start, _) in itertools.pairwise(values):
        between = sentence[end:start]
        breaks = next((found for b in _BREAKS if (found := [m.end() for m in b.finditer(between)])), [len(between)])
        yield end + (breaks[-1] if leads else breaks[0])


def _names(claim: Claim, texts: Sequence[Text]) -> dict[str, str]:
    """The Chinese names in the texts for which an English sentence has a spelling."""
    if language(claim.text) != "en":
        return {}
    return {w.text: t.folded[a:b] for w in claim.words if w.person for t in texts for a, b, _ in t.find(w)}


def _question(claim: Claim, fact: _Fact, names: dict[str, str]) -> Question | None:
    """What the sentence says of a fact, with a question word in its place; ``None`` where it says nothing of it."""
    before, after = claim.text[fact.low : fact.start], claim.text[fact.end : fact.high]
    if not any(fact.low <= w.start < fact.high for w in claim.words if w is not fact.value):
        return None
    english = language(claim.text) == "en"
    word = _ASK[fact.kind][english]
    text = f"{before} {word} {after}" if english else before + word + after
    asked = understand(re.sub(r"\s+", " ", text).strip(_EDGES) + "?", rarity.rarity, "", names)
    return replace(asked, kind=fact.kind)


def _places(fact: _Fact, texts: Sequence[Text]) -> tuple[list[_Place], list[_Place]]:
    """Where texts say a value, and where they say another of its kind."""
    own: list[_Place] = []
    others: list[_Place] = []
    for i, text in enumerate(texts):
        here, there = _in_text(fact.value, text)
        own += [(i, a, b) for a, b in here]
        others += [(i, a, b) for a, b in there]
    return own, others


def _in_text(value: _Value, text: Text) -> tuple[list[Span], list[Span]]:
    if isinstance(value, Word):
        own = [(a, b) for a, b, _ in text.find(value)]
        return own, [p for p in entities.people(text.text) if not any(a < p[1] and p[0] < b for a, b in own)]
    if isinstance(value, Date):
        when = dates(text.text)
        others = [d for d in when if not dated(value, [d]) and not dated(d, [value])]
        return (
            [(d.start, d.end) for d in when if dated(value, [d])],
            [(d.start, d.end) for d in others if (d.year and value.year) or (d.month and value.month)],
        )
    amounts = quantities(text.text)
    return (
        [(q.start, q.end) for q in amounts if same_number(value, q)],
        [(q.start, q.end) for q in amounts if not same_number(value, q) and rivals.alike_unit(value, q)],
    )


def _nearness(claim: Claim, texts: Sequence[Text], asked: _Asked, other: Sequence[_Place]) -> float:
    """How much nearer (-1..1) what the sentence says of a fact stands to its value than to other places."""
    fact = asked.fact
    around = [
        (part, weight) for part, weight in rivals.parts(claim, {fact.start}) if fact.low <= part.start < fact.high
    ]
    whole = sum(weight for _, weight in around) or 1.0
    said = [[(list(rivals.said(part, text)), weight) for part, weight in around] for text in texts]

    def fit(places: Sequence[_Place], taken: Sequence[_Place]) -> float:
        return max(
            (
                rivals.fit(texts[i], (low, high), said[i], [(x, y) for k, x, y in taken if k == i])
                for i, low, high in places
            ),
            default=0.0,
        )

    return (fit(asked.own, other) - fit(other, asked.own)) / whole
