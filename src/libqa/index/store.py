"""SQLite, the single truth of an index: documents, passages with vectors and terms, and a sequence of changes."""

from __future__ import annotations

import json
import sqlite3
import uuid
import zlib
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from libqa.errors import IndexMismatch, IndexMissing, SettingError
from libqa.index.passages import Piece
from libqa.text.offsets import OffsetMap
from libqa.text.offsets import Piece as Edit
from libqa.types import Document, Mark, Passage

SCHEMA = "2"
"""Version of the tables and of what ``libqa.text.segment.terms`` makes; an index of another version is rebuilt."""
FILE = "libqa.sqlite3"
_TABLES = """
CREATE TABLE meta(name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE changes(sequence INTEGER PRIMARY KEY, token TEXT NOT NULL);
CREATE TABLE documents(
    number INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, title TEXT NOT NULL, metadata TEXT NOT NULL,
    text TEXT NOT NULL, raw TEXT, offsets TEXT NOT NULL, marks TEXT NOT NULL);
CREATE TABLE passages(
    id INTEGER PRIMARY KEY AUTOINCREMENT, document INTEGER NOT NULL REFERENCES documents(number),
    start INTEGER NOT NULL, stop INTEGER NOT NULL, section TEXT NOT NULL, vector BLOB NOT NULL, terms BLOB NOT NULL);
CREATE INDEX passages_by_document ON passages(document);
CREATE TABLE removed(passage INTEGER PRIMARY KEY, sequence INTEGER NOT NULL);
CREATE INDEX removed_by_sequence ON removed(sequence);
"""


@dataclass(frozen=True, slots=True)
class Head:
    """Where an index stands: which index it is, what it was built with, and its newest change."""

    index: str
    schema: str
    embedder: str
    fingerprint: str
    dimension: int
    sequence: int
    token: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A passage as it is written: its place, its vector (dimension,) and its terms with repetitions."""

    piece: Piece
    vector: NDArray[np.float32]
    terms: Sequence[str]


def connect(directory: Path, *, write: bool = False) -> sqlite3.Connection:
    """Open the database of the index in ``directory``; reading works on a read-only directory as well.

    Raises
    ------
    IndexMissing : there is none.
    IndexMismatch : the file is no database.
    SettingError : it cannot be opened.
    """
    file = directory / FILE
    if not write and not file.is_file():
        raise IndexMissing(str(directory), "there is no index", "build one with `libqa build`")
    try:
        if write:
            connection = _open(file, "mode=rwc")
            connection.execute("PRAGMA journal_mode=WAL")
            connection.execute("PRAGMA synchronous=FULL")
            return connection
        try:
            connection = _open(file, "mode=rw")
        except sqlite3.OperationalError:
            # A read-only directory: WAL needs a file beside the database, unless nothing can be in that file.
            log = file.with_name(FILE + "-wal")
            if log.exists() and log.stat().st_size:
                raise
            connection = _open(file, "mode=ro&immutable=1")
        connection.execute("PRAGMA query_only=ON")
        return connection
    except sqlite3.DatabaseError as e:
        if isinstance(e, sqlite3.OperationalError):
            raise SettingError(str(file), f"the index cannot be opened ({e})", "check its permissions") from None
        raise IndexMismatch(str(file), f"it is no index ({e})", "build it anew with `libqa build`") from None


def _open(file: Path, mode: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{file.absolute().as_uri()}?{mode}", uri=True, timeout=30, isolation_level=None, check_same_thread=False
    )
    try:
        connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
    except sqlite3.DatabaseError:
        connection.close()
        raise
    return connection


@contextmanager
def transaction(connection: sqlite3.Connection, *, write: bool = False) -> Iterator[None]:
    """Run a block in one transaction; an exception undoes all of it."""
    connection.execute("BEGIN IMMEDIATE" if write else "BEGIN")
    try:
        yield
    except BaseException:
        with suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def reset(connection: sqlite3.Connection, embedder: str, fingerprint: str, dimension: int) -> None:
    """Empty the index inside the current transaction; passage ids go on where the old index ended."""
    last = 0
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    if "passages" in tables:
        last = last_passage(connection)
    for table in ("removed", "passages", "documents", "changes", "meta"):
        connection.execute(f"DROP TABLE IF EXISTS {table}")
    for statement in _TABLES.split(";\n"):
        connection.execute(statement)
    connection.execute("INSERT INTO sqlite_sequence(name, seq) VALUES ('passages', ?)", (last,))
    values = {
        "index": uuid.uuid4().hex,
        "schema": SCHEMA,
        "embedder": embedder,
        "fingerprint": fingerprint,
        "dimension": str(dimension),
    }
    connection.executemany("INSERT INTO meta(name, value) VALUES (?, ?)", values.items())
    next_change(connection)


def last_passage(connection: sqlite3.Connection) -> int:
    """Return the highest passage id ever given."""
    row = connection.execute("SELECT seq FROM sqlite_sequence WHERE name = 'passages'").fetchone()
    return int(row[0]) if row else 0


def head(connection: sqlite3.Connection, name: str) -> Head:
    """Return where the index stands.

    Raises
    ------
    IndexMissing : the database holds no index (a first build was broken off).
    IndexMismatch : an incompatible version of libqa made it.
    """
    try:
        values = dict(connection.execute("SELECT name, value FROM meta").fetchall())
    except sqlite3.DatabaseError as e:
        if connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise IndexMismatch(name, f"it is no index of libqa ({e})", "build it anew with `libqa build`") from None
        raise IndexMissing(
            name, "there is no index, its building was broken off", "build one with `libqa build`"
        ) from None
    if values.get("schema") != SCHEMA:
        found = values.get("schema", "unknown")
        raise IndexMismatch(
            name, f"it has format {found}, this libqa reads {SCHEMA}", "build it anew with `libqa build`"
        )
    sequence, token = connection.execute(
        "SELECT sequence, token FROM changes ORDER BY sequence DESC LIMIT 1"
    ).fetchone()
    return Head(
        values["index"], SCHEMA, values["embedder"], values["fingerprint"], int(values["dimension"]), sequence, token
    )


def next_change(connection: sqlite3.Connection) -> int:
    """Begin a change and return its number; its token tells it from another of that number after a restore."""
    (last,) = connection.execute("SELECT coalesce(max(sequence), 0) FROM changes").fetchone()
    connection.execute("INSERT INTO changes(sequence, token) VALUES (?, ?)", (last + 1, uuid.uuid4().hex))
    return int(last) + 1


def has_change(connection: sqlite3.Connection, sequence: int, token: str) -> bool:
    """Whether this very change is part of the index's history."""
    row = connection.execute("SELECT token FROM changes WHERE sequence = ?", (sequence,)).fetchone()
    return bool(row) and row[0] == token


def count_changes(connection: sqlite3.Connection, last: int, sequence: int) -> int:
    """Return how many passages have ids above ``last`` or were removed after the change ``sequence``."""
    added = connection.execute("SELECT count(*) FROM passages WHERE id > ?", (last,)).fetchone()[0]
    return int(added) + len(removed_since(connection, sequence))


def put(connection: sqlite3.Connection, document: Document, entries: Sequence[Entry], sequence: int) -> None:
    """Write a document and its passages, in place of a document with the same id."""
    drop(connection, document.id, sequence)
    offsets = [document.offsets.shift, [[p.start, p.end, p.raw_start, p.raw_end] for p in document.offsets.pieces]]
    number = connection.execute(
        "INSERT INTO documents(id, title, metadata, text, raw, offsets, marks) VALUES (?, ?, ?, ?, ?, ?, ?)",
        (
            document.id,
            document.title,
            json.dumps(dict(document.metadata), ensure_ascii=False),
            document.text,
            document.raw,
            json.dumps(offsets),
            json.dumps([[mark.start, mark.label] for mark in document.marks], ensure_ascii=False),
        ),
    ).lastrowid
    connection.executemany(
        "INSERT INTO passages(document, start, stop, section, vector, terms) VALUES (?, ?, ?, ?, ?, ?)",
        (
            (number, e.piece.start, e.piece.end, e.piece.section, e.vector.astype("<f2").tobytes(), _pack(e.terms))
            for e in entries
        ),
    )


def drop(connection: sqlite3.Connection, identity: str, sequence: int) -> bool:
    """Remove the document with this id; return whether there was one."""
    row = connection.execute("SELECT number FROM documents WHERE id = ?", (identity,)).fetchone()
    if row is None:
        return False
    connection.execute(
        "INSERT INTO removed(passage, sequence) SELECT id, ? FROM passages WHERE document = ?", (sequence, row[0])
    )
    connection.execute("DELETE FROM passages WHERE document = ?", row)
    connection.execute("DELETE FROM documents WHERE number = ?", row)
    return True


def removed_since(connection: sqlite3.Connection, sequence: int) -> NDArray[np.int64]:
    """Return the ids of passages removed after the change ``sequence``."""
    rows = connection.execute("SELECT passage FROM removed WHERE sequence > ? ORDER BY passage", (sequence,))
    return np.array([number for (number,) in rows], np.int64)


def passages_after(
    connection: sqlite3.Connection, last: int, dimension: int, most: int
) -> tuple[NDArray[np.int64], NDArray[np.float32], list[Counter[str]]]:
    """Return ids, vectors (n, dimension) and term counts of at most ``most`` passages with ids above ``last``."""
    rows = connection.execute(
        "SELECT id, vector, terms FROM passages WHERE id > ? ORDER BY id LIMIT ?", (last, most)
    ).fetchall()
    ids = np.array([row[0] for row in rows], np.int64)
    vectors = np.frombuffer(b"".join(row[1] for row in rows), "<f2").astype(np.float32).reshape(len(rows), dimension)
    return ids, vectors, [_unpack(row[2]) for row in rows]


_DOCUMENT = "SELECT d.number, d.id, d.title, d.metadata, d.text, d.raw, d.offsets, d.marks FROM documents d"


def document(connection: sqlite3.Connection, identity: str) -> Document | None:
    """Return the document with this id, or ``None``."""
    row = connection.execute(_DOCUMENT + " WHERE d.id = ?", (identity,)).fetchone()
    return _document(row) if row else None


def documents(connection: sqlite3.Connection, offset: int = 0, limit: int | None = None) -> list[Document]:
    """Return the documents in the order in which they were written: all, or ``limit`` of them from ``offset`` on."""
    most = -1 if limit is None else limit
    rows = connection.execute(_DOCUMENT + " ORDER BY d.number LIMIT ? OFFSET ?", (most, offset))
    return [_document(row) for row in rows]


def count_documents(connection: sqlite3.Connection) -> int:
    """Return how many documents there are; read from the index over their ids, not from their texts."""
    (count,) = connection.execute("SELECT count(*) FROM documents").fetchone()
    return int(count)


_PASSAGE = (
    "SELECT p.id, d.id, substr(d.text, p.start + 1, p.stop - p.start), p.start, p.stop, p.section, d.title"
    " FROM passages p JOIN documents d ON d.number = p.document"
)


def passage(connection: sqlite3.Connection, number: int) -> Passage | None:
    """Return one passage, or ``None``."""
    row = connection.execute(_PASSAGE + " WHERE p.id = ?", (number,)).fetchone()
    return Passage(*row[:-1]) if row else None


def titled(connection: sqlite3.Connection, numbers: Sequence[int]) -> dict[int, tuple[Passage, str]]:
    """Return those of the passages with these ids that are there, each with the title of its document."""
    marks = ", ".join("?" * len(numbers))
    rows = connection.execute(f"{_PASSAGE} WHERE p.id IN ({marks})", numbers)
    return {row[0]: (Passage(*row[:-1]), row[-1]) for row in rows}


def passages_of(connection: sqlite3.Connection, identity: str) -> list[Passage]:
    """Return the passages of the document with this id, in their order in the text."""
    rows = connection.execute(_PASSAGE + " WHERE d.id = ? ORDER BY p.start", (identity,))
    return [Passage(*row[:-1]) for row in rows]


def _document(row: tuple[int, str, str, str, str, str | None, str, str]) -> Document:
    _, identity, title, metadata, text, raw, offsets, marks = row
    return Document(
        identity,
        text,
        title,
        json.loads(metadata),
        raw,
        _offsets(offsets),
        tuple(Mark(start, label) for start, label in json.loads(marks)),
    )


@lru_cache(maxsize=64)
def _offsets(stored: str) -> OffsetMap:
    """The map of a repaired text has a piece for each repair, and is asked for with every question."""
    shift, pieces = json.loads(stored)
    return OffsetMap(tuple(Edit(*p) for p in pieces), shift)


def _pack(terms: Sequence[str]) -> bytes:
    return zlib.compress("\n".join(terms).encode(), 1)


def _unpack(data: bytes) -> Counter[str]:
    text = zlib.decompress(data).decode()
    return Counter(text.split("\n")) if text else Counter()
