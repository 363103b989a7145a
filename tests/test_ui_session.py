"""The chat's events over real indexes: answers as they grow, sources of old answers, errors in one line."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from libqa_ui import session as sessions
from libqa_ui.session import Session, Update, explain
from libqa_ui.strings import LANGUAGES, examples

from libqa import Document, LibQA, Settings
from libqa.errors import IndexMissing, QuestionError
from libqa.types import Answer

LIBRARY = Document("library", "城南图书馆于1987年3月建成。城南图书馆的馆长是王小明。馆内有藏书52万册。", "城南图书馆")
MUSEUM = Document("museum", "城北博物馆于2003年5月建成。城北博物馆的馆长是李大海。", "城北博物馆")
BUILT = "城南图书馆什么时候建成？"


@pytest.fixture
def small(tmp_path: Path) -> Iterator[LibQA]:
    with LibQA.build([LIBRARY, MUSEUM], settings=Settings(index=tmp_path / "index")) as qa:
        yield qa


def updates(
    session: Session, question: str, turns: list[Answer] | None = None, language: Any = "zh-Hans"
) -> list[Update]:
    async def collect() -> list[Update]:
        return [update async for update in session.answer(question, turns or [], language)]

    return asyncio.run(collect())


def turns_after(session: Session, *questions: str) -> list[Answer]:
    turns: list[Answer] = []
    for question in questions:
        turns = updates(session, question, turns)[-1]["turns"]
    return turns


def test_an_answer_grows_and_ends_whole(small: LibQA, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "REFRESH", 0.0)
    steps = updates(Session(small), BUILT)
    assert steps[0]["box"] == ""
    assert "正在查阅文献" in steps[0]["conversation"][0]
    assert all('aria-busy="true"' in step["conversation"][0] for step in steps[:-1])
    assert len(steps) > 2
    (answer,) = steps[-1]["turns"]
    assert "1987年" in answer.statements[0].text
    assert answer.citations[0].quote in steps[-1]["conversation"][0]


def test_a_fast_answer_is_not_shown_piece_by_piece(small: LibQA) -> None:
    assert len(updates(Session(small), BUILT)) <= 3


def test_earlier_turns_are_handed_over(small: LibQA) -> None:
    session = Session(small)
    turns = turns_after(session, "城南图书馆的馆长是谁？", "城北博物馆呢？")
    assert turns[0].citations[0].document_id == "library"
    assert turns[1].resolved != "城北博物馆呢？"
    assert turns[1].citations[0].document_id == "museum"


def test_sources_of_old_answers_open_after_newer_ones(small: LibQA) -> None:
    session = Session(small)
    turns = turns_after(session, BUILT, "城北博物馆什么时候建成？")
    for turn, title in ((0, "城南图书馆"), (1, "城北博物馆"), (0, "城南图书馆")):
        opened = session.cite({"turn": turn, "number": 0}, turns, "zh-Hans")
        assert opened["place"] == (turn, 0)
        assert opened["remark"] == ""
        assert f">{title}</h2>" in opened["panel"]
        assert f'<mark id="quote" tabindex="-1">{turns[turn].citations[0].quote}</mark>' in opened["panel"]


def test_a_source_replaced_or_removed_since_still_shows_its_quote(small: LibQA) -> None:
    session = Session(small)
    turns = turns_after(session, BUILT)
    quote = turns[0].citations[0].quote
    small.add([Document("library", "又名南馆。" + LIBRARY.text, "城南图书馆")])
    replaced = session.cite({"turn": 0, "number": 0}, turns, "zh-Hans")["panel"]
    small.remove(["library"])
    removed = session.cite({"turn": 0, "number": 0}, turns, "zh-Hans")["panel"]
    for shown in (replaced, removed):
        assert f'tabindex="-1">{quote}</mark></div>' in shown
        assert "这篇文献后来有变动或已移除" in shown


@pytest.mark.parametrize(
    "data",
    [{}, {"turn": 1, "number": 0}, {"turn": 0, "number": 99}, {"turn": -1, "number": 0}, {"turn": "0", "number": []}],
)
def test_a_source_the_server_does_not_know_is_one_line(small: LibQA, data: dict[str, Any]) -> None:
    session = Session(small)
    turns = turns_after(session, BUILT)
    assert "please ask again" in session.cite(data, turns, "en")["remark"]


def test_documents_are_listed_and_read(small: LibQA) -> None:
    session = Session(small)
    assert 'data-document="museum"' in session.read({}, "en")["panel"]
    assert MUSEUM.text in session.read({"document": "museum"}, "en")["panel"]
    unknown = session.read({"document": "none"}, "en")
    assert (unknown["panel"], unknown["place"]) == ("", None)
    assert "has been removed" in unknown["remark"]


@pytest.mark.parametrize(
    ("question", "line"),
    [
        ("", "请先输入问题。"),
        (" \n", "请先输入问题。"),
        ("？！", "请先输入问题。"),
        ("问" * 100_000, "问题有 100000 个字符，超过了 2000 个字符的上限，请缩短后再问。"),
    ],
)
def test_questions_that_are_none(small: LibQA, question: str, line: str) -> None:
    (update,) = updates(Session(small), question)
    assert update == {"remark": f'<p class="notice" role="alert">{line}</p>'}


def test_text_that_is_no_unicode_is_one_line_and_breaks_nothing(small: LibQA) -> None:
    steps = updates(Session(small), "馆长\ud800是谁", language="en")
    assert "not valid Unicode" in steps[-1]["remark"]
    "".join(steps[0]["conversation"]).encode()


def test_an_index_that_vanishes_is_one_line_and_the_question_comes_back(tmp_path: Path) -> None:
    with LibQA.build([LIBRARY], settings=Settings(index=tmp_path / "index")) as qa:
        session = Session(qa)
        shutil.rmtree(tmp_path / "index")
        last = updates(session, BUILT, language="zh-Hant")[-1]
        assert last["remark"].startswith('<p class="notice" role="alert">')
        assert last["box"] == BUILT
        assert "turns" not in last
        assert session.dress("en", [], None)["conversation"]


def test_an_unforeseen_error_is_one_line_and_in_the_log(
    small: LibQA, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object, **__: object) -> Answer:
        raise RuntimeError("unforeseen")

    monkeypatch.setattr(LibQA, "_steps", fail)
    last = updates(Session(small), BUILT, language="en")[-1]
    assert "in the server&#x27;s log" in last["remark"]
    assert last["box"] == BUILT
    assert "unforeseen" in caplog.text


def test_errors_are_explained_in_the_language_of_the_interface() -> None:
    missing = IndexMissing("/somewhere", "there is no index", "build one")
    assert explain(missing, "zh-Hans") == "没有找到索引，请管理员用 libqa build 重新建立。"
    assert explain(missing, "zh-Hant") == "沒有找到索引，請管理員用 libqa build 重新建立。"
    other = QuestionError("question", "it is odd", "ask again")
    assert explain(other, "en") == "Cannot answer: question: it is odd; ask again"


def test_a_long_conversation_keeps_its_last_turns(small: LibQA, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sessions, "TURNS", 2)
    turns = turns_after(Session(small), BUILT, "城北博物馆什么时候建成？", "城北博物馆的馆长是谁？")
    assert [t.question for t in turns] == ["城北博物馆什么时候建成？", "城北博物馆的馆长是谁？"]


def test_examples_are_offered_with_the_corpus_they_are_about(small: LibQA, qa: LibQA) -> None:
    for language in LANGUAGES:
        assert Session(qa).examples(language) == examples(language)
        assert Session(small).examples(language) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_example_question_is_answered(qa: LibQA, language: Any) -> None:
    assert [q for q in examples(language) if qa.ask(q).abstained] == []
