"""Choose the exact words to quote for an answer: the clause that holds it, short, never cut inside a word or pair."""

from __future__ import annotations

import itertools

from libqa.answering.candidates import Candidate, Laid, Span, trim
from libqa.answering.features import Coverage
from libqa.text import entities, segment

QUOTE = 60
"""Characters that a quote should not exceed unless the answer itself is longer."""
_GAIN = 0.04  # share of the question's weight that makes a further clause worth quoting


def quote_span(laid: Laid, candidate: Candidate, cover: Coverage) -> Span:
    """Return the span of the text to cite for a candidate answer.

    The clauses that hold the answer, with a neighbouring clause of the same sentence where it holds more of the
    question's words and all stays within 60 characters. A clause that is longer is cut down around the answer at word
    boundaries, never inside a name, a number, a date, 《》 or quotation marks.
    """
    low, high = laid.clauses[candidate.first][0], laid.clauses[candidate.last][1]
    start, end = trim(laid.text, low, high)
    if end - start > max(QUOTE, candidate.end - candidate.start):
        return _cut(laid, candidate, cover, start, end)
    first, last = candidate.first, candidate.last
    sentence = laid.sentence_of[first]
    while True:
        options = []
        for a, b in ((first - 1, last), (first, last + 1)):
            inside = a >= 0 and b < len(laid.clauses) and laid.sentence_of[a] == laid.sentence_of[b] == sentence
            if inside and laid.clauses[b][1] - laid.clauses[a][0] <= QUOTE + 2:
                gain = _weight(cover, laid.clauses[a][0], laid.clauses[b][1]) - _weight(cover, start, end)
                options.append((gain, a, b))
        best = max(options, default=(0.0, first, last))
        if best[0] < _GAIN:
            return start, end
        first, last = best[1], best[2]
        start, end = trim(laid.text, laid.clauses[first][0], laid.clauses[last][1])


def _weight(cover: Coverage, start: int, end: int) -> float:
    return sum(
        float(w)
        for w, at, stop in zip(cover.weight, cover.at, cover.stop, strict=True)
        if bool(((at >= start) & (stop <= end)).any())
    )


def _cut(laid: Laid, candidate: Candidate, cover: Coverage, start: int, end: int) -> Span:
    """Grow from the answer to both sides, block by block, towards the question's words, up to 60 characters."""
    blocks = _blocks(laid.text, start, end)
    first = next(i for i, (_, stop) in enumerate(blocks) if stop > candidate.start)
    last = max(i for i, (begin, _) in enumerate(blocks) if begin < candidate.end)
    room = QUOTE - (blocks[last][1] - blocks[first][0])
    while True:
        left = first > 0 and blocks[first - 1][1] - blocks[first - 1][0] <= room
        right = last + 1 < len(blocks) and blocks[last + 1][1] - blocks[last + 1][0] <= room
        if not left and not right:
            return trim(laid.text, blocks[first][0], blocks[last][1])
        if left and (not right or _left_is_nearer(cover, (start, end), blocks[first][0], blocks[last][1])):
            first -= 1
            room -= blocks[first][1] - blocks[first][0]
        else:
            last += 1
            room -= blocks[last][1] - blocks[last][0]


def _left_is_nearer(cover: Coverage, clause: Span, low: int, high: int) -> bool:
    """Whether the nearest of the question's words outside ``low..high`` stands on its left."""
    left = min((low - int(s) for at in cover.stop for s in at if clause[0] < s <= low), default=None)
    right = min((int(a) - high for at in cover.at for a in at if high <= a < clause[1]), default=None)
    return left is not None and (right is None or left < right)


def _blocks(text: str, start: int, end: int) -> list[Span]:
    """Tile a clause with pieces that must stay whole: quoted titles, dates, numbers, names, and else single words."""
    piece = text[start:end]
    whole = [(e.start, e.end) for e in entities.find(piece) if e.kind in ("title", "date", "number", "person")]
    whole += [(a, b) for _, a, b in segment.words(piece)]
    whole.sort(key=lambda s: (s[0], -s[1]))
    merged: list[list[int]] = []
    for a, b in whole:
        if merged and a < merged[-1][1]:
            merged[-1][1] = max(merged[-1][1], b)
        else:
            merged.append([a, b])
    edges = [a for a, _ in merged] + [len(piece)]
    edges[0] = 0
    return [(start + a, start + b) for a, b in itertools.pairwise(edges)]
