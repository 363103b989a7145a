"""The questions written for training on texts of the data sets: they point into the texts and quote whole sentences."""

from __future__ import annotations

import gzip
import importlib
import json
import sys
from pathlib import Path

import pytest

TRAINING = Path(__file__).resolve().parent.parent / "training"
TEXT = "石梁桥长六百米。它在1987年通车，花了三年。"


@pytest.fixture
def asked(monkeypatch):
    monkeypatch.syspath_prepend(str(TRAINING))
    names = ("asked", "written", "common")
    for name in names:
        monkeypatch.delitem(sys.modules, name, raising=False)
    yield importlib.import_module("asked")
    for name in names:
        sys.modules.pop(name, None)


@pytest.fixture
def data(tmp_path, asked, monkeypatch):
    """A data folder with one text, and three questions on it."""
    (tmp_path / "zhwiki_sample").mkdir()
    with gzip.open(tmp_path / "zhwiki_sample" / "text.jsonl.gz", "wt", encoding="utf-8") as file:
        file.write(json.dumps({"title": "石梁桥", "text": TEXT}) + "\n")
    monkeypatch.setattr(asked, "FOLDER", tmp_path / "asked")
    start = TEXT.index("1987年")
    write(
        asked.FOLDER,
        {"s": "zhwiki_sample/text", "r": 0, "k": "plain", "q": "石梁桥哪年通车？", "at": [start, start + 5]},
        {"s": "zhwiki_sample/text", "r": 0, "k": "missing", "q": "石樑橋由誰設計？", "at": [0, 8]},
        {"s": "zhwiki_sample/text", "r": 0, "k": "plain", "q": "How long is the bridge?", "at": [4, 7]},
    )
    return tmp_path


def write(folder: Path, *lines: dict) -> None:
    folder.mkdir(exist_ok=True)
    text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
    (folder / "bridge.jsonl").write_text(text, encoding="utf-8")


def test_questions_quote_the_sentences_that_answer(asked, data):
    documents, questions, places = asked.load(data)
    assert documents == {"zhwiki_sample/text:0": ("石梁桥", TEXT)}
    assert [(q.language, q.kind, q.quotes, q.answers) for q in questions] == [
        ("s", "plain", ("它在1987年通车，花了三年。",), ("1987年",)),
        ("t", "missing", (), ()),
        ("e", "plain", ("石梁桥长六百米。",), ("六百米",)),
    ]
    assert [TEXT[a:b] for a, b in places] == ["1987年", "石梁桥长六百米。", "六百米"]
    assert list(asked.faults(data)) == []


def test_faults_are_found(asked, data):
    line = {"s": "zhwiki_sample/text", "r": 0, "k": "plain", "q": "石梁桥多长？", "at": [4, 7]}
    write(
        asked.FOLDER,
        line,
        line,
        line | {"r": 5},
        line | {"q": "多宽？", "at": [20, 99]},
        line | {"q": "谁？", "k": "x"},
    )
    faults = list(asked.faults(data))
    assert len(faults) == 4
    assert "asked twice" in faults[0]
    assert "no such row" in faults[1]
    assert f"no place in a text of {len(TEXT)} characters" in faults[2]
    assert "no such kind: x" in faults[3]


def test_the_lines_are_sound(asked):
    """What can be told without the data sets; the rest is ``python training/asked.py``."""
    lines = asked.lines()
    assert len(lines) > 10_000
    assert {line["k"] for line in lines} <= asked.KINDS
    assert all(0 <= line["at"][0] < line["at"][1] for line in lines)
    assert len({(line["s"], line["r"], line["q"]) for line in lines}) == len(lines)
    assert {line["s"] for line in lines} <= importlib.import_module("common").OPEN
