"""A question as understood: its type, its content terms, and the names, numbers and dates it takes for granted."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from libqa.answering.asking import EN_STOP, POINTED, ZH_STOP, Kind, head_of, kind_of
from libqa.models.thesaurus import joined, synonyms
from libqa.text import dictionary, entities, segment
from libqa.text.quantities import quantities
from libqa.text.schools import schools
from libqa.text.script import fold, language

_WHO_IS = re.compile(r"(?:是谁|是何人|是什么人|何许人也?)[?]?$|^who (?:is|was) ")
_UNHEARD = 0.99  # rarity of a word that is in no dictionary and in no document
_ALSO = 0.7  # strength of a synonym, that of the word itself being 1
_TRANSLATED = 2  # translations of an English word whose synonyms count
_LIGHTEST = 0.5  # what a word weighs at least of its own rarity where it has common synonyms
_FOCUS = 3.0  # weight of what a follow-up asks about instead
_CONTEXT = 0.4  # weight of words taken over from the question before


@dataclass(frozen=True, slots=True)
class Term:
    """A content word of the question and the Chinese or Latin forms under which a passage may say it.

    ``forms`` pairs each folded form with its strength (0..1); ``weight`` is the word's rarity (an idf, in nats).
    """

    text: str
    forms: tuple[tuple[str, float], ...]
    weight: float


@dataclass(frozen=True, slots=True)
class Anchor:
    """What the passage must agree with: a name, year, number, place or title that the question takes for granted."""

    kind: str
    forms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Question:
    """A question as understood.

    ``head`` is the noun or measure word asked for (folded, may be ``""``); ``words`` are those of ``folded``, of a
    Chinese question.
    """

    text: str
    folded: str
    language: Literal["zh-Hans", "zh-Hant", "en"]
    kind: Kind
    head: str
    terms: tuple[Term, ...]
    anchors: tuple[Anchor, ...]
    words: tuple[tuple[str, int, int], ...]


_PREPOSITIONS = frozenset(("in", "on", "by", "at"))
NUMBERED = frozenset("届期次批版轮季集卷号章节条")
"""Measures of things that are told apart by number: 第二届 is another than 第三届."""
_ACRONYM = re.compile(r"(?<![A-Za-z])[A-Z]{2,}(?![A-Za-z])")
_POINTING = re.compile("[哪这那有何几]")
_UNIVERSITY = re.compile(r"((?:[A-Z][\w'’-]+ ){1,3})University\b|\bUniversity of ([A-Z][\w'’-]+)")


def _words(text: str, idf: Callable[[str], float], names: Sequence[str] = ()) -> list[tuple[str, int, int]]:
    """The words of a Chinese text, ``names`` uncut; a guess that is no name and not in the documents is cut again."""
    found, at, folded = [], 0, fold(text)
    for m in re.finditer("|".join(map(re.escape, names)) or r"(?!)", folded):
        found += [(w, a + at, b + at) for w, a, b in segment.words(text[at : m.start()])] + [(m[0], *m.span())]
        at = m.end()
    found += [(w, a + at, b + at) for w, a, b in segment.words(text[at:])]
    people = [*names, *(folded[a:b] for a, b in entities.people(text))]
    return segment.mended(found, lambda word: idf(word) < _UNHEARD or any(word in name for name in people))


def _chinese_terms(words: Sequence[tuple[str, int, int]], idf: Callable[[str], float]) -> list[Term]:
    terms: dict[str, Term] = {}
    for word, _, _ in words:
        if word in ZH_STOP or POINTED.fullmatch(word) or not re.search(r"\w", word):
            continue
        also = tuple((other, _ALSO * strength) for other, strength in synonyms(word))
        weight = min([idf(word), *(max(idf(other), _LIGHTEST * idf(word)) for other, _ in also)])
        weight *= 0.3 if len(word) == 1 and not word.isdigit() and not also else 1.0
        terms.setdefault(word, Term(word, ((word, 1.0), *also), weight))
    return list(terms.values())


def _idiom(words: Sequence[str], found: Sequence[tuple[str, float]]) -> bool:
    """Whether a phrase that begins with a preposition means more than its words: in person, but not in China."""
    from libqa.models.lexicon import translations

    if not found or words[0] not in _PREPOSITIONS or words[-1] in EN_STOP:
        return False
    plain = [fold(zh) for zh, _ in translations(words[-1])]
    return bool(plain) and not any(zh in fold(found[0][0]) or fold(found[0][0]) in zh for zh in plain)


def _english_terms(folded: str, idf: Callable[[str], float]) -> list[Term]:
    from libqa.models.lexicon import translations

    words = re.findall(r"[a-z0-9][a-z0-9'./+-]*[a-z0-9]|[a-z0-9]", re.sub(r"['’]s?(?![a-z])", "", folded))
    terms: dict[str, Term] = {}
    i = 0
    while i < len(words):
        for size in (3, 2, 1):  # the longest phrase that the lexicon knows
            phrase = " ".join(words[i : i + size])
            if i + size > len(words) or (size == 1 and phrase in EN_STOP):
                continue
            found = [] if phrase.isdigit() else translations(phrase)
            if size > 1 and words[i] in EN_STOP and not _idiom(words[i : i + size], found):
                continue
            if found or size == 1:
                best = max((p for _, p in found), default=1.0)
                said = {phrase: 1.0} | {fold(zh): (p / best) ** 0.5 for zh, p in found}
                for zh, _ in found[:_TRANSLATED]:
                    for other, share in synonyms(fold(zh)):
                        said.setdefault(other, _ALSO * share * said[fold(zh)])
                forms = tuple(said.items())
                rarity = [idf(zh) for zh, _ in forms[1:3]] or [idf(phrase)]
                terms.setdefault(phrase, Term(phrase, forms, sum(rarity) / len(rarity)))
                i += size - 1
                break
        i += 1
    return list(terms.values())


def _anchors(text: str, folded: str, english: bool, idf: Callable[[str], float]) -> list[Anchor]:
    anchors = [Anchor("year", (y,)) for y in dict.fromkeys(re.findall(r"(?<!\d)(?:19|20)\d\d(?!\d)", folded))]
    acronyms = [fold(name) for name in dict.fromkeys(_ACRONYM.findall(text))]
    anchors += [Anchor("title", (name,)) for name in acronyms if not english or idf(name) < _UNHEARD]  # MOOC is 慕课
    if english:
        return anchors
    bodies, found = schools(text), entities.find(text)
    dates = [(e.start, e.end) for e in found if e.kind == "date"]
    longer = [*bodies, *((e.start, e.end) for e in found if e.kind == "title")]
    for entity in found:
        span = folded[entity.start : entity.end]
        within = longer if entity.kind == "place" else dates if entity.kind == "number" else ()
        if any(a <= entity.start and entity.end <= b for a, b in within):
            continue  # 贵州 of 贵州大学, 7日 of 12月7日
        if (
            entity.kind in ("person", "title")
            or (entity.kind == "place" and not _POINTING.search(span))
            or (entity.kind == "number" and re.match(r"\d", span))
        ):
            anchors.append(Anchor(entity.kind, (span.strip("《》“”"),)))
    for q in quantities(folded):
        if q.ordinal and q.unit in NUMBERED:
            anchors.append(Anchor("number", (folded[q.start : q.end], f"第{q.value:.0f}{q.unit}")))
    return anchors + [Anchor("organisation", (folded[a:b],)) for a, b in bodies]


def _english_anchors(text: str, terms: Sequence[Term]) -> Iterator[Anchor]:
    """Yield the places and bodies that an English question names: capitalised words that translate into such names."""
    from libqa.models.lexicon import translations

    universities = [(m.start(), m.end()) for m in _UNIVERSITY.finditer(text)]
    for term in terms:
        at = text.lower().find(term.text)
        forms = tuple(form for form, _ in term.forms[1:4])
        if at < 1 or not text[at].isupper() or not forms:
            continue
        if term.text.endswith("university") and (0, len(forms[0])) in schools(forms[0]):
            yield Anchor("organisation", (*forms, term.text))
        elif any(a <= at < b for a, b in universities):
            continue  # Guizhou of Guizhou University
        elif any(e.kind == "place" and e.end - e.start == len(forms[0]) for e in entities.find(forms[0])):
            yield Anchor("place", (*forms, term.text))
    for name in _UNIVERSITY.finditer(text):
        said = translations((name[1] or name[2]).strip())[:1]
        if said and dictionary.part_of_speech(said[0][0]) == "ns" and not any(t.text == name[0].lower() for t in terms):
            yield Anchor("organisation", (f"{fold(said[0][0])}大学", name[0].lower()))


def content_words(text: str) -> list[str]:
    """Return the folded words of a question that say what it is about, in order."""
    if language(text) == "en":
        return [w for w in re.findall(r"[a-z0-9][a-z0-9'-]*", fold(text)) if w not in EN_STOP]
    return [w for w, _, _ in segment.words(text) if w not in ZH_STOP and re.search(r"\w", w)]


def understand(
    text: str,
    idf: Callable[[str], float],
    context: str = "",
    names: Mapping[str, str] | None = None,
    focus: str = "",
) -> Question:
    """Return what ``text`` asks for.

    Parameters
    ----------
    text : the question, complete in itself (follow-ups are resolved before).
    idf : rarity (0..1) of a folded term; decides how much each word of the question counts.
    context : words of an earlier question that still apply; they count less.
    names : how people of the documents may be called in the question (folded; ``lan liqiong``), and their names.
    focus : the part of a follow-up that is new; its words count more.
    """
    text = text.strip()
    folded, lang = fold(text), language(text)
    english = lang == "en"
    kind, rest = kind_of(folded, english)
    terms: list[Term] = []
    anchors = _anchors(text, folded, english, idf)
    plain = folded
    for said, name in (names or {}).items():
        if said in plain:
            if said != name or english:
                terms.append(Term(said, ((name, 1.0), (said, 1.0)), 1.0))
            there = any(a.kind == "person" and a.forms[0] == name for a in anchors)
            if not there and (said == name or " " in said):  # a single Latin word may be a part of any name
                anchors.append(Anchor("organisation" if name.endswith("大学") else "person", (name, said)))
            plain = plain.replace(said, " ")
    words = [] if english else joined(_words(text, idf, [name for said, name in (names or {}).items() if said == name]))
    terms += _english_terms(plain, idf) if english else _chinese_terms(words, idf)
    if english:
        anchors += _english_anchors(text, terms)
    if kind == "who" and any(a.kind == "person" for a in anchors) and _WHO_IS.search(folded):
        kind = "what"  # who somebody is asks for a description, not for another name
    stressed = fold(focus)
    terms = [replace(t, weight=t.weight * _FOCUS) if t.text in stressed else t for t in terms]
    known = {t.text for t in terms}
    for term in (
        _english_terms(fold(context), idf)
        if language(context) == "en"
        else _chinese_terms(joined(_words(context, idf)), idf)
    ):
        if term.text not in known:
            terms.append(replace(term, weight=term.weight * _CONTEXT))
    return Question(
        text=text,
        folded=folded,
        language=lang,
        kind=kind,
        head=head_of(kind, folded, rest, english),
        terms=tuple(terms),
        anchors=tuple(anchors),
        words=tuple(words),
    )
