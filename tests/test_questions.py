"""The question sets are well formed, and every answer stands where the set says it stands."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
QUESTIONS = ROOT / "eval" / "questions"
SHAPES = {  # set: questions, unanswerable ones
    "core": (60, 15),
    "second": (100, 25),
}
FIELDS = {"id", "lang", "type", "question", "history", "answerable", "answers", "evidence", "topic"}
TYPES = {"who", "when", "where", "how_many", "which", "list", "why", "how", "what", "yes_no"}


def load(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (QUESTIONS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


def texts() -> dict[str, str]:
    """Text of each document by id, the forum report proof-read, pages without their front matter."""
    corpus = ROOT / "corpus"
    found = {path.stem: path.read_text(encoding="utf-8").split("---\n", 2)[2] for path in corpus.glob("*.md")}
    found["forum-report"] = (ROOT / "tests" / "golden" / "forum-report.txt").read_text(encoding="utf-8")
    return found


@pytest.mark.parametrize("name", SHAPES)
def test_set_has_the_promised_shape(name: str) -> None:
    rows = load(name)
    assert (len(rows), sum(not row["answerable"] for row in rows)) == SHAPES[name]
    assert len({row["id"] for row in rows}) == len(rows)
    assert len({(row["question"], json.dumps(row["history"])) for row in rows}) == len(rows)
    assert {row["type"] for row in rows} == TYPES
    documents = texts()
    for row in rows:
        assert set(row) == FIELDS, row["id"]
        assert row["lang"] in {"zh-Hans", "zh-Hant", "en"}, row["id"]
        assert row["topic"] in documents, row["id"]
        assert row["answerable"] == bool(row["answers"]) == bool(row["evidence"]), row["id"]
        assert all(group and all(alias.strip() for alias in group) for group in row["answers"]), row["id"]
        assert all(len(turn) == 2 and all(turn) for turn in row["history"]), row["id"]


@pytest.mark.parametrize(
    ("name", "mix"),
    [
        ("core", {"zh-Hans": 26, "zh-Hant": 9, "en": 14, "follow-up": 11}),
        ("second", {"zh-Hans": 43, "zh-Hant": 15, "en": 23, "follow-up": 19}),
    ],
)
def test_set_mixes_languages_and_follow_ups(name: str, mix: dict[str, int]) -> None:
    assert Counter("follow-up" if row["history"] else row["lang"] for row in load(name)) == mix


def test_second_set_holds_25_paraphrases_all_answerable() -> None:
    paraphrases = [row for row in load("second") if row["id"].startswith("second-p")]
    assert len(paraphrases) == 25
    assert all(row["answerable"] for row in paraphrases)


@pytest.mark.parametrize("name", SHAPES)
def test_quotes_are_exact_and_hold_every_nugget(name: str) -> None:
    documents = texts()
    for row in load(name):
        for evidence in row["evidence"]:
            assert evidence["quote"] in documents[evidence["document"]], (row["id"], evidence)
        quotes = [evidence["quote"] for evidence in row["evidence"]]
        for group in row["answers"]:
            assert any(alias in quote for alias in group for quote in quotes), (row["id"], group)


@pytest.mark.parametrize("name", SHAPES)
def test_answers_do_not_stand_in_their_questions(name: str) -> None:
    """A question that contains its own answer would be answered right by an echo."""
    for row in load(name):
        for group in row["answers"]:
            assert not all(alias in row["question"] for alias in group), (row["id"], group)
