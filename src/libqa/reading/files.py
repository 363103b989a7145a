"""One file into documents: bytes, encoding, front matter, repair, offsets."""

from __future__ import annotations

import json
import stat
from collections.abc import Iterator, Mapping
from pathlib import Path

from libqa.config import Settings
from libqa.errors import ReadError
from libqa.reading.markdown import first_heading, front_matter, plain
from libqa.text.offsets import OffsetMap, Piece
from libqa.types import Document

TEXT, MARKDOWN, ROWS = {".txt", ".text"}, {".md", ".markdown"}, {".jsonl"}
SUFFIXES = TEXT | MARKDOWN | ROWS
_TITLE = 60  # characters of a first line that can still be a title


def read_file(path: str | Path, settings: Settings) -> list[Document]:
    """Read one file into documents: one for ``.txt`` and ``.md``, one a row for ``.jsonl``.

    A document's id is the file's name without suffix, or the row's ``id``. Damaged text is repaired; ``raw`` and
    ``offsets`` lead back to the file as received.

    Raises
    ------
    ReadError : the first thing in the file that cannot become a document.
    """
    documents = []
    for item in iterate_file(Path(path), Path(path).stem, settings):
        if isinstance(item, ReadError):
            raise item
        documents.append(item)
    return documents


def iterate_file(
    path: Path, name: str, settings: Settings, extra: Mapping[str, str] = {}
) -> Iterator[Document | ReadError]:
    """Yield the documents of one file, and a ReadError for each thing that cannot become one.

    ``name`` is the id of the document; ``extra`` holds metadata for it that its own metadata overrides.
    """
    suffix = path.suffix.lower()
    try:
        if suffix not in SUFFIXES:
            known = ", ".join(sorted(SUFFIXES))
            raise ReadError(
                str(path),
                f"files of the kind {suffix or 'without a suffix'} cannot be read",
                f"save it as one of {known}",
            )
        from libqa.text.encoding import decode

        raw = decode(_read_bytes(path, settings), str(path)).text
        if not raw.strip():
            raise ReadError(str(path), "it is empty", "remove it or put text into it")
        if suffix in ROWS:
            yield from _rows(raw, path, name)
            return
        metadata, body = front_matter(raw, str(path)) if suffix in MARKDOWN else ({}, 0)
        yield check(_document(name, raw, body, {**extra, **metadata}), str(path))
    except ReadError as e:
        yield e


def check(document: Document, source: str) -> Document:
    """Return the document if it can be stored and quoted.

    Raises
    ------
    ReadError : no id, no text, or characters that are no Unicode text (NUL, lone surrogates).
    """
    if not document.id.strip():
        raise ReadError(source, "the document has no id", "give it one")
    if not document.text.strip():
        raise ReadError(source, f"document {document.id!r} has no text", "remove it or put text into it")
    for what, value in (
        ("id", document.id),
        ("title", document.title),
        ("text", document.text),
        ("metadata", "".join(document.metadata.values())),
    ):
        if "\0" in value or any("\ud800" <= char <= "\udfff" for char in value):
            raise ReadError(
                ascii(source)[1:-1],
                f"its {what} holds characters that are no text",
                "save or name it in Unicode (UTF-8)",
            )
    return document


def _read_bytes(path: Path, settings: Settings) -> bytes:
    limit = int(settings.max_file_mb * 2**20)
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            raise ReadError(str(path), "it is no regular file", "give a text file")
        if status.st_size <= limit:
            with path.open("rb") as file:
                data = file.read(limit + 1)  # it may have grown since
            if len(data) <= limit:
                return data
    except FileNotFoundError:
        raise ReadError(str(path), "there is no such file", "check the name") from None
    except OSError as e:
        raise ReadError(str(path), f"it cannot be read ({e.strerror})", "check its permissions and links") from None
    except ValueError as e:  # a NUL in the name
        raise ReadError(ascii(str(path))[1:-1], f"it cannot be read ({e})", "check the name") from None
    raise ReadError(str(path), f"it is larger than {settings.max_file_mb:g} MB", "split it or raise max_file_mb")


def _document(name: str, raw: str, body: int, metadata: dict[str, str]) -> Document:
    from libqa.text import repair

    repaired = repair(raw[body:])
    pieces = tuple(Piece(p.start, p.end, p.raw_start + body, p.raw_end + body) for p in repaired.offsets.pieces)
    offsets = OffsetMap(pieces, repaired.offsets.shift + body)
    title = metadata.pop("title", "").strip() or _title(repaired.text)
    kept = raw if raw != repaired.text else None
    return Document(name, repaired.text, title, metadata, kept, offsets)


def _title(text: str) -> str:
    line = first_heading(text) or next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= _TITLE else line[: _TITLE - 1] + "…"


def _rows(raw: str, path: Path, name: str) -> Iterator[Document | ReadError]:
    for number, line in enumerate(raw.split("\n"), 1):
        if not line.strip():
            continue
        where = f"{path}, line {number}"
        try:
            yield _row(line, where, f"{name}:{number}")
        except ReadError as e:
            yield e


def _row(line: str, where: str, name: str) -> Document:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as e:
        raise ReadError(where, f"it is not valid JSON ({e})", "correct or remove the line") from None
    if not isinstance(row, dict) or not isinstance(row.get("text"), str):
        raise ReadError(where, 'it is no object with a string "text"', "correct or remove the line")
    values = {str(key): plain(value) for key, value in row.items() if value is not None and key != "text"}
    identity = values.pop("id", "") or name
    document = _document(identity, row["text"], 0, values) if row["text"].strip() else Document(identity, "")
    return check(document, where)
