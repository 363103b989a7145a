"""A second look at what was retrieved: a cross-encoder reads question and passage together and puts them in order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from libqa.types import Hit

if TYPE_CHECKING:
    from libqa.models.hub import Reranker

DEPTH = 30
"""Passages that are looked at again; more cost time in proportion and are seldom the best."""


def rerank(reranker: Reranker, question: str, hits: Sequence[Hit]) -> list[Hit]:
    """Return the hits in the reranker's order, best first, with its scores (0..1); equal ones keep their order."""
    texts = [f"{hit.document.title}\n{hit.passage.text}".strip() for hit in hits]
    scored = [
        replace(hit, score=float(score)) for hit, score in zip(hits, reranker.score(question, texts), strict=True)
    ]
    return sorted(scored, key=lambda hit: -hit.score)
