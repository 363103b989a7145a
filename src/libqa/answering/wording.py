"""The words of a sentence, and where another text says the same: across scripts, languages, spellings and synonyms.

A Chinese word is found as it is, in a word of like meaning (pivoted through English), or by the characters that both
share; an English one by its translations, and a name by its reading (Wei Qunyi is 魏群义).
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from functools import lru_cache

from libqa.answering import rarity, understand
from libqa.models.lexicon import alike, translations
from libqa.text import dictionary, entities, segment
from libqa.text.names import spelt
from libqa.text.script import fold, language

Span = tuple[int, int]

_SYNONYM = 0.8  # how well a word of like meaning says it
_PARTLY = 0.75  # the same for one that shares characters, times the share
_SHORT = 3  # characters of a Chinese word up to which one shared character of its beginning tells something
_LATIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9'’./+-]*[A-Za-z0-9]|[A-Za-z0-9]")
_SYLLABLE = (
    r"(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?"
    r"(?:iang|iong|uang|ang|eng|ing|ong|ian|iao|uai|uan|an|en|in|un|ao|ou|ai|ei|ui|ie|iu|ia|ua|uo|ue|er|[aeiouv])"
)
_PINYIN = re.compile(rf"(?:{_SYLLABLE}'?)+")
_NUMERAL = re.compile(r"[\d.,%]+|[〇零一二两三四五六七八九十百千万亿]+")  # numbers are compared by value
_PROPER = ("nr", "ns", "nt", "nz")
_VAGUE = frozenset(
    "会 该 另 另有 还有 以及 并且 同时 其他 方面 进行 成为 作为 属于 位于 通过 一同 共同 来自 达到 达 总 内 间 里面 "
    "about around total named include includes including well both".split()
)


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a sentence.

    ``text`` is folded; ``forms`` are what another text may say for it, with how well (0..1); ``weight`` is its rarity.
    ``name`` tells that nothing of like meaning may stand for it, ``person`` that it names somebody.
    """

    text: str
    start: int
    end: int
    weight: float
    forms: tuple[tuple[str, float], ...]
    name: bool = False
    person: bool = False


@dataclass(frozen=True, slots=True)
class Text:
    """A text that is looked into: folded, with its sentences and clauses."""

    text: str
    folded: str
    sentences: tuple[Span, ...]
    clauses: tuple[Span, ...]
    found: dict[tuple[str, bool], tuple[tuple[int, int, float], ...]] = field(default_factory=dict)

    def find(self, word: Word) -> tuple[tuple[int, int, float], ...]:
        """Return where the text says a word, as (start, end, how well); only the best kind of match is given."""
        key = (word.text, word.name)
        if key not in self.found:
            self.found[key] = tuple(_places(word, self.folded))
        return self.found[key]


@lru_cache(maxsize=512)
def lay(text: str) -> Text:
    """Prepare a text to be looked into."""
    sentences = tuple(segment.sentences(text))
    clauses = tuple(clause for a, b in sentences for clause in segment.clauses(text, a, b))
    return Text(text, fold(text), sentences, clauses)


def words(sentence: str, names: Collection[str] = ()) -> list[Word]:
    """Return the content words of a sentence (a statement of an answer).

    ``names`` are folded names of people, from the texts it is compared with, that are looked for in the sentence: by
    itself a short one does not always tell a name from other words.
    """
    return list(_english(sentence, names) if language(sentence) == "en" else _chinese(sentence, names))


def _chinese(sentence: str, names: Collection[str]) -> Iterator[Word]:
    content = set(understand.content_words(sentence))
    folded = fold(sentence)
    people = [m.span() for name in sorted(names, key=len, reverse=True) for m in re.finditer(re.escape(name), folded)]
    people += [p for p in entities.people(sentence) if all(p[1] <= a or b <= p[0] for a, b in people)]
    for start, end in sorted(set(people)):
        yield Word(folded[start:end], start, end, 1.0, ((folded[start:end], 1.0),), True, True)
    for word, start, end in entities.cut(sentence):
        inside = any(a < end and start < b for a, b in people)
        if (
            inside
            or word not in content
            or word in _VAGUE
            or re.fullmatch(r"[\d.,%]+|[〇零一二两三四五六七八九十百千万亿]+", word)
        ):
            continue
        if word.isascii():
            yield Word(word, start, end, 1.0, _latin_forms(word), sentence[start].isupper())
            continue
        weight = rarity.rarity(word) * (0.3 if len(word) == 1 else 1.0)
        name = len(word) > 1 and dictionary.part_of_speech(word).startswith(_PROPER)
        yield Word(word, start, end, weight, ((word, 1.0),), name)


def _english(sentence: str, names: Collection[str]) -> Iterator[Word]:
    tokens = [(m[0].replace("’", "'"), m.start(), m.end()) for m in _LATIN.finditer(sentence)]
    content = set(understand.content_words(sentence))
    i = 0
    while i < len(tokens):
        size = _named(tokens, i, names) or _phrase(tokens, i)
        start, end = tokens[i][1], tokens[i + size - 1][2]
        phrase = re.sub(r"'s$", "", " ".join(t for t, _, _ in tokens[i : i + size]).lower())
        run = tokens[i : i + size]
        capital = all(t[0].isupper() for t, _, _ in run) and (i > 0 or size > 1 or not translations(phrase))
        person = capital and 2 <= size <= 3 and not translations(phrase)
        i += size
        if (size == 1 and phrase not in content and f"{phrase}'s" not in content) or phrase in _VAGUE:
            continue
        if re.fullmatch(r"[\d.,%-]+(?:st|nd|rd|th)?", phrase):
            continue
        forms = _latin_forms(phrase)
        weights = [rarity.rarity(form) for form, _ in forms[1:4]] or [1.0]
        proper = [dictionary.part_of_speech(form).startswith(_PROPER) for form, _ in forms[1:3]]
        yield Word(
            phrase, start, end, sum(weights) / len(weights), forms, capital and (any(proper) or not proper), person
        )


def _named(tokens: list[tuple[str, int, int]], i: int, names: Collection[str]) -> int:
    """Number of tokens from ``i`` on that are one of ``names`` and not all ordinary words."""
    for size in (3, 2):
        run = [t.lower() for t, _, _ in tokens[i : i + size]]
        if len(run) == size and " ".join(run) in names and not all(map(_ordinary, run)):
            return size
    return 0


def _ordinary(word: str) -> bool:
    """Whether an English word means something: hill does, Margaret (玛格丽特) and Osborne do not."""
    return any(dictionary.part_of_speech(zh)[:2] not in ("", "nr") for zh, _ in translations(word)[:1])


def _phrase(tokens: list[tuple[str, int, int]], i: int) -> int:
    """Number of tokens from ``i`` on that belong together: a name in pinyin, or the longest phrase of the lexicon."""
    for size in (4, 3, 2):
        run = [t for t, _, _ in tokens[i : i + size]]
        joined = all(b - a <= 1 for (_, _, a), (_, b, _) in zip(tokens[i:], tokens[i + 1 : i + size], strict=False))
        if len(run) < size or not joined:
            continue
        known = translations(" ".join(run))
        capitals = all(t[0].isupper() and _PINYIN.fullmatch(t.lower()) for t in run)
        if known or (capitals and size <= 3):
            return size
    return 1


@lru_cache(maxsize=2048)
def _latin_forms(phrase: str) -> tuple[tuple[str, float], ...]:
    found = translations(phrase)
    best = max((p for _, p in found), default=1.0)
    return ((phrase, 1.0), *((fold(zh), (p / best) ** 0.25) for zh, p in found))


def _places(word: Word, folded: str) -> list[tuple[int, int, float]]:
    found = [place for form, force in word.forms for place in _exact(form, folded, force)]
    if not found and word.text[:1].isascii():
        found = _latin_places(word, folded)
    elif not found and not word.name:
        found = [place for other in alike(word.text) for place in _exact(other, folded, _SYNONYM)]
    if not found and not word.text.isascii():
        found = _shortened(word.text, folded) if word.name else _partly(word.text, folded)
    return found


def _exact(form: str, folded: str, force: float) -> Iterator[tuple[int, int, float]]:
    pattern = rf"\b{re.escape(form)}s?\b" if form.isascii() else re.escape(form)
    for m in re.finditer(pattern, folded, re.ASCII):
        yield m.start(), m.end(), force


def _latin_places(word: Word, folded: str) -> list[tuple[int, int, float]]:
    if word.name:
        return [(a, b, 1.0) for a, b in spelt(word.text, folded)] or _in_parts(word.text, folded)
    found = [
        place
        for form, force in word.forms[1:]
        for other in alike(form)[:8]
        for place in _exact(other, folded, force * _SYNONYM)
    ]
    return found or [place for form, force in word.forms[1:] for place in _partly(form, folded, force)]


def _in_parts(name: str, folded: str) -> list[tuple[int, int, float]]:
    """A name of several words, each found by its reading or translation: Beijing Wanfang Data is 北京万方数据."""
    found: list[tuple[int, int, float]] = []
    for part in name.split() if " " in name else ():
        places = [(a, b, 1.0) for a, b in spelt(part, folded)]
        places += [place for zh, _ in translations(part) if len(zh) > 1 for place in _exact(fold(zh), folded, 1.0)]
        if not places:
            return []
        found += places
    return found


def _shortened(name: str, folded: str) -> list[tuple[int, int, float]]:
    """A longer form of a name that holds its characters in order, or a shorter one: 西安交大 for 西安交通大学."""
    if len(name) < 3:
        return []
    longer = re.compile(name[0] + "".join(f"[\u4e00-\u9fff]{{0,4}}?{c}" for c in name[1:]))
    return [(m.start(), m.end(), 0.9) for m in longer.finditer(folded) if m.end() - m.start() <= 3 * len(name)]


def _partly(word: str, folded: str, force: float = 1.0) -> list[tuple[int, int, float]]:
    """Where the parts of a word stand: its pairs of characters, or of a short one its single characters."""
    pairs = [word[i : i + 2] for i in range(len(word) - 1)]
    held = [pair for pair in pairs if pair in folded]
    if held:
        share = force * _PARTLY * len(held) / len(pairs)
        return [(m.start(), m.end(), share) for pair in held for m in re.finditer(re.escape(pair), folded)]
    if 2 <= len(word) <= _SHORT and not word.isascii():
        share = force * _PARTLY / len(word)
        return [(m.start(), m.end(), share) for c in word if c not in "的一人大中" for m in re.finditer(c, folded)]
    return []
