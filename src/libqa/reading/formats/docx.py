"""Word documents: body, tables, text boxes and footnotes, with the pages that the word processor counted."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

from libqa.reading.formats.draft import Cell, Draft, Extract, useful_title
from libqa.reading.formats.package import open_package

_W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_FALLBACK = "{http://schemas.openxmlformats.org/markup-compatibility/2006}Fallback"
_FOOTNOTES = "/footnotes"
_PAGE = "\f"  # stands for a page break inside a paragraph's text
_CHARACTERS = {"tab": "\t", "br": "\n", "cr": "\n", "noBreakHyphen": "-", "lastRenderedPageBreak": _PAGE}
_LEFT_OUT = {_W + "del", _W + "moveFrom", _W + "txbxContent", _W + "rPr", _W + "pPr", _FALLBACK}


def read(data: bytes, name: str, limit: int) -> Extract:
    """Read a Word document of at most ``limit`` bytes unpacked.

    Raises
    ------
    Damaged : it is damaged, protected or something else.
    """
    open_package(data, "docx", limit)
    import docx

    document = docx.Document(io.BytesIO(data))
    reader = _Reader(_heading_levels(document), document.element.find(f".//{_W}lastRenderedPageBreak") is not None)
    reader.blocks(document.element.body)
    for relation in document.part.rels.values():
        if relation.reltype.endswith(_FOOTNOTES) and not relation.is_external:
            reader.footnotes(relation.target_part.blob)
    properties = document.core_properties
    return reader.draft.extract(
        {
            "title": useful_title(properties.title, name),
            "author": properties.author if properties.author != "python-docx" else "",
            "date": properties.created.date().isoformat() if properties.created else "",
            "language": properties.language,
        }
    )


class _Reader:
    """Walks the body and counts pages; ``paged`` says whether the file holds page breaks as they were laid out."""

    def __init__(self, levels: dict[str, int], paged: bool) -> None:
        self.draft, self.levels, self.paged, self.page = Draft(), levels, paged, 1
        if paged:
            self.draft.mark("p. 1")

    def blocks(self, parent: Any) -> None:
        for element in parent:
            if element.tag == _W + "p":
                self._paragraph(element)
            elif element.tag == _W + "tbl":
                self._table(element)
            elif element.tag in (_W + "sdt", _W + "sdtContent", _W + "ins", _W + "customXml"):
                self.blocks(element)

    def footnotes(self, blob: bytes) -> None:
        from lxml import etree

        root = etree.fromstring(blob, etree.XMLParser(resolve_entities=False, no_network=True))
        notes = [note for note in root.iter(_W + "footnote") if note.get(_W + "type") is None]
        for number, note in enumerate(notes, 1):
            self.draft.mark(f"note {number}")
            self.draft.paragraph("\n".join(_text(p).replace(_PAGE, "") for p in note.iter(_W + "p")))

    def _paragraph(self, element: Any) -> None:
        parts = _text(element).split(_PAGE)
        level = self._level(element)
        if level:
            ahead = next((i for i, part in enumerate(parts) if part.strip()), 0)
            self._turn(ahead)  # the breaks before the heading's words
            self.draft.heading(level, "".join(parts))
            self._turn(len(parts) - 1 - ahead)
        else:
            for number, part in enumerate(parts):
                self._turn(1 if number else 0)
                if part:
                    self.draft.piece(re.sub(r"[^\S\n]+", " ", part if number else part.lstrip()))
            self.draft.paragraph_end()
        for box in _outermost(element, _W + "txbxContent"):
            self.blocks(box)

    def _turn(self, pages: int) -> None:
        if pages and self.paged:
            self.page += pages
            self.draft.mark(f"p. {self.page}")

    def _level(self, element: Any) -> int:
        properties = element.find(_W + "pPr")
        if properties is None:
            return 0
        outline, style = properties.find(_W + "outlineLvl"), properties.find(_W + "pStyle")
        if outline is not None and str(outline.get(_W + "val")).isdigit():
            level = int(outline.get(_W + "val")) + 1
            return level if level <= 9 else 0
        return self.levels.get(style.get(_W + "val"), 0) if style is not None else 0

    def _table(self, element: Any) -> None:
        rows: list[list[Cell]] = []
        above: list[str] = []
        for row in element.iter(_W + "tr"):
            if next(row.iterancestors(_W + "tbl")) is not element:
                continue  # of a table inside a cell; its words are read with the cell
            breaks = sum(1 for _ in row.iter(_W + "lastRenderedPageBreak")) > 0
            self.page += 1 if breaks and self.paged else 0
            texts = list(_cells(row, above))
            above = texts
            rows.append([Cell(text, f"p. {self.page}" if self.paged else "") for text in texts])
        if all(len(row) < 2 for row in rows):
            for row in rows:
                for cell in row:
                    self.draft.mark(cell.label)
                    self.draft.paragraph(cell.text)
        else:
            self.draft.table(rows)
        if self.paged:
            self.draft.mark(f"p. {self.page}")


def _cells(row: Any, above: list[str]) -> Iterator[str]:
    """Yield the texts of a row by column; a cell merged with the one above repeats its text."""
    column = 0
    for cell in row.iter(_W + "tc"):
        if next(cell.iterancestors(_W + "tr")) is not row:
            continue
        properties = cell.find(_W + "tcPr")
        merged = properties.find(_W + "vMerge") if properties is not None else None
        span = properties.find(_W + "gridSpan") if properties is not None else None
        text = " ".join(_text(p).replace(_PAGE, "") for p in cell.iter(_W + "p"))
        if merged is not None and merged.get(_W + "val") != "restart" and not text.strip():
            text = above[column] if column < len(above) else ""
        yield text
        width = str(span.get(_W + "val")) if span is not None else "1"
        further = min(int(width), 64) - 1 if width.isdigit() else 0
        for _ in range(further):
            yield ""
        column += 1 + max(further, 0)


def _text(element: Any) -> str:
    """Return the words of a paragraph as they are shown: without deletions, text boxes and fallbacks."""
    out: list[str] = []
    stack = [element]
    while stack:
        node = stack.pop()
        if not isinstance(node.tag, str) or node.tag in _LEFT_OUT:
            continue
        name = node.tag[len(_W) :] if node.tag.startswith(_W) else ""
        if name == "t":
            out.append(node.text or "")
        elif name in _CHARACTERS:
            paged = name == "br" and node.get(_W + "type") in ("page", "column")  # laid out, it is told apart
            out.append("" if paged else _CHARACTERS[name])
        stack.extend(reversed(node))
    return "".join(out)


def _outermost(element: Any, tag: str) -> Iterator[Any]:
    for child in element:
        if child.tag == tag:
            yield child
        elif child.tag != _FALLBACK:
            yield from _outermost(child, tag)


def _heading_levels(document: Any) -> dict[str, int]:
    """Return the heading level of each paragraph style that is one, by name or by its place in the outline."""
    levels: dict[str, int] = {}
    for style in document.styles.element.iter(_W + "style"):
        name = style.find(_W + "name")
        match = re.fullmatch(r"heading (\d)", str(name.get(_W + "val")).lower()) if name is not None else None
        outline = style.find(f"{_W}pPr/{_W}outlineLvl")
        if match:
            level = int(match[1])
        elif name is not None and str(name.get(_W + "val")).lower() == "title":
            level = 1
        elif outline is not None and str(outline.get(_W + "val")).isdigit():
            level = int(outline.get(_W + "val")) + 1
        else:
            continue
        if 1 <= level <= 9:
            levels[str(style.get(_W + "styleId"))] = level
    return levels
