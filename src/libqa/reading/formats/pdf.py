"""PDF files: the text layer page by page, with the pages' own numbers; scans and broken fonts are named."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from typing import Any

from libqa.reading.formats import pdflayout, pdflines
from libqa.reading.formats.draft import Damaged, Draft, Extract, useful_title
from libqa.reading.formats.pdflines import Line

_TAIL = 4096  # bytes at the end in which a whole file has its end mark
_STREAM = re.compile(rb">>\s*stream\r?\n")
_CHUNK = 1 << 16
_FEW = 16  # characters: a page with a picture and fewer has no text layer
_GARBLED = 0.2  # share of characters without meaning from which a page's fonts are taken for broken
_OCR = "run text recognition on it (e.g. `ocrmypdf in.pdf out.pdf`) and give the result"
_DATE = re.compile(r"D?:?(\d{4})(?:(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])?)?")


def read(data: bytes, name: str, limit: int) -> Extract:
    """Read the text layer of a PDF; what stands on a page is marked with the page's number or label.

    ``limit`` bounds the characters. Running heads and page numbers are left out, lines are joined to paragraphs,
    columns are read one after the other.

    Raises
    ------
    Damaged : it is damaged, cut off or protected, has no text layer, or its fonts say nothing about their characters.
    """
    if b"%%EOF" not in data[-_TAIL:]:
        raise Damaged("it is cut off: its end is missing", "copy or download it again")
    _check_streams(data)
    document = _open(data)
    pages: list[list[Line]] = []
    empty: list[int] = []
    garbled: list[int] = []
    size = 0
    for number in range(len(document)):
        page = _page(document, number)
        lines, meaningless = pdflines.lines(page)
        count = sum(len(line.text.replace(" ", "")) for line in lines)
        if count < _FEW and pdflines.has_picture(page):
            empty.append(number)
        elif count and meaningless > count * _GARBLED:
            garbled.append(number)
            lines = []
        size += count
        if size > limit:
            raise Damaged("its text is too large", "split it or raise max_unpacked_mb")
        pages.append(lines)
        page.close()
    _judge(len(pages), empty, garbled, any(pages))
    labels = [f"p. {document.get_page_label(i) or i + 1}" for i in range(len(pages))]
    draft = Draft()
    pdflayout.write(pages, labels, _outline(document), draft)
    said = document.get_metadata_dict(skip_empty=True)
    date = _DATE.match(said.get("CreationDate", ""))
    return draft.extract(
        {
            "title": useful_title(said.get("Title"), name),
            "author": said.get("Author"),
            "date": "-".join(part for part in date.groups() if part) if date else "",
            "language": _language(document),
            "notice": "; ".join(
                part
                for part in (
                    _pages(empty, labels) and f"no text layer on {_pages(empty, labels)}",
                    _pages(garbled, labels) and f"left out, fonts garbled: {_pages(garbled, labels)}",
                )
                if part
            ),
        }
    )


def _check_streams(data: bytes) -> None:
    """Refuse a file with a damaged packed part; PDFium would leave out or change its text in silence."""
    if b"/Encrypt" in data:
        return
    for match in _STREAM.finditer(data):
        at = match.end()
        head = data[at : at + 2]
        if len(head) < 2 or head[0] & 15 != 8 or int.from_bytes(head, "big") % 31:
            continue  # not packed with Flate
        unpack = zlib.decompressobj()
        waiting = b""
        try:
            while not unpack.eof and (waiting or at < len(data)):
                if not waiting:
                    waiting, at = data[at : at + _CHUNK], at + _CHUNK
                unpack.decompress(waiting, _CHUNK)
                waiting = unpack.unconsumed_tail
        except zlib.error:
            raise Damaged(
                "it is damaged: a part of it cannot be unpacked",
                "copy or download it again; if a PDF reader shows it whole, print it to PDF there",
            ) from None


def _open(data: bytes) -> Any:
    import pypdfium2
    import pypdfium2.raw as pdfium

    try:
        document = pypdfium2.PdfDocument(data)
        count = len(document)
    except pypdfium2.PdfiumError as e:
        if getattr(e, "err_code", None) in (pdfium.FPDF_ERR_PASSWORD, pdfium.FPDF_ERR_SECURITY):
            raise Damaged("it is protected by a password", "save it without one") from None
        raise Damaged("it is damaged", "copy or download it again") from None
    if not count:
        raise Damaged("it has no pages", "copy or download it again")
    return document


def _page(document: Any, number: int) -> Any:
    import pypdfium2

    try:
        return document[number]
    except pypdfium2.PdfiumError:
        raise Damaged(f"page {number + 1} of {len(document)} is damaged", "copy or download it again") from None


def _judge(count: int, empty: Sequence[int], garbled: Sequence[int], readable: bool) -> None:
    """Refuse a file that has nothing to read."""
    if len(garbled) * 2 >= count - len(empty) and garbled:
        raise Damaged(
            f"its fonts do not say which characters they show, the text is garbled ({len(garbled)} of {count} pages)",
            f"save it again from its source, or {_OCR.replace(' on it', ' over it')}",
        )
    if empty and not readable:
        raise Damaged(f"it is a scan without a text layer ({count} pages of pictures)", _OCR)
    if not readable:
        raise Damaged(f"its {count} pages hold no text", f"if they show any, {_OCR}")


def _pages(numbers: Sequence[int], labels: Sequence[str]) -> str:
    return ", ".join(labels[n] for n in numbers[:20]) + (" …" if len(numbers) > 20 else "")


def _outline(document: Any) -> dict[str, int]:
    """Return the titles of the bookmarks, without blanks, with their levels from 1."""
    return {"".join(str(mark.get_title()).split()): mark.level + 1 for mark in document.get_toc()}


def _language(document: Any) -> str:
    import ctypes

    import pypdfium2.raw as pdfium

    size = pdfium.FPDFCatalog_GetLanguage(document, None, 0)
    if not 2 < size < 200:
        return ""
    units = (ctypes.c_ushort * (size // 2))()
    pdfium.FPDFCatalog_GetLanguage(document, units, size)
    return "".join(chr(unit) for unit in units if 0x20 <= unit < 0x7F)
