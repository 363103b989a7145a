"""Damage text the way the scraping mirrors did: the forward model that every repair is checked against."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from libqa.text.gbk import FOLD, decode, encode, forms, table

MARKS = "。！；，？（、"


def damage(
    text: str,
    notes: Sequence[str | tuple[str, str]] = (),
    marks: Iterable[str] = (),
    *,
    x: bytes = b"\x7f",
    convert: bool = True,
    keep: str = "",
    fold: bool = True,
) -> str:
    """Convert to Traditional, annotate and mark on raw GBK bytes, decode with losses, fold widths.

    Parameters
    ----------
    text : clean text; characters outside GBK become ``?``.
    notes : Traditional characters of the active entries, in the order in which they are replaced; each takes its usual
        reading unless given as a ``(character, reading)`` pair. Bytes that straddle two characters are hit too.
    marks : active marks, in order; the byte ``x`` goes before each occurrence.
    x : the marking bytes; control characters in it leave no trace by themselves.
    convert : whether the text goes from Simplified to Traditional first, character by character.
    keep : Simplified characters that the converter leaves alone.
    fold : whether full-width marks become half width at the end, as the collecting sites did.

    Returns
    -------
    The damaged text. The function is pure: equal arguments give equal results.
    """
    raw = encode(traditional(text, keep) if convert else text)
    raw = annotate(raw, notes)
    for mark in marks:
        code = encode(mark)
        raw = raw.replace(code, x + code)
    shown = decode(raw)
    for byte in x:
        if byte < 0x20 or byte == 0x7F:
            shown = shown.replace(chr(byte), "")
    return shown.translate(FOLD) if fold else shown


def traditional(text: str, keep: str = "") -> str:
    """Convert Simplified text as the damage does, one character at a time and with the variant forms of GBK."""
    given = forms().traditional
    return "".join(c if c in keep else given.get(c, c) for c in text)


def annotate(raw: bytes, notes: Sequence[str | tuple[str, str]]) -> bytes:
    """Put ``(reading)`` after every occurrence of each entry's two bytes, one entry after the other."""
    code, readings = table().code, forms().readings
    for entry in notes:
        char, reading = (entry, readings[entry][0]) if isinstance(entry, str) else entry
        pair = code[char].to_bytes(2, "big")
        if pair in raw:
            raw = raw.replace(pair, pair + f"({reading})".encode("gbk"))
    return raw
