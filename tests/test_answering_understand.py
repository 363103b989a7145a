"""What a question asks for, and how follow-ups are made complete."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from libqa.answering import dialogue, rarity
from libqa.answering.asking import asks
from libqa.answering.understand import content_words, understand


@pytest.mark.parametrize(
    ("question", "kind", "head"),
    [
        ("会议是什么时候召开的？", "when", ""),
        ("會議在哪一年召開？", "when", ""),
        ("谁是现任院长？", "who", ""),
        ("现任院长是谁？", "who", ""),
        ("王小明是谁？", "what", ""),
        ("展览由哪位馆员策划？", "who", ""),
        ("新馆建在哪里？", "where", ""),
        ("新馆有多少个座位？", "number", "个座位"),
        ("为什么要闭馆？", "why", ""),
        ("怎么续借图书？", "how", ""),
        ("哪些阅览室周末开放？", "list", "阅览室"),
        ("开放了哪三个阅览室？", "list", "阅览室"),
        ("由哪家公司承建？", "which", "公司"),
        ("新馆周日开放吗？", "yesno", ""),
        ("When does the reading room open?", "when", ""),
        ("What did he say when the hall opened?", "what", ""),
        ("How many seats does it have?", "number", "座位"),
        ("Who designed the building?", "who", ""),
        ("Where is the new campus?", "where", ""),
        ("Why was it closed?", "why", ""),
        ("Which companies took part?", "list", ""),
        ("Did the library open on Sunday?", "yesno", ""),
    ],
)
def test_the_question_word_gives_the_type(question: str, kind: str, head: str) -> None:
    understood = understand(question, rarity.rarity)
    assert understood.kind == kind
    if head:
        assert understood.head in head


def test_terms_leave_the_question_words_out() -> None:
    understood = understand("由哪家公司承建图书馆？", rarity.rarity)
    assert [t.text for t in understood.terms] == ["公司", "承建", "图书馆"]


def test_english_words_bring_their_chinese_forms() -> None:
    understood = understand("Who chairs the committee?", rarity.rarity)
    forms = {form for term in understood.terms for form, _ in term.forms}
    assert {"committee", "委员会"} <= forms


def test_names_years_and_titles_are_anchors() -> None:
    understood = understand("王小明教授2021年在《光明日报》上说了什么？", rarity.rarity)
    assert {form for a in understood.anchors for form in a.forms} >= {"2021", "王小明", "光明日报"}


def test_words_of_the_question_before_count_less() -> None:
    understood = understand("主题是什么？", rarity.rarity, context="论坛")
    weight = {t.text: t.weight for t in understood.terms}
    assert weight["论坛"] < rarity.rarity("论坛") == pytest.approx(weight["论坛"] / 0.4)


def no_likeness(_: str, others: Sequence[str]) -> list[float]:
    return [0.0] * len(others)


def alike(pairs: set[tuple[str, str]]) -> dialogue.Similarity:
    return lambda word, others: [1.0 if (word, other) in pairs else 0.0 for other in others]


@pytest.mark.parametrize(
    ("question", "history", "text", "context"),
    [
        ("他什么时候到任？", [("馆长是谁？", "王小明。")], "王小明什么时候到任？", ""),
        (
            "When did he start?",
            [("Who is the director?", "Wang Xiaoming (“王小明”).")],
            "When did Wang Xiaoming start?",
            "",
        ),
        ("What was his talk about?", [("Who spoke?", "Li Hua.")], "What was Li Hua's talk about?", ""),
        ("那上海呢？", [("北京有几家分馆？", "三家。")], "上海有几家分馆？", ""),
        ("And in 2022?", [("How many visitors came in 2021?", "500")], "How many visitors came in 2022?", ""),
        (
            "And the one of Qinghai University?",
            [("When was Chongqing University Library founded?", "1930")],
            "When was Qinghai University Library founded?",
            "",
        ),
        (
            "Who leads Sichuan University?",
            [("When was the alliance founded?", "2022")],
            "Who leads Sichuan University?",
            "",
        ),
        ("在哪里举行？", [("读书节的主题是什么？", "阅读。")], "在哪里举行？", "读书节 主题"),
        ("读书节在上海图书馆哪个厅举行？", [("北京有几家分馆？", "三家。")], "读书节在上海图书馆哪个厅举行？", ""),
    ],
)
def test_follow_ups(question: str, history: list[tuple[str, str]], text: str, context: str) -> None:
    resolved = dialogue.resolve(question, history, no_likeness)
    assert (resolved.text, resolved.context) == (text, context)


def test_a_fragment_takes_the_place_of_the_likest_word() -> None:
    similarity = alike({("周末", "平日")})
    resolved = dialogue.resolve("周末呢？", [("平日几点开门？", "八点。")], similarity)
    assert resolved == dialogue.Resolved("周末几点开门？", focus="周末")


def test_a_chain_of_follow_ups_keeps_its_subject() -> None:
    history = [("馆长是谁？", "王小明。"), ("他什么时候到任？", "2020年。")]
    assert dialogue.resolve("他的前任是谁？", history, no_likeness).text == "王小明的前任是谁？"


@given(st.text(max_size=40), st.lists(st.tuples(st.text(max_size=30), st.text(max_size=30)), max_size=3))
def test_any_history_is_survived(question: str, history: list[tuple[str, str]]) -> None:
    resolved = dialogue.resolve(question, history, no_likeness)
    understand(resolved.text, rarity.rarity, resolved.context)


@pytest.mark.parametrize(
    ("question", "anchor"),
    [
        ("重庆医科大学图书馆建于哪一年？", ("organisation", "重庆医科大学")),
        ("第二届大会在哪里举行？", ("number", "第2届")),
        ("CASHL是什么？", ("title", "cashl")),
        ("How many seats did Southwest University have?", ("organisation", "西南大学")),
        ("When did Fudan University open?", ("organisation", "复旦大学")),
        ("How many books are in Chengdu?", ("place", "成都")),
    ],
)
def test_bodies_ordinals_and_acronyms_are_anchors(question: str, anchor: tuple[str, str]) -> None:
    assert anchor in {(a.kind, form) for a in understand(question, rarity.rarity).anchors for form in a.forms}


@pytest.mark.parametrize("question", ["贵州大学有多少藏书？", "论坛在哪座城市举行？"])
def test_the_place_in_a_bodys_name_and_the_place_asked_for_are_no_anchors(question: str) -> None:
    assert not [a for a in understand(question, rarity.rarity).anchors if a.kind == "place"]


def test_a_preposition_and_a_noun_may_be_one_word() -> None:
    forms = {
        term.text: [form for form, _ in term.forms] for term in understand("Who came in person?", lambda _: 0.5).terms
    }
    assert "现场" in forms["in person"]


def test_content_words() -> None:
    assert content_words("图书馆什么时候开门？") == ["图书馆", "开门"]
    assert content_words("When does the library open?") == ["library", "open"]


def test_people_of_the_documents_are_found_in_the_question() -> None:
    names = {"高凡": "高凡", "兰利琼": "兰利琼"}
    understood = understand("高凡是哪一年卸任的？", rarity.rarity, names=names)
    assert "高凡" in [t.text for t in understood.terms]
    assert ("person", "高凡") in {(a.kind, a.forms[0]) for a in understood.anchors}
    assert [w for w, _, _ in understand("兰利琼致辞时说了什么？", rarity.rarity, names=names).words][:2] == [
        "兰利琼",
        "致辞",
    ]


@pytest.mark.parametrize("question", ["分成了几类？", "登在哪份期刊上？", "那项研究叫什么？", "是哪一位说的？"])
def test_words_that_only_point_are_no_content(question: str) -> None:
    terms = {t.text for t in understand(question, rarity.rarity).terms}
    assert not terms & {"几类", "哪份", "那项", "哪一位"}


def test_possessives_are_taken_off() -> None:
    terms = {t.text for t in understand("What is the group's email?", rarity.rarity).terms}
    assert terms == {"group", "email"}


@pytest.mark.parametrize(
    ("question", "kind"),
    [
        ("占全国面积的百分之几？", "number"),
        ("哪个领导出席了会议？", "who"),
        ("Which leader of the regional government came?", "who"),
    ],
)
def test_kinds_by_their_nouns(question: str, kind: str) -> None:
    assert understand(question, rarity.rarity).kind == kind


@pytest.mark.parametrize(
    ("question", "head"),
    [
        ("大赛有哪些支持单位？", "支持单位"),
        ("由什么部门负责？", "部门"),
        ("来自哪些地区的图书馆？", "地区"),
        ("由哪所大学举办？", "大学"),
        ("以什么为主题？", "主题"),
        ("冠军是哪支队伍？", "队伍"),
    ],
)
def test_what_is_asked_for(question: str, head: str) -> None:
    assert understand(question, rarity.rarity).head == head


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("論壇在哪裡舉行", True),
        ("「俗講」的定義是？", True),
        ("The library opened in 1931.", False),
        ("It was closed when it rained.", False),
        ("tell me when it opens", True),
        ("联盟的宗旨", False),
    ],
)
def test_what_asks_something(text: str, is_one: bool) -> None:
    assert asks(text) is is_one
