"""What the readers of all formats write to: headings, paragraphs and tables become text with marks."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_SPACE = re.compile(r"[^\S\n]+")
# No text, but found in extracted text: C0 and C1 controls, lone surrogates, non-characters, soft hyphens, BOMs.
_NO_TEXT = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\ud800-\udfff\ufdd0-\ufdef\ufeff\ufffe\uffff]")
_CHINESE = re.compile("[\u3400-\u9fff]")
_NUMBER = re.compile(r"[\d.,:%¥$€/\s-]+")
_PAUSE = re.compile("[,，;；:：。!！?？]")
_HEADER = 40  # characters of a cell that can still be a column's name
_LEADER = 20  # characters of a cell that can be repeated in every other of its row
_LEVELS = 6


class Damaged(Exception):
    """A file cannot be read: the reason, and what to do about it."""

    def __init__(self, reason: str, remedy: str) -> None:
        self.reason, self.remedy = reason, remedy
        super().__init__(f"{reason}; {remedy}")


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a table and where it stands (``Sheet1!B5``), or ``""``."""

    text: str
    label: str = ""


@dataclass(frozen=True, slots=True)
class Extract:
    """The text of a file with its marks ``(start, label)`` and what the file says of itself."""

    text: str
    marks: list[tuple[int, str]]
    metadata: dict[str, str]


@dataclass(slots=True)
class Draft:
    """A text that grows block by block; a blank line stands between blocks."""

    parts: list[str] = field(default_factory=list)
    size: int = 0
    marks: list[tuple[int, str]] = field(default_factory=list)

    def mark(self, label: str) -> None:
        """Say where what follows stands."""
        if self.marks and self.marks[-1][0] == self.size:
            self.marks.pop()
        if (self.marks[-1][1] if self.marks else "") != label:
            self.marks.append((self.size, label))

    def heading(self, level: int, text: str) -> None:
        """Add a heading, as Markdown writes it, so that it becomes the section of what follows."""
        line = " ".join(clean(text).split())
        if line:
            self._add(f"{'#' * min(max(level, 1), _LEVELS)} {line}")
            self._end()

    def paragraph(self, text: str) -> None:
        """Add a paragraph; line breaks inside it stay."""
        lines = (_SPACE.sub(" ", line).strip() for line in clean(text).split("\n"))
        block = "\n".join(line for line in lines if line)
        if block:
            self._add(block)
            self._end()

    def piece(self, text: str) -> None:
        """Add text to the paragraph that is being written; ``paragraph_end`` closes it."""
        self._add(clean(text))

    def paragraph_end(self) -> None:
        """Close the paragraph that `piece` has written."""
        self._end()

    def table(self, rows: Sequence[Sequence[Cell]], names: Sequence[str] | None = None) -> None:
        """Add a table: each row a line that can be understood alone, with the names of the columns where there are any.

        ``姓名：王丽；部门：采编部`` says what a cell is. Where cells have labels, and the first column tells the rows
        apart, each cell says whose it is too, ``王丽的部门：采编部`` or ``Department (Wang Li): Cataloguing``: quoted
        alone it can be understood, and has the place of this one cell. Without ``names`` they are looked for in the
        first row.
        """
        filled = [row for row in rows if any(cell.text.strip() for cell in row)]
        if names is None and len(filled) > 1:
            names = column_names([cell.text for cell in filled[0]])
            filled = filled[1:] if names else filled
        if names is None:
            for row in filled:
                self._row([("", cell) for cell in row])
            return
        chinese = any(_CHINESE.search(name) for name in names)
        leads = any(cell.label for row in filled for cell in row) and _leads(filled)
        for row in filled:
            whose = " ".join(clean(row[0].text).split()) if leads else ""
            led = [
                (_led(name, whose if number else "", chinese) if name else "", cell)
                for number, (name, cell) in enumerate(zip(names, row, strict=False))
            ]
            self._row([*led, *(("", cell) for cell in row[len(names) :])], "；" if chinese else "; ")

    def _row(self, cells: Sequence[tuple[str, Cell]], between: str = " | ") -> None:
        first = True
        for name, cell in cells:
            text = " ".join(clean(cell.text).split())
            if not text:
                continue
            if not first:
                self._add(between)
            first = False
            if cell.label:
                self.mark(cell.label)
            self._add(name + text)
        self._end()

    def _add(self, text: str) -> None:
        self.parts.append(text)
        self.size += len(text)

    def _end(self) -> None:
        if self.parts and self.parts[-1] != "\n\n":
            self._add("\n\n")

    def extract(self, metadata: Mapping[str, str | None]) -> Extract:
        """Return the text written so far with its marks, and the metadata that holds something."""
        text = "".join(self.parts).rstrip() + "\n" if self.parts else ""
        kept = {name: " ".join(clean(value).split()) for name, value in metadata.items() if value}
        marks = [(start, label) for start, label in self.marks if start < len(text)]
        return Extract(text, marks, {name: value for name, value in kept.items() if value})


def _leads(rows: Sequence[Sequence[Cell]]) -> bool:
    """Whether the first cells of the rows name them: all different, short, without a pause, and no numbers."""
    first = [" ".join(clean(row[0].text).split()) if row else "" for row in rows]
    good = all(0 < len(n) <= _LEADER and not _NUMBER.fullmatch(n) and not _PAUSE.search(n) for n in first)
    return good and len(set(first)) == len(first)


def _led(name: str, whose: str, chinese: bool) -> str:
    """What stands before a cell: the name of its column, and what its row is about."""
    if chinese:
        return f"{whose}的{name}：" if whose else f"{name}："
    return f"{name} ({whose}): " if whose else f"{name}: "


def clean(text: str) -> str:
    """Return the text with one kind of line break, without characters that are no text."""
    return _NO_TEXT.sub("", text.replace("\r\n", "\n").replace("\r", "\n").replace("\v", "\n").replace("\f", "\n"))


def column_names(cells: Sequence[str]) -> list[str] | None:
    """Return the names of the columns if a table's first row holds such: short, different, no numbers, at least two."""
    names = [" ".join(clean(cell).split()) for cell in cells]
    while names and not names[-1]:
        names.pop()
    given = [name for name in names if name]
    good = len(given) > 1 and len(given) * 2 > len(names) and len(set(given)) == len(given)
    return names if good and all(len(n) <= _HEADER and not _NUMBER.fullmatch(n) for n in given) else None


def useful_title(title: str | None, file: str = "") -> str:
    """Return the title that a file gives itself, or ``""`` where it is a program's placeholder."""
    text = " ".join(clean(title or "").split())
    text = re.sub(r"^(?:Microsoft (?:Word|PowerPoint|Excel) - )", "", text)
    stem = file.rsplit(".", 1)[0].casefold()
    dull = re.fullmatch(
        r"(?:untitled|无标题|文档|document|presentation|powerpoint presentation|powerpoint 演示文稿|演示文稿"
        r"|slide|sheet|book)[ _-]?\d*|.*\.(?:docx?|pptx?|xlsx?|html?|pdf|indd|tex|wps|md)|about:blank|(?:file|https?)://.*",
        text,
        re.IGNORECASE,
    )
    return "" if dull or text.casefold() == stem else text
