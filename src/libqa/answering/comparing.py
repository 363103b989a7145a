"""A question and a text encoded for each other: which words they share, hold in common meaning, or lack.

What the bundled reader sees: DrQA's exact-match features (Chen et al., ACL 2017), the likeness of word vectors, and
entities found by rule; on the question's side, which of its words the text, its title or its document hold.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from libqa.answering.asking import KINDS
from libqa.answering.understand import Question
from libqa.text import entities, segment
from libqa.text.script import fold

Floats = NDArray[np.float32]
ENTITY_KINDS = ("date", "number", "person", "organisation", "place", "title")
_SIGNALS = 16
PASSAGE_FEATURES = _SIGNALS + 3 * len(ENTITY_KINDS)
_SENSES = 5  # translations of an English word by whose likeness a text is read
_ASKED = 8
QUESTION_FEATURES = _ASKED + len(KINDS) + 1
_COMMA, _STOP, _MARKS = frozenset(",、;:"), frozenset("。!?\n"), frozenset("“”‘’《》()·-")


@dataclass(frozen=True, slots=True, eq=False)
class Vocabulary:
    """Ids of characters and words, 0 being the unknown one, and the words' unit vectors, shape (words + 1, width)."""

    characters: dict[str, int]
    words: dict[str, int]
    vectors: Floats


@dataclass(frozen=True, slots=True)
class Text:
    """A text to read, and what it takes for granted: folded title and section, its whole folded document, the title."""

    text: str
    context: str = ""
    document: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as the network reads it: its words in order, each with the number of its term, or -1.

    ``senses`` are the words that each may stand for, itself first.
    """

    text: str
    words: tuple[tuple[str, int, int], ...]
    terms: tuple[int, ...]
    senses: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Encoded:
    """One text for the network: ids and features per character, shapes (n,), (n,), (n, features)."""

    characters: NDArray[np.int32]
    words: NDArray[np.int32]
    features: Floats


@dataclass(frozen=True, slots=True, eq=False)
class Prepared:
    """What of a text does not depend on the question, so that it is worked out once."""

    folded: str
    words: tuple[tuple[str, int, int], ...]
    word_at: NDArray[np.int64]
    """For each character the number of the word that holds it; ``len(words)`` where none does."""
    fixed: Floats
    codes: NDArray[np.int64]
    """For each character its code point."""
    clauses: NDArray[np.int64]
    """For each character the number of the clause that holds it, -1 where none does; ``sentences`` likewise."""
    sentences: NDArray[np.int64]


@lru_cache(maxsize=1024)
def prepare(text: str) -> Prepared:
    """Cut and tag ``text``; the features that any question shares."""
    folded = fold(text)
    fixed = np.zeros((len(text), PASSAGE_FEATURES), dtype=np.float32)
    words = entities.cut(text)
    word_at = np.full(len(text), len(words), dtype=np.int64)
    for k, (word, start, end) in enumerate(words):
        word_at[start:end] = k
        fixed[start, 0] = 1.0
        fixed[start:end, 1] = min(len(word), 4) / 4.0
    for i, char in enumerate(folded):
        fixed[i, 2] = char.isdigit()
        fixed[i, 3] = char in _COMMA
        fixed[i, 4] = char in _STOP
        fixed[i, 5] = char in _MARKS
    for entity in entities.find(text):
        base = _SIGNALS + 3 * ENTITY_KINDS.index(entity.kind)
        fixed[entity.start : entity.end, base] = 1.0
        fixed[entity.start, base + 1] = 1.0
        fixed[entity.end - 1, base + 2] = 1.0
    sentences = segment.sentences(text)
    clauses = [c for a, b in sentences for c in segment.clauses(text, a, b)]
    codes, n = _codes(folded), len(text)
    return Prepared(folded, words, word_at, fixed, codes, _numbered(clauses, n), _numbered(sentences, n))


def _numbered(spans: Sequence[tuple[int, int]], size: int) -> NDArray[np.int64]:
    found = np.full(size, -1, dtype=np.int64)
    for number, (start, end) in enumerate(spans):
        found[start:end] = number
    return found


def _codes(text: str) -> NDArray[np.int64]:
    return np.array([ord(c) for c in text], dtype=np.int64)


def asked(question: Question, folded: str) -> Asked:
    """Return the question as the network reads it beside a text (folded).

    An English question becomes the Chinese words that it may mean, those that the text holds first.
    """
    if question.language != "en":
        number = {t.text: i for i, t in enumerate(question.terms)}
        words = question.words or (("?", 0, 1),)
        terms = tuple(number.get(w, -1) for w, _, _ in words)
        return Asked(question.folded or "?", words, terms, tuple((w,) for w, _, _ in words))
    said = [
        next((f for f, _ in t.forms[1:] if f in folded), next((f for f, _ in t.forms[1:]), t.text))
        for t in question.terms
    ] or ["?"]
    starts = [0]
    for word in said[:-1]:
        starts.append(starts[-1] + len(word) + 1)
    spans = tuple((w, s, s + len(w)) for w, s in zip(said, starts, strict=True))
    senses = [(w, *(f for f, _ in t.forms[1 : 1 + _SENSES])) for w, t in zip(said, question.terms, strict=False)]
    return Asked(" ".join(said), spans, tuple(range(len(question.terms))) or (-1,), tuple(senses) or (("?",),))


@dataclass(frozen=True, slots=True)
class Compared:
    """A question and a text encoded for each other; ``meant`` as in `Pointers`."""

    question: Encoded
    text: Encoded
    meant: Floats


def encode(question: Question, given: Text, text: Prepared, vocabulary: Vocabulary) -> Compared:
    """Encode a question and a text for each other: which words they share, hold in common meaning, or lack."""
    said, folded = asked(question, text.folded), text.folded
    total = sum(t.weight for t in question.terms) or 1.0
    shares = [t.weight / total for t in question.terms]
    hits = _matches(question, folded, shares)
    characters, theirs = _known(text, vocabulary)
    likeness = _likeness(said, theirs, vocabulary)
    features = text.fixed.copy()
    features[:, 14] = likeness.max(axis=0)[text.word_at]
    weights = np.array([shares[t] if t >= 0 else 0.0 for t in said.terms], dtype=np.float32)
    features[:, 15] = (likeness * weights[:, None]).max(axis=0)[text.word_at]
    alike = np.zeros((len(question.terms), len(theirs)), dtype=np.float32)
    for row, t in enumerate(said.terms):
        if t >= 0:
            np.maximum(alike[t], likeness[row], out=alike[t])
    meant = alike[:, text.word_at]
    for t, start, end, force in hits:
        meant[t, start:end] = np.maximum(meant[t, start:end], force / max(shares[t], 1e-6))
    _mark_matches(features, question, text, said, hits)
    asked_for = _encode_question(question, given, said, hits, likeness, vocabulary)
    return Compared(asked_for, Encoded(characters, theirs[text.word_at], features), meant)


def _likeness(said: Asked, theirs: NDArray[np.int32], vocabulary: Vocabulary) -> Floats:
    """How like each word of the question, in the likest of its senses, is to each of the text: (words, words), 0..1."""
    ours = [
        [vocabulary.words.get(w, 0) for w in senses] if t >= 0 else [0]
        for senses, t in zip(said.senses, said.terms, strict=True)
    ]
    likeness = vocabulary.vectors[[i for ids in ours for i in ids]] @ vocabulary.vectors[theirs].T
    first = np.cumsum([0, *(len(ids) for ids in ours[:-1])])
    best: Floats = np.maximum(np.maximum.reduceat(likeness, first, axis=0), np.float32(0.0))
    return best


def _matches(question: Question, folded: str, shares: Sequence[float]) -> list[tuple[int, int, int, float]]:
    """Return (term, start, end, strength times share) for each place where the text says a term."""
    hits = []
    for t, term in enumerate(question.terms):
        for form, force in term.forms:
            at = folded.find(form) if form else -1
            while at >= 0:
                hits.append((t, at, at + len(form), force * shares[t]))
                at = folded.find(form, at + 1)
    return hits


def _mark_matches(
    features: Floats, question: Question, text: Prepared, said: Asked, hits: Sequence[tuple[int, int, int, float]]
) -> None:
    folded, codes = text.folded, _codes(said.text)
    weight = np.zeros(len(folded), dtype=np.float32)
    for _, start, end, force in hits:
        weight[start:end] = np.maximum(weight[start:end], force)
    same = text.codes[:, None] == codes
    pair = (same[:-1, :-1] & same[1:, 1:]).any(axis=1)
    features[:, 6] = same.any(axis=1)
    features[:, 7] = weight > 0
    features[:, 8] = weight * 3.0
    features[:-1, 9] = pair
    np.maximum(features[1:, 9], pair, out=features[1:, 9])
    features[:, 10] = _spread(weight)
    for numbers, column in ((text.clauses, 11), (text.sentences, 12)):
        best: dict[tuple[int, int], float] = {}
        for t, start, _, force in hits:
            place = int(numbers[start]), t
            best[place] = max(best.get(place, 0.0), force)
        total: dict[int, float] = {}
        for (number, _), force in best.items():
            total[number] = total.get(number, 0.0) + force
        for number, force in total.items():
            if number >= 0:
                features[numbers == number, column] = force
    at = folded.find(question.head) if question.head else -1
    while at >= 0:
        features[at : at + len(question.head), 13] = 1.0
        at = folded.find(question.head, at + 1)


def _encode_question(
    question: Question,
    given: Text,
    said: Asked,
    hits: Sequence[tuple[int, int, int, float]],
    likeness: Floats,
    vocabulary: Vocabulary,
) -> Encoded:
    features = np.zeros((len(said.text), QUESTION_FEATURES), dtype=np.float32)
    words = np.zeros(len(said.text), dtype=np.int32)
    total = sum(t.weight for t in question.terms) or 1.0
    found = dict.fromkeys(range(len(question.terms)), 0.0)
    for t, _, _, force in hits:
        found[t] = max(found[t], force * total / max(question.terms[t].weight, 1e-6))
    for row, ((word, start, end), t) in enumerate(zip(said.words, said.terms, strict=True)):
        words[start:end] = vocabulary.words.get(word, 0)
        features[start, 0] = 1.0
        if t < 0:
            continue
        forms = question.terms[t].forms
        features[start:end, 1] = question.terms[t].weight
        features[start:end, 2] = found[t]
        features[start:end, 3] = max((force for f, force in forms if f and f in given.context), default=0.0)
        features[start:end, 4] = max((force for f, force in forms if f and f in given.document), default=0.0)
        features[start:end, 7] = max(found[t], float(likeness[row].max(initial=0.0)))
    for anchor in question.anchors:
        at = next((said.text.find(f) for f in anchor.forms if f and f in said.text), -1)
        if at >= 0:
            size = max(len(f) for f in anchor.forms if said.text.startswith(f, at))
            features[at : at + size, 5] = 1.0
            features[at : at + size, 6] = any(f in given.context or f in given.document for f in anchor.forms)
    features[:, _ASKED + KINDS.index(question.kind)] = 1.0
    features[:, -1] = question.language == "en"
    return Encoded(_ids(said.text, vocabulary), words, features)


@lru_cache(maxsize=1024)
def _known(text: Prepared, vocabulary: Vocabulary) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Ids of a text's characters, and of its words with that of no word after them."""
    theirs = np.array([vocabulary.words.get(w, 0) for w, _, _ in text.words] + [0], dtype=np.int32)
    return _ids(text.folded, vocabulary), theirs


def _ids(text: str, vocabulary: Vocabulary) -> NDArray[np.int32]:
    return np.array([vocabulary.characters.get(c, 0) for c in text], dtype=np.int32)


def _spread(weight: Floats) -> Floats:
    """Matched weight at each character, falling off by 10 % a character on both sides."""
    if not len(weight):
        return weight
    kernel = np.power(0.9, np.abs(np.arange(-25, 26))).astype(np.float32)
    spread: Floats = np.convolve(weight, kernel, mode="full")[25 : 25 + len(weight)].astype(np.float32)
    return spread
