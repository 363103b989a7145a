"""What one question sees of an index: one state, unchanged from beginning to end."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from libqa.errors import DocumentMissing
from libqa.index import store
from libqa.index.state import State
from libqa.types import Document, Passage


class View:
    """A stable reading state, from ``Index.view()``; documents, passages and searches all stand at the same change."""

    def __init__(self, state: State, connection: sqlite3.Connection) -> None:
        self.state, self.connection = state, connection
        self._documents: dict[str, Document] = {}

    @property
    def sequence(self) -> int:
        """Number of the change that is seen."""
        return self.state.sequence

    @property
    def passages(self) -> int:
        """Number of passages."""
        return self.state.passages

    @property
    def average_length(self) -> float:
        """Mean number of terms of a passage."""
        return self.state.average_length

    def holding(self, term: str) -> int:
        """Return the number of passages that hold a term of ``libqa.text.segment.terms``."""
        return self.state.holding(term)

    def idf(self, term: str) -> float:
        """Return the inverse document frequency (nats) of a term."""
        return self.state.idf(term)

    def lexical(self, terms: Mapping[str, float], k: int) -> list[tuple[int, float]]:
        """Return passage ids and BM25 scores of the ``k`` best passages for weighted terms, best first.

        A term adds at most its weight times its idf.
        """
        return self.state.lexical(terms, k) if k > 0 else []

    def lexical_of(self, terms: Mapping[str, float], ids: Sequence[int] | NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the BM25 scores (n,) of given passages."""
        return self.state.lexical_of(terms, np.asarray(ids, np.int64))

    def dense(self, vector: NDArray[np.float32], k: int) -> list[tuple[int, float]]:
        """Return passage ids and inner products of the ``k`` passages nearest to a vector (dimension,), best first."""
        return self.state.dense(vector, k) if k > 0 else []

    def dense_of(self, vector: NDArray[np.float32], ids: Sequence[int] | NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the inner products (n,) of given passages with a vector (dimension,)."""
        return self.state.dense_of(vector, np.asarray(ids, np.int64))

    def passage(self, number: int) -> Passage:
        """Return the passage with this id.

        Raises
        ------
        DocumentMissing : there is none.
        """
        found = store.passage(self.connection, number)
        if found is None:
            raise DocumentMissing(f"passage {number}", "it is not in the index", "search again")
        return found

    def titled(self, numbers: Sequence[int]) -> list[tuple[Passage, str]]:
        """Return the passages with these ids, in this order, each with the title of its document.

        Raises
        ------
        DocumentMissing : one is not there.
        """
        found = store.titled(self.connection, numbers)
        for number in numbers:
            if number not in found:
                raise DocumentMissing(f"passage {number}", "it is not in the index", "search again")
        return [found[number] for number in numbers]

    def document(self, identity: str) -> Document:
        """Return the document with this id.

        Raises
        ------
        DocumentMissing : there is none.
        """
        if identity not in self._documents:
            found = store.document(self.connection, identity)
            if found is None:
                raise DocumentMissing(
                    identity, "there is no such document in the index", "see `libqa list` for the ids"
                )
            self._documents[identity] = found
        return self._documents[identity]

    def documents(self, offset: int = 0, limit: int | None = None) -> list[Document]:
        """Return the documents in the order in which they were written: all, or ``limit`` from ``offset`` on."""
        return store.documents(self.connection, offset, limit)

    def passages_of(self, identity: str) -> list[Passage]:
        """Return the passages of the document with this id, in their order in the text."""
        return store.passages_of(self.connection, identity)
