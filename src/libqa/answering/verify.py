"""Whether a passage bears out a sentence that somebody else wrote, and the exact words that do.

Every number, date and name of the sentence must stand in the passages; each must stand *in its place*: where the
passage says the sentence's other words, it must not say another number, date or person instead. The content words of
each clause must be found together, in two adjoining sentences at most. No model decides: each verdict has reasons.

The checks are those of factual-consistency work (Kryściński et al., EMNLP 2020: entities, numbers, dates, negation
changed) turned round: what such changes would leave behind is looked for.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from libqa.answering.claims import Claim, dated, people, same_number, take_apart
from libqa.answering.entailment import Entailment, entails
from libqa.answering.rivals import displaced
from libqa.answering.wording import Span, Text, Word, lay
from libqa.text.quantities import dates, quantities
from libqa.text.script import fold

_WHOLE = 0.6  # share of the sentence's word weight that the passages must say
_CLAUSE = 0.34  # the same for each clause, if what is not said in it weighs more than
_UNSAID = 0.9  # about one rare word
_VALUE = 0.6  # what a number or date counts beside words, which count at most 1
_QUOTE = 120  # characters that a quote should not exceed
_NEGATION = re.compile(
    r"(?<![分并是])[没未无](?!来|线|锡|论|数|私|形)|不(?!仅|只|但|断|同|少|久|过|足|限)|并非|尚未|\b(?:not|no|never|neither|nor|without)\b|n't\b"
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What was found: ``score`` is the share (0..1) of the sentence that the passages say, ``reasons`` what speaks
    against it (none: supported), ``spans`` the supporting slice of each passage, ``None`` where it says nothing of it.
    ``entailed`` is how sure (0..1) the reader is that its facts stand as it says; 1 where it was not asked.
    """

    score: float
    reasons: tuple[str, ...]
    spans: tuple[Span | None, ...]
    entailed: float = 1.0

    @property
    def supported(self) -> bool:
        """Whether nothing speaks against the sentence."""
        return not self.reasons


def verify(
    sentence: str, passages: Sequence[str], contexts: Sequence[str] = (), names: Collection[str] = ()
) -> Verdict:
    """Say whether passages support a sentence.

    Parameters
    ----------
    sentence : one statement, without citation marks, in Chinese of either script or English.
    passages : the texts that it cites.
    contexts : for each of them what its text takes for granted: title and heading.
    names : names of people (folded) that the sentence may hold, besides those of the passages.
    """
    claim = take_apart(sentence, {*names, *(name for p in passages for name in people(p))})
    texts = [lay(p) for p in passages]
    around = lay("\n".join(contexts))
    if not texts or not (claim.words or claim.numbers or claim.dates):
        return Verdict(0.0, ("nothing to compare",), (None,) * len(texts))
    score, weak = _coverage(claim, texts, around)
    reasons = [*_missing(claim, texts, around), *weak, *displaced(claim, texts), *_negated(claim, texts)]
    read = Entailment(1.0, ()) if reasons else entails(claim, texts, "\n".join(contexts))
    spans = tuple(_span(claim, text) for text in texts)
    return Verdict(score, tuple(dict.fromkeys((*reasons, *read.reasons))), spans, read.score)


def _missing(claim: Claim, texts: Sequence[Text], around: Text) -> Iterator[str]:
    everywhere = [*texts, around]
    for number in claim.numbers:
        if not any(same_number(number, q) for t in everywhere for q in quantities(t.text)):
            yield f"number {claim.text[number.start : number.end]}"
    for date in claim.dates:
        if not dated(date, [d for t in everywhere for d in dates(t.text)]):
            yield f"date {claim.text[date.start : date.end]}"
    for word in claim.words:
        if word.name and not any(t.find(word) for t in everywhere):
            yield f"name {word.text}"


def _coverage(claim: Claim, texts: Sequence[Text], around: Text) -> tuple[float, list[str]]:
    """Return the share of the words that is said, and what is said too little: all of it, or a clause."""
    best = [0.0] * len(claim.words)
    total = [w.weight for w in claim.words]
    given = [0.7 * max((f for *_, f in around.find(w)), default=0.0) for w in claim.words]
    weak: list[str] = []
    starts = [*(q.start for q in claim.numbers), *(d.start for d in claim.dates)]
    for number, (low, high) in enumerate(claim.clauses):
        own = [i for i, w in enumerate(claim.words) if low <= w.start < high]
        said, held = 0.0, [0.0] * len(own)
        for strengths in _windows(claim, texts):
            here = [max(strengths[i], given[i]) for i in own]
            share = sum(s * total[i] for s, i in zip(here, own, strict=True))
            if share > said:
                said, held = share, here
        for i, s in zip(own, held, strict=True):
            best[i] = s
        exact = _VALUE * sum(low <= at < high for at in starts)
        weight, said = sum(total[i] for i in own) + exact, said + exact
        if said < _CLAUSE * weight and weight - said > _UNSAID:
            weak.append(f"clause {number + 1}")
    exact = _VALUE * len(starts)  # whether they are right is checked apart
    score = (sum(b * w for b, w in zip(best, total, strict=True)) + exact) / (sum(total) + exact)
    if score < _WHOLE:
        weak.append("words")
    return score, weak


def _windows(claim: Claim, texts: Sequence[Text]) -> Iterator[list[float]]:
    """Yield for every sentence of the texts, with the one before it, how well it says each word."""
    for text in texts:
        for n, (low, high) in enumerate(text.sentences):
            before = text.sentences[n - 1][0] if n else low
            yield [
                max((f if a >= low else 0.8 * f for a, b, f in text.find(w) if before <= a and b <= high), default=0.0)
                for w in claim.words
            ]


def _negated(claim: Claim, texts: Sequence[Text]) -> Iterator[str]:
    """Clauses of the sentence that deny what their best place asserts, or the other way round."""
    for start, end in claim.clauses:
        own = [w for w in claim.words if start <= w.start < end]
        best, place = 0.0, ""
        for text in texts:
            for low, high in text.clauses:
                said = _said(own, text, low, high)
                if said > best:
                    best, place = said, text.folded[low:high]
        clear = best >= 0.5 * sum(w.weight for w in own)
        if clear and bool(_NEGATION.search(place)) != bool(_NEGATION.search(fold(claim.text[start:end]))):
            yield f"negation at {claim.text[start : start + 12]}"


def _said(own: Sequence[Word], text: Text, low: int, high: int) -> float:
    """The weight of the words that ``text[low:high]`` says."""
    return sum(w.weight * max((f for a, b, f in text.find(w) if low <= a and b <= high), default=0.0) for w in own)


def _span(claim: Claim, text: Text) -> Span | None:
    """The fewest adjoining clauses that say the most of the sentence."""
    values = [(q.start, q.end) for q in quantities(text.text) if any(same_number(n, q) for n in claim.numbers)]
    values += [(d.start, d.end) for d in dates(text.text) if any(dated(own, [d]) for own in claim.dates)]
    best: tuple[float, Span] | None = None
    for first in range(len(text.clauses)):
        for last in range(first, min(len(text.clauses), first + 8)):
            low, high = text.clauses[first][0], text.clauses[last][1]
            if last > first and high - low > _QUOTE:
                break
            said = _said(claim.words, text, low, high)
            said += sum(1.0 for a, b in values if low <= a and b <= high)
            value = said - 0.004 * (high - low)
            if said > 0 and (best is None or value > best[0]):
                best = (value, (low, high))
    return _trimmed(text.text, *best[1]) if best else None


def _trimmed(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and (text[end - 1].isspace() or text[end - 1] in "，,；;、："):
        end -= 1
    return start, end
