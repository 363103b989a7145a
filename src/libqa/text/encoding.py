"""Bytes of unknown encoding into text: UTF-8, UTF-16, GB18030, Big5; anything else is refused, never guessed away."""

from __future__ import annotations

import codecs
import math
import unicodedata
from dataclasses import dataclass

from libqa.errors import ReadError
from libqa.text import dictionary
from libqa.text.script import fold

_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LEGACY = ("gb18030", "big5hkscs", "utf-16-le", "utf-16-be")
_SAMPLE = 4000  # characters that are looked at to tell encodings apart
_LIKELY = -11.0  # mean log-frequency (nats) of the letters of real text; bytes misread as text lie far below
_PLAIN_CONTROLS = "\t\n\v\f\r\x1a\x1b"


@dataclass(frozen=True, slots=True)
class Decoded:
    """The text of a file and the encoding it was in."""

    text: str
    encoding: str


def decode(data: bytes, name: str) -> Decoded:
    """Decode the bytes of the text file ``name``.

    A byte order mark decides; else valid UTF-8 is UTF-8; else the reading whose letters are commonest is taken, if they
    are as common as in real text.

    Raises
    ------
    ReadError : it is no text, or in none of these encodings. No byte is ever replaced or left out.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _checked(_try(data, encoding), encoding, name)
    text = _try(data, "utf-8")
    if text is not None:
        return _checked(text, "utf-8", name)
    readings = [(_likeliness(text), text, e) for e in _LEGACY if (text := _try(data, e)) is not None]
    best = max(readings, default=(-math.inf, None, ""), key=lambda reading: reading[0])
    return _checked(best[1] if best[0] > _LIKELY else None, best[2], name)


def _try(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _checked(text: str | None, encoding: str, name: str) -> Decoded:
    if text is None:
        raise ReadError(name, "its encoding is unknown, or it is no text", "save it as UTF-8 text")
    odd = sum(unicodedata.category(char) == "Cc" and char not in _PLAIN_CONTROLS for char in text)
    if "\0" in text or odd * 200 > len(text):
        raise ReadError(name, "it is a binary file, not text", "give the text, or a supported kind of file")
    return Decoded(text, encoding)


def _likeliness(text: str) -> float:
    """Mean log-frequency of the characters in Chinese text, by jieba's dictionary; ASCII counts as common."""
    sample = text[:_SAMPLE]
    total = math.log(dictionary.total())
    values = []
    for char in fold(sample):
        if "\u3400" <= char <= "\u9fff":
            values.append(math.log(dictionary.frequency(char) + 0.5) - total)
        elif not char.isascii():
            values.append(-7.0 if unicodedata.category(char)[0] in "PZNS" else -25.0)
        elif char in _PLAIN_CONTROLS or char.isprintable():
            values.append(-6.0)
        else:
            values.append(-25.0)
    return sum(values) / len(values) if values else 0.0
