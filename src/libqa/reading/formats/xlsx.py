"""Excel workbooks: the visible sheets, cells as they are shown, each with its place."""

from __future__ import annotations

import datetime
import io
import re
from collections.abc import Iterable, Iterator
from typing import Any

from libqa.reading.formats.draft import Cell, Draft, Extract, useful_title
from libqa.reading.formats.package import open_package


def read(data: bytes, name: str, limit: int) -> Extract:
    """Read a workbook of at most ``limit`` bytes unpacked; each cell is marked ``Sheet!B5``.

    Raises
    ------
    Damaged : it is damaged, protected or something else.
    """
    open_package(data, "xlsx", limit)
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
    draft = Draft()
    for sheet in book.worksheets:
        if sheet.sheet_state != "visible":
            continue
        sheet.reset_dimensions()  # what the file says of its size may be wrong
        blocks = list(_blocks(_rows(sheet)))
        if blocks:
            draft.mark(f"{sheet.title}!A1")
            draft.heading(2, sheet.title)
        for block in blocks:
            _block(block, draft)
    properties = book.properties
    return draft.extract(
        {
            "title": useful_title(properties.title, name),
            "author": properties.creator if properties.creator != "openpyxl" else "",
            "date": properties.created.date().isoformat() if properties.created else "",
            "language": properties.language,
        }
    )


def _rows(sheet: Any) -> Iterator[list[Cell]]:
    from openpyxl.utils import get_column_letter

    for row in sheet.iter_rows():
        cells = []
        for column, cell in enumerate(row, 1):
            text = shown(cell.value, str(cell.number_format)) if cell.value is not None else ""
            cells.append(Cell(text, f"{sheet.title}!{get_column_letter(column)}{cell.row}" if text else ""))
        while cells and not cells[-1].text:
            cells.pop()
        yield cells


def _blocks(rows: Iterable[list[Cell]]) -> Iterator[list[list[Cell]]]:
    """Yield the runs of rows that hold something; a blank row parts two tables of a sheet."""
    block: list[list[Cell]] = []
    for row in rows:
        if any(cell.text for cell in row):
            block.append(row)
        elif block:
            yield block
            block = []
    if block:
        yield block


def _block(block: list[list[Cell]], draft: Draft) -> None:
    """Write a table; what stands alone in a row above it is its caption."""
    at = 0
    while at < len(block) and sum(bool(cell.text) for cell in block[at]) == 1:
        cell = next(cell for cell in block[at] if cell.text)
        draft.mark(cell.label)
        draft.paragraph(cell.text)
        at += 1
    draft.table(block[at:])


def shown(value: object, pattern: str) -> str:
    """Return a cell's value as its number format shows it: dates in ISO form, percentages, decimals, thousands."""
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime.datetime):
        return value.date().isoformat() if value.time() == datetime.time() else value.isoformat(" ", "minutes")
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    return _number(value, pattern) if isinstance(value, (int, float)) else str(value)


def _number(value: float, pattern: str) -> str:
    plain = re.sub(r'"[^"]*"|\[[^\]]*\]|\\.', "", pattern.partition(";")[0])
    match = re.search(r"[0#?][0#?,]*(?:\.([0#?]+))?", plain)
    if match is None or "E" in plain:
        return str(value) if isinstance(value, int) else f"{value:.12g}"
    comma = "," if "," in match[0].rstrip(",") else ""
    share = "%" if "%" in plain else ""
    return f"{value * 100 if share else value:{comma}.{len(match[1] or '')}f}{share}"
