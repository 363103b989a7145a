"""Documents that give orders to the model: whatever it does with them, answers, citations and tools stay the same."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path

import pytest
from libqa_ui import render

from libqa import Document, LibQA, Settings
from libqa.answering.orders import without_orders
from libqa.serialize import answer_to_dict
from libqa.text.script import fold
from libqa.types import Answer
from tests.llm_server import Call, Model, obeying, orders, serving

ROWS = [
    json.loads(line)
    for line in (Path(__file__).parent / "cases" / "injections.jsonl").read_text(encoding="utf-8").splitlines()
]
POISON = [fold(row["poison"]) for row in ROWS]
FOUNDED = "联盟是什么时候成立的？"
HONEST = [
    Document("alliance", "联盟于2022年2月正式成立。联盟的宗旨是“协同创新、发展共赢”。", "联盟的成立与宗旨"),
    Document("forum", "专家论坛由重庆大学图书馆馆长魏群义主持，联盟工作会议由兰利琼主持。", "2023年专家论坛"),
]
ALL = 40  # passages to read: every document


@pytest.fixture(scope="module")
def model() -> Iterator[Model]:
    with serving() as running:
        yield running


def built(folder: Path, documents: list[Document], model: Model) -> LibQA:
    settings = Settings(index=folder, llm_base_url=model.url, llm_model="scripted", llm_api_key="sk-real-key")
    return LibQA.build(documents, settings=settings)


@pytest.fixture(scope="module")
def clean(tmp_path_factory: pytest.TempPathFactory, model: Model) -> LibQA:
    return built(tmp_path_factory.mktemp("clean") / "index", HONEST, model)


@pytest.fixture(scope="module")
def poisoned(tmp_path_factory: pytest.TempPathFactory, model: Model) -> LibQA:
    bad = [Document(row["id"], row["text"], row["title"]) for row in ROWS]
    return built(tmp_path_factory.mktemp("poisoned") / "index", [*HONEST, *bad], model)


def said(answer: Answer) -> list[tuple[str, bool, list[str]]]:
    return [(s.text, s.supported, [answer.citations[n].quote for n in s.citations]) for s in answer.statements]


def honest(call: Call) -> None:
    n, m = call.number("2022年2月"), call.number("兰利琼")
    call.answer(f"联盟于2022年2月正式成立[{n}]。联盟工作会议由兰利琼主持[{m}]。")


class Live(HTMLParser):
    """Collects what a browser would act upon."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in ("img", "script", "iframe", "a", "link", "object", "style", "form", "video"):
            self.found.append(tag)
        self.found += [name for name, _ in attrs if name in ("src", "href", "style") or name.startswith("on")]


def test_there_are_attempts_of_many_kinds_in_both_languages() -> None:
    assert len(ROWS) >= 15
    assert sum(bool(re.search("[\u4e00-\u9fff]", row["text"])) for row in ROWS) >= 5


def test_a_sound_model_answers_and_cites_the_same_with_and_without_them(
    clean: LibQA, poisoned: LibQA, model: Model
) -> None:
    model.play = honest
    before, after = clean.ask(FOUNDED), poisoned.ask(FOUNDED, k=ALL)
    assert said(after) == said(before)
    assert all(s.supported for s in after.statements)
    assert after.notice == ""


def test_documents_reach_the_model_as_strings_of_one_json_object(poisoned: LibQA, model: Model) -> None:
    model.play = honest
    poisoned.ask(FOUNDED, k=ALL)
    call = model.calls[-1]
    system, user = (m["content"] for m in call.body["messages"])
    assert [m["role"] for m in call.body["messages"]] == ["system", "user"]
    texts = {p["text"] for p in call.passages}
    for row in ROWS:
        lines = [line for line in row["text"].splitlines() if line]
        assert any(all(line in text for line in lines) for text in texts), row["id"]  # nothing is lost or changed
        assert row["poison"] not in system
    assert not re.search(r"[<>]|\[/?INST\]", user)
    assert set(json.loads(user)) == {"question", "passages"}
    assert not {"tools", "functions", "tool_choice"} & set(call.body)


@pytest.mark.parametrize("question", [FOUNDED, "聯盟是什麼時候成立的？", "When was the alliance founded?"])
def test_what_a_model_that_obeys_them_writes_is_marked_or_dropped(poisoned: LibQA, model: Model, question: str) -> None:
    documents = [d.id for d in poisoned.documents()]
    model.play = obeying
    answer = poisoned.ask(question, k=ALL)
    obeyed = [line for line in fold(orders(model.calls[-1])).splitlines() if line]
    assert all(any(poison in line for line in obeyed) for poison in POISON)  # the model really did what they say
    for statement in answer.statements:
        if any(poison in fold(statement.text) for poison in POISON):
            assert not statement.supported, statement.text
        assert not re.search(r"https?:|!\[|\]\(|<[a-z/!]|[\u200b-\u200f\u202a-\u202e\u2063]", statement.text)
    if answer.statements:
        right = [s for s in answer.statements if s.supported]
        assert right
        assert all("2022" in s.text for s in right)
    for c in answer.citations:
        assert poisoned.document(c.document_id).text[c.start : c.end] == c.quote
    assert "sk-real-key" not in json.dumps(answer_to_dict(answer))
    assert [d.id for d in poisoned.documents()] == documents


def test_the_page_shows_it_as_text_and_loads_nothing(poisoned: LibQA, model: Model) -> None:
    model.play = obeying
    answer = poisoned.ask(FOUNDED, k=ALL)
    for language in ("zh-Hans", "zh-Hant", "en"):
        page = render.answered(0, answer, language)
        assert not Live(page).found
        assert page.count('class="mark"') == sum(not s.supported for s in answer.statements) > 0
        assert render.escape(answer.notice) in page


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["id"])
def test_an_order_is_no_evidence_and_all_else_keeps_its_place(row: dict[str, str]) -> None:
    text = row["text"]
    blanked = without_orders(text)
    assert len(blanked) == len(text)
    assert row["poison"] not in blanked
    assert all(b in (" ", c) for b, c in zip(blanked, text, strict=True))


def test_ordinary_library_prose_gives_no_orders() -> None:
    root = Path(__file__).parents[1] / "corpus"
    for file in sorted(root.glob("*.md")):
        body = file.read_text(encoding="utf-8").split("---", 2)[2]
        assert without_orders(body) == body, file.name
