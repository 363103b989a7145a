"""The models: the bundled embedder and lexicon, and any sentence-transformers model through the extra ``hub``.

Everything is imported when first used: importing this package loads nothing heavy.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from libqa.models.embedder import Embedder, StaticEmbedder
from libqa.models.lexicon import translate, translations

if TYPE_CHECKING:
    from libqa.models.hub import Reranker

__all__ = ["Embedder", "bundled_embedder", "load_embedder", "load_reranker", "translate", "translations"]


@lru_cache(maxsize=4)
def load_embedder(name: str = "bundled") -> Embedder:
    """Return the embedder of that name; a second call returns the same object.

    Parameters
    ----------
    name : ``bundled``, or the name or folder of a sentence-transformers model.

    Raises
    ------
    MissingExtra : another model was asked for and the extra ``hub`` is not installed.
    ModelError : there is no such model, or its files are damaged.
    """
    if name == "bundled":
        return bundled_embedder()
    from libqa.models.hub import HubEmbedder

    return HubEmbedder(name)


@lru_cache(maxsize=2)
def load_reranker(name: str) -> Reranker:
    """Return the cross-encoder of that name; a second call returns the same object.

    Parameters
    ----------
    name : the name or folder of a cross-encoder that sentence-transformers can load.

    Raises
    ------
    MissingExtra : the extra ``hub`` is not installed.
    ModelError : there is no such model, or it is no cross-encoder with one score.
    """
    from libqa.models.hub import HubReranker

    return HubReranker(name)


@lru_cache(maxsize=1)
def bundled_embedder() -> StaticEmbedder:
    """Return the bundled embedder, whose vectors of pieces add up to those of texts; always the same object."""
    return StaticEmbedder()
