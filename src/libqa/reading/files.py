"""One file into documents: bytes, kind, encoding or reading process, front matter, repair, offsets, marks."""

from __future__ import annotations

import re
import stat
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from libqa.config import Settings
from libqa.errors import ReadError
from libqa.reading import rows
from libqa.reading.checking import check
from libqa.reading.formats.draft import Extract
from libqa.reading.garbled import is_garbled
from libqa.reading.kinds import check_content, kind_of
from libqa.reading.markdown import first_heading, front_matter
from libqa.reading.sandbox import MODULES, Sandbox
from libqa.text.offsets import OffsetMap, Piece
from libqa.types import Document, Mark

_TITLE = 60  # characters of a first line that can still be a title
_UNTITLED = ("csv", "json", "xlsx")  # their first line is no title, the file's name is the better one
# What programs leave in folders and archives beside the documents.
_LITTER = re.compile(r"(?:^|/)(?:\.(?!\.?/)|~\$|__MACOSX/|Thumbs\.db$|desktop\.ini$)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _File:
    """A file that has been read into memory. ``source`` is what messages call it, ``name`` its document's id."""

    data: bytes
    kind: str
    source: str
    file: str
    name: str
    extra: Mapping[str, str]
    charset: str = ""


def read_file(path: str | Path, settings: Settings) -> list[Document]:
    """Read one file into documents: one, or one a row for JSON lines, one a file for a zip archive.

    A document's id is the file's name without suffix, or the row's ``id``. Damaged text is repaired; ``raw`` and
    ``offsets`` lead back to the file as received, or to the text that was extracted from it.

    Raises
    ------
    ReadError : the first thing in the file that cannot become a document.
    """
    documents = []
    with Sandbox(settings) as sandbox:
        for item in iterate_file(Path(path), Path(path).stem, sandbox):
            if isinstance(item, ReadError):
                raise item
            documents.append(item)
    return documents


def iterate_file(
    path: Path, name: str, sandbox: Sandbox, extra: Mapping[str, str] = {}
) -> Iterator[Document | ReadError]:
    """Yield the documents of one file, and a ReadError for each thing that cannot become one.

    ``name`` is the id of the document; ``extra`` holds metadata for it that its own metadata overrides.
    """
    try:
        kind = kind_of(path.suffix, str(path))
        data = _read_bytes(path, sandbox.settings)
    except ReadError as e:
        yield e
        return
    yield from _documents(_File(data, kind, str(path), path.name, name, extra), sandbox)


def iterate_url(url: str, sandbox: Sandbox) -> Iterator[Document | ReadError]:
    """Yield the documents that a URL leads to; the id is the URL without fragment."""
    from libqa.reading.fetch import fetch

    name = url.partition("#")[0]
    try:
        got = fetch(url, sandbox.settings)
    except ReadError as e:
        yield e
        return
    file = PurePosixPath(got.url.partition("?")[0]).name
    yield from _documents(_File(got.data, got.kind, url, file, name, {"url": got.url}, got.charset), sandbox)


def is_litter(name: str) -> bool:
    """Whether a file, by its path in a folder or archive, is hidden or left behind by a program."""
    return _LITTER.search(name) is not None


def _documents(file: _File, sandbox: Sandbox) -> Iterator[Document | ReadError]:
    try:
        if not file.data.strip(b" \t\r\n\x0b\x0c"):
            raise ReadError(file.source, "it is empty", "remove it or put text into it")
        check_content(file.data, file.kind, file.source)
        if file.kind == "zip":
            yield from _archive(file, sandbox)
        elif file.kind in MODULES:
            found = sandbox.extract(file.data, file.kind, file.file, file.source, file.charset)
            yield _extracted(found, file)
        else:
            yield from _plain(file)
    except ReadError as e:
        yield e


def _plain(file: _File) -> Iterator[Document | ReadError]:
    """Yield the documents of a file that is text already; it needs no process of its own."""
    from libqa.text.encoding import decode

    raw = decode(file.data, file.source).text
    if not raw.strip():
        raise ReadError(file.source, "it is empty", "remove it or put text into it")
    if file.kind == "csv":
        yield _extracted(rows.table(raw, file.source), file)
    elif file.kind in ("json", "jsonl"):
        read = rows.json_file if file.kind == "json" else rows.json_lines
        for row in read(raw, file.source, file.name):
            if isinstance(row, Extract):
                yield _extracted(row, file)
            else:
                yield row if isinstance(row, ReadError) else _of_row(row)
    else:
        metadata, body = front_matter(raw, file.source) if file.kind == "md" else ({}, 0)
        yield check(_document(file.name, raw, body, {**file.extra, **metadata}), file.source)


def _extracted(found: Extract, file: _File) -> Document:
    if not found.text.strip():
        raise ReadError(file.source, "it holds no text", "remove it or put text into it")
    if file.kind == "pdf" and is_garbled(found.text):
        raise ReadError(
            file.source,
            "its text is garbled: its fonts name other characters than they show",
            "save it again from its source, or run text recognition (OCR) over it",
        )
    named = {"title": PurePosixPath(file.file).stem} if file.kind in _UNTITLED else {}
    document = _document(file.name, found.text, 0, {**named, **file.extra, **found.metadata}, found.marks)
    return check(document, file.source)


def _of_row(row: rows.Row) -> Document | ReadError:
    try:
        empty = not row.text.strip()
        return check(Document(row.id, "") if empty else _document(row.id, row.text, 0, row.metadata), row.source)
    except ReadError as e:
        return e


def _archive(file: _File, sandbox: Sandbox) -> Iterator[Document | ReadError]:
    """Yield the documents of the files in a zip archive. It is unpacked in a process, each file is read in another."""
    with Sandbox(sandbox.settings) as unpacking:
        said, _ = unpacking.ask(file.source, file.data, do="list")
        names = [str(name) for name in said["names"]]
        if all(is_litter(name) for name in names):
            raise ReadError(file.source, "the archive holds no file", "put documents into it")
        for number, name in enumerate(names):
            if not is_litter(name):
                yield from _member(file, name, number, unpacking, sandbox)
            if not unpacking.running:
                raise ReadError(file.source, "the rest of the archive is not read", "unpack it and add the folder")


def _member(
    file: _File, name: str, number: int, unpacking: Sandbox, sandbox: Sandbox
) -> Iterator[Document | ReadError]:
    path = PurePosixPath(name.replace("\\", "/"))
    inside = "/".join(part for part in path.with_suffix("").parts if part not in ("..", "/")) if path.name else ""
    source = f"{file.source}: {name}"
    try:
        kind = kind_of(path.suffix, source)
        if kind == "zip":
            raise ReadError(source, "it is an archive inside an archive", "unpack the outer one and add the folder")
        _, data = unpacking.ask(source, do="entry", number=number)
        if len(data) > sandbox.settings.max_file_mb * 2**20:
            raise _too_large(source, sandbox.settings)
    except ReadError as e:
        yield e
        return
    yield from _documents(_File(data, kind, source, path.name, f"{file.name}/{inside}", file.extra), sandbox)


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
    raise _too_large(str(path), settings)


def _too_large(source: str, settings: Settings) -> ReadError:
    return ReadError(source, f"it is larger than {settings.max_file_mb:g} MB", "split it or raise max_file_mb")


def _document(
    name: str, raw: str, body: int, metadata: dict[str, str], marks: Sequence[tuple[int, str]] = ()
) -> Document:
    from libqa.text import repair

    repaired = repair(raw[body:])
    found = repaired.offsets.pieces
    pieces = tuple(Piece(p.start, p.end, p.raw_start + body, p.raw_end + body) for p in found)
    offsets = OffsetMap(pieces, repaired.offsets.shift + body)
    title = metadata.pop("title", "").strip() or _title(repaired.text)
    kept = raw if raw != repaired.text else None
    moved = tuple(Mark(_moved(start, found), label) for start, label in marks)
    return Document(name, repaired.text, title, metadata, kept, offsets, moved)


def _moved(at: int, pieces: Sequence[Piece]) -> int:
    """Return where a place of the text as extracted is in the repaired text."""
    number = bisect_right(pieces, at, key=lambda piece: piece.raw_start) - 1
    if number < 0:
        return at
    piece = pieces[number]
    return piece.start if at < piece.raw_end else at - piece.raw_end + piece.end


def _title(text: str) -> str:
    line = first_heading(text) or next((line.strip() for line in text.splitlines() if line.strip()), "")
    return line if len(line) <= _TITLE else line[: _TITLE - 1] + "…"
