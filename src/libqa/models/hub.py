"""Any sentence-transformers model as the embedder, any of its cross-encoders as the reranker: the extra ``hub``."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from libqa.errors import LibQAError, MissingExtra, ModelError
from libqa.models.embedder import Kind

_TASK = "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"
_BGE_EN = "Represent this sentence for searching relevant passages: "
PROMPTS: tuple[tuple[str, str, str], ...] = (  # part of the model's name (lower case), before queries, before passages
    ("e5-mistral", f"{_TASK} ", ""),
    ("multilingual-e5-large-instruct", f"{_TASK} ", ""),
    ("qwen3-embedding", _TASK, ""),
    ("gte-qwen", f"{_TASK} ", ""),
    ("e5-", "query: ", "passage: "),
    ("bge-m3", "", ""),
    ("bge-reasoner", "", ""),
    ("bge-", _BGE_EN, ""),
    ("mxbai-embed", _BGE_EN, ""),
    ("arctic-embed-l-v2", "query: ", ""),
    ("arctic-embed-m-v2", "query: ", ""),
    ("arctic-embed", _BGE_EN, ""),
    ("nomic-embed", "search_query: ", "search_document: "),
    ("modernbert-embed", "search_query: ", "search_document: "),
    ("embeddinggemma", "task: search result | query: ", "title: none | text: "),
)
"""What the cards of models ask for that do not carry it in their configuration; the first that fits counts. Families
without an entry (MiniLM, mpnet, gte, jina-embeddings-v2, m3e, text2vec, LaBSE …) take texts as they are."""
_BGE_ZH = "为这个句子生成表示以用于检索相关文章："
# How models name the prompts in their own configuration (config_sentence_transformers.json).
_QUERY = ("query", "retrieval.query", "search_query", "s2p_query", "web_search_query")
_PASSAGE = ("document", "passage", "corpus", "retrieval.passage", "search_document")
_REMEDY = "check the name, fetch the model where there is a network, or set {} to a local folder"


def prompts(name: str, own: Mapping[str, str] = {}) -> tuple[str, str]:
    """Return what a model wants in front of queries and of passages.

    Parameters
    ----------
    name : the model's name on the hub, or its folder; only the last part counts.
    own : the prompts in the model's configuration. If they hold one for queries or passages, they alone count.
    """
    query, passage = (next((own[key] for key in keys if own.get(key)), "") for keys in (_QUERY, _PASSAGE))
    if query or passage:
        return query, passage
    family = name.rstrip("/\\").replace("\\", "/").rpartition("/")[2].lower()
    if "bge-" in family and "-zh" in family:
        return _BGE_ZH, ""
    return next(((query, passage) for part, query, passage in PROMPTS if part in family), ("", ""))


class HubEmbedder:
    """A sentence-transformers model, with its prompts or those of its family.

    Parameters
    ----------
    name : a model's name on the hub, or a local folder. Code that a model brings along is never run.

    Raises
    ------
    MissingExtra : sentence-transformers is not installed.
    ModelError : there is no such model here and it cannot be fetched, or it is none that was trained to embed.
    """

    def __init__(self, name: str) -> None:
        self._model: Any = _load(f"embedder {name}", "embedder", lambda: _sentence_transformer(name))
        self.name = name
        dimension = (
            getattr(self._model, "get_embedding_dimension", None) or self._model.get_sentence_embedding_dimension
        )
        self.dimension = int(dimension())
        query, passage = prompts(name, self._model.prompts or {})
        self.prompts: dict[Kind, str] = {"query": query, "passage": passage}

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the parameters' names and values, and the prompts, in hexadecimal."""
        digest = hashlib.sha256(json.dumps(self.prompts, sort_keys=True).encode())
        for key, value in sorted(self._model.state_dict().items()):
            digest.update(key.encode())
            digest.update(value.detach().cpu().contiguous().float().numpy().tobytes())
        return digest.hexdigest()

    def encode(self, texts: Sequence[str], kind: Kind = "passage") -> NDArray[np.float32]:
        """Return unit vectors ``(len(texts), dimension)``; an empty text gives a zero row."""
        out = np.zeros((len(texts), self.dimension), np.float32)
        rows = [i for i, text in enumerate(texts) if text.strip()]
        if rows:
            # Both know which part of an asymmetric model (a Router) to use.
            encode = self._model.encode_query if kind == "query" else self._model.encode_document
            out[rows] = encode(
                [texts[i] for i in rows],
                prompt=self.prompts[kind] or None,
                normalize_embeddings=True,
                show_progress_bar=False,
                convert_to_numpy=True,
            )
        return out


class Reranker(Protocol):
    """Anything that says how well texts answer a question."""

    name: str

    def score(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return how well each text fits the question, ``(len(texts),)``, in 0..1, more is better."""
        ...


class HubReranker:
    """A cross-encoder: it reads question and passage together, which is slower and better than comparing vectors.

    Parameters
    ----------
    name : a model's name on the hub, or a local folder. Code that a model brings along is never run.

    Raises
    ------
    MissingExtra : sentence-transformers is not installed.
    ModelError : there is no such model here and it cannot be fetched, or it is no cross-encoder with one score.
    """

    def __init__(self, name: str) -> None:
        self._model: Any = _load(f"reranker {name}", "reranker", lambda: _cross_encoder(name))
        self.name = name

    def score(self, question: str, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return how well each text fits the question, ``(len(texts),)``: the sigmoid of the model's score."""
        if not texts:
            return np.zeros(0, np.float32)
        from torch.nn import Sigmoid

        pairs = [(question, text) for text in texts]
        scores = self._model.predict(pairs, activation_fn=Sigmoid(), show_progress_bar=False, convert_to_numpy=True)
        return np.asarray(scores, np.float32)


def _sentence_transformer(name: str) -> Any:
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.util import is_sentence_transformer_model

    place = name if "/" in name or Path(name).is_dir() else f"sentence-transformers/{name}"
    if not is_sentence_transformer_model(place):
        # The library would put mean pooling over any language model, which embeds badly and says nothing.
        raise ModelError(
            f"embedder {name}",
            "it holds no sentence-transformers model (there is no modules.json)",
            _REMEDY.format("embedder"),
        )
    return SentenceTransformer(name)


def _cross_encoder(name: str) -> Any:
    from sentence_transformers import CrossEncoder

    model = CrossEncoder(name)
    inner = getattr(model, "model", None)
    built, trained = type(inner).__name__, getattr(getattr(inner, "config", None), "architectures", None) or ()
    if built.endswith("ForSequenceClassification") and trained and built not in trained:
        # The library would give any language model a score that was never trained.
        raise ModelError(f"reranker {name}", f"it is no cross-encoder ({trained[0]})", _REMEDY.format("reranker"))
    labels = int(model.num_labels if hasattr(model, "num_labels") else model.config.num_labels)
    if labels != 1:
        raise ModelError(f"reranker {name}", f"it gives {labels} scores, not one", "choose another cross-encoder")
    return model


def _load(thing: str, setting: str, load: Callable[[], Any]) -> Any:
    try:
        return load()
    except LibQAError:
        raise
    except ImportError as e:
        if not (e.name or "").startswith(("sentence_transformers", "torch")):
            raise ModelError(thing, f"cannot be loaded ({e})", f"install {e.name or 'what it needs'}") from e
        raise MissingExtra(thing, "sentence-transformers is not installed", 'run: pip install "libqa[hub]"') from e
    except Exception as e:  # the library raises many kinds, of several packages, for a model it cannot find
        reason = (str(e).splitlines() or [type(e).__name__])[0]
        raise ModelError(thing, f"cannot be loaded ({reason})", _REMEDY.format(setting)) from e
