"""What is measured of a candidate: how the question's words lie around it, and whether it is what is asked for."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from libqa.answering import beside, givens, meaning, naming
from libqa.answering.asking import KINDS
from libqa.answering.candidates import KINDS as SPAN_KINDS
from libqa.answering.candidates import Candidate, Laid
from libqa.answering.understand import Question

Floats = NDArray[np.float32]
Ints = NDArray[np.int64]
_CUES = ("由", "于", "在", "是", "为", "以", "有", "即", "因", "至", "被", "自", ":", "“", "《", ",", "、", "的")
NUMERIC = tuple(
    (
        "cover_clause cover_near cover_sentence cover_passage cover_context near_6 near_25 left_6 right_6 "
        "bigrams_clause bigrams_sentence overlap outside anchors_sentence anchors_passage head_in head_beside "
        "length length2 clause_share start_clause end_clause reader_start reader_end reader_best whole_entity "
        "sentence_position head_follows share answerable uncovered fits misfits answerable_logit "
        "focus_clause focus_near soft_clause soft_sentence similar_clause similar_near similar_sentence "
        "unmet anchors_named rival_sentence rival_clause rival_apart unnamed renamed less_said"
    ).split()
)
FITTING: dict[str, tuple[str, ...]] = {
    "who": ("person", "organisation", "enumeration"),
    "when": ("date",),
    "where": ("place", "organisation"),
    "number": ("number",),
    "list": ("enumeration", "clause", "clauses", "complement"),
}
"""Kinds of span that answer a type of question; other types take any."""
_ENTITIES = ("date", "number", "person", "organisation", "place", "title", "enumeration")
_CUE = {cue: i for i, cue in enumerate(_CUES)}
_KIND = {kind: i for i, kind in enumerate(SPAN_KINDS)}
NAMES = (*NUMERIC, *(f"before_{c}" for c in _CUES), *(f"after_{c}" for c in _CUES), *SPAN_KINDS, *KINDS, "english")


@dataclass(frozen=True, slots=True)
class Pointers:
    """What the reader says of one of several texts.

    ``start`` and ``end`` are log-probabilities at each character, over all the texts; ``best`` is the sum of the
    highest start and the highest end in any of them; ``answerable`` (0..1) is whether this text answers the question.
    ``meant[t]`` is how well each character's word says the question's term ``t``, 0..1, shape (terms, len(text)).
    """

    start: Floats
    end: Floats
    best: float
    answerable: float
    meant: Floats


@dataclass(frozen=True, slots=True)
class Coverage:
    """Where the question's words stand in a text.

    ``at[t]`` are the starts of term ``t``'s occurrences, ``size[t]`` their lengths, ``strength[t]`` their strengths.
    ``passage`` is the share of the question's weight found in the text; ``context`` the same with its title and
    section; ``uncovered`` is the share of the weightiest word found in neither, ``held[t]`` how far term ``t`` is.
    ``named`` and ``documented``: whether each anchor of the question stands in the text, its title or section; or in
    its document. ``rivals`` are those of ``givens`` in each sentence and in each clause.
    """

    at: tuple[NDArray[np.int64], ...]
    stop: tuple[NDArray[np.int64], ...]
    strength: tuple[Floats, ...]
    weight: Floats
    passage: float
    context: float
    uncovered: float
    named: tuple[bool, ...]
    documented: tuple[bool, ...]
    held: Floats
    rivals: tuple[Floats, Floats]


def locate(question: Question, laid: Laid, context: str, document: str = "") -> Coverage:
    """Find the question's terms and anchors in a text and in its ``context`` (folded title and section).

    Anchors may also stand anywhere in the text's whole ``document`` (folded).
    """
    at, stop, strength, inside, outside = [], [], [], [], []
    for term in question.terms:
        spans: dict[int, tuple[int, float]] = {}
        for form, force in term.forms:
            for start in _occurrences(form, laid.folded):
                if start not in spans or spans[start][1] < force:
                    spans[start] = (start + len(form), force)
        if not spans and len(term.text) > 2 and not term.text.isascii():
            spans = _parts(term.text, laid.folded)
        starts = sorted(spans)
        at.append(np.array(starts, dtype=np.int64))
        stop.append(np.array([spans[s][0] for s in starts], dtype=np.int64))
        strength.append(np.array([spans[s][1] for s in starts], dtype=np.float32))
        here = max((spans[s][1] for s in starts), default=0.0)
        inside.append(here)
        outside.append(max([here, *(force for form, force in term.forms if form in context)]))
    weight = np.array([t.weight for t in question.terms], dtype=np.float32)
    weight = weight / max(float(weight.sum()), 1e-6)
    named = [any(form in laid.folded or form in context for form in a.forms) for a in question.anchors]
    documented = [ok or any(f in document for f in a.forms) for ok, a in zip(named, question.anchors, strict=True)]
    return Coverage(
        tuple(at),
        tuple(stop),
        tuple(strength),
        weight,
        float(np.dot(weight, np.array(inside, dtype=np.float32))) if inside else 0.0,
        float(np.dot(weight, np.array(outside, dtype=np.float32))) if outside else 0.0,
        max((float(w) * (1.0 - o) for w, o in zip(weight, outside, strict=True)), default=0.0),
        tuple(named),
        tuple(documented),
        np.array(outside, dtype=np.float32),
        givens.rivals(question, laid, context),
    )


def _occurrences(form: str, folded: str) -> list[int]:
    if not form:
        return []
    if form.isascii():
        return [m.start() for m in re.finditer(rf"(?<![a-z0-9]){re.escape(form)}(?![a-z0-9])", folded)]
    found, at = [], folded.find(form)
    while at >= 0:
        found.append(at)
        at = folded.find(form, at + 1)
    return found


def _parts(word: str, folded: str) -> dict[int, tuple[int, float]]:
    """Bigrams of a word that the text does not hold whole, each with its share of the word."""
    share = 1.0 / len(word)
    return {s: (s + 2, share) for i in range(len(word) - 1) for s in _occurrences(word[i : i + 2], folded)}


def _within(cover: Coverage, start: Ints, end: Ints, skip: tuple[Ints, Ints] | None = None) -> Floats:
    """Share of the question's weight whose words stand in each span, and not in the span ``skip``; shape (n,)."""
    total = np.zeros(len(start), dtype=np.float32)
    for at, stop, strength, weight in zip(cover.at, cover.stop, cover.strength, cover.weight, strict=True):
        if len(at):
            ok = (at >= start[:, None]) & (stop <= end[:, None])
            if skip is not None:
                ok &= (stop <= skip[0][:, None]) | (at >= skip[1][:, None])
            total += weight * (ok * strength).max(axis=1)
    return total


def _near(cover: Coverage, start: Ints, end: Ints, low: Ints, high: Ints) -> tuple[Floats, Floats, Floats, Floats]:
    """Nearness of the question's words to each span, in ``low..high``: fading over 6 characters, 25, left, right."""
    close, wide, left, right = (np.zeros(len(start), dtype=np.float32) for _ in range(4))
    for at, stop, strength, weight in zip(cover.at, cover.stop, cover.strength, cover.weight, strict=True):
        if not len(at):
            continue
        before, after = stop <= start[:, None], at >= end[:, None]
        ok = (before | after) & (at >= low[:, None]) & (stop <= high[:, None])
        gap = np.where(before, start[:, None] - stop, at - end[:, None])
        force = weight * strength * ok
        here = force * np.exp(-np.abs(gap) / 6.0)
        close += here.max(axis=1)
        wide += (force * np.exp(-np.abs(gap) / 25.0)).max(axis=1)
        left += (here * before).max(axis=1)
        right += (here * after).max(axis=1)
    return close, wide, left, right


def _meant(reader: Pointers, cover: Coverage, start: Ints, end: Ints) -> Floats:
    """Share of the question's weight whose meaning stands inside each span."""
    known = {
        (int(a), int(b)): float(cover.weight @ reader.meant[:, a:b].max(axis=1, initial=0.0))
        for a, b in {*zip(start.tolist(), end.tolist(), strict=True)}
    }
    return np.array([known[a, b] for a, b in zip(start.tolist(), end.tolist(), strict=True)], dtype=np.float32)


UNNAMED = NUMERIC.index("unnamed")
"""How much more of the names and years of the question another text says; it takes all texts to tell."""
LESS_SAID = NUMERIC.index("less_said")
"""How much less of the question, beyond the topic, a sentence says than another of its document; 0 or below."""
_STRICT = ("year", "person", "title", "organisation", "number")


def strictly_named(question: Question, cover: Coverage) -> float:
    """Return the share of the question's anchors, but places, that a text, its title or section says; 1 without any."""
    return _share([held for a, held in zip(question.anchors, cover.named, strict=True) if a.kind in _STRICT])


def _share(flags: Sequence[bool]) -> float:
    return sum(flags) / len(flags) if flags else 1.0


def _focus(cover: Coverage) -> Coverage:
    """The coverage of the weightiest word that the text holds: what tells this fact from its neighbours."""
    here = [w if len(at) else 0.0 for w, at in zip(cover.weight, cover.at, strict=True)]
    best = int(np.argmax(here)) if here else -1
    keep = slice(best, best + 1) if best >= 0 else slice(0, 0)
    weight = np.ones(len(cover.weight[keep]), dtype=np.float32)
    return replace(cover, at=cover.at[keep], stop=cover.stop[keep], strength=cover.strength[keep], weight=weight)


def measure(
    question: Question, laid: Laid, found: Sequence[Candidate], cover: Coverage, reader: Pointers, share: float
) -> Floats:
    """Return the features of all candidates of one text, shape ``(len(found), len(NAMES))``.

    ``share`` is the retrieval score of the text over that of the best one.
    """
    folded, n = laid.folded, len(found)
    clauses, sentences = np.array(laid.clauses, dtype=np.int64), np.array(laid.sentences, dtype=np.int64)
    owner = np.array(laid.sentence_of, dtype=np.int64)
    start, end, first, last = np.array([(c.start, c.end, c.first, c.last) for c in found], dtype=np.int64).T
    low, high = clauses[first, 0], clauses[last, 1]
    s_low, s_high = sentences[owner[first]].T
    around = clauses[np.maximum(first - 1, 0), 0], clauses[np.minimum(last + 1, len(clauses) - 1), 1]
    size = end - start
    close, wide, left, right = _near(cover, start, end, s_low, s_high)
    bigrams = {question.folded[i : i + 2] for i in range(len(question.folded) - 1)}
    shared = _Shared(bigrams, folded)
    held = [any(f in folded[a:b] for f in anchor.forms) for a, b in laid.sentences for anchor in question.anchors]
    agreeing = (
        np.array(held, dtype=np.float32).reshape(len(sentences), -1).mean(axis=1) if held else np.ones(len(sentences))
    )
    focus = _focus(cover)
    near = meaning.nearness(question.text, laid)
    head = question.head
    apart = len(givens.KINDS)
    by_sentence, by_clause = cover.rivals
    spans = list(zip(start.tolist(), end.tolist(), strict=True))
    values: dict[str, Any] = {
        "cover_clause": _within(cover, low, high),
        "cover_near": _within(cover, np.maximum(around[0], s_low), np.minimum(around[1], s_high)),
        "cover_sentence": _within(cover, s_low, s_high),
        "cover_passage": cover.passage,
        "cover_context": cover.context,
        "near_6": close,
        "near_25": wide,
        "left_6": left,
        "right_6": right,
        "bigrams_clause": [shared(a, b) for a, b in zip(low.tolist(), high.tolist(), strict=True)],
        "bigrams_sentence": [shared(a, b) for a, b in zip(s_low.tolist(), s_high.tolist(), strict=True)],
        "overlap": _within(cover, start, end),
        "outside": _within(cover, s_low, s_high, (start, end)),
        "anchors_sentence": agreeing[owner[first]],
        "anchors_named": _share(cover.named),
        "anchors_passage": _share(cover.documented),
        "head_in": [bool(head) and head in folded[a:b] for a, b in spans],
        "head_beside": [bool(head) and head in folded[max(0, a - len(head) - 2) : b + len(head) + 2] for a, b in spans],
        "head_follows": [bool(head) and folded[b : b + len(head)] == head for _, b in spans],
        "length": np.log1p(size) / 5.0,
        "length2": np.minimum(size / 100.0, 3.0),
        "clause_share": size / np.maximum(1, high - low),
        "start_clause": start == low,
        "end_clause": end >= high - 1,
        "whole_entity": [a == 0 or not folded[a - 1].isalnum() for a, _ in spans],
        "sentence_position": s_low / max(1, len(folded)),
        "share": share,
        "focus_clause": _within(focus, low, high),
        "focus_near": _near(focus, start, end, s_low, s_high)[0],
        "similar_clause": near.clauses[first],
        "similar_near": near.around[first],
        "similar_sentence": near.sentences[owner[first]],
        "rival_sentence": (by_sentence[owner[first], :apart] * givens.STRENGTH).max(axis=1),
        "rival_clause": (by_clause[first, :apart] * givens.STRENGTH).max(axis=1),
        "rival_apart": (by_sentence[owner[first], apart:] * givens.STRENGTH).max(axis=1),
        "uncovered": cover.uncovered,
        "fits": [c.kind in FITTING.get(question.kind, ()) for c in found],
        "misfits": [c.kind in _ENTITIES and c.kind not in FITTING.get(question.kind, _ENTITIES) for c in found],
    }
    words = list(zip(cover.weight.tolist(), cover.at, strict=True))
    fitting = np.array(values["fits"], dtype=bool)
    elsewhere = beside.told_elsewhere(question.folded, laid, found, values["cover_clause"], fitting, words)
    values["rival_clause"] = np.maximum(values["rival_clause"], elsewhere)
    if naming.asks(question):
        values["renamed"] = [naming.says_otherwise(question, laid.text, folded, a, b) for a, b in spans]
    points = reader.start[start] + reader.end[end - 1]
    values |= {
        "reader_start": reader.start[start] / 10.0,
        "reader_end": reader.end[end - 1] / 10.0,
        "reader_best": (points - reader.best) / 10.0,
        "answerable": reader.answerable,
        "answerable_logit": float(np.log((reader.answerable + 1e-3) / (1.0 - reader.answerable + 1e-3))),
        "unmet": float(
            (cover.weight * (1.0 - np.maximum(cover.held, reader.meant.max(axis=1, initial=0.0)))).max(initial=0.0)
        ),
        "soft_clause": _meant(reader, cover, low, high),
        "soft_sentence": _meant(reader, cover, s_low, s_high),
    }
    rows = np.zeros((n, len(NAMES)), dtype=np.float32)
    for column, name in enumerate(NUMERIC):
        rows[:, column] = values.get(name, 0.0)
    base = len(NUMERIC)
    for row, (a, b), c in zip(rows, spans, found, strict=True):
        before, after = folded[a - 1 : a] if a else "", folded[b : b + 1]
        if before in _CUE:
            row[base + _CUE[before]] = 1
        if after in _CUE:
            row[base + len(_CUES) + _CUE[after]] = 1
        row[base + 2 * len(_CUES) + _KIND[c.kind]] = 1
    rows[:, base + 2 * len(_CUES) + len(SPAN_KINDS) + KINDS.index(question.kind)] = 1
    rows[:, -1] = question.language == "en"
    return rows


class _Shared:
    """Share of the question's character pairs that stand in a span; remembers the spans it has seen."""

    def __init__(self, bigrams: set[str], folded: str) -> None:
        self.bigrams, self.folded = bigrams, folded
        self.seen: dict[tuple[int, int], float] = {}

    def __call__(self, start: int, end: int) -> float:
        if (start, end) not in self.seen:
            there = {self.folded[i : i + 2] for i in range(start, end - 1)}
            self.seen[start, end] = len(self.bigrams & there) / max(1, len(self.bigrams))
        return self.seen[start, end]
