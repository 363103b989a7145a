"""The metrics against cases counted by hand, and the runner against an answerer whose every answer is known."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from libqa.errors import ReadError
from libqa.evaluation import metrics
from libqa.evaluation.questions import load_sets
from libqa.evaluation.runner import run, save
from libqa.evaluation.table import render
from libqa.types import Answer, Citation, Document, Hit, Passage, Statement


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


def test_auroc_counts_pairs() -> None:
    assert metrics.auroc([0.9, 0.4, 0.6, 0.1], [True, True, False, False]) == 0.75
    assert metrics.auroc([0.5, 0.5], [True, False]) == 0.5
    assert metrics.auroc([0.5], [True]) is None


def test_rank_is_by_overlap_with_the_gold_span() -> None:
    gold = [("a", 10, 20)]
    assert metrics.first_relevant([("a", 0, 10), ("b", 10, 20), ("a", 19, 30)], gold) == 3
    assert metrics.first_relevant([("a", 20, 30)], gold) is None


TEXT = "论坛在成都举行。现场150余人参会，1000余人线上参会。"


class Known:
    """Answers from a table, so that every figure can be counted by hand."""

    def __init__(self, said: dict[str, tuple[str, str] | None]) -> None:
        self.said = said

    def documents(self) -> list[Document]:
        return [Document("a", TEXT)]

    def search(self, question: str, k: int) -> list[Hit]:
        document = self.documents()[0]
        spans = [(0, 8), (8, len(TEXT))][:k]
        passages = [Passage(n, "a", TEXT[s:e], s, e) for n, (s, e) in enumerate(spans, 1)]
        return [Hit(p, document, 1.0 / p.id) for p in passages]

    def ask(self, question: str, history: list[tuple[str, str]]) -> Answer:
        said = self.said[question]
        if said is None:
            return Answer(question, "文献中没有说。", (), (), True, 0.1, "zh-Hans", question)
        text, quote = said
        at = TEXT.index(quote)
        citation = Citation("a", "", quote, at, at + len(quote), at, at + len(quote), 1)
        return Answer(question, text, (Statement(text, (0,)),), (citation,), False, 0.9, "zh-Hans", question)


def row(
    number: int, question: str, answers: list[list[str]], quote: str | None, kind: str = "where"
) -> dict[str, object]:
    return {
        "id": f"t-{number}",
        "lang": "zh-Hans",
        "type": kind,
        "question": question,
        "history": [],
        "answerable": quote is not None,
        "answers": answers,
        "evidence": [] if quote is None else [{"document": "a", "quote": quote}],
    }


def test_the_runner_counts_what_a_person_would(tmp_path: Path) -> None:
    rows = [
        row(1, "在哪里？", [["成都"]], "在成都举行"),  # right, cited
        row(2, "线上多少人？", [["1000余人"]], "1000余人线上参会", "how_many"),  # wrong number, cited clause holds it
        row(3, "现场多少人？", [["150余人"]], "现场150余人参会", "how_many"),  # refused
        row(4, "在上海哪里？", [], None),  # refused, rightly
        row(5, "谁主持？", [], None, "who"),  # answered, wrongly
    ]
    file = tmp_path / "set.jsonl"
    file.write_text("\n".join(json.dumps(r, ensure_ascii=False) for r in rows), encoding="utf-8")
    qa = Known(
        {
            "在哪里？": ("成都", "论坛在成都举行"),
            "线上多少人？": ("150余人", "1000余人线上参会"),
            "现场多少人？": None,
            "在上海哪里？": None,
            "谁主持？": ("成都", "论坛在成都举行"),
        }
    )
    result = run(qa, load_sets([str(file)]))  # type: ignore[arg-type]
    f = result.figures
    assert f["right"] == f["right_and_cited"] == pytest.approx(2 / 3)
    assert f["direct_right"] == pytest.approx(1 / 3)
    assert f["refusal_right"] == 0.5
    assert f["false_refusal"] == pytest.approx(1 / 3)
    assert f["citation_exact"] == f["citation_precision"] == 1.0
    assert f["citation_recall"] == pytest.approx(2 / 3)
    assert f["direct_length"] == 3.5  # 成都, 150余人
    assert f["hit@1"] == pytest.approx(1 / 3)
    assert f["hit@3"] == 1.0
    assert f["mrr@10"] == pytest.approx((1 + 0.5 + 0.5) / 3)
    assert f["abstention_auroc"] == pytest.approx((0.5 + 1 + 0.5 + 1 + 0 + 0.5) / 6)
    assert "2 not right and cited:\n  t-3  现场多少人？\n    wanted: 150余人" in render(result)
    saved = json.loads(save(result, tmp_path / "reports").read_text(encoding="utf-8"))
    assert saved["figures"] == f
    assert [q["question"]["id"] for q in saved["questions"]] == ["t-1", "t-2", "t-3", "t-4", "t-5"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"lang": "fr"}, "lang 'fr' is not one of"),
        ({"answers": []}, "an answerable question has answers and evidence"),
        ({"answers": [[]]}, "non-empty lists"),
        ({"answerable": "yes"}, "neither true nor false"),
    ],
)
def test_a_wrong_line_is_named(tmp_path: Path, change: dict[str, object], said: str) -> None:
    file = tmp_path / "set.jsonl"
    good = row(1, "在哪里？", [["成都"]], "在成都举行")
    file.write_text(json.dumps(good) + "\n" + json.dumps({**good, "id": "t-2", **change}), encoding="utf-8")
    with pytest.raises(ReadError, match="set.jsonl:2: .*" + said):
        load_sets([str(file)])


def test_a_question_about_other_documents_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "set.jsonl"
    file.write_text(json.dumps(row(1, "在哪里？", [["成都"]], "在重庆举行")), encoding="utf-8")
    with pytest.raises(ReadError, match="evidence is not in the indexed document 'a'"):
        run(Known({}), load_sets([str(file)]))  # type: ignore[arg-type]
    with pytest.raises(ReadError, match="no such question set"):
        load_sets(["nothing"])
