"""What models want in front of texts, and what happens without the extra `hub`: no torch is needed here."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from libqa import Document, LibQA, Settings
from libqa.answering.rerank import rerank
from libqa.doctor import Finding, examine
from libqa.errors import MissingExtra
from libqa.models import load_embedder, load_reranker
from libqa.models.hub import prompts
from libqa.types import Hit, Passage

TASK = "Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery:"
WITHOUT_HUB = pytest.mark.skipif(
    importlib.util.find_spec("sentence_transformers") is not None, reason="the extra hub is installed here"
)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("intfloat/multilingual-e5-small", ("query: ", "passage: ")),
        ("intfloat/multilingual-e5-large-instruct", (f"{TASK} ", "")),
        ("BAAI/bge-m3", ("", "")),
        ("BAAI/bge-large-zh-v1.5", ("为这个句子生成表示以用于检索相关文章：", "")),
        ("BAAI/bge-base-en-v1.5", ("Represent this sentence for searching relevant passages: ", "")),
        ("Qwen/Qwen3-Embedding-0.6B", (TASK, "")),
        ("Alibaba-NLP/gte-Qwen2-1.5B-instruct", (f"{TASK} ", "")),
        ("Alibaba-NLP/gte-multilingual-base", ("", "")),
        ("thenlper/gte-large-zh", ("", "")),
        ("nomic-ai/nomic-embed-text-v1.5", ("search_query: ", "search_document: ")),
        ("jinaai/jina-embeddings-v2-base-zh", ("", "")),
        ("sentence-transformers/all-MiniLM-L6-v2", ("", "")),
        ("/models/e5-mirror/gte-base/", ("", "")),  # only the last part names the model
        (r"D:\models\multilingual-e5-base", ("query: ", "passage: ")),
    ],
)
def test_each_family_has_its_prompts(name: str, expected: tuple[str, str]) -> None:
    assert prompts(name) == expected


@pytest.mark.parametrize(
    ("own", "expected"),
    [
        ({"query": "q: ", "document": ""}, ("q: ", "")),
        ({"query": "q: ", "passage": "p: "}, ("q: ", "p: ")),
        ({"retrieval.query": "find ", "retrieval.passage": "hold ", "separation": "x"}, ("find ", "hold ")),
        ({"query": "", "document": ""}, ("query: ", "passage: ")),  # what the library fills in where there are none
    ],
)
def test_the_models_own_prompts_come_first(own: dict[str, str], expected: tuple[str, str]) -> None:
    assert prompts("intfloat/e5-small", own) == expected


class Longest:
    """Likes long texts."""

    name = "longest"

    def score(self, question: str, texts: list[str]) -> NDArray[np.float32]:
        return np.array([len(text) / 100 for text in texts], np.float32)


def test_hits_are_put_in_the_rerankers_order_and_equal_ones_stay() -> None:
    texts = ["四个字了", "六个字在这里", "四个字的", "二"]
    hits = [Hit(Passage(n, "d", text, 0, len(text)), Document("d", text, ""), 1.0) for n, text in enumerate(texts, 1)]
    ranked = rerank(Longest(), "问", hits)
    assert [hit.passage.id for hit in ranked] == [2, 1, 3, 4]
    assert [round(hit.score, 4) for hit in ranked] == [0.06, 0.04, 0.04, 0.01]


@WITHOUT_HUB
def test_without_the_extra_the_error_says_what_to_install(tmp_path: Path) -> None:
    for load in (load_embedder, load_reranker):
        with pytest.raises(MissingExtra, match=r'BAAI/any: .*run: pip install "libqa\[hub\]"'):
            load("BAAI/any")
    settings = Settings(index=tmp_path / "index", reranker="BAAI/any")
    with LibQA.build([Document("d", "论坛在成都举行。", "论坛")], settings=settings) as qa:
        for call in (qa.search, qa.ask):
            with pytest.raises(MissingExtra, match="reranker BAAI/any"):
                call("论坛在哪里举行？")


@WITHOUT_HUB
def test_the_doctor_tells_of_a_reranker_that_is_not_there(tmp_path: Path) -> None:
    def of_reranker(settings: Settings) -> list[Finding]:
        return [finding for finding in examine(settings) if finding.thing == "reranker"]

    assert of_reranker(Settings(index=tmp_path / "none")) == []
    [finding] = of_reranker(Settings(index=tmp_path / "none", reranker="BAAI/any"))
    assert not finding.well
    assert finding.remedy == 'run: pip install "libqa[hub]"'


@WITHOUT_HUB
def test_exporting_needs_the_extra(tmp_path: Path) -> None:
    from libqa.models.export import export_embedder

    with pytest.raises(MissingExtra, match=r'pip install "libqa\[hub\]"'):
        export_embedder(tmp_path / "out")
    assert not (tmp_path / "out").exists()
