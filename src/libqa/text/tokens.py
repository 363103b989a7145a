"""Cut a received line into tokens: characters, notes, broken notes, question marks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from libqa.text.gbk import forms, table
from libqa.text.notes import BROKEN_NOTE, DOUBLED, NOTE, TONELESS

FULL = {c: ord(c) + 0x80 for c in ",;:?()![]"}  # trail byte of the full-width form; its lead is A3
MARKS = {"。": 0xA1A3, "、": 0xA1A2} | {c: 0xA300 | t for c, t in FULL.items()}
MARKS |= {w: MARKS[n] for w, n in zip("，；：？（）！", ",;:?()!", strict=True)}


class Token(NamedTuple):
    """A piece of the received line: kind is ``char``, ``ascii``, ``note``, ``toneless``, ``broken``, ``?``,
    ``other``."""

    kind: str
    start: int
    end: int
    text: str
    code: int = 0
    reading: str = ""


def tokens(line: str) -> list[Token]:
    """Cut a received line into tokens."""
    code = table().code
    out: list[Token] = []
    toneless = {m.start(): m.end() for m in TONELESS.finditer(line)} if DOUBLED.search(line) else {}
    i = 0
    while i < len(line):
        char = line[i]
        if i in toneless:
            out.append(Token("toneless", i, toneless[i], line[i : toneless[i]]))
            i = toneless[i]
            continue
        if char in "?(":
            match = (BROKEN_NOTE if char == "?" else NOTE).match(line, i)
            if match and out:
                kind = "broken" if char == "?" else "note"
                out.append(Token(kind, i, match.end(), match[0], 0, match[1]))
                i = match.end()
                continue
        if char in "?？":
            out.append(Token("?", i, i + 1, char, 0x3F))
        elif char < "\x80":
            out.append(Token("ascii", i, i + 1, char, ord(char)))
        elif char in code:
            out.append(Token("char", i, i + 1, char, code[char]))
        else:
            out.append(Token("other", i, i + 1, char))
        i += 1
    return out


def fits(last: int, reading: str) -> bool:
    """Whether a note belongs to the two content bytes before it."""
    return reading in forms().readings.get(table().shown.get(last, ""), ())


def after(last: int, token: Token) -> int:
    """The last two content bytes after a token that stands for itself."""
    if token.text in FULL:  # in Chinese text a folded full-width mark
        return 0xA300 | FULL[token.text]
    return token.code if token.code > 255 else (last & 255) << 8 | token.code


def mark_at(line: Sequence[Token], at: int) -> int:
    """Code of the mark at a token, or 0."""
    return MARKS.get(line[at].text, 0) if at < len(line) else 0
