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

from libqa.text.gbk import forms
from libqa.text.notes import BROKEN_NOTE, HAN, NOTE

LESSON = 0.6  # share of annotated characters above which a text teaches reading
_BREAK = re.compile(r"\?[。！；，？、!;,?]")
_DOUBLED = re.compile(r"(?<=[\u3400-\u9fff])(?:\([a-z]{1,6}\)){2,}")


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
    noted: frozenset[str]


@lru_cache(maxsize=1)
def _scripts() -> tuple[frozenset[str], frozenset[str]]:
    """Return characters that only Simplified text has and those that only a writer of Traditional uses."""
    table = forms()
    simplified = frozenset(c for c in table.traditional if not _in_big5(c))
    given = frozenset(table.traditional.values())
    # Forms that the converter never gives; variants of what it gives (綫 for 線) may come from other converters.
    traditional = frozenset(t for t, s in table.simplified.items() if t not in given and s not in table.traditional)
    return simplified, traditional


def _in_big5(char: str) -> bool:
    try:
        char.encode("big5")
    except UnicodeEncodeError:
        return False
    return True


def signs(line: str) -> Signs:
    """Count the signs of a line."""
    readings = forms().readings
    simplified, traditional = _scripts()
    noted: dict[str, int] = {}
    foreign = fitting = 0
    for match in NOTE.finditer(line):
        char = line[match.start() - 1 : match.start()]
        if match[1] in readings.get(char, ()):
            fitting += 1
            noted[char] = noted.get(char, 0) + 1
        elif HAN.match(char):
            foreign += 1
    return Signs(
        han=len(HAN.findall(line)),
        fitting=fitting,
        foreign=foreign,
        broken=sum(1 for m in BROKEN_NOTE.finditer(line) if any(c not in "abcdefghijklmnopqrstuvwxyz" for c in m[1])),
        bare=sum(line.count(char) - seen for char, seen in noted.items()),
        only_simplified=sum(c in simplified for c in line),
        only_traditional=sum(c in traditional for c in line),
        converted=sum(c in forms().simplified for c in line),
        noted=frozenset(noted),
    )


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
    notes = s.fitting + s.broken
    if not notes or s.foreign * 5 > notes or s.only_traditional * 4 > notes:
        return False
    if s.broken:
        return True
    if s.bare * 3 > s.fitting or s.only_simplified * 2 > s.fitting:
        return False
    return s.fitting <= LESSON * s.han


def _along(line: str, s: Signs, active: frozenset[str]) -> bool:
    """Whether a line without such notes of its own, in a damaged text, was converted along with the others."""
    if not s.han:
        return "?" in line and not line.strip("? \t\r\u3000")
    if s.foreign or s.only_traditional or (s.only_simplified and not _BREAK.search(line)):
        return False
    return not any(c in active for c in line) and bool(s.converted or "?" in line)
