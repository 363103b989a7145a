"""GBK as the damaging converter knew it: character table, Simplified/Traditional forms and the old mbstring decoder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

# Full-width marks that the collecting sites folded to half width; everything is compared after this fold.
WIDE = "，；：？（）！［］"
NARROW = ",;:?()![]"
FOLD = str.maketrans(WIDE, NARROW)


@dataclass(frozen=True, slots=True)
class Forms:
    """The Han characters that the damage converts or annotates.

    ``traditional`` maps a Simplified character to what the converter made of it; ``simplified`` maps every
    Traditional character of GBK back; ``readings`` gives the pinyin of a Traditional character, usual reading first;
    ``noted`` gives the characters for a lead byte and a reading; ``doubtful`` are Simplified characters that some
    converters leave alone.
    """

    traditional: Mapping[str, str]
    simplified: Mapping[str, str]
    readings: Mapping[str, tuple[str, ...]]
    noted: Mapping[tuple[int, str], tuple[str, ...]]
    doubtful: frozenset[str]


@dataclass(frozen=True, slots=True)
class Table:
    """All two-byte codes: ``shown`` maps a code to its character or ``""``, ``code`` maps back."""

    shown: Mapping[int, str]
    code: Mapping[str, int]


@lru_cache(maxsize=1)
def forms() -> Forms:
    """Load the character forms (about 2,900 rows, a few milliseconds)."""
    rows = files("libqa.text").joinpath("data/characters.tsv").read_text(encoding="utf-8").splitlines()
    traditional: dict[str, str] = {}
    simplified: dict[str, str] = {}
    readings: dict[str, tuple[str, ...]] = {}
    noted: dict[tuple[int, str], tuple[str, ...]] = {}
    code = table().code
    for row in rows:
        trad, simp, given, pinyin = row.split("\t")
        simplified[trad] = simp
        readings[trad] = tuple(pinyin.split())
        if given == "1":
            traditional[simp] = trad
        for reading in readings[trad]:
            key = (code[trad] >> 8, reading)
            noted[key] = (*noted.get(key, ()), trad)
    doubtful = frozenset(s for t, s in simplified.items() if s not in traditional and s != t)
    return Forms(traditional, simplified, readings, noted, doubtful)


@lru_cache(maxsize=1)
def table() -> Table:
    """Build the code table; codes that the old decoder dropped (user-defined and unassigned) show nothing."""
    shown: dict[int, str] = {}
    code: dict[str, int] = {}
    trails = bytes([*range(0x40, 0x7F), *range(0x80, 0xFF)])
    for lead in range(0x81, 0xFF):
        for trail in trails:
            number = lead << 8 | trail
            try:
                char = bytes((lead, trail)).decode("gbk")
            except UnicodeDecodeError:
                char = ""
            shown[number] = char
            if char:
                code[char] = number
    return Table(shown, code)


def encode(text: str) -> bytes:
    """Encode to GBK; a character outside it becomes ``?``, as in the damaging converter."""
    try:
        return text.encode("gbk")
    except UnicodeEncodeError:
        code = table().code
        return b"".join(
            bytes((ord(c),)) if c < "\x80" else code[c].to_bytes(2, "big") if c in code else b"?" for c in text
        )


def decode(data: bytes) -> str:
    """Decode GBK bytes by the rules of the old mbstring: it never fails and silently loses broken pairs.

    A lead byte (81-FE) with a trail below 40 or equal to 7F gives one ``?`` for both bytes; an unassigned or
    user-defined pair gives nothing, as does a lead byte at the end; 80 is the euro sign.
    """
    shown = table().shown
    out: list[str] = []
    i, n = 0, len(data)
    while i < n:
        lead = data[i]
        if lead <= 0x80 or lead == 0xFF:
            out.append("€" if lead == 0x80 else "" if lead == 0xFF else chr(lead))
            i += 1
            continue
        if i + 1 == n:
            break
        trail = data[i + 1]
        out.append("?" if trail < 0x40 or trail in (0x7F, 0xFF) else shown[lead << 8 | trail])
        i += 2
    return "".join(out)
