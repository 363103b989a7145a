"""Files of rows: JSON lines and JSON with a document a row, tables in CSV and JSON as one document with marked rows."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from libqa.errors import ReadError
from libqa.reading.formats.draft import Cell, Draft, Extract
from libqa.reading.markdown import plain

_DELIMITERS = ",;\t|"
_SAMPLE = 20  # lines by which the delimiter is found


@dataclass(frozen=True, slots=True)
class Row:
    """A row that is a document; ``source`` is what messages call it."""

    id: str
    text: str
    metadata: dict[str, str]
    source: str


def json_lines(raw: str, path: str, name: str) -> Iterator[Row | Extract | ReadError]:
    """Yield the rows of JSON lines, or a ReadError for one that is none."""
    for number, line in enumerate(raw.split("\n"), 1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        try:
            yield _row(_parsed(line, where, "the line"), where, f"{name}:{number}")
        except ReadError as e:
            yield e


def json_file(raw: str, path: str, name: str) -> Iterator[Row | Extract | ReadError]:
    """Yield what a JSON file holds: rows with ``text`` as documents, a list of other objects as one table.

    Raises
    ------
    ReadError : it is no JSON, or neither.
    """
    value = _parsed(raw, path, "the file")
    rows = value if isinstance(value, list) else [value]
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise ReadError(path, "it holds neither an object nor a list of objects", 'give objects with a string "text"')
    if not any("text" in row for row in rows):
        yield _table(rows)
        return
    for number, row in enumerate(rows, 1):
        where = path if value is not rows else f"{path}, item {number}"
        try:
            yield _row(row, where, name if value is not rows else f"{name}:{number}")
        except ReadError as e:
            yield e


def table(raw: str, path: str) -> Extract:
    """Return the rows of a CSV file as text, each cell led by the name of its column.

    Cells are marked as spreadsheets call them: ``C2``.

    Raises
    ------
    ReadError : a row cannot be told from the next.
    """
    rows: list[list[Cell]] = []
    try:
        for number, row in enumerate(csv.reader(io.StringIO(raw.lstrip("\ufeff")), delimiter=_delimiter(raw)), 1):
            rows.append([Cell(text, f"{column_letters(n)}{number}") for n, text in enumerate(row, 1)])
    except csv.Error as e:
        raise ReadError(path, f"it is no table of separated values ({e})", "save it anew as CSV") from None
    draft = Draft()
    draft.table(rows)
    return draft.extract({})


def column_letters(number: int) -> str:
    """Return what spreadsheets call a column: A for 1, Z for 26, AA for 27."""
    letters = ""
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters


def _table(rows: list[dict[str, Any]]) -> Extract:
    names = list(dict.fromkeys(str(name) for row in rows for name in row))
    cells = [
        [Cell("" if row.get(name) is None else plain(row[name]), f"item {number}") for name in names]
        for number, row in enumerate(rows, 1)
    ]
    draft = Draft()
    draft.table(cells, names)
    return draft.extract({})


def _delimiter(raw: str) -> str:
    """Return the mark that stands equally often in the first lines, outside of quotation marks."""
    lines = [line for line in raw.lstrip("\ufeff").splitlines()[:_SAMPLE] if line.strip()]

    def fit(mark: str) -> tuple[int, int]:
        counts = [sum(part.count(mark) for part in line.split('"')[::2]) for line in lines]
        return (sum(count == counts[0] for count in counts) if counts and counts[0] else 0), counts[0] if counts else 0

    return max(_DELIMITERS, key=fit)


def _parsed(text: str, where: str, what: str) -> Any:
    try:
        return json.loads(text.lstrip("\ufeff"))
    except (ValueError, RecursionError) as e:
        raise ReadError(where, f"it is not valid JSON ({e})", f"correct or remove {what}") from None


def _row(row: object, where: str, name: str) -> Row:
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise ReadError(where, 'it is no object with a string "text"', "correct or remove it")
    values = {str(key): plain(value) for key, value in row.items() if value is not None and key != "text"}
    return Row(values.pop("id", "") or name, row["text"], values, where)
