"""Make a follow-up question complete from what was asked and answered before."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from libqa.answering.asking import question_words
from libqa.answering.understand import content_words
from libqa.text import entities
from libqa.text.script import language

Similarity = Callable[[str, Sequence[str]], list[float]]
"""Similarity (-1..1) of a word to each of several words; used to find what a fragment like 那线上呢 stands in for."""

_ZH_FRAGMENT = re.compile(
    r"^(?:那么?|那麼|还有|還有|而|至于|至於)?[,，]?\s*(.{1,30}?)(?:呢|又如何|又怎样|怎么样|又怎樣|怎麼樣)[?？]?$"
)
_EN_FRAGMENT = re.compile(
    r"^(?:and|what about|how about|and what about|and how about)\s+(?:(?:the one|that|those) (?:of|at|in|from)\s+)?"
    r"(.{1,60}?)\s*\??$",
    re.IGNORECASE,
)
_ZH_PERSON = re.compile(
    r"(?<!其)(?:他们|她们|他們|她們|他|她|这位\w{0,2}?(?:馆长|教授|老师|专家)|這位\w{0,2}?(?:館長|教授|老師|專家)|此人)(?!人)"
)
_ZH_THING = re.compile(r"(?:它们|它們|它|(?<![极尤如与])其(?![他中它实余]))")
_ZH_DEMONSTRATIVE = re.compile(
    r"(?:这个|這個|该|該|此|这次|這次|那次|那个|那個|这场|這場|这项|這項|上述|这些|這些)(?=[\u4e00-\u9fff])"
    r"|当[天时日年]|當[天時日年]|那[年天边邊里裡时時]|同[年日]|其中|会上|會上|第[一二三四五六七八九十\d]+[届屆次场場项項个個]"
)
_EN_PERSON = re.compile(r"\b(?:he|she|him|her|his|hers|they|their|them)\b", re.IGNORECASE)
_EN_THING = re.compile(r"\b(?:it|its|this|that|these|those)\b(?! (?:year|month))", re.IGNORECASE)
_YEAR = re.compile(r"(?<!\d)(?:19|20)\d\d(?!\d)")
_FEW = 3  # content words up to which a question without a name leans on the one before
_ALIKE = 0.25  # similarity from which a fragment stands in for a word of the question before


@dataclass(frozen=True, slots=True)
class Resolved:
    """A question that stands by itself.

    ``context`` holds words of the question before that still apply, ``focus`` what a fragment like 那线上呢 asks about
    instead; either may be ``""``.
    """

    text: str
    context: str = ""
    focus: str = ""

    def __str__(self) -> str:
        return f"{self.text} [{self.context}]" if self.context else self.text


def resolve(question: str, history: Sequence[tuple[str, str]], similarity: Similarity) -> Resolved:
    """Return ``question`` made complete from ``history``, the earlier (question, answer) pairs, oldest first.

    Pronouns take the person last named, fragments (那线上呢？, what about 2024?) replace their counterpart in the
    question before, and short questions without a name keep the words of the question before as context.
    """
    before: Resolved | None = None
    answer = ""
    for asked, said in history:
        before, answer = _step(asked, before, answer, similarity), said
    return _step(question, before, answer, similarity)


def _step(question: str, before: Resolved | None, answer: str, similarity: Similarity) -> Resolved:
    question = question.strip()
    if before is None:
        return Resolved(question)
    english = language(question) == "en"
    fragment = (_EN_FRAGMENT if english else _ZH_FRAGMENT).match(question)
    if fragment and not question_words(fragment[1]):
        return _replace(fragment[1], before, similarity)
    replaced, text = False, question
    person = _last_person(answer) or _last_person(before.text) or _last_person(before.context)
    pronoun = _EN_PERSON if english else _ZH_PERSON
    if person and pronoun.search(text):
        text, replaced = _put(pronoun, text, person, english), True
    if replaced:
        return Resolved(text)
    leans = bool((_EN_THING if english else _ZH_THING).search(text) or (not english and _ZH_DEMONSTRATIVE.search(text)))
    words = content_words(text)
    named = (
        any(e.kind in ("person", "title", "organisation") for e in entities.find(text))
        or _YEAR.search(text)
        or (english and re.search(r" [A-Z]", text))  # Sichuan University, CASHL
    )
    if leans or pronoun.search(text) or (len(words) <= _FEW and not named):
        return Resolved(text, _topic(before, words))
    return Resolved(text)


def _put(pronoun: re.Pattern[str], text: str, person: str, english: bool) -> str:
    def name(found: re.Match[str]) -> str:
        return person + "'s" if english and found[0].lower() in ("his", "her", "their", "hers") else person

    return pronoun.sub(name, text, count=1)


def _last_person(text: str) -> str:
    """The first person named in an answer is the one it is about; in English the name stands before the Chinese."""
    spans = entities.people(text)
    return text[slice(*spans[0])] if spans else ""


def _topic(before: Resolved, present: list[str]) -> str:
    kept = [w for w in [*content_words(before.context), *content_words(before.text)] if w not in present]
    return " ".join(dict.fromkeys(kept))


def _replace(new: str, before: Resolved, similarity: Similarity) -> Resolved:
    """Put ``new`` in the place of what it contrasts with in the question before: of its kind, or most alike."""
    old = before.text
    year, years = _YEAR.search(new), _YEAR.findall(old)
    if year and years and year[0] not in years:
        return Resolved(old.replace(years[0], year[0]), before.context, year[0])
    kinds = {e.kind for e in entities.find(new)}
    for e in entities.find(old):
        if e.kind in kinds and e.kind != "number" and old[e.start : e.end] != new:
            longest = max(
                (x for x in entities.find(old) if x.kind == e.kind and x.start == e.start), key=lambda x: x.end
            )
            return Resolved(old[: longest.start] + new + old[longest.end :], before.context, new)
    body = re.fullmatch(r"(?:[A-Z][\w'’-]* )+([A-Z][\w'’-]*)", new)  # Qinghai University, after Chongqing University
    name = re.search(rf"(?:[A-Z][\w'’-]* )+{body[1]}\b", old) if body else None
    if name:
        return Resolved(old[: name.start()] + new + old[name.end() :], before.context, new)
    words = [w for w in content_words(old) if w not in new]
    scores = [
        s + 0.3 * bool(set(w) & set(new) and not w.isascii())
        for w, s in zip(words, similarity(new, words), strict=True)
    ]
    best = max(range(len(words)), key=scores.__getitem__, default=None)
    if best is not None and scores[best] >= _ALIKE:
        at = old.lower().find(words[best])
        if at >= 0:
            return Resolved(old[:at] + new + old[at + len(words[best]) :], before.context, new)
    return Resolved(f"{new} {old}", before.context, new)
