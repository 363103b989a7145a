"""What a question takes for granted and a sentence contradicts."""

import numpy as np
import pytest

from libqa.answering import givens
from libqa.answering.candidates import lay_out
from libqa.answering.understand import understand


def rivals(question: str, text: str, context: str = "") -> list[set[str]]:
    """The kinds of rivals in each sentence."""
    found, _ = givens.rivals(understand(question, lambda term: 0.5), lay_out(text), context)
    return [{givens.NAMES[i] for i in np.flatnonzero(row >= 1.0)} for row in found]


@pytest.mark.parametrize(
    ("question", "text", "context", "kinds"),
    [
        ("在重庆召开的论坛由谁主持？", "在成都召开的论坛由李明主持。", "", {"rival_place_apart"}),
        ("在重庆召开的论坛由谁主持？", "在成都召开的论坛由李明主持。", "重庆论坛", {"rival_place"}),
        ("在成都召开的论坛由谁主持？", "在成都召开的论坛由李明主持。", "", set()),
        ("在喀什开的会上谁发言？", "在延安开的会上，喀什大学的代表发言。", "", {"rival_place_apart"}),
        ("重庆医科大学图书馆建于哪一年？", "重庆大学图书馆建于1930年。", "", {"rival_organisation_apart"}),
        ("西安交大图书馆有多少座位？", "西安交通大学图书馆有座位3500个。", "", set()),
        ("第二届大会多少人观看？", "大会（第三届）有130万人观看。", "", {"rival_number_apart"}),
        ("第二届大会多少人观看？", "第2届大会有130万人观看。", "", set()),
        ("第二届大会多少人观看？", "首届大会有130万人观看。", "", {"rival_number_apart"}),
        ("第一届大会多少人观看？", "首届大会有130万人观看。", "", set()),
        ("工学图书馆有多大？", "文史图书馆的面积是16000平方米。", "", {"rival_word_apart"}),
        ("文史图书馆有多大？", "文史图书馆的面积是16000平方米。", "", set()),
        ("大学图书馆有多大？", "文史图书馆的面积是16000平方米。", "", set()),
        ("论坛在哪里举行？", "联赛在成都举行。", "", {"rival_word_apart"}),
        ("论坛在哪里举行？", "联赛在成都举行。", "读书论坛", {"rival_word"}),
        ("会议在哪里举行？", "联赛在成都举行。", "", set()),
        ("谁协办了论坛？", "论坛由省图书馆主办。", "", {"rival_word_apart"}),
        ("联盟的秘书长是谁？", "图工委的秘书长是李明。", "", {"rival_word_apart"}),
        ("线上有多少人参加？", "到现场的有150人。", "", {"rival_word_apart"}),
        ("How many people came in person?", "通过网络参会的有1000人。", "", {"rival_word_apart"}),
        ("2021年的大会在哪里举行？", "2022年12月，大会在北京举行。", "", {"rival_date_apart"}),
        ("2021年的大会在哪里举行？", "12月7日，大会在北京举行。", "2021年大会", set()),
        ("东楼有多大？", "南楼的面积是18000平方米。", "", {"rival_word_apart"}),
        ("图书馆的馆长是谁？", "图书馆的副馆长是李明。", "", {"rival_word_apart"}),
        ("图书馆的副馆长是谁？", "图书馆的副馆长是李明。", "", set()),
        ("图书馆的副馆长是谁？", "图书馆的馆长是李明。", "", {"rival_word_apart"}),
        ("李明的报告讲了什么？", "王芳教授在报告中说明了原因。", "", {"rival_person_apart"}),
        ("How many seats did Southwest University have?", "重庆大学有座位5405个。", "", {"rival_organisation_apart"}),
        ("Who is the president of the college?", "副校长李明致辞。", "", {"rival_word_apart"}),
        ("Who is the vice president of the college?", "副校长李明致辞。", "", set()),
        ("How many seats did Chongqing University have?", "重庆大学有座位5405个。", "", set()),
    ],
)
def test_rivals_of_a_sentence(question: str, text: str, context: str, kinds: set[str]) -> None:
    assert rivals(question, text, context) == [kinds]


def test_only_the_sentence_that_says_something_else_has_a_rival() -> None:
    text = "北楼在1961年建成。南楼在1991年启用。"
    assert rivals("南楼是哪年启用的？", text) == [{"rival_word"}, set()]


def test_clauses_are_told_apart() -> None:
    laid = lay_out("北楼在1961年建成，南楼在1991年启用。")
    sentences, clauses = givens.rivals(understand("南楼是哪年启用的？", lambda term: 0.5), laid, "")
    assert not sentences.any()
    assert clauses.max(axis=1).tolist() == [1.0, 0.0]


def test_a_rival_elsewhere_counts_half_where_the_text_does_not_say_it_at_all() -> None:
    laid = lay_out("论坛在成都召开。下午的会议由李明主持。")
    sentences, _ = givens.rivals(understand("在重庆召开的会议由谁主持？", lambda term: 0.5), laid, "")
    column = givens.NAMES.index("rival_place_apart")
    assert sentences[:, column].tolist() == [1.0, 0.5]


@pytest.mark.parametrize(
    ("question", "text", "expected"),
    [
        ("论坛在哪里举行？", "“未来学习中心”创新发展论坛在青岛召开。", True),
        ("论坛在哪里举行？", "“未来学习中心”创新发展论坛在青岛召开，论坛历时两天。", False),
        ("论坛在哪里举行？", "联盟在成都举办专家论坛。", False),
        ("未来学习中心的论坛在哪里举行？", "“未来学习中心”创新发展论坛在青岛召开。", False),
        ("大赛在哪里举行？", "“未来学习中心”创新发展论坛在青岛召开。", False),
        ("Where was the forum held?", "“未来学习中心”创新发展论坛在青岛召开。", True),
    ],
)
def test_an_event_with_a_name_of_its_own_is_hardly_the_one_asked_for(question, text, expected):
    assert givens.named_otherwise(understand(question, lambda term: 0.5), text) is expected
