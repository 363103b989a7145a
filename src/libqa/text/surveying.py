"""Tell damaged lines from healthy ones: pinyin lessons, real Traditional Chinese, formulas, plain question marks.

What gives the damage away: notes stand after Traditional characters only, never after characters that both scripts
share; a character is annotated everywhere on a page or nowhere; the converter works character by character, so forms
that only a Traditional writer uses (後 裡 於) and forms that only Simplified has do not occur.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from libqa.text.gbk import forms, table
from libqa.text.notes import BROKEN_NOTE, DOUBLED, HAN, NOTE

FOREIGN = 12  # the damage has at most one note in so many on a character that it never annotates
LESSON = 0.8  # share of annotated characters above which a text teaches reading
_BREAK = re.compile(r"\?[。！；，？、!;,?]")
_BREAK_INSIDE = re.compile(r"[\u3400-\u9fff”》]\?[。！；，？、!;,?(][\u3100-\u33ff\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Signs:
    """What a line shows: counts of Han characters and of the signs for and against damage."""

    han: int
    fitting: int
    foreign: int
    broken: int
    bare: int
    only_simplified: int
    only_traditional: int
    converted: int
    breaks: int
    doubled: int
    spaced: int
    noted: frozenset[str]


@lru_cache(maxsize=1)
def _scripts() -> tuple[frozenset[str], frozenset[str]]:
    """Return characters that only Simplified text has and those that only a writer of Traditional uses."""
    known = forms()
    simplified = frozenset(c for c in known.traditional if not _in_big5(c))
    given = frozenset(known.traditional.values())
    # Forms that the converter never gives; variants of what it gives (綫 for 線) may come from other converters.
    traditional = frozenset(t for t, s in known.simplified.items() if t not in given and s not in known.traditional)
    return simplified, traditional


def _in_big5(char: str) -> bool:
    try:
        char.encode("big5")
    except UnicodeEncodeError:
        return False
    return True


@lru_cache(maxsize=1)
def _letters() -> frozenset[tuple[str, str]]:
    """Return the ASCII letters and € that end a character, each with the (toned) reading noted after it: ``W(xué)``."""
    code = table().code
    return frozenset(
        ("€" if code[char] & 255 == 0x80 else chr(code[char] & 255), readings[0])
        for char, readings in forms().readings.items()
        if code[char] & 255 <= 0x80 and not readings[0].isascii()
    )


def signs(line: str) -> Signs:
    """Count the signs of a line."""
    readings = forms().readings
    simplified, traditional = _scripts()
    noted: dict[str, int] = {}
    foreign = fitting = split = spaced = 0
    for match in NOTE.finditer(line):
        char = line[match.start() - 1 : match.start()]
        own = readings.get(char, ())
        if own[:1] == (match[1],):  # the damage's list has one reading a character, the usual one
            fitting += 1
            noted[char] = noted.get(char, 0) + 1
        elif match[1] not in own and HAN.match(char):
            foreign += 1
        elif (char, match[1]) in _letters():
            split += 1
        spaced += match[0].endswith(" )")
    return Signs(
        han=len(HAN.findall(line)),
        fitting=fitting,
        foreign=foreign,
        broken=sum(1 for m in BROKEN_NOTE.finditer(line) if not m[1].isascii()) + split,
        bare=sum(line.count(char) - seen for char, seen in noted.items()),
        only_simplified=sum(c in simplified for c in line),
        only_traditional=sum(c in traditional for c in line),
        converted=sum(c in forms().simplified for c in line),
        breaks=len(_BREAK.findall(line)),
        doubled=len(DOUBLED.findall(line)),
        spaced=spaced,
        noted=frozenset(noted),
    )


def may_break(line: str) -> bool:
    """Whether a line without notes has a question mark where the damage leaves one, before a mark inside Chinese."""
    return bool(_BREAK_INSIDE.search(line))


def damaged_lines(lines: Sequence[str]) -> list[bool]:
    """Say for each line whether the damage went over it."""
    found = [signs(line) for line in lines]
    sure = [_annotated(s) for s in found]
    if not any(sure):
        return [False] * len(lines)
    active = frozenset().union(*(s.noted for s, yes in zip(found, sure, strict=True) if yes))
    return [yes or _along(line, s, active) for line, s, yes in zip(lines, found, sure, strict=True)]


def _annotated(s: Signs) -> bool:
    """Whether a line's own notes are those of the damage."""
    if s.doubled:
        return True
    notes = s.fitting + s.broken
    # split characters leave all kinds of characters behind, so broken pairs outweigh some of the wrong script
    if not notes or s.foreign * FOREIGN > notes or s.only_traditional * 4 > notes + 12 * s.broken:
        return False
    if s.broken:
        return True
    if s.bare * 3 > s.fitting or (s.only_simplified * 2 > s.fitting and not s.breaks):
        return False
    return s.fitting <= LESSON * s.han or s.spaced > 0


def _along(line: str, s: Signs, active: frozenset[str]) -> bool:
    """Whether a line without such notes of its own, in a damaged text, was converted along with the others."""
    if not s.han:
        return "?" in line and not line.strip("? \t\r\u3000")
    if s.foreign or s.only_traditional or (s.only_simplified and not s.breaks):
        return False
    return not any(c in active for c in line) and bool(s.converted or "?" in line)
