"""The bundled embedder, its pieces, and the English-Chinese lexicon."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libqa.errors import ModelError
from libqa.models import load_embedder, translate, translations
from libqa.models.embedder import BUNDLED, FILES, StaticEmbedder
from libqa.models.lexicon import base_forms
from libqa.models.pieces import Segmenter
from libqa.text.script import fold, to_hant


@pytest.fixture(scope="module")
def embedder() -> StaticEmbedder:
    return StaticEmbedder()


@pytest.fixture(scope="module")
def segmenter() -> Segmenter:
    return Segmenter(BUNDLED / "pieces.tsv")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    for name in FILES:
        shutil.copy(BUNDLED / name, tmp_path / name)
    return tmp_path


def test_pieces_follow_words(segmenter: Segmenter) -> None:
    text = fold("2023年，重慶大學圖書館。Digital libraries")
    cut = segmenter.cut(text)
    assert [text[a:b] for a, b in cut.spans] == [
        "2023", "年", ",", "重庆", "大学", "图书馆", "。", "digital", "libraries",
    ]  # fmt: skip


def test_an_unknown_character_is_one_unknown_piece(segmenter: Segmenter) -> None:
    assert segmenter.cut("𠀀中").ids[0] == 0
    assert segmenter.cut("𠀀中").spans == [(0, 1), (1, 2)]


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=80))
def test_pieces_tile_what_is_not_white_space(segmenter: Segmenter, text: str) -> None:
    folded = fold(text)
    cut = segmenter.cut(folded)
    assert all(a < b for a, b in cut.spans)
    assert all(b <= c for (_, b), (c, _) in zip(cut.spans, cut.spans[1:], strict=False))
    assert "".join(folded[a:b] for a, b in cut.spans) == "".join(folded.split())
    assert len(cut.ids) == len(cut.spans)


def test_vectors_are_unit_rows_and_empty_text_is_zero(embedder: StaticEmbedder) -> None:
    vectors = embedder.encode(["图书馆联盟", "", "library alliance", " \n"], "query")
    assert vectors.shape == (4, embedder.dimension)
    assert vectors.dtype == np.float32
    assert np.linalg.norm(vectors, axis=1) == pytest.approx([1, 0, 1, 0], abs=1e-5)
    assert embedder.encode([], "query").shape == (0, embedder.dimension)


def test_encoding_does_not_depend_on_the_other_texts(embedder: StaticEmbedder) -> None:
    together = embedder.encode(["图书馆", "大学"], "passage")
    assert np.array_equal(together[1:], embedder.encode(["大学"], "passage"))


def test_both_scripts_are_near(embedder: StaticEmbedder) -> None:
    simplified = ["西部高校图书馆联盟召开专家论坛", "未来学习中心的建设与服务"]
    a, b = embedder.encode(simplified, "query"), embedder.encode([to_hant(t) for t in simplified], "query")
    assert (a * b).sum(axis=1).min() > 0.95


def test_english_finds_its_chinese_sentence(embedder: StaticEmbedder) -> None:
    english = [
        "The weather is very nice today.",
        "He is a professor of physics at the university.",
        "The government announced a new education policy.",
        "The hospital bought new medical equipment.",
        "The library holds two million books.",
        "Apples and pears are cheap this week.",
    ]
    chinese = [
        "今天天气很好。", "他是这所大学的物理学教授。", "政府宣布了新的教育政策。", "医院购买了新的医疗设备。",
        "图书馆藏书两百万册。", "这个星期苹果和梨很便宜。",
    ]  # fmt: skip
    scores = embedder.encode(english, "query") @ embedder.encode(chinese, "passage").T
    assert scores.argmax(axis=1).tolist() == [0, 1, 2, 3, 4, 5]


def test_fingerprint_changes_with_the_weights(copy: Path, embedder: StaticEmbedder) -> None:
    assert StaticEmbedder(copy).fingerprint == embedder.fingerprint
    vectors = np.load(copy / "vectors.npy")
    vectors[5, 5] ^= 1
    np.save(copy / "vectors.npy", vectors)
    assert StaticEmbedder(copy).fingerprint != embedder.fingerprint


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_one_clear_error(copy: Path, name: str) -> None:
    (copy / name).unlink()
    with pytest.raises(ModelError, match="reinstall libqa"):
        StaticEmbedder(copy)


def test_files_that_do_not_fit_are_an_error(copy: Path) -> None:
    config = json.loads((copy / "config.json").read_text())
    (copy / "config.json").write_text(json.dumps(config | {"dimension": 7}))
    with pytest.raises(ModelError, match="do not belong together"):
        StaticEmbedder(copy)


def test_a_truncated_table_is_an_error(copy: Path) -> None:
    data = (copy / "vectors.npy").read_bytes()
    (copy / "vectors.npy").write_bytes(data[: len(data) // 2])
    with pytest.raises(ModelError, match="cannot be loaded"):
        StaticEmbedder(copy)


def test_the_bundled_embedder_is_loaded_once() -> None:
    assert load_embedder() is load_embedder("bundled")


def test_lexicon_translates_words_phrases_and_inflected_forms() -> None:
    assert translations("university")[0][0] == "大学"
    assert translations("Universities")[0][0] == "大学"
    assert "图书馆" in [term for term, _ in translations("library")]
    assert translations("higher education")[0][0] == "高等教育"
    assert translations("qwxyz") == []
    assert translations("the") == []
    assert translations("") == []
    for word in ("alliance", "forum", "expert"):
        found = translations(word)
        assert sum(p for _, p in found) <= 1.05
        assert [p for _, p in found] == sorted((p for _, p in found), reverse=True)


def test_lexicon_takes_the_longest_phrase() -> None:
    assert [unit for unit, _ in translate("Which universities joined the higher education alliance?")] == [
        "universities", "joined", "higher education", "alliance",
    ]  # fmt: skip


def test_every_line_of_the_lexicon_can_be_found() -> None:
    from libqa.models import lexicon

    lines = lexicon.BUNDLED.read_text(encoding="utf-8").splitlines()
    keys = [line.split("\t")[0] for line in lines]
    assert keys == sorted(keys, key=str.encode)
    for i in (0, 1, len(lines) // 2, len(lines) - 2, len(lines) - 1):
        assert " ".join(f"{t}:{round(100 * p)}" for t, p in lexicon._lookup(keys[i])) == lines[i].split("\t")[1]


@pytest.mark.parametrize(
    ("word", "base"),
    [("libraries", "library"), ("classes", "class"), ("planned", "plan"), ("making", "make"), ("china's", "china")],
)
def test_base_forms(word: str, base: str) -> None:
    assert base in list(base_forms(word))


def test_a_missing_lexicon_is_one_clear_error(tmp_path: Path) -> None:
    from libqa.models import lexicon

    with pytest.raises(ModelError, match="reinstall libqa"):
        lexicon._table(tmp_path / "none.tsv")


def test_models_run_without_torch() -> None:
    code = (
        "import sys; from libqa.models import load_embedder, translations;"
        "load_embedder().encode(['图书馆'], 'query'); translations('library');"
        "print(sorted({'torch', 'onnxruntime', 'sklearn', 'scipy'} & sys.modules.keys()))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"
