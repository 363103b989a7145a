"""Documents made ready for the index: cut into passages, with vectors and terms, in batches."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Iterator, Sized
from dataclasses import dataclass
from typing import TYPE_CHECKING

from libqa.index import store
from libqa.index.passages import Piece, context, split
from libqa.reading.checking import check
from libqa.text.names import passage_terms
from libqa.types import Document

if TYPE_CHECKING:
    from libqa.models import Embedder

Progress = Callable[[int, "int | None"], None]
_BATCH = 256  # passages embedded and committed together


@dataclass(frozen=True, slots=True)
class Ready:
    """A document and its passages; ``None`` if it is stored already, just so."""

    document: Document
    entries: list[store.Entry] | None


def batches(
    documents: Iterable[Document],
    embedder: Embedder,
    progress: Progress | None,
    connection: sqlite3.Connection | None = None,
) -> Iterator[list[Ready]]:
    """Yield the documents in batches; no id stands twice in one. With a ``connection``, unchanged ones cost nothing.

    ``progress`` hears of a batch when the next one is asked for, that is, when it has been written.

    Raises
    ------
    ReadError : a document without id or text, or with characters that are no text.
    """
    total = len(documents) if isinstance(documents, Sized) else None
    done = size = 0
    batch: dict[str, tuple[Document, list[Piece] | None]] = {}
    for document in documents:
        check(document, f"document {document.id!r}")
        if size >= _BATCH or document.id in batch:
            yield _embed(batch.values(), embedder)
            done += len(batch)
            if progress:
                progress(done, total)
            batch, size = {}, 0
        known = connection is not None and store.document(connection, document.id) == document
        pieces = None if known else split(document.text)
        batch[document.id] = document, pieces
        size += len(pieces or ())
    if batch:
        yield _embed(batch.values(), embedder)
    if progress:
        progress(done + len(batch), total)


def put(connection: sqlite3.Connection, batch: Iterable[Ready]) -> None:
    """Write a batch as one change, inside the current transaction."""
    sequence = store.next_change(connection)
    for ready in batch:
        if ready.entries is not None:
            store.put(connection, ready.document, ready.entries, sequence)


def _embed(batch: Iterable[tuple[Document, list[Piece] | None]], embedder: Embedder) -> list[Ready]:
    items = list(batch)
    texts = [context(document.title, piece, document.text) for document, pieces in items for piece in pieces or ()]
    vectors = embedder.encode(texts, "passage") if texts else ()
    made = iter(zip(texts, vectors, strict=True))
    ready = []
    for document, pieces in items:
        if pieces is None:
            ready.append(Ready(document, None))
            continue
        listed = zip(pieces, made, strict=False)
        ready.append(Ready(document, [store.Entry(p, vector, passage_terms(text)) for p, (text, vector) in listed]))
    return ready
