"""The lines of a PDF page with their places and sizes, from the characters that PDFium finds."""

from __future__ import annotations

import ctypes
import math
import re
import unicodedata
from dataclasses import dataclass
from typing import Any

_GAP = 1.8  # times the size: so wide a gap parts two columns, or two cells of a table
_SLANT = 0.1  # sine and cosine both above: the text of a watermark
_LITTLE = 0.6  # times the size: a narrower space beside a Chinese character is no blank
CHINESE = re.compile("[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef]")
"""A Chinese character or full-width mark; no blank stands beside it."""
_MISSING = "\ufffd"


@dataclass(frozen=True, slots=True)
class Line:
    """A run of text on one line, without a wide gap; in points, y upwards.

    ``hyphen``: its word goes on below. ``cells``: its parts, where it is a row of a table.
    """

    text: str
    left: float
    right: float
    bottom: float
    top: float
    size: float
    hyphen: bool = False
    cells: tuple[str, ...] = ()

    @property
    def middle(self) -> float:
        """Height of its middle."""
        return (self.bottom + self.top) / 2


@dataclass(frozen=True, slots=True)
class _Char:
    text: str
    left: float
    right: float
    bottom: float
    top: float


def lines(page: Any) -> tuple[list[Line], int]:
    """Return the lines of a page in the order of the file, and how many characters have no meaning."""
    import pypdfium2.raw as pdfium

    textpage = page.get_textpage()
    collector = _Collector(textpage)
    for index in range(textpage.count_chars()):
        code = pdfium.FPDFText_GetUnicode(textpage, index)
        if code in (10, 13):
            collector.close()
        elif code in (2, 0xFFFE) or pdfium.FPDFText_IsHyphen(textpage, index) == 1:
            collector.close(hyphen=True)
        else:
            collector.add(code, index)
    collector.close()
    textpage.close()
    return collector.found, collector.meaningless


class _Collector:
    """Collects characters into lines."""

    def __init__(self, textpage: Any) -> None:
        self.textpage = textpage
        self.found: list[Line] = []
        self.meaningless = 0
        self.run: list[_Char] = []
        self.size = 0.0
        self.high = 0  # first half of a character beyond the basic plane
        self.box = tuple(ctypes.c_double() for _ in range(4))

    def add(self, code: int, index: int) -> None:
        if 0xD800 <= code < 0xDC00:
            self.high = code
            return
        if self.high and 0xDC00 <= code < 0xE000:
            code = 0x10000 + ((self.high - 0xD800) << 10) + (code - 0xDC00)
        self.high = 0
        char = chr(code) if code < 0x110000 else _MISSING
        if not char.isspace():
            self._visible(char, index)
        elif self.run:
            last = self.run[-1]
            self.run.append(_Char(" ", last.right, last.right, last.bottom, last.top))

    def _visible(self, char: str, index: int) -> None:
        import pypdfium2.raw as pdfium

        if pdfium.FPDFText_HasUnicodeMapError(self.textpage, index) == 1 or _means_nothing(char):
            self.meaningless += 1
        pdfium.FPDFText_GetCharBox(self.textpage, index, *(ctypes.byref(value) for value in self.box))
        here = _Char(_usual(char), *(value.value for value in self.box))
        if self.run and self.run[-1].text == " " and self._set_apart(here):
            self.run.pop()
        if self.run and here.left - self.run[-1].right > _GAP * self.size:
            self.close()
        if not self.run:
            self.size = _size(self.textpage, index)
        if self.size >= 0:
            self.run.append(here)

    def _set_apart(self, here: _Char) -> bool:
        """Whether the blank before a character is only the little space that typesetting puts around Chinese."""
        before = self.run[-2].text if len(self.run) > 1 else ""
        chinese = CHINESE.match(before) or CHINESE.match(here.text)
        return bool(chinese) and here.left - self.run[-1].right < _LITTLE * self.size

    def close(self, *, hyphen: bool = False) -> None:
        """End the line."""
        run, self.run = self.run, []
        text = " ".join("".join(char.text for char in run).split())
        if text:
            left, right = min(c.left for c in run), max(c.right for c in run)
            bottom, top = min(c.bottom for c in run), max(c.top for c in run)
            self.found.append(Line(text, left, right, bottom, top, self.size, hyphen))


def has_picture(page: Any) -> bool:
    """Whether a page shows a picture, also inside of forms."""
    import pypdfium2.raw as pdfium

    return next(iter(page.get_objects(filter=[pdfium.FPDF_PAGEOBJ_IMAGE], max_depth=3)), None) is not None


def _means_nothing(char: str) -> bool:
    return char == _MISSING or unicodedata.category(char) in ("Co", "Cn", "Cc", "Cs")


def _usual(char: str) -> str:
    """Return the usual form of ligatures and of the radicals that browsers write for the characters they look like."""
    return unicodedata.normalize("NFKC", char) if "\u2e80" <= char <= "\u2fdf" or "\ufb00" <= char <= "\ufb06" else char


def _size(textpage: Any, index: int) -> float:
    """Return the size in points at which a character is shown; -1 for a slanted line, as of a watermark."""
    import pypdfium2.raw as pdfium

    matrix = pdfium.FS_MATRIX()
    size = float(pdfium.FPDFText_GetFontSize(textpage, index))
    if not pdfium.FPDFText_GetMatrix(textpage, index, ctypes.byref(matrix)):
        return size
    across, along = math.hypot(matrix.a, matrix.b), math.hypot(matrix.c, matrix.d)
    if across and min(abs(matrix.a), abs(matrix.b)) > _SLANT * across:
        return -1.0
    return size * along
