"""The question sets are well formed, and every answer stands where the set says it stands."""

from __future__ import annotations

import json
import re
from collections import Counter
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from libqa.evaluation.metrics import holds
from libqa.text.script import to_hans

ROOT = Path(__file__).resolve().parents[1]
QUESTIONS = ROOT / "eval" / "questions"
SETS = sorted(path.stem for path in QUESTIONS.glob("*.jsonl"))
TAGGED = [name for name in SETS if name not in {"core", "second"}]  # the sets whose questions carry tags
FIELDS = {"id", "lang", "type", "question", "history", "answerable", "answers", "evidence", "topic"}
TYPES = {"who", "when", "where", "how_many", "which", "list", "why", "how", "what", "yes_no"}
UNANSWERABLE = {"wrong-entity", "missing-fact"}
KINDS = {"list": "list", "count": "how_many", "comparison": "compare", "why": "why"}  # tag: the only type it goes with
TAGS = {"paraphrase", *KINDS, *UNANSWERABLE}
MIXED_IN = (  # in the order of README's columns: what a question counts as
    ("zh-Hans", "Simplified"),
    ("zh-Hant", "Traditional"),
    ("en", "English"),
    ("follow-up", "follow-ups"),
)

MIXES = {"third": {"zh-Hans": 84, "zh-Hant": 30, "en": 48, "follow-up": 18}}  # where it is not that of dev and test


@cache
def load(name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (QUESTIONS / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()]


@cache
def texts() -> dict[str, str]:
    """Text of each document by id, the forum report proof-read, pages without their front matter."""
    corpus = ROOT / "corpus"
    found = {path.stem: path.read_text(encoding="utf-8").split("---\n", 2)[2] for path in corpus.glob("*.md")}
    found["forum-report"] = (ROOT / "tests" / "golden" / "forum-report.txt").read_text(encoding="utf-8")
    return found


def mix(name: str) -> Counter[str]:
    return Counter("follow-up" if row["history"] else row["lang"] for row in load(name))


def tags(name: str) -> Counter[str]:
    return Counter(tag for row in load(name) for tag in row.get("tags", ()))


def refused(name: str) -> int:
    return sum(not row["answerable"] for row in load(name))


def readme_rows() -> dict[str, str]:
    """What README's table says each set is made of, with the number of its questions in front."""
    text = (QUESTIONS / "README.md").read_text(encoding="utf-8")
    return {
        name: f"{count}: {said}"
        for name, count, said in re.findall(r"^\| `(\w+)\.jsonl` \| (\d+) \| (.+) \|$", text, re.M)
    }


def test_every_set_of_the_project_is_there() -> None:
    assert {"core", "second", "dev"} <= set(SETS)


def test_readme_lists_every_set_and_no_other() -> None:
    assert sorted(readme_rows()) == SETS


@pytest.mark.parametrize("name", SETS)
def test_readme_counts_what_the_set_holds(name: str) -> None:
    said, counted = readme_rows()[name], mix(name)
    total = len(load(name))
    languages = ", ".join(f"{counted[key]} {word}" for key, word in MIXED_IN)
    assert said.startswith(f"{total}: {languages}; {refused(name)} of the {total} unanswerable")
    if name in TAGGED:
        for tag, words in {
            "missing-fact": "ask for a fact that no document gives",
            "wrong-entity": "name a wrong",
            "paraphrase": "paraphrases",
            "list": "lists",
            "count": "counts",
            "comparison": "comparisons",
            "why": "whys",
        }.items():
            assert re.search(rf"\b{tags(name)[tag]} {words}\b", said), (tag, tags(name)[tag])


@pytest.mark.parametrize("name", SETS)
def test_questions_follow_the_schema(name: str) -> None:
    rows, documents = load(name), texts()
    assert len({row["id"] for row in rows}) == len(rows)
    tagged = name in TAGGED
    assert {row["type"] for row in rows} == TYPES | ({"compare"} if tagged else set())
    for row in rows:
        assert set(row) == FIELDS | ({"tags"} if tagged else set()), row["id"]
        assert row["id"].startswith(f"{name}-"), row["id"]
        assert row["lang"] in {"zh-Hans", "zh-Hant", "en"}, row["id"]
        assert row["topic"] in documents, row["id"]
        assert row["question"] == row["question"].strip() != "", row["id"]
        assert row["answerable"] == bool(row["answers"]) == bool(row["evidence"]), row["id"]
        assert all(group and all(alias.strip() for alias in group) for group in row["answers"]), row["id"]
        assert all(len(turn) == 2 and all(turn) for turn in row["history"]), row["id"]


def test_no_question_stands_twice() -> None:
    asked = Counter((row["question"], json.dumps(row["history"])) for name in SETS for row in load(name))
    assert [question for question, times in asked.items() if times > 1] == []


@pytest.mark.parametrize("name", SETS)
def test_quotes_are_exact_and_hold_every_nugget(name: str) -> None:
    documents = texts()
    for row in load(name):
        for evidence in row["evidence"]:
            assert evidence["quote"] in documents[evidence["document"]], (row["id"], evidence)
        quotes = [evidence["quote"] for evidence in row["evidence"]]
        for group in row["answers"]:
            assert any(alias in quote for alias in group for quote in quotes), (row["id"], group)
            assert any(holds(quote, alias) for alias in group for quote in quotes), (row["id"], group)


@pytest.mark.parametrize("name", SETS)
def test_answers_do_not_stand_in_their_questions(name: str) -> None:
    """A question that contains its own answer would be answered right by an echo."""
    for row in load(name):
        for group in row["answers"]:
            assert not all(alias in row["question"] for alias in group), (row["id"], group)


def test_second_set_holds_25_paraphrases_all_answerable() -> None:
    paraphrases = [row for row in load("second") if row["id"].startswith("second-p")]
    assert len(paraphrases) == 25
    assert all(row["answerable"] for row in paraphrases)


@pytest.mark.parametrize("name", TAGGED)
def test_tagged_set_has_the_shares_asked_for(name: str) -> None:
    assert mix(name) == MIXES.get(name, {"zh-Hans": 90, "zh-Hant": 27, "en": 45, "follow-up": 18})
    counted = tags(name)
    assert counted["paraphrase"] >= 50
    assert counted["missing-fact"] >= 24 <= counted["wrong-entity"]
    assert counted["missing-fact"] + counted["wrong-entity"] == refused(name) >= 48
    assert counted["list"] >= 15
    assert counted["count"] >= 12
    assert counted["why"] >= 10
    assert counted["comparison"] >= 8


@pytest.mark.parametrize("name", TAGGED)
def test_tags_agree_with_type_and_answerability(name: str) -> None:
    for row in load(name):
        found = set(row["tags"])
        assert len(found) == len(row["tags"]), row["id"]
        assert found <= TAGS, row["id"]
        assert len(found & UNANSWERABLE) == (0 if row["answerable"] else 1), row["id"]
        assert row["answerable"] or found <= UNANSWERABLE, row["id"]
        assert all(row["type"] == kind for tag, kind in KINDS.items() if tag in found), row["id"]


@pytest.mark.parametrize("name", TAGGED)
def test_no_answer_is_given_by_repeating_what_was_said_before(name: str) -> None:
    """Question and history together do not hold all nuggets, by the matching that evaluation uses."""
    for row in load(name):
        if row["answerable"]:
            said = "\n".join([row["question"], *(part for turn in row["history"] for part in turn)])
            held = [any(holds(said, alias) for alias in group) for group in row["answers"]]
            assert not all(held), (row["id"], row["answers"])


def pairs(text: str) -> set[str]:
    """Return the pairs of neighbouring Chinese characters, in Simplified script."""
    return {a + b for run in re.findall(r"[\u4e00-\u9fff]+", to_hans(text)) for a, b in pairwise(run)}


@pytest.mark.parametrize("name", TAGGED)
def test_paraphrases_share_few_characters_with_their_evidence(name: str) -> None:
    """At most a fifth of a paraphrase's character pairs stand in its evidence: names and chance, no content words."""
    for row in load(name):
        if "paraphrase" in row["tags"]:
            asked = pairs(row["question"])
            shared = asked & pairs("\n".join(evidence["quote"] for evidence in row["evidence"]))
            assert len(shared) * 5 <= len(asked), (row["id"], shared)


def test_dev_and_test_are_about_different_documents() -> None:
    """What is tuned on dev must not have been tuned on the documents of test."""
    assert not {row["topic"] for row in load("dev")} & {row["topic"] for row in load("test")}
