"""Vectors in FAISS under our own ids.

The index is flat: exact, and fast enough for one machine's library (measured in ``eval/bench_retrieval.py``).
Ids are passage ids, which are never reused, so a vector can never answer for another passage.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def pack(ids: NDArray[np.int64], vectors: NDArray[np.float32]) -> Any:
    """Return a FAISS index (inner product) of the rows of ``vectors`` (n, dimension) under ``ids`` (n,)."""
    import faiss

    index = faiss.IndexIDMap2(faiss.IndexFlatIP(vectors.shape[1]))
    index.add_with_ids(np.ascontiguousarray(vectors, np.float32), np.ascontiguousarray(ids, np.int64))
    return index


def unpack(index: Any) -> NDArray[np.float32]:
    """Return the vectors of an index in the order in which they were added; a view, not a copy."""
    import faiss

    flat: Any = faiss.downcast_index(index.index)
    matrix: NDArray[np.float32] = faiss.rev_swig_ptr(flat.get_xb(), index.ntotal * index.d).reshape(
        index.ntotal, index.d
    )
    return matrix


def search(index: Any, vector: NDArray[np.float32], k: int, dead: NDArray[np.int64]) -> list[tuple[int, float]]:
    """Return the ids and inner products of the ``k`` nearest vectors, best first, leaving out the ``dead`` ids."""
    import faiss

    parameters = None
    if len(dead):
        parameters = faiss.SearchParameters(  # type: ignore[call-arg]
            sel=faiss.IDSelectorNot(faiss.IDSelectorBatch(dead))
        )
    faiss.omp_set_num_threads(1)  # of this thread: one question is not worth the waking of others
    query = np.ascontiguousarray(vector, np.float32).reshape(1, -1)
    scores, ids = index.search(query, min(k, index.ntotal), params=parameters)
    return [(number, score) for number, score in zip(ids[0].tolist(), scores[0].tolist(), strict=True) if number >= 0]


def to_bytes(index: Any) -> NDArray[np.uint8]:
    """Serialise an index; FAISS's own file writer fails on non-ASCII paths on some systems."""
    import faiss

    data: NDArray[np.uint8] = faiss.serialize_index(index)
    return data


def from_bytes(data: NDArray[np.uint8]) -> Any:
    """Restore an index; the caller has verified the checksum, since FAISS loads damaged data silently."""
    import faiss

    return faiss.deserialize_index(data)


def join(parts: Sequence[tuple[Any, NDArray[np.int64], NDArray[np.bool_]]]) -> Any:
    """Join indexes into one, given as (index, ids, flags of the vectors to keep)."""
    vectors = np.concatenate([unpack(index)[alive] for index, _, alive in parts])
    return pack(np.concatenate([ids[alive] for _, ids, alive in parts]), vectors)
