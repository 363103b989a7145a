"""Cut a document into passages of whole sentences, with the heading each stands under."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from libqa.text.segment import Span, clauses, sentences

_FULL, _MOST = 200, 350  # characters: a passage this long is closed at the next chance; none grows beyond the second
_CROWDED = 1200  # a "sentence" longer than this (a table, text without full stops) is cut into clauses
_INDENT = 16  # characters of white space before a heading
_SCRAP = 60  # what is shorter joins a long sentence rather than standing alone
_MARKDOWN = re.compile(r"#{1,6}[ \t]+(.*?)[ \t#]*$", re.DOTALL)
_NUMBERED = re.compile(
    r"(?:第[一二三四五六七八九十百\d]{1,4}[章节節编編部分篇]|[一二三四五六七八九十]{1,3}、|[（(][一二三四五六七八九十]{1,3}[）)]).{1,38}$"
)


@dataclass(frozen=True, slots=True)
class Piece:
    """``text[start:end]`` of a document, under the heading ``section`` (``""`` if none)."""

    start: int
    end: int
    section: str


def split(text: str) -> list[Piece]:
    """Cut a document's text into passages of whole consecutive sentences, about 200 to 350 characters each.

    A longer sentence is one passage. Headings (Markdown, 第一章, 一、) open a new passage and are not part of it,
    save one with nothing under it.
    """
    found: list[Piece] = []
    for section, start, spans in _sections(text):
        if spans:
            found += [Piece(first, last, section) for first, last in _pack(text, spans)]
        elif section:
            found.append(Piece(start, start + len(section), ""))
    return found


def context(title: str, piece: Piece, text: str) -> str:
    """Return what is indexed and embedded for a passage: title and section above its text."""
    body = text[piece.start : piece.end]
    return "\n".join(part for part in (title, piece.section, body) if part and (part is body or part not in body))


def _sections(text: str) -> Iterator[tuple[str, int, list[Span]]]:
    """Yield each heading, the offset of its words, and the sentences under it."""
    section, at, spans = "", 0, list[Span]()
    for start, end in sentences(text):
        heading = _heading(text, start, end)
        if heading is None:
            spans.append((start, end))
            continue
        yield section, at, spans
        section, spans = heading, []
        at = text.index(heading, start) if heading else start
    yield section, at, spans


def _heading(text: str, start: int, end: int) -> str | None:
    before = text.rfind("\n", max(0, start - _INDENT), start)
    alone = (before >= 0 or start < _INDENT) and not text[before + 1 : start].strip() and text[end : end + 1] in "\r\n"
    if not alone:
        return None
    line = text[start:end]
    match = _MARKDOWN.match(line)
    if match:
        return match[1].strip()
    return line if _NUMBERED.match(line) and line[-1] not in "。！？；，、：.!?;,:" else None


def _pack(text: str, spans: list[Span]) -> Iterator[Span]:
    first = last = -1
    for start, end in (piece for span in spans for piece in _fit(text, span)):
        size = last - first
        if first >= 0 and end - first > _MOST and size >= _SCRAP:
            yield first, last
            first = -1
        first, last = (start if first < 0 else first), end
        if last - first >= _FULL and ("\n" in text[last : last + 1] or last - first >= (_FULL + _MOST) // 2):
            yield first, last
            first = -1
    if first >= 0:
        yield first, last


def _fit(text: str, span: Span) -> Iterator[Span]:
    """Yield the sentence, or the runs of clauses of one that is far too long."""
    start, end = span
    if end - start <= _CROWDED:
        yield span
        return
    at = start
    for first, last in clauses(text, start, end):
        if last - at > _MOST and first > at:
            yield at, at + len(text[at:first].rstrip())
            at = first
        while last - at > _CROWDED:  # no sentence at all, such as encoded data
            yield at, at + _CROWDED
            at += _CROWDED
    yield at, end
