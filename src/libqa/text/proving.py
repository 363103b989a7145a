"""Prove a repair: damaging it again gives the received text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from itertools import chain, combinations, pairwise, product

from libqa.text.damaging import damage
from libqa.text.gbk import FOLD, encode, forms, table
from libqa.text.notes import BROKEN_NOTE, NOTE

# Which of two overlapping entries was replaced first, as far as pages have shown.
FIRST = {("數", "當"), ("數", "財"), ("數", "謹"), ("擴", "財"), ("內", "績"), ("驅", "學")}
TRIED = 4  # at most this many doubtful entries or overlaps are tried out in all combinations
_BEFORE_COMMA = re.compile(r"[?,](?=([。！；，？（、!;,?(]))")
_MARKED = re.compile(r"\?(?=([。！；，？（、!;,?(]))")
_MARKED_TWICE = re.compile(r"\?\?(?=([。！；，？（、!;,?(]))")


@dataclass(frozen=True, slots=True)
class Page:
    """The settings of the damage that hold for a whole text.

    ``active`` are the annotated characters with their readings, ``marks`` the active marks, ``x`` the marking bytes.
    """

    active: dict[str, str] = field(default_factory=dict)
    marks: tuple[str, ...] = ()
    x: bytes = b"\x7f"


def proven(source: str, shown: str, page: Page) -> bool:
    """Whether some setting of the damage turns ``source`` (in Traditional form) into ``shown``.

    Tried are the page's active entries and those that ``shown`` itself gives away, with both orders of overlapping
    entries, and the sets of active marks.
    """
    code = table().code
    wanted = "".join(c if c in code or c < "\x80" else "?" for c in shown).translate(FOLD)
    raw = encode(source)
    for notes in _entries(raw, shown, page):
        for order in _orders(raw, notes):
            for marks in _marks(shown, page):
                if damage(source, order, marks, x=page.x, convert=False) == wanted:
                    return True
    return False


def _windows(raw: bytes) -> Iterator[tuple[int, str]]:
    """Yield every place where two bytes are a character that can be annotated, aligned or not."""
    shown, readings = table().shown, forms().readings
    for i in range(len(raw) - 1):
        char = shown.get(raw[i] << 8 | raw[i + 1], "")
        if char in readings:
            yield i, char


def _entries(raw: bytes, shown: str, page: Page) -> Iterator[dict[str, str]]:
    """Yield the sets of entries that may have been active, likeliest first."""
    readings = forms().readings
    present = {char for _, char in _windows(raw)}
    seen = visible(shown)
    loose = {m[1] for m in BROKEN_NOTE.finditer(shown)} | set(_astray(shown))
    by_page = {c: r for c, r in page.active.items() if c in present}
    unsure: dict[str, str] = {}
    for char in sorted(present - seen.keys() - by_page.keys()):
        for reading in readings[char]:
            if reading in loose:
                unsure[char] = reading
                break
    extra = list(unsure)[:TRIED]
    subsets = chain.from_iterable(combinations(extra, n) for n in range(len(extra), -1, -1))
    for subset in subsets:
        chosen = {c: unsure[c] for c in subset}
        yield {**by_page, **seen, **chosen}
        if not by_page.keys() <= seen.keys():
            yield {**seen, **chosen}


def visible(shown: str) -> dict[str, str]:
    """Collect the characters that are seen with a fitting note."""
    readings = forms().readings
    found: dict[str, str] = {}
    for match in NOTE.finditer(shown):
        char = shown[match.start() - 1 : match.start()]
        if match[1] in readings.get(char, ()):
            found.setdefault(char, match[1])
    return found


def _astray(shown: str) -> Iterator[str]:
    """Yield the readings of notes whose character is not seen whole before them."""
    readings = forms().readings
    for match in NOTE.finditer(shown):
        if match[1] not in readings.get(shown[match.start() - 1 : match.start()], ()):
            yield match[1]


def _orders(raw: bytes, notes: dict[str, str]) -> Iterator[Sequence[tuple[str, str]]]:
    """Yield orders of the entries that differ where entries overlap in the bytes."""
    places = [(i, char) for i, char in _windows(raw) if char in notes]
    pairs = list(dict.fromkeys((a, b) for (i, a), (j, b) in pairwise(places) if j == i + 1))
    free = [p for p in pairs if p not in FIRST and (p[1], p[0]) not in FIRST][:TRIED]
    fixed = [p if p in FIRST else (p[1], p[0]) for p in pairs if p not in free]
    for flips in product((True, False), repeat=len(free)):
        sorter: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(notes, ()))
        chosen = [(b, a) if flip else (a, b) for (a, b), flip in zip(free, flips, strict=True)]
        for first, second in fixed + chosen:
            sorter.add(second, first)
        try:
            yield [(c, notes[c]) for c in sorter.static_order()]
        except CycleError:
            continue


def _marks(shown: str, page: Page) -> Iterable[tuple[str, ...]]:
    """List the sets of marks that may have been active, likeliest first."""
    wide = {n: w for w, n in zip("，；？（！", ",;?(!", strict=True)}
    pattern = _BEFORE_COMMA if page.x == b"," else _MARKED
    # a mark that straddles the one seen was marked before it: A1 A3 (。) is hidden before A3 AC (，)
    hidden = ("！" if m[1] in "。、" else "。" for m in _MARKED_TWICE.finditer(shown))
    own = tuple(dict.fromkeys(chain(hidden, (wide.get(m[1], m[1]) for m in pattern.finditer(shown)))))
    known = tuple(m for m in page.marks if m not in own)
    subsets = [s for n in range(len(own), -1, -1) for s in combinations(own, n)]
    return dict.fromkeys(chain(((*known, *s) for s in subsets), subsets))
