"""The documents and questions written for training: every quote and answer stands where it says."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest

TRAINING = Path(__file__).resolve().parent.parent / "training"


@pytest.fixture(scope="module")
def written():
    spec = importlib.util.spec_from_file_location("written", TRAINING / "written.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["written"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["written"]


def test_no_file_has_faults(written):
    files = sorted(written.FOLDER.glob("*.jsonl"))
    assert len(files) > 30
    assert [fault for path in files for fault in written.faults(path)] == []


def test_faults_are_found(written, tmp_path):
    path = tmp_path / "x01.jsonl"
    path.write_text(
        """{"id":"a","title":"馆","text":"新馆建于1990年。"}
{"d":"a","l":"s","k":"plain","q":"新馆建于哪年？","e":"新馆建于1990年","a":"1990年"}
{"d":"a","l":"s","k":"plain","q":"新馆建于何时？","e":"新馆建于1991年","a":"1991年"}
{"d":"a","l":"s","k":"missing","q":"新馆多大？","e":"新馆建于1990年","a":"1990年"}
{"d":"b","l":"x","k":"plain","q":"旧馆呢？","e":"旧馆","a":"旧馆"}
""",
        encoding="utf-8",
    )
    faults = list(written.faults(path))
    assert len(faults) == 3
    assert "not in the text: 新馆建于1991年" in faults[0]
    assert "belong to answerable questions" in faults[1]
    assert "no document b" in faults[2]


def test_several_answers_are_one_span_where_they_stand_together(written):
    text = "会议由甲、乙两馆承办。丙馆协办。"
    together = written.Written("a", "s", "list", "谁承办？", (), ("由甲、乙两馆承办",), ("甲", "乙"))
    apart = written.Written("a", "s", "list", "谁办？", (), ("由甲、乙两馆承办", "丙馆协办"), ("甲", "丙馆"))
    assert text[slice(*written.place(text, together))] == "甲、乙"
    assert text[slice(*written.place(text, apart))] == "甲"


def test_each_file_serves_one_part(written):
    reader, ranker = (set(written.families(part)) for part in ("reader", "ranker"))
    assert not reader & ranker
    assert reader | ranker == set(written.FOLDER.glob("*.jsonl"))
