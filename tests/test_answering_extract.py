"""Entities, candidate answers, their features, what is quoted and how it is said."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from libqa.answering import candidates, cite, comparing, extract, features, meaning, ordering, phrase, rarity, reader
from libqa.answering.admissible import admissible
from libqa.answering.understand import Question, understand
from libqa.text import entities

REPORT = (
    "2021年5月8日，由市图书馆主办、东方出版社协办的“书香·城市——2021年阅读论坛”在杭州西湖区举行，"
    "来自上海、江苏、浙江、安徽等地的32家图书馆的120余人到场，线上观看者约1.5万人次。"
    "市图书馆馆长王小明致辞后，李建国教授以《数字阅读的未来》为题作报告。"
)


def spans(kind: str) -> list[str]:
    return [REPORT[e.start : e.end] for e in entities.find(REPORT) if e.kind == kind]


def test_entities_of_a_report() -> None:
    assert "2021年5月8日" in spans("date")
    assert {"32家", "120余人", "约1.5万人次"} <= set(spans("number"))
    assert spans("person") == ["王小明", "李建国"]
    assert {"东方出版社", "市图书馆"} <= set(spans("organisation"))
    assert {"杭州西湖区", "上海", "江苏", "浙江", "安徽"} <= set(spans("place"))
    assert {"“书香·城市——2021年阅读论坛”", "《数字阅读的未来》"} <= set(spans("title"))


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("每次使用不超过4小时", ["不超过4小时"]),
        ("超过4小时的，至少预约两次", ["超过4小时", "两次"]),
        ("电话：027-68754321。", ["027-68754321"]),
        ("手机13812345678", ["13812345678"]),
    ],
)
def test_numbers_are_whole(text: str, numbers: list[str]) -> None:
    assert [text[e.start : e.end] for e in entities.find(text) if e.kind == "number"] == numbers


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("2023年9月20—21日召开", ["2023年9月20—21日"]),
        ("2009年9月27日-10月9日举行", ["2009年9月27日", "2009年9月27日-10月9日", "10月9日"]),
        ("9—12月举办", ["9—12月"]),
        ("2016—2018年在任", ["2016—2018年", "2018年"]),
        ("2023-12-07", ["2023-12-07"]),
    ],
)
def test_ranges_of_dates_are_whole(text: str, dates: list[str]) -> None:
    assert [text[e.start : e.end] for e in entities.find(text) if e.kind == "date"] == dates


@pytest.mark.parametrize(
    ("text", "whole"),
    [
        ("西部一流大学图书馆建设联盟成立了", "一流大学图书馆建设联盟"),
        ("由江城新华书店协办", "江城新华书店"),
        ("四川大学图书馆的馆长", "四川大学图书馆"),
    ],
)
def test_names_of_bodies_are_whole(text: str, whole: str) -> None:
    assert whole in [text[e.start : e.end] for e in entities.find(text) if e.kind == "organisation"]
    assert "一流大学图书馆" not in [text[e.start : e.end] for e in entities.find(text)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("馆长高翔主持会议", ["高翔"]),
        ("高校图书馆", []),
        ("王小明、李建国和张华出席", ["王小明", "李建国", "张华"]),
        ("副主席凯赛尔·阿不都克热木出席", ["凯赛尔·阿不都克热木"]),
        ("欧阳明教授", ["欧阳明"]),
        ("John Smith of the British Library", ["John Smith"]),
        ("智慧图书馆·未来学习中心", []),
    ],
)
def test_people(text: str, names: list[str]) -> None:
    assert [text[a:b] for a, b in entities.people(text)] == names


def test_whether_something_is_so_is_ranked_by_other_weights() -> None:
    size = len(features.NAMES)
    rows = np.zeros((2, size), np.float32)
    rows[:, features.NAMES.index("cover_clause")] = 0.5
    rows[1, features.NAMES.index("yesno")] = 1.0
    whether = np.zeros(size, np.float32)
    whether[features.NAMES.index("cover_clause")] = 4.0
    nothing = np.zeros((size, 1), np.float32), np.zeros(1, np.float32), np.zeros(1, np.float32)
    ranker = extract.Ranker(*nothing, np.zeros(size, np.float32), whether)
    assert ranker.score(rows).tolist() == [0.0, 2.0]


def ask(question: str) -> Question:
    return understand(question, rarity.rarity)


def silent(question: Question, text: str) -> features.Pointers:
    """What a reader says that prefers nothing."""
    even = np.full(len(text), -np.log(max(1, len(text))), np.float32)
    return features.Pointers(even, even, 0.0, 0.5, np.zeros((len(question.terms), len(text)), np.float32))


def read(question: Question, *texts: str) -> list[extract.Source]:
    given = [comparing.Text(text) for text in texts]
    points = reader.load_reader().read(question, given)
    return [extract.Source(t, p) for t, p in zip(given, points, strict=True)]


@given(st.text(alphabet="王小明在2021年5月、，。；“”《》（）主办是为 \nab", max_size=120))
@settings(max_examples=150)
def test_candidates_stand_in_one_sentence_and_are_measured(text: str) -> None:
    laid = candidates.lay_out(text)
    found = candidates.propose(laid)
    for c in found:
        assert 0 <= c.start < c.end <= len(text)
        low, high = laid.sentences[laid.sentence_of[c.first]]
        assert laid.clauses[c.first][0] <= c.start
        assert c.end <= laid.clauses[c.last][1]
        assert low <= laid.clauses[c.first][0]
        assert laid.clauses[c.last][1] <= high
    question = ask("谁主办？")
    if found:
        rows = features.measure(question, laid, found, features.locate(question, laid, ""), silent(question, text), 1.0)
        assert rows.shape == (len(found), len(features.NAMES))
        assert np.isfinite(rows).all()


def test_lists_are_candidates_as_a_whole() -> None:
    found = {REPORT[c.start : c.end] for c in candidates.propose(candidates.lay_out(REPORT)) if c.kind == "enumeration"}
    assert "上海、江苏、浙江、安徽" in found


def test_features_count_the_words_of_the_question() -> None:
    laid = candidates.lay_out("王小明主持会议，李建国作报告。")
    question = ask("谁作报告？")
    cover = features.locate(question, laid, "")
    assert cover.passage == pytest.approx(1.0)
    found = candidates.propose(laid)
    rows = features.measure(question, laid, found, cover, silent(question, laid.text), 1.0)
    near = {
        c.start: row[features.NAMES.index("near_6")] for c, row in zip(found, rows, strict=True) if c.kind == "person"
    }
    assert near[laid.text.index("李建国")] > near[laid.text.index("王小明")]


def quoted(question: str, answer: str) -> str:
    laid = candidates.lay_out(REPORT)
    start = REPORT.index(answer)
    found = candidates.propose(laid, [(start, start + len(answer))])
    chosen = next(c for c in found if (c.start, c.end) == (start, start + len(answer)))
    low, high = cite.quote_span(laid, chosen, features.locate(ask(question), laid, ""))
    return REPORT[low:high]


def test_quotes_hold_the_answer_and_are_short_and_whole() -> None:
    quote = quoted("谁致辞？", "王小明")
    assert quote == "市图书馆馆长王小明致辞后"
    quote = quoted("论坛在哪里举行？", "杭州西湖区")
    assert "杭州西湖区" in quote
    assert len(quote) <= cite.QUOTE
    assert quote.count("“") == quote.count("”")
    quote = quoted("有多少人到场？", "120余人")
    assert "120余人到场" in quote
    assert len(quote) <= cite.QUOTE


def test_a_long_clause_is_cut_at_words_and_not_in_a_title() -> None:
    text = "东方出版社协办的“" + "很长的论坛题目" * 8 + "”暨年度工作会议在杭州顺利召开并取得了圆满的成功"
    laid = candidates.lay_out(text)
    found = next(c for c in candidates.propose(laid, [(0, 5)]) if (c.start, c.end) == (0, 5))
    low, high = cite.quote_span(laid, found, features.locate(ask("谁协办？"), laid, ""))
    assert text[low:high] in {"东方出版社协办", "东方出版社协办的"}


@pytest.mark.parametrize(
    ("span", "kind", "language", "said"),
    [
        ("2021年5月8日", "date", "zh-Hans", "2021年5月8日。"),
        ("2021年5月8日", "date", "en", "8 May 2021 (“2021年5月8日”)."),
        ("2021年5月", "date", "en", "May 2021 (“2021年5月”)."),
        ("5月8日", "date", "en", "8 May (“5月8日”)."),
        ("32家", "number", "en", "32 (“32家”)."),
        ("120余人", "number", "en", "more than 120 (“120余人”)."),
        ("不超过4小时", "number", "en", "at most 4 (“不超过4小时”)."),
        ("027-68754321", "number", "en", "The documents say: “027-68754321”."),
        ("约1.5万人次", "number", "en", "about 15,000 (“约1.5万人次”)."),
        ("5.3亿人次", "number", "en", "530,000,000 (“5.3亿人次”)."),
        ("2007年", "date", "en", "2007 (“2007年”)."),
        ("王小明", "person", "en", "Wang Xiaoming (“王小明”)."),
        ("协同创新", "clause", "en", "The documents say: “协同创新”."),
        ("《数字阅读》", "title", "en", "The documents say: 《数字阅读》."),
        ("协同发展", "clause", "zh-Hant", "協同發展。"),
        ("“协同创新、发展共赢", "clause", "zh-Hans", "协同创新、发展共赢。"),
    ],
)
def test_answers_are_said_in_the_language_of_the_question(span: str, kind: str, language: str, said: str) -> None:
    assert phrase.say(span, kind, language) == said  # type: ignore[arg-type]


def test_the_reader_points_at_a_plain_answer() -> None:
    question = ask("王小明是什么职务？")
    pointers = reader.load_reader().read(question, [comparing.Text("王小明是市图书馆馆长。"), comparing.Text("")])
    assert pointers[0].start.shape == pointers[0].end.shape == (11,)
    assert np.exp(pointers[0].start).sum() == pytest.approx(1.0, abs=1e-3)
    assert 0.0 <= pointers[0].answerable <= 1.0
    assert pointers[0].meant.shape == (len(question.terms), 11)
    assert pointers[1].start.shape == (0,)


def test_an_english_question_is_read_as_the_words_that_the_text_holds() -> None:
    question = ask("Who hosted the meeting?")
    assert "会议" in comparing.asked(question, "王小明主持会议").text
    said = comparing.asked(question, "王小明主持会议")
    assert all(said.text[a:b] == word for word, a, b in said.words)


def test_words_of_like_meaning_count_where_the_words_themselves_are_missing() -> None:
    question, text = ask("论坛何时召开？"), comparing.prepare("论坛于五月举行。")
    compared = comparing.encode(question, comparing.Text(text.folded), text, reader.load_reader().vocabulary)
    held = next(i for i, t in enumerate(question.terms) if t.text == "召开")
    meant = compared.meant[held]
    assert meant[text.folded.index("举行")] > 0.4
    assert meant[text.folded.index("五月")] < meant[text.folded.index("举行")]


def test_clauses_are_as_near_as_what_they_mean() -> None:
    near = meaning.nearness("论坛在哪里举行？", candidates.lay_out("论坛在杭州举行，门票五元。本馆闭馆。"))
    assert near.clauses.shape == near.around.shape == (3,)
    assert near.sentences.shape == (2,)
    assert int(np.argmax(near.clauses)) == 0
    assert int(np.argmax(near.sentences)) == 0


def test_reranking_prefers_the_text_in_which_the_reader_sees_the_answer() -> None:
    question = ask("王小明是什么职务？")
    texts = [comparing.Text("图书馆每天八点开门，周一闭馆。"), comparing.Text("王小明是市图书馆馆长。")]
    points = reader.load_reader().read(question, texts)
    scores = ordering.load_ordering().score([1.0, 0.9], points)
    assert scores[1] > scores[0]
    assert ordering.measure([1.0, 0.0], points).shape == (2, len(ordering.NAMES))


def test_the_best_candidate_comes_first() -> None:
    question = ask("论坛什么时候举行？")
    found = extract.extract(question, read(question, REPORT, "图书馆每天八点开门。"), extract.load_ranker())
    assert [f.score for f in found] == sorted((f.score for f in found), reverse=True)
    best = found[0]
    assert best.candidate.kind == "date"
    assert "2021年5月8日".startswith(best.laid.text[best.candidate.start : best.candidate.end])


def test_which_is_not_answered_by_what_the_question_says() -> None:
    def kept(question: str, text: str, said: str) -> bool:
        laid, at = candidates.lay_out(text), text.index(said)
        proposed = candidates.propose(laid, [(at, at + len(said))])
        assert any(text[c.start : c.end] == said for c in proposed)
        fitting = admissible(understand(question, rarity.rarity), laid, proposed)
        return any(text[c.start : c.end] == said for c in fitting)

    text = "犀浦馆在2007年启用，面积36000平方米，是三个分馆中面积最大的一个。"
    assert not kept("三个分馆里面积最大的是哪一个？", text, "分馆")
    assert kept("三个分馆里面积最大的是哪一个？", text, "犀浦馆")
    assert kept("北馆和南馆哪一个更大？", "北馆比南馆大。", "北馆")


def test_who_is_not_answered_by_what_is_done() -> None:
    laid = candidates.lay_out("大赛继续扩大范围，冠军为王小明。")
    at = [laid.text.index("扩大范围"), laid.text.index("王小明")]
    proposed = candidates.propose(laid, [(at[0], at[0] + 4), (at[1], at[1] + 3)])
    fitting = admissible(understand("大赛的冠军是谁？", rarity.rarity), laid, proposed)
    said = {laid.text[c.start : c.end] for c in fitting}
    assert "王小明" in said
    assert "扩大范围" not in said


def test_a_span_does_not_end_inside_a_later_clause() -> None:
    laid = candidates.lay_out("面积36000平方米，是三个分馆中最大的一个。")
    spans = {laid.text[c.start : c.end] for c in candidates.propose(laid, [(0, 16)])}
    assert "面积36000平方米，是三个分馆" not in spans
