"""Undo the damage that scraping mirrors did to Chinese text: notes out, broken pairs mended, Simplified again."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from libqa.text import mending, printing
from libqa.text.mending import Certainty, Item, mend
from libqa.text.offsets import OffsetMap, Piece
from libqa.text.proving import Page, proven, visible
from libqa.text.surveying import damaged_lines, may_break

TRADITIONAL = "Traditional form"
WIDTH = "half-width mark"
_VISIBLE_X = re.compile(",[，。！；？、!;?,]")


@dataclass(frozen=True, slots=True)
class Edit:
    """One changed place: ``text[start:end] == after`` stands for ``raw[raw_start:raw_end] == before``.

    ``certainty`` is ``exact`` where nothing was lost, ``chosen`` where the likeliest of several texts that fit was
    taken (bytes were lost, or a Traditional form stands for two Simplified characters), ``lost`` where a character is
    gone for good. ``proven``: damaging the repaired text gives the received one again.
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
    """A repaired text with what was changed and where each character came from.

    ``offsets`` maps spans of ``text`` to spans of the received text; ``proven`` holds if every edit is proven.
    """

    text: str
    edits: tuple[Edit, ...]
    offsets: OffsetMap
    changed: bool
    proven: bool


def repair(text: str) -> Repair:
    """Repair damaged text; healthy text comes back untouched.

    Pinyin notes are taken out, byte pairs that the notes broke are put together again, lost bytes are chosen by a
    language model, and lines that were converted to Traditional go back to Simplified. Repairing twice changes nothing.

    Parameters
    ----------
    text : any text, decoded; see ``libqa.text.encoding.decode``.

    Returns
    -------
    The repaired text with edits, offset map and proof.
    """
    lines = text.split("\n")
    damaged = damaged_lines(lines)
    for i, line in enumerate(lines):
        damaged[i] = damaged[i] or (may_break(line) and _broken_without_notes(line))
    if not any(damaged):
        return Repair(text, (), OffsetMap(), False, True)
    hurt = [line for line, yes in zip(lines, damaged, strict=True) if yes]
    page = _page(hurt)
    mended = [mend(line, page) if yes else [] for line, yes in zip(lines, damaged, strict=True)]
    plain = ["".join(printing.simplified(i.source) for i in items) for items in mended]
    edits: list[Edit] = []
    out: list[str] = []
    raw_at = at = 0
    for line, yes, items in zip(lines, damaged, mended, strict=True):
        if yes:
            printed, changes = _printed(line, items, plain, page)
            edits.extend(_moved(e, at, raw_at) for e in changes)
        else:
            printed = line
        out.append(printed)
        at += len(printed) + 1
        raw_at += len(line) + 1
    pieces = tuple(Piece(e.start, e.end, e.raw_start, e.raw_end) for e in edits)
    return Repair("\n".join(out), tuple(edits), OffsetMap(pieces), bool(edits), all(e.proven for e in edits))


def _broken_without_notes(line: str) -> bool:
    """Whether a line without notes reads so much better with broken pairs mended that they must have been broken."""
    mended = [item for item in mend(line, Page(), cautious=True) if item.reason == mending.BROKEN]
    return bool(mended) and all(item.sure and len(item.source) > 2 for item in mended)


def _moved(e: Edit, by: int, raw_by: int) -> Edit:
    start, end, raw_start, raw_end = e.start + by, e.end + by, e.raw_start + raw_by, e.raw_end + raw_by
    return replace(e, start=start, end=end, raw_start=raw_start, raw_end=raw_end)


def _page(hurt: Sequence[str]) -> Page:
    """Read the settings of the damage off the damaged lines."""
    active: dict[str, str] = {}
    for line in hurt:
        for char, reading in visible(line).items():
            active.setdefault(char, reading)
    return Page(active, (), b"," if any(_VISIBLE_X.search(line) for line in hurt) else b"\x7f")


def _printed(line: str, items: Sequence[Item], copies: Sequence[str], page: Page) -> tuple[str, list[Edit]]:
    """Print the items of one line; return the text and its edits, with offsets inside the line."""
    source = "".join(item.source for item in items)
    text = printing.simplified(source)
    firsts: list[int] = []
    size = 0
    for item in items:
        firsts.append(size)
        size += len(item.source)
    # Separators first: the width of marks depends on them.
    parts = [text[a : a + len(i.source)] for a, i in zip(firsts, items, strict=True)]
    for n, item in enumerate(items):
        if item.reason == mending.OUTSIDE:
            parts[n] = printing.separator(
                "".join(parts[:n]) + "?" + "".join(parts[n + 1 :]), len("".join(parts[:n])), copies
            )
    edits: list[Edit] = []
    joined = "".join(parts)
    proof = proven(_before_damage(items, parts), line, page)
    at = 0
    out: list[str] = []
    size = 0
    for item, part in zip(items, parts, strict=True):
        before = line[item.start : item.end]
        after = (
            "".join(printing.wide(joined, at + i) for i in range(len(part))) if item.reason != mending.OUTSIDE else part
        )
        at += len(part)
        if after != before:
            reason = item.reason or (WIDTH if before == part else TRADITIONAL)
            certainty = item.certainty
            if certainty == "exact" and not printing.shared().isdisjoint(item.source):
                certainty = "chosen"
            edits.append(Edit(size, size + len(after), item.start, item.end, before, after, reason, certainty, proof))
        out.append(after)
        size += len(after)
    return "".join(out), edits


def _before_damage(items: Sequence[Item], parts: Sequence[str]) -> str:
    """Write out what went through the damage: converted characters, full-width marks, real question marks."""
    plain = "".join(part if part == "？" else item.source for item, part in zip(items, parts, strict=True))
    full = printing.widened(plain)
    out: list[str] = []
    at = 0
    for item, part in zip(items, parts, strict=True):
        size = 1 if part == "？" else len(item.source)
        out.append(item.source if item.reason == mending.BROKEN else full[at : at + size])
        at += size
    return "".join(out)
