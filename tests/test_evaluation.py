"""The metrics against cases counted by hand, and the runner against an answerer whose every answer is known."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from libqa.errors import ReadError
from libqa.evaluation import metrics
from libqa.evaluation.questions import Question, load_sets, sample
from libqa.evaluation.runner import run
from libqa.evaluation.table import render
from libqa.types import Answer, Citation, Document, Hit, Passage, Statement
from tests.conftest import ROOT


@pytest.mark.parametrize(
    ("text", "spelling", "found"),
    [
        ("论坛于2023年 11月举行", "2023年11月", True),
        ("2023年", "3", False),
        ("3所高校", "3", True),
        ("收录1,300种", "300", False),
        ("魏群義館長", "魏群义", True),
        ("ＩＦＬＡ会议", "IFLA", True),
        ("IFLANET", "ifla", False),
        ("said Wei  Qunyi", "wei qunyi", True),
        ("2019–2021年", "2019-2021", True),
    ],
)
def test_holds(text: str, spelling: str, found: bool) -> None:
    assert metrics.holds(text, spelling) is found


def test_character_f1_is_that_of_the_longest_common_run() -> None:
    # 北京大学 (4) in 在北京大学图书馆 (8): precision 4/8, recall 4/4
    assert metrics.character_f1("在北京大学图书馆", ["北京大学"]) == pytest.approx(2 / 3)
    assert metrics.character_f1("“1000余人”。", ["1000余人"]) == 1.0
    assert metrics.character_f1("重庆", ["成都"]) == 0.0
    assert metrics.exact_match("《北京大学》。", ["北京大学"]) == 1.0
    assert metrics.exact_match("北京大学图书馆", ["北京大学"]) == 0.0


TEXT = "论坛在成都举行。现场150余人参会，1000余人线上参会。"


class Known:
    """Answers from a table, so that every figure can be counted by hand."""

    def __init__(self, said: dict[str, tuple[str, str, float] | None]) -> None:
        self.said = said

    def documents(self) -> list[Document]:
        return [Document("a", TEXT), Document("b", "无关。")]

    def search(self, question: str, k: int) -> list[Hit]:
        b, a = Passage(1, "b", "无关。", 0, 3), Passage(2, "a", TEXT, 0, len(TEXT))
        found = [a, b] if question == "在哪里？" else [b, a]
        documents = {d.id: d for d in self.documents()}
        return [Hit(p, documents[p.document_id], 1.0 - n / 10) for n, p in enumerate(found)][:k]

    def ask(self, question: str, history: Sequence[tuple[str, str]] = ()) -> Answer:
        said = self.said[question]
        if said is None:
            return Answer(question, "文献中没有说。", (), (), True, 0.1, "zh-Hans", question)
        text, quote, confidence = said
        at = TEXT.index(quote)
        citation = Citation("a", "", quote, at, at + len(quote), at, at + len(quote), 1)
        return Answer(question, text, (Statement(text, (0,)),), (citation,), False, confidence, "zh-Hans", question)


def row(
    number: int, question: str, answers: list[list[str]], quote: str | None, kind: str = "where", **more: object
) -> dict[str, Any]:
    return {
        "id": f"t-{number}",
        "lang": "zh-Hans",
        "type": kind,
        "question": question,
        "history": [],
        "answerable": quote is not None,
        "answers": answers,
        "evidence": [] if quote is None else [{"document": "a", "quote": quote}],
        **more,
    }


ROWS = [
    row(1, "在哪里？", [["成都"]], "在成都举行", tags=["paraphrase"]),  # right, cited
    row(2, "线上多少人？", [["1000余人"]], "1000余人线上参会", "how_many"),  # wrong number, but the citation holds it
    row(3, "现场多少人？", [["150余人"]], "现场150余人参会", "how_many"),  # refused
    row(4, "在上海哪里？", [], None, tags=["wrong-entity"]),  # refused, rightly
    row(5, "谁主持？", [], None, "who"),  # answered, wrongly
]
SAID: dict[str, tuple[str, str, float] | None] = {
    "在哪里？": ("成都", "论坛在成都举行", 0.9),
    "线上多少人？": ("150余人", "1000余人线上参会", 0.6),
    "现场多少人？": None,
    "在上海哪里？": None,
    "谁主持？": ("成都", "论坛在成都举行", 0.8),
}
WITHOUT_THRESHOLD = SAID | {
    "现场多少人？": ("150余人", "现场150余人参会", 0.1),
    "在上海哪里？": ("成都", "论坛在成都举行", 0.1),
}


def questions(tmp_path: Path, rows: list[dict[str, Any]]) -> list[Question]:
    file = tmp_path / "set.jsonl"
    file.write_text("\n".join(json.dumps(r, ensure_ascii=False) for r in rows), encoding="utf-8")
    return load_sets([str(file)])


def test_the_runner_counts_what_a_person_would(tmp_path: Path) -> None:
    result = run(Known(SAID), questions(tmp_path, ROWS), forced=Known(WITHOUT_THRESHOLD))  # type: ignore[arg-type]
    f = result.figures
    assert f["questions"] == 5
    assert f["right"] == f["right_and_cited"] == pytest.approx(2 / 3)
    assert f["direct_right"] == pytest.approx(1 / 3)
    assert f["nugget_recall"] == pytest.approx(2 / 3)
    assert f["exact_match"] == pytest.approx(1 / 3)  # 成都; 150余人 for 1000余人; refused
    # 1000余人 and 150余人 are each a number and two characters; 余人 is common: precision 2/3, recall 2/3
    assert f["character_f1"] == pytest.approx((1 + 2 / 3 + 0) / 3)
    assert f["refusal_right"] == f["false_answer"] == 0.5
    assert f["false_refusal"] == pytest.approx(1 / 3)
    assert f["citation_exact"] == f["citation_precision"] == 1.0
    assert f["citation_recall"] == pytest.approx(2 / 3)
    # of three answers, the one that says 150余人 does not stand in its citation
    assert f["statement_recall"] == f["statement_precision"] == pytest.approx(2 / 3)
    assert f["direct_length"] == 3.5  # 成都, 150余人
    assert f["quote_length"] == 7  # of 7, 11 and 7 characters
    assert (f["hit@1"], f["hit@3"]) == (pytest.approx(1 / 3), 1.0)
    assert f["mrr@10"] == pytest.approx((1 + 0.5 + 0.5) / 3)
    assert f["ndcg@10"] == pytest.approx((1 + 2 * 0.6309297535714575) / 3)  # 1 / log2(3)
    # 0.9, 0.6, 0.1 against 0.1, 0.8: over 0.1 twice, once equal; over 0.8 once
    assert f["abstention_auroc"] == pytest.approx((1 + 1 + 0.5 + 1 + 0 + 0) / 6)
    # by confidence: right, wrong (unanswerable), right, and a tie at 0.1 of one right and one wrong
    assert f["aurc"] == pytest.approx((0 + 1 / 2 + 1 / 3 + 1.5 / 4 + 2 / 5) / 5)
    assert f["brier"] == pytest.approx((0.1**2 + 0.8**2 + 0.4**2 + 0.9**2 + 0.1**2) / 5)
    # bins of 0.1, 0.6, 0.8 and 0.9: half right at 0.1, all at 0.6, none at 0.8, all at 0.9
    assert f["ece"] == pytest.approx((2 * 0.4 + 0.4 + 0.8 + 0.1) / 5)
    assert {name: group["questions"] for name, group in result.by_tag.items()} == {"paraphrase": 1, "wrong-entity": 1}
    assert result.by_type["how_many"]["right"] == 0.5
    assert list(result.by_set) == ["set"]
    assert [o.verdict for o in result.outcomes] == [
        *("right", "right", "refused, but in the documents", "right", "answered, but not in the documents")
    ]
    [wrong, *_] = result.outcomes[2].passages
    assert [wrong.text[start:end] for start, end in wrong.marks] == ["现场150余人参会"]
    assert "2 not right:\n  t-3  现场多少人？\n    refused, but in the documents; wanted: 150余人" in render(result)


def test_follow_ups_are_a_tag_of_their_own(tmp_path: Path) -> None:
    asked = questions(tmp_path, [row(1, "在哪里？", [["成都"]], "在成都举行", history=[["问", "答"]])])
    result = run(Known(SAID), asked)  # type: ignore[arg-type]
    assert result.by_tag["follow-up"]["right"] == 1.0


def test_the_start_of_the_evidence_is_the_one_place_meant(tmp_path: Path) -> None:
    said = {"多少？": ("余人", "150余人", 0.9)}
    twice = row(1, "多少？", [["不在"]], None) | {"answerable": True}
    at = {"document": "a", "quote": "余人", "start": TEXT.rindex("余人")}
    [elsewhere] = run(Known(said), questions(tmp_path, [twice | {"evidence": [at]}])).outcomes  # type: ignore[arg-type]
    assert elsewhere.values["citation_precision"] == 0.0
    del at["start"]
    [anywhere] = run(Known(said), questions(tmp_path, [twice | {"evidence": [at]}])).outcomes  # type: ignore[arg-type]
    assert anywhere.values["citation_precision"] == 1.0


def test_a_sample_is_the_same_every_time_and_in_order() -> None:
    first = sample(range(100), 10)
    assert first == sample(range(100), 10) == sorted(set(first))
    assert len(first) == 10
    assert sample([3, 1], 5) == sample([3, 1], None) == [3, 1]


def schema() -> Any:
    return json.loads((ROOT / "docs" / "schema" / "question.schema.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", sorted((ROOT / "eval" / "questions").glob("*.jsonl")), ids=lambda f: f.stem)
def test_every_committed_question_is_as_documented(file: Path) -> None:
    check = jsonschema.Draft202012Validator(schema())
    check.check_schema(check.schema)
    for line in file.read_text(encoding="utf-8").splitlines():
        check.validate(json.loads(line))


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"lang": "fr"}, "lang 'fr' is not one of"),
        ({"answers": []}, "an answerable question has answers and evidence"),
        ({"answers": [[]]}, "non-empty lists"),
        ({"answers": ["成都"]}, "answers holds something"),
        ({"answerable": "yes"}, "neither true nor false"),
        ({"question": " "}, "question is not a text"),
        ({"history": [["只有一个"]]}, "not a .question, answer. pair"),
        ({"tags": "list"}, "tags holds something"),
        ({"evidence": [{"document": "a", "quote": "在", "start": -1}]}, "not an offset"),
    ],
)
def test_a_wrong_line_is_named_and_breaks_the_schema(tmp_path: Path, change: dict[str, object], said: str) -> None:
    good = ROWS[0]
    check = jsonschema.Draft202012Validator(schema())
    assert check.is_valid(good)
    assert not check.is_valid({**good, **change})
    with pytest.raises(ReadError, match="set.jsonl:2: .*" + said):
        questions(tmp_path, [good, {**good, "id": "t-2", **change}])


def test_a_question_about_other_documents_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="evidence is not in the indexed document 'a'"):
        run(Known({}), questions(tmp_path, [row(1, "在哪里？", [["成都"]], "在重庆举行")]))  # type: ignore[arg-type]
    with pytest.raises(ReadError, match="no such question set"):
        load_sets(["nothing"])
