"""libqa inside ordinary LlamaIndex programs; the language model of these tests repeats what it is told."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from pathlib import Path

import pytest
from llama_index.core import Document as Loaded
from llama_index.core import VectorStoreIndex, get_response_synthesizer
from llama_index.core.chat_engine import CondenseQuestionChatEngine, ContextChatEngine
from llama_index.core.llms import ChatMessage
from llama_index.core.llms.mock import MockLLM
from llama_index.core.memory import Memory
from llama_index.core.query_engine import RetrieverQueryEngine, RouterQueryEngine
from llama_index.core.retrievers import QueryFusionRetriever
from llama_index.core.schema import MetadataMode, NodeRelationship
from llama_index.core.selectors import EmbeddingSingleSelector
from llama_index.core.tools import QueryEngineTool

from libqa import Document, LibQA
from libqa.adapters.llama_index import LibQAEmbedding, LibQAQueryEngine, LibQAReader, LibQARetriever, to_libqa
from libqa.errors import QuestionError, ReadError
from libqa.models import load_embedder
from libqa.serialize import answer_from_dict
from tests.conftest import CORPUS

WHERE = "2023年的专家论坛在哪里举行？"
UNANSWERABLE = "海底两万里的作者养了几只猫？"


def test_nodes_are_the_hits_with_ids_scores_and_offsets(qa: LibQA) -> None:
    nodes = LibQARetriever(qa, similarity_top_k=5).retrieve(WHERE)
    hits = qa.search(WHERE, k=5)
    assert [(n.node.text, n.score) for n in nodes] == [(h.passage.text, h.score) for h in hits]
    assert [n.node.node_id for n in nodes] == [f"{h.document.id}#{h.passage.id}" for h in hits]
    for found, hit in zip(nodes, hits, strict=True):
        node, document = found.node, qa.document(hit.document.id)
        assert document.text[node.start_char_idx : node.end_char_idx] == node.text
        assert (node.metadata["start"], node.metadata["end"]) == (node.start_char_idx, node.end_char_idx)
        assert node.metadata["title"] == document.title
        assert 0 <= node.metadata["raw_start"] < node.metadata["raw_end"] <= len(document.raw or document.text)
        assert node.relationships[NodeRelationship.SOURCE].node_id == document.id
        shown = node.get_content(MetadataMode.LLM)
        assert document.title in shown
        assert "raw_start" not in shown
    damaged = next(
        n.node for n in LibQARetriever(qa, 50).retrieve(WHERE) if n.metadata["document_id"] == "forum-report"
    )
    raw = qa.document("forum-report").raw or ""
    received = raw[damaged.metadata["raw_start"] : damaged.metadata["raw_end"]]
    assert re.search(r"\([a-zāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜü]+\)", received)


def test_retrieving_without_waiting_gives_the_same(qa: LibQA) -> None:
    retriever = LibQARetriever(qa, similarity_top_k=3)
    assert asyncio.run(retriever.aretrieve(WHERE)) == retriever.retrieve(WHERE)


def test_the_query_engine_answers_with_exact_quotes(qa: LibQA) -> None:
    engine = LibQAQueryEngine(qa)
    response, answer = engine.query(WHERE), qa.ask(WHERE)
    assert "成都" in str(response)
    assert re.sub(r"\[\d+\]", "", str(response)) == answer.text
    assert answer_from_dict(response.metadata or {}) == answer
    assert len(response.source_nodes) == len(answer.citations)
    for source, citation in zip(response.source_nodes, answer.citations, strict=True):
        assert source.node.text == citation.quote
        assert source.score == answer.confidence
        document = qa.document(source.metadata["document_id"])
        assert document.text[source.node.start_char_idx : source.node.end_char_idx] == source.node.text
    assert {int(n) for n in re.findall(r"\[(\d+)\]", str(response))} == set(range(1, len(answer.citations) + 1))
    again = asyncio.run(engine.aquery(WHERE))
    assert (str(again), again.source_nodes) == (str(response), response.source_nodes)


def test_a_refusal_has_no_sources(qa: LibQA) -> None:
    response = LibQAQueryEngine(qa).query(UNANSWERABLE)
    assert response.source_nodes == []
    assert (response.metadata or {})["abstained"]
    assert str(response) == qa.ask(UNANSWERABLE).text
    with pytest.raises(QuestionError):
        LibQAQueryEngine(qa).query("？？")


def test_in_a_retriever_query_engine(qa: LibQA) -> None:
    engine = RetrieverQueryEngine.from_args(LibQARetriever(qa, similarity_top_k=3), llm=MockLLM())
    response = engine.query(WHERE)
    assert [n.node_id for n in response.source_nodes] == [
        f"{h.document.id}#{h.passage.id}" for h in qa.search(WHERE, k=3)
    ]
    assert qa.search(WHERE, k=1)[0].passage.text in str(response)  # the model was given the passages
    assert "raw_start" not in str(response)
    assert str(asyncio.run(engine.aquery(WHERE))) == str(response)


def test_in_chat_engines(qa: LibQA) -> None:
    memory = Memory.from_defaults(session_id="test", token_limit=4000)
    chat = ContextChatEngine.from_defaults(
        retriever=LibQARetriever(qa, similarity_top_k=2), llm=MockLLM(), memory=memory
    )
    assert [n.metadata["document_id"] for n in chat.chat(WHERE).source_nodes] == [
        h.document.id for h in qa.search(WHERE, k=2)
    ]
    condensing = CondenseQuestionChatEngine.from_defaults(query_engine=LibQAQueryEngine(qa), llm=MockLLM())
    reply = condensing.chat(WHERE)
    assert reply.response == str(LibQAQueryEngine(qa).query(WHERE))
    assert [n.text for n in reply.source_nodes] == [c.quote for c in qa.ask(WHERE).citations]
    assert asyncio.run(condensing.achat("谁主持？", chat_history=[ChatMessage("你好")])).response


def test_in_a_router(qa: LibQA, tmp_path: Path) -> None:
    other = LibQA.build([Document("bread", "做面包要用面粉、水、盐和酵母。", "面包")], tmp_path / "index")
    tools = [
        QueryEngineTool.from_defaults(LibQAQueryEngine(qa), name="alliance", description="图书馆联盟与专家论坛"),
        QueryEngineTool.from_defaults(LibQAQueryEngine(other), name="kitchen", description="怎样做面包和烹饪"),
    ]
    synthesizer = get_response_synthesizer(llm=MockLLM())
    router = RouterQueryEngine(EmbeddingSingleSelector(LibQAEmbedding()), tools, llm=MockLLM(), summarizer=synthesizer)
    assert router.query("做面包要用什么？").source_nodes[0].metadata["document_id"] == "bread"
    assert "成都" in str(asyncio.run(router.aquery("2023年图书馆专家论坛在哪里举行？")))


def test_fused_with_another_retriever(qa: LibQA) -> None:
    index = VectorStoreIndex.from_documents([Loaded(text="成都的天气很好。", id_="w")], embed_model=LibQAEmbedding())
    fused = QueryFusionRetriever(
        [LibQARetriever(qa, 2), index.as_retriever(similarity_top_k=1)], llm=MockLLM(), num_queries=1, use_async=False
    )
    sources = {n.metadata.get("document_id", n.node.ref_doc_id) for n in fused.retrieve("成都的天气")}
    assert "w" in sources
    assert len(sources) > 1


def test_embeddings_are_those_of_libqa() -> None:
    embedding, bundled = LibQAEmbedding(), load_embedder()
    texts = ["图书馆联盟", "", "library alliance"]
    expected = bundled.encode(texts, "passage").tolist()
    assert embedding.get_text_embedding_batch(texts) == expected
    assert asyncio.run(embedding.aget_text_embedding_batch(texts)) == expected
    assert embedding.get_text_embedding(texts[0]) == expected[0]
    assert embedding.get_query_embedding(texts[0]) == bundled.encode(texts[:1], "query")[0].tolist()
    assert asyncio.run(embedding.aget_query_embedding(texts[0])) == embedding.get_query_embedding(texts[0])
    assert (embedding.model_name, embedding.class_name()) == ("bundled", "LibQAEmbedding")


def test_the_reader_reads_as_libqa_does(qa: LibQA, tmp_path: Path) -> None:
    loaded = {d.id_: d for d in LibQAReader().load_data(CORPUS)}
    assert {i: (d.text, d.metadata["title"]) for i, d in loaded.items()} == {
        d.id: (d.text, d.title) for d in qa.documents()
    }
    assert loaded["forum-report"].metadata["publisher"] == "教育部高等学校图书情报工作指导委员会"
    (tmp_path / "good.txt").write_text("读书周在银杏厅开幕。", encoding="utf-8")
    (tmp_path / "empty.txt").write_text("", encoding="utf-8")
    failed: list[ReadError] = []
    assert [d.id_ for d in LibQAReader().load_data(tmp_path, on_error=failed.append)] == ["good"]
    assert "empty.txt" in str(failed[0])
    with pytest.raises(ReadError, match=r"empty\.txt"):
        asyncio.run(LibQAReader().aload_data(tmp_path))


def test_what_llama_index_loaded_can_be_indexed(tmp_path: Path) -> None:
    loaded = Loaded(
        text="读书周由馆长欧阳明主持。",
        id_="week",
        metadata={"title": "读书周", "pages": 3, "tags": ["a", "b"], "none": None},
    )
    [document] = to_libqa([loaded])
    assert document == Document("week", "读书周由馆长欧阳明主持。", "读书周", {"pages": "3", "tags": "a, b"})
    qa = LibQA.build(to_libqa([loaded]), tmp_path / "index")
    assert "欧阳明" in str(LibQAQueryEngine(qa).query("读书周由谁主持？"))


def test_a_quote_of_a_document_removed_since_is_still_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    qa = LibQA.build([Document("week", "读书周由馆长欧阳明主持。", "读书周", {"date": "2025"})], tmp_path / "index")
    answer = qa.ask("读书周由谁主持？")
    qa.remove(["week"])
    monkeypatch.setattr(qa, "ask", lambda *_, **__: answer)
    [source] = LibQAQueryEngine(qa).query("读书周由谁主持？").source_nodes
    assert "欧阳明" in source.text
    assert (source.metadata["title"], "date" in source.metadata) == ("读书周", False)


def test_only_the_adapter_imports_llama_index() -> None:
    code = "import sys, libqa.adapters, libqa.cli, libqa.api; sys.exit(any('llama' in name for name in sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
