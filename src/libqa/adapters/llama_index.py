"""libqa as parts of a LlamaIndex program: retriever, query engine, embedding and reader.

All of them go the one way of `LibQA.search` and `LibQA.ask`. A node is a passage, or a quote, with its place in the
document: ``document.text[node.start_char_idx : node.end_char_idx] == node.text``.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from llama_index.core.base.base_query_engine import BaseQueryEngine
from llama_index.core.base.embeddings.base import BaseEmbedding
from llama_index.core.base.response.schema import Response
from llama_index.core.bridge.pydantic import PrivateAttr
from llama_index.core.callbacks.base import CallbackManager
from llama_index.core.prompts.mixin import PromptMixinType
from llama_index.core.readers.base import BaseReader
from llama_index.core.retrievers import BaseRetriever
from llama_index.core.schema import Document as Loaded
from llama_index.core.schema import NodeRelationship, NodeWithScore, QueryBundle, RelatedNodeInfo, TextNode

from libqa.answering.answer import READ
from libqa.api import LibQA
from libqa.config import Settings, load_settings
from libqa.errors import DocumentMissing, ReadError
from libqa.models import Embedder, load_embedder
from libqa.models.embedder import Kind
from libqa.serialize import answer_to_dict
from libqa.types import Answer, Citation, Document, Hit

__all__ = ["LibQAEmbedding", "LibQAQueryEngine", "LibQAReader", "LibQARetriever", "to_libqa"]

_FOR_LLM = ("title", "section", "place")
"""Metadata that a language model is shown with the text; offsets and ids would only distract it."""


class LibQARetriever(BaseRetriever):
    """The passages of ``qa.search`` as nodes, best first; ``score`` is that of the hit.

    Parameters
    ----------
    qa : the index to search.
    similarity_top_k : number of passages.

    Notes
    -----
    ``retrieve`` raises what `LibQA.search` raises. A node's id is ``<document id>#<passage id>``; its metadata are
    those of the document, and ``document_id``, ``passage_id``, ``title``, ``section``, ``place`` (page, slide or cell),
    ``start``, ``end`` (in the document's text), ``raw_start`` and ``raw_end`` (in the file as received).
    """

    def __init__(self, qa: LibQA, similarity_top_k: int = 10, callback_manager: CallbackManager | None = None) -> None:
        self.qa, self.similarity_top_k = qa, similarity_top_k
        super().__init__(callback_manager)

    def _retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        hits = self.qa.search(query_bundle.query_str, k=self.similarity_top_k)
        return [NodeWithScore(node=_of_hit(hit), score=hit.score) for hit in hits]

    async def _aretrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        return await asyncio.to_thread(self._retrieve, query_bundle)


class LibQAQueryEngine(BaseQueryEngine):
    """The answers of ``qa.ask`` as responses.

    Parameters
    ----------
    qa : the index to ask.
    similarity_top_k : number of passages to read for an answer.

    Notes
    -----
    The text of a response is the statements, one a line, each with ``[n]`` marks: ``source_nodes[n - 1]`` is what it
    cites, the exact quote, with the answer's confidence (0..1) as its score. A refusal has no source nodes.
    ``Response.metadata`` is the answer as `libqa.serialize.answer_to_dict` gives it. ``query`` raises what `LibQA.ask`
    raises.
    """

    def __init__(
        self, qa: LibQA, similarity_top_k: int = READ, callback_manager: CallbackManager | None = None
    ) -> None:
        self.qa, self.similarity_top_k = qa, similarity_top_k
        super().__init__(callback_manager)

    def _get_prompt_modules(self) -> PromptMixinType:
        return {}

    def retrieve(self, query_bundle: QueryBundle) -> list[NodeWithScore]:
        """Return the passages that `LibQARetriever` finds."""
        return LibQARetriever(self.qa, self.similarity_top_k).retrieve(query_bundle)

    def _query(self, query_bundle: QueryBundle) -> Response:
        return self._response(self.qa.ask(query_bundle.query_str, k=self.similarity_top_k))

    async def _aquery(self, query_bundle: QueryBundle) -> Response:
        return self._response(await asyncio.to_thread(self.qa.ask, query_bundle.query_str, k=self.similarity_top_k))

    def _response(self, answer: Answer) -> Response:
        said = (s.text + "".join(f"[{n + 1}]" for n in s.citations) for s in answer.statements)
        nodes = [NodeWithScore(node=self._quoted(c), score=answer.confidence) for c in answer.citations]
        return Response("\n".join(said) or answer.text, nodes, answer_to_dict(answer))

    def _quoted(self, citation: Citation) -> TextNode:
        own = {name: getattr(citation, name) for name in Citation.__slots__ if name != "quote"}
        identity = f"{citation.document_id}#{citation.passage_id}:{citation.start}-{citation.end}"
        try:
            metadata = self.qa.document(citation.document_id).metadata
        except DocumentMissing:  # removed since the answer was found
            metadata = {}
        return _node(identity, citation.quote, metadata, own)


class LibQAEmbedding(BaseEmbedding):
    """An embedding model of libqa.

    Parameters
    ----------
    model_name : ``bundled``, or a sentence-transformers model by name or folder (extra ``hub``).

    Raises
    ------
    ModelError, MissingExtra : as `libqa.models.load_embedder`.
    """

    _embedder: Embedder = PrivateAttr()

    def __init__(self, model_name: str = "bundled", **options: Any) -> None:
        super().__init__(model_name=model_name, **options)
        self._embedder = load_embedder(model_name)

    @classmethod
    def class_name(cls) -> str:
        """Return the name under which LlamaIndex stores the class."""
        return "LibQAEmbedding"

    def _encode(self, texts: Sequence[str], kind: Kind) -> list[list[float]]:
        return [[float(x) for x in row] for row in self._embedder.encode(texts, kind)]

    def _get_query_embedding(self, query: str) -> list[float]:
        return self._encode([query], "query")[0]

    async def _aget_query_embedding(self, query: str) -> list[float]:
        return await asyncio.to_thread(self._get_query_embedding, query)

    def _get_text_embedding(self, text: str) -> list[float]:
        return self._encode([text], "passage")[0]

    async def _aget_text_embedding(self, text: str) -> list[float]:
        return await asyncio.to_thread(self._get_text_embedding, text)

    def _get_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return self._encode(texts, "passage")

    async def _aget_text_embeddings(self, texts: list[str]) -> list[list[float]]:
        return await asyncio.to_thread(self._get_text_embeddings, texts)


class LibQAReader(BaseReader):
    """Files as LlamaIndex documents, read as ``libqa build`` reads them: decoded, repaired, with their metadata.

    Parameters
    ----------
    settings : default: ``libqa.toml`` in the working directory and ``LIBQA_*`` variables.
    """

    def __init__(self, settings: Settings | None = None) -> None:
        self.settings = settings or load_settings()

    def lazy_load_data(
        self, source: str | Path | Iterable[str | Path | Document], on_error: Any = None
    ) -> Iterator[Loaded]:
        """Yield one document for each of ``source``: a directory, a file, or an iterable of files and documents.

        ``on_error`` is called with the `ReadError` of what cannot be read, and the rest goes on; without it, the first
        one is raised.
        """
        from libqa.reading import read_corpus

        for found in read_corpus(source, self.settings):
            if isinstance(found, ReadError):
                if on_error is None:
                    raise found
                on_error(found)
                continue
            metadata = {**found.metadata, "title": found.title}
            hidden = [name for name in metadata if name not in _FOR_LLM]
            yield Loaded(id_=found.id, text=found.text, metadata=metadata, excluded_llm_metadata_keys=hidden)


def to_libqa(documents: Iterable[Loaded]) -> list[Document]:
    """Return documents that LlamaIndex loaded, by any of its readers, as documents for `LibQA.build` and `LibQA.add`.

    The id and the text stay; ``title`` is taken out of the metadata, else ``file_name`` serves as the title. Values
    that are no strings are written as such; nested ones as JSON.
    """
    from libqa.reading.markdown import plain

    found = []
    for loaded in documents:
        metadata = {str(name): plain(value) for name, value in loaded.metadata.items() if value is not None}
        title = metadata.pop("title", "") or metadata.get("file_name", "")
        found.append(Document(loaded.id_, loaded.get_content(), title, metadata))
    return found


def _of_hit(hit: Hit) -> TextNode:
    passage, document = hit.passage, hit.document
    raw_start, raw_end = document.offsets.to_raw(passage.start, passage.end)
    own = {
        "document_id": document.id,
        "title": document.title,
        "passage_id": passage.id,
        "section": passage.section,
        "place": document.place(passage.start, passage.end),
        "start": passage.start,
        "end": passage.end,
        "raw_start": raw_start,
        "raw_end": raw_end,
    }
    return _node(f"{document.id}#{passage.id}", passage.text, document.metadata, own)


def _node(identity: str, text: str, metadata: Mapping[str, str], own: Mapping[str, Any]) -> TextNode:
    everything = {**metadata, **own}
    return TextNode(
        id_=identity,
        text=text,
        metadata=everything,
        start_char_idx=own["start"],
        end_char_idx=own["end"],
        excluded_llm_metadata_keys=[name for name in everything if name not in _FOR_LLM],
        excluded_embed_metadata_keys=[name for name in everything if name not in _FOR_LLM],
        relationships={NodeRelationship.SOURCE: RelatedNodeInfo(node_id=own["document_id"])},
    )
