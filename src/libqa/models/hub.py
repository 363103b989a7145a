"""Any sentence-transformers model as the embedder: the extra ``hub``."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from libqa.errors import MissingExtra, ModelError
from libqa.models.embedder import Kind

_QWEN = "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"
PROMPTS: tuple[tuple[str, str, str], ...] = (  # part of the model's name (lower case), before queries, before passages
    ("e5-mistral", _QWEN + " ", ""),
    ("multilingual-e5-large-instruct", _QWEN + " ", ""),
    ("qwen3-embedding", _QWEN, ""),
    ("gte-qwen2", _QWEN + " ", ""),
    ("e5-", "query: ", "passage: "),
    ("bge-m3", "", ""),
    ("bge-", "Represent this sentence for searching relevant passages: ", ""),
    ("nomic-embed", "search_query: ", "search_document: "),
    ("embeddinggemma", "task: search result | query: ", "title: none | text: "),
)
"""The first that fits counts; the prompts are those of the models' own cards."""
_BGE_ZH = "为这个句子生成表示以用于检索相关文章："


def prompts(name: str) -> tuple[str, str]:
    """Return what a model family wants in front of queries and of passages."""
    lower = name.lower()
    if "bge-" in lower and "-zh" in lower:
        return _BGE_ZH, ""
    return next(((query, passage) for part, query, passage in PROMPTS if part in lower), ("", ""))


class HubEmbedder:
    """A sentence-transformers model, with the prompts of its family.

    Parameters
    ----------
    name : a model's name on the hub, or a local folder.

    Raises
    ------
    MissingExtra : sentence-transformers is not installed.
    ModelError : there is no such model here and it cannot be fetched.
    """

    def __init__(self, name: str) -> None:
        try:
            from sentence_transformers import SentenceTransformer
        except ImportError as e:
            raise MissingExtra(
                f"embedder {name}", "sentence-transformers is not installed", 'run: pip install "libqa[hub]"'
            ) from e
        try:
            self._model: Any = SentenceTransformer(name)
        except Exception as e:  # the library raises many kinds, of several packages, for a model it cannot find
            reason = (str(e).splitlines() or [type(e).__name__])[0]
            remedy = "check the name, fetch the model where there is a network, or set embedder to a local folder"
            raise ModelError(f"embedder {name}", f"cannot be loaded ({reason})", remedy) from e
        self.name = name
        dimension = (
            getattr(self._model, "get_embedding_dimension", None) or self._model.get_sentence_embedding_dimension
        )
        self.dimension = int(dimension())
        own = self._model.prompts or {}
        query, passage = prompts(name)
        self._prompts: dict[str, str] = {
            "query": own.get("query") or query,
            "passage": own.get("passage") or own.get("document") or passage,
        }

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the parameters' names and values, in hexadecimal."""
        digest = hashlib.sha256()
        for key, value in sorted(self._model.state_dict().items()):
            digest.update(key.encode())
            digest.update(value.detach().cpu().contiguous().float().numpy().tobytes())
        return digest.hexdigest()

    def encode(self, texts: Sequence[str], kind: Kind = "passage") -> NDArray[np.float32]:
        """Return unit vectors ``(len(texts), dimension)``; an empty text gives a zero row."""
        out = np.zeros((len(texts), self.dimension), np.float32)
        rows = [i for i, text in enumerate(texts) if text.strip()]
        if rows:
            out[rows] = self._model.encode(
                [texts[i] for i in rows],
                prompt=self._prompts[kind] or None,
                normalize_embeddings=True,
                show_progress_bar=False,
                convert_to_numpy=True,
            )
        return out
