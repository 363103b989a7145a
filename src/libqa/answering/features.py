"""What is measured of a candidate answer: how the question's words lie around it, and whether it is of the kind asked for."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from libqa.answering.candidates import KINDS as SPAN_KINDS
from libqa.answering.candidates import Candidate, Laid
from libqa.answering.understand import KINDS, Question

Floats = NDArray[np.float32]
_CUES = ("由", "于", "在", "是", "为", "以", "有", "即", "因", "至", "被", "自", ":", "“", "《", ",", "、", "的")
NUMERIC = (
    "cover_clause", "cover_near", "cover_sentence", "cover_passage", "cover_context", "near_6", "near_25", "left_6", "right_6",
    "bigrams_clause", "bigrams_sentence", "overlap", "outside", "anchors_sentence", "anchors_passage", "head_in", "head_beside",
    "length", "length2", "clause_share", "start_clause", "end_clause", "reader_start", "reader_end", "reader_best", "whole_entity",
    "sentence_position", "head_follows", "share", "answerable", "uncovered",
)  # fmt: skip
NAMES = (*NUMERIC, *(f"before_{c}" for c in _CUES), *(f"after_{c}" for c in _CUES), *SPAN_KINDS, *KINDS, "english")


@dataclass(frozen=True, slots=True)
class Pointers:
    """What the reader says of a text: log-probabilities of a start and an end at each character, answerability 0..1."""

    start: Floats
    end: Floats
    answerable: float


@dataclass(frozen=True, slots=True)
class Coverage:
    """Where the question's words stand in a text.

    ``at[t]`` are the starts of term ``t``'s occurrences, ``size[t]`` their lengths, ``strength[t]`` their strengths.
    ``passage`` is the share of the question's weight found in the text; ``context`` the same with its title and section;
    ``uncovered`` is the share of the weightiest word found in neither.
    """

    at: tuple[NDArray[np.int64], ...]
    stop: tuple[NDArray[np.int64], ...]
    strength: tuple[Floats, ...]
    weight: Floats
    passage: float
    context: float
    uncovered: float
    anchors: float
    anchors_context: float


def locate(question: Question, laid: Laid, context: str) -> Coverage:
    """Find the question's terms and anchors in a text and in its ``context`` (folded title and section)."""
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
    anchors = [any(form in laid.folded for form in a.forms) for a in question.anchors]
    broader = [ok or any(form in context for form in a.forms) for ok, a in zip(anchors, question.anchors, strict=True)]
    return Coverage(
        tuple(at),
        tuple(stop),
        tuple(strength),
        weight,
        float(np.dot(weight, np.array(inside, dtype=np.float32))) if inside else 0.0,
        float(np.dot(weight, np.array(outside, dtype=np.float32))) if outside else 0.0,
        max((float(w) * (1.0 - o) for w, o in zip(weight, outside, strict=True)), default=0.0),
        sum(anchors) / len(anchors) if anchors else 1.0,
        sum(broader) / len(broader) if broader else 1.0,
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


def _within(cover: Coverage, start: int, end: int, skip: tuple[int, int] | None = None) -> float:
    """Share of the question's weight whose terms stand in ``start..end`` (and not inside ``skip``)."""
    total = 0.0
    for t in range(len(cover.weight)):
        ok = (cover.at[t] >= start) & (cover.stop[t] <= end)
        if skip:
            ok &= (cover.stop[t] <= skip[0]) | (cover.at[t] >= skip[1])
        if ok.any():
            total += float(cover.weight[t]) * float(cover.strength[t][ok].max())
    return total


def _decay(cover: Coverage, start: int, end: int, low: int, high: int) -> tuple[float, float, float, float]:
    """Nearness of the question's terms to a span, within a sentence: both sides at 25 and 6 characters, left, right."""
    wide = near = left = right = 0.0
    for t in range(len(cover.weight)):
        before = cover.stop[t] <= start
        after = cover.at[t] >= end
        ok = (before | after) & (cover.at[t] >= low) & (cover.stop[t] <= high)
        if not ok.any():
            continue
        gap = np.where(before, start - cover.stop[t], cover.at[t] - end)
        force = cover.strength[t] * ok
        w = float(cover.weight[t])
        wide += w * float((force * np.exp(-np.abs(gap) / 25.0)).max())
        close = force * np.exp(-np.abs(gap) / 6.0)
        near += w * float(close.max())
        left += w * float((close * before).max())
        right += w * float((close * after).max())
    return wide, near, left, right


def measure(question: Question, laid: Laid, found: list[Candidate], cover: Coverage, reader: Pointers | None, share: float = 1.0) -> Floats:
    """Return the features of all candidates of one text, shape ``(len(found), len(NAMES))``."""
    rows = np.zeros((len(found), len(NAMES)), dtype=np.float32)
    bigrams = {question.folded[i : i + 2] for i in range(len(question.folded) - 1)}
    clause_memo: dict[tuple[int, int], tuple[float, float, float]] = {}
    sentence_memo: dict[int, tuple[float, float, float]] = {}
    kinds = {kind: i for i, kind in enumerate(SPAN_KINDS)}
    best_start = float(reader.start.max()) if reader is not None else 0.0
    best_end = float(reader.end.max()) if reader is not None else 0.0
    base = len(NUMERIC) + 2 * len(_CUES)
    for row, c in zip(rows, found, strict=True):
        low, high = laid.clauses[c.first][0], laid.clauses[c.last][1]
        s = laid.sentence_of[c.first]
        s_low, s_high = laid.sentences[s]
        if (c.first, c.last) not in clause_memo:
            a, b = max(c.first - 1, 0), min(c.last + 1, len(laid.clauses) - 1)
            near = _within(cover, max(laid.clauses[a][0], s_low), min(laid.clauses[b][1], s_high))
            clause_memo[c.first, c.last] = _within(cover, low, high), near, _shared(bigrams, laid.folded, low, high)
        if s not in sentence_memo:
            anchors = [any(f in laid.folded[s_low:s_high] for f in a.forms) for a in question.anchors]
            sentence_memo[s] = (
                _within(cover, s_low, s_high),
                _shared(bigrams, laid.folded, s_low, s_high),
                sum(anchors) / len(anchors) if anchors else 1.0,
            )
        wide, close, left, right = _decay(cover, c.start, c.end, s_low, s_high)
        span = laid.folded[c.start : c.end]
        inside = _within(cover, c.start, c.end)
        size = c.end - c.start
        head = question.head
        row[: len(NUMERIC)] = (
            clause_memo[c.first, c.last][0],
            clause_memo[c.first, c.last][1],
            sentence_memo[s][0],
            cover.passage,
            cover.context,
            close,
            wide,
            left,
            right,
            clause_memo[c.first, c.last][2],
            sentence_memo[s][1],
            inside,
            _within(cover, s_low, s_high, (c.start, c.end)),
            sentence_memo[s][2],
            cover.anchors_context,
            bool(head) and head in span,
            bool(head) and head in laid.folded[max(0, c.start - len(head) - 2) : c.end + len(head) + 2],
            math.log1p(size) / 5.0,
            min(size / 100.0, 3.0),
            size / max(1, high - low),
            c.start == low,
            c.end >= high - 1,
            reader.start[c.start] / 10.0 if reader is not None else 0.0,
            reader.end[c.end - 1] / 10.0 if reader is not None else 0.0,
            (reader.start[c.start] + reader.end[c.end - 1] - best_start - best_end) / 10.0 if reader is not None else 0.0,
            c.start == 0 or not laid.folded[c.start - 1].isalnum(),
            s_low / max(1, len(laid.folded)),
            bool(head) and laid.folded[c.end : c.end + len(head)] == head,
            share,
            reader.answerable if reader is not None else 0.0,
            cover.uncovered,
        )
        before, after = laid.folded[c.start - 1 : c.start] if c.start else "", laid.folded[c.end : c.end + 1]
        if before in _CUES:
            row[len(NUMERIC) + _CUES.index(before)] = 1
        if after in _CUES:
            row[len(NUMERIC) + len(_CUES) + _CUES.index(after)] = 1
        row[base + kinds[c.kind]] = 1
        row[base + len(SPAN_KINDS) + KINDS.index(question.kind)] = 1
        row[-1] = question.language == "en"
    return rows


def _shared(bigrams: set[str], folded: str, start: int, end: int) -> float:
    there = {folded[i : i + 2] for i in range(start, end - 1)}
    return len(bigrams & there) / max(1, len(bigrams))
