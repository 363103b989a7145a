"""The Python interface over a real index: exact citations, refusals without any, changes seen at once."""

from __future__ import annotations

import asyncio
import dataclasses
from pathlib import Path

import pytest

from libqa import Answer, Document, LibQA, Settings
from libqa.api import Event
from libqa.errors import DocumentMissing, QuestionError, ReadError

HALL = Document(
    "hall",
    "# 阅览厅\n\n中心阅览厅于2019年3月5日开放，由建筑师陈国强设计，设有三百二十个座位。\n\n## 开放时间\n\n"
    "中心阅览厅每天上午八点开门，晚上十点关门，周一闭馆。\n",
    "阅览厅介绍",
)
FAIR = Document("fair", "2022年书市由东方出版社主办，共有45家出版社参加。书市的主题是“让书走近人”。", "书市")


@pytest.fixture
def own(tmp_path: Path) -> LibQA:
    return LibQA.build([HALL, FAIR], tmp_path / "index", Settings())


def check(qa: LibQA, answer: Answer) -> None:
    """Promises 1 and 2 of the design."""
    used = {number for s in answer.statements for number in s.citations}
    assert used == set(range(len(answer.citations)))
    assert all(s.citations for s in answer.statements)
    assert bool(answer.statements) != answer.abstained
    assert 0.0 <= answer.confidence <= 1.0
    if answer.statements:
        assert answer.text == "\n".join(s.text for s in answer.statements)
    for c in answer.citations:
        document = qa.document(c.document_id)
        assert document.text[c.start : c.end] == c.quote
        raw = document.raw if document.raw is not None else document.text
        assert 0 <= c.raw_start <= c.raw_end <= len(raw)
        if not document.offsets.pieces:
            assert raw[c.raw_start : c.raw_end] == c.quote


@pytest.mark.parametrize(
    "question",
    [
        "中心阅览厅什么时候开放的？",
        "誰設計了中心閱覽廳？",
        "When did the reading hall open?",
        "火星上有几家分馆？",
        "书市的主题是什么？",
    ],
)
def test_every_answer_keeps_the_promises(own: LibQA, question: str) -> None:
    check(own, own.ask(question))


def test_a_plain_answer(own: LibQA) -> None:
    answer = own.ask("中心阅览厅是谁设计的？")
    assert not answer.abstained
    assert "陈国强" in answer.statements[0].text
    assert "陈国强" in answer.citations[0].quote
    assert answer.citations[0].document_id == "hall"
    assert answer.language == "zh-Hans"


def test_the_script_of_the_question(own: LibQA) -> None:
    answer = own.ask("中心閱覽廳是誰設計的？")
    assert answer.language == "zh-Hant"
    assert "陳國強" in answer.statements[0].text
    assert "陈国强" in answer.citations[0].quote


def test_a_refusal_cites_nothing(own: LibQA) -> None:
    answer = own.ask("火星上有几家分馆？")
    assert answer.abstained
    assert answer.text == "文献中没有找到这个问题的答案。"
    assert answer.statements == answer.citations == ()


def test_the_threshold_is_a_setting(tmp_path: Path) -> None:
    index = tmp_path / "index"
    LibQA.build([HALL, FAIR], index, Settings())
    assert LibQA.open(index, Settings(threshold=1.01)).ask("中心阅览厅是谁设计的？").abstained
    assert not LibQA.open(index, Settings(threshold=0.0)).ask("中心阅览厅有没有泳池？").abstained


def test_what_is_removed_is_never_cited(own: LibQA) -> None:
    assert not own.ask("中心阅览厅是谁设计的？").abstained
    assert own.remove(["hall", "never there"]) == 1
    answer = own.ask("中心阅览厅是谁设计的？")
    assert all(c.document_id != "hall" for c in answer.citations)
    assert [d.id for d in own.documents()] == ["fair"]
    with pytest.raises(DocumentMissing):
        own.document("hall")


def test_replaced_text_is_answered_from_the_new_one(own: LibQA) -> None:
    own.add([dataclasses.replace(HALL, text=HALL.text.replace("陈国强", "林志远"))])
    answer = own.ask("中心阅览厅是谁设计的？")
    assert "林志远" in answer.text
    check(own, answer)


def test_follow_ups(own: LibQA) -> None:
    first = "中心阅览厅是谁设计的？"
    answer = own.ask("什么时候开放的？", history=[(first, own.ask(first).text)])
    assert "2019年3月5日" in answer.text
    assert "中心" in answer.resolved


def test_a_stream_tells_the_same_answer(own: LibQA) -> None:
    async def collect() -> list[Event]:
        return [event async for event in own.astream("中心阅览厅是谁设计的？")]

    events = asyncio.run(collect())
    answer = own.ask("中心阅览厅是谁设计的？")
    assert events[-1] == Event("done", answer=answer)
    assert "".join(e.text for e in events if e.kind == "token") == answer.text
    assert [e.statement for e in events if e.kind == "statement"] == list(answer.statements)
    assert [e.citation for e in events if e.kind == "citation"] == list(answer.citations)


def test_reading_a_given_text(own: LibQA) -> None:
    text = "上午有讲座。展览由馆员赵敏策划，持续三周。欢迎参观。"
    reading = own.read("展览由谁策划？", text)
    assert text[reading.start : reading.end] == reading.answer
    assert "赵敏" in reading.answer
    assert reading.sentence == "展览由馆员赵敏策划，持续三周。"
    assert reading.answerable > own.read("门票多少钱？", text).answerable
    assert own.read("展览由谁策划？", "").answer == ""


@pytest.mark.parametrize("question", ["", "  \n", "？？！", "问" * 100_000])
def test_questions_that_are_none(own: LibQA, question: str) -> None:
    with pytest.raises(QuestionError) as error:
        own.ask(question)
    assert "\n" not in str(error.value)
    assert len(str(error.value)) < 200


def test_search_is_the_path_of_ask(own: LibQA) -> None:
    hits = own.search("书市的主题是什么？", k=1)
    assert [h.document.id for h in hits] == ["fair"]
    assert own.ask("书市的主题是什么？", k=1).citations[0].passage_id == hits[0].passage.id


def test_build_reports_bad_files_or_stops(tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "good.txt").write_text(FAIR.text, encoding="utf-8")
    (corpus / "empty.txt").write_text("")
    failed: list[ReadError] = []
    qa = LibQA.build(corpus, tmp_path / "index", Settings(), on_error=failed.append)
    assert [d.id for d in qa.documents()] == ["good"]
    assert len(failed) == 1
    with pytest.raises(ReadError, match="empty"):
        LibQA.build(corpus, tmp_path / "index", Settings())
    assert [d.id for d in LibQA.open(tmp_path / "index", Settings()).documents()] == ["good"]
    with pytest.raises(ReadError):
        LibQA.build([], tmp_path / "other", Settings())


def test_what_asks_nothing_keeps_the_order_of_the_search(own: LibQA) -> None:
    from libqa.answering import answer, dialogue, retrieve

    statement = "书市由东方出版社主办，共有45家出版社参加"
    with own._index.view() as view:
        searched = retrieve.retrieve(view, statement, own._index.embedder, 8)
        hits, _, _ = answer.look_up(view, own._index.embedder, dialogue.Resolved(statement), 8)
    assert [h.passage.id for h in hits] == [h.passage.id for h in searched]
    assert [h.score for h in hits] == [h.score for h in searched]


def test_short_names_find_what_the_documents_write_out(tmp_path: Path) -> None:
    qa = LibQA.build(
        [Document("scu", "四川大学图书馆于1896年建成，共有四座分馆。", "四川大学图书馆")],
        tmp_path / "index",
        Settings(),
    )
    assert qa.ask("川大图书馆哪一年建成？").text == "1896年。"


def test_words_that_look_like_names_name_nobody_in_a_question(tmp_path: Path) -> None:
    from libqa.answering import answer, dialogue

    run = Document("run", "阅读马拉松在中心馆举行，馆长张文清致辞，孙悦获得冠军。", "阅读马拉松")
    qa = LibQA.build([run], tmp_path / "index", Settings())
    with qa._index.view() as view:
        hits, _, _ = answer.look_up(view, qa._index.embedder, dialogue.Resolved("张文清在阅读马拉松上致辞了吗？"), 8)
    assert answer.named(hits, "张文清在阅读马拉松上致辞了吗?") == {"张文清": "张文清"}
