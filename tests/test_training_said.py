"""The statements written for training with questions in other words: what is no statement or question is named."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

TRAINING = Path(__file__).resolve().parent.parent / "training"


@pytest.fixture
def said(monkeypatch):
    monkeypatch.syspath_prepend(str(TRAINING))
    monkeypatch.delitem(sys.modules, "said", raising=False)
    yield importlib.import_module("said")
    sys.modules.pop("said", None)


def test_statements_come_with_their_questions(said, monkeypatch, tmp_path):
    (tmp_path / "b.txt").write_text("= 桥长六百米。\n? 河上那条路有多长\n? How far is it across?\n\n", encoding="utf-8")
    (tmp_path / "a.txt").write_text("= 该馆周一闭馆。\n? 哪天进不去\n", encoding="utf-8")
    monkeypatch.setattr(said, "FOLDER", tmp_path)
    assert said.load() == [
        ("该馆周一闭馆。", ["哪天进不去"]),
        ("桥长六百米。", ["河上那条路有多长", "How far is it across?"]),
    ]
    assert said.faults(said.load()) == []


@pytest.mark.parametrize("line", ["桥长六百米。", "? 一问在先", "="])
def test_a_line_of_another_kind_is_named(said, monkeypatch, tmp_path, line):
    (tmp_path / "a.txt").write_text(f"{line}\n= 桥长六百米。\n? 多长\n", encoding="utf-8")
    monkeypatch.setattr(said, "FOLDER", tmp_path)
    with pytest.raises(ValueError, match="line 1: neither a statement nor a question"):
        said.load()


def test_faults_are_named(said, monkeypatch, tmp_path):
    text = "= 桥长六百米。\n? 多长\n= 桥长六百米。\n? 多宽\n= 该馆周一闭馆。\n"
    (tmp_path / "a.txt").write_text(text, encoding="utf-8")
    monkeypatch.setattr(said, "FOLDER", tmp_path)
    assert said.faults(said.load()) == ["no question: 该馆周一闭馆。", "stands twice: 桥长六百米。"]


def test_the_files_that_ship_have_no_faults(said):
    told = said.load()
    assert told
    assert said.faults(told) == []
