"""What a noun beside the question word demands, and which candidates a type of question admits."""

from __future__ import annotations

import pytest

from libqa.answering import candidates, rarity, wanted
from libqa.answering.admissible import admissible
from libqa.answering.understand import Question, understand

TEXT = (
    "2021年5月8日，论坛在杭州举行。东方出版社总经理王小明以《数字阅读的未来》为题作报告，32家图书馆的120余人到场。"
    "论坛由省图书馆主办，支持单位有书香公司和东方出版社。"
)


def ask(question: str) -> Question:
    return understand(question, rarity.rarity)


def admitted(question: str, text: str = TEXT) -> set[str]:
    laid = candidates.lay_out(text)
    return {text[c.start : c.end] for c in admissible(ask(question), laid, candidates.propose(laid))}


@pytest.mark.parametrize(
    ("question", "span", "kinds", "fits"),
    [
        ("报告的题目是什么？", "《数字阅读的未来》", {"title"}, True),
        ("报告的题目是什么？", "王小明", {"person"}, False),
        ("王小明担任什么职务？", "东方出版社总经理", {"organisation"}, True),
        ("王小明担任什么职务？", "32家", {"number"}, False),
        ("哪家公司支持了论坛？", "书香公司", {"organisation"}, True),
        ("哪家公司支持了论坛？", "省图书馆", {"organisation"}, False),
        ("In which city was it held?", "杭州", {"place"}, True),
        ("In which city was it held?", "东方出版社", {"organisation"}, False),
        ("Which university took part?", "浙江大学", {"organisation"}, True),
        ("王小明担任什么职务？", "第46届高校图书馆馆长研讨会", {"number"}, False),
        ("论坛开了哪几天？", "2021年", {"date"}, False),
        ("论坛开了哪几天？", "5月8—9日", {"date"}, True),
        ("On what date was it held?", "2021年", {"date"}, False),
        ("今年办到第几届了？", "第9期", {"number"}, False),
        ("今年办到第几届了？", "第四届", {"number"}, True),
        ("是哪两所大学合办的？", "浙江大学和四川大学", {"organisation"}, True),
        ("是哪两所大学合办的？", "浙江大学、四川大学和云南大学", {"organisation"}, False),
        ("What three things did it name?", "技术、空间、人才", set(), True),
        ("What three things did it name?", "技术和空间", set(), False),
        ("What three things did it name?", "一是技术、设备,二是空间,三是人才", set(), True),
        ("What three things did it name?", "第一是技术,第二是空间和人才", set(), False),
        ("王小明讲了什么？", "《数字阅读的未来》", {"title", wanted.TITLED}, False),
        ("王小明讲了什么？", "他以《数字阅读的未来》为题分析了读者的习惯", {"title"}, True),
        ("What is its name in English?", "数字联盟", set(), False),
        ("What is his email address?", "《数字阅读的未来》", {"title"}, False),
        ("他的电子邮箱是什么？", "wang@example.org", set(), True),
        ("联盟的网址是什么？", "联盟门户网站", {"organisation"}, False),
        ("联盟的网址是什么？", "www.example.org", set(), True),
        ("服务台的电话是多少？", "120余人", {"number"}, False),
        ("服务台的电话是多少？", "028-12345678", {"number"}, True),
        ("哪家公司建了网站？", "门户网站", {"organisation"}, False),
    ],
)
def test_a_noun_may_demand_more(question: str, span: str, kinds: set[str], fits: bool) -> None:
    demand = wanted.expectation(ask(question))
    assert demand is not None
    assert demand(span, kinds) is fits


def test_most_questions_demand_nothing_more() -> None:
    assert wanted.expectation(ask("论坛在哪里举行？")) is None


def test_a_date_is_no_answer_to_who_nor_a_name_to_when() -> None:
    assert "王小明" in admitted("谁作的报告？")
    assert "2021年5月8日" not in admitted("谁作的报告？")
    assert "王小明" not in admitted("论坛什么时候举行？")
    assert "2021年5月8日" in admitted("论坛什么时候举行？")


def test_which_person_wants_a_person_and_who_may_be_a_body() -> None:
    assert "省图书馆" in admitted("论坛由谁主办？")
    assert "省图书馆" not in admitted("论坛由哪位主办？")


def test_a_count_of_people_is_no_count_of_libraries() -> None:
    assert {"120余人"} == {span for span in admitted("多少人到场？") if len(span) < 6}


def test_what_the_question_says_is_no_answer() -> None:
    assert "杭州" not in admitted("杭州的论坛在哪里举行？")


def test_whether_something_is_so_wants_a_statement() -> None:
    found = admitted("论坛是省图书馆主办的吗？")
    assert "论坛由省图书馆主办" in found
    assert "省图书馆" not in found


def test_lists_go_on_after_and_and_also() -> None:
    text = "活动有讲座、展览、沙龙，还有读书会。支持单位有书香公司和东方出版社。"
    found = {text[c.start : c.end] for c in candidates.propose(candidates.lay_out(text)) if c.kind == "enumeration"}
    assert {"讲座、展览、沙龙，还有读书会", "书香公司和东方出版社"} <= found


@pytest.mark.parametrize(
    ("question", "people"),
    [
        ("东方出版社的总经理是谁？", {"王小明"}),
        ("东方出版社的董事长是谁？", set()),
        ("谁担任馆长？", set()),
        ("Who is the general manager of the publisher?", {"王小明"}),
        ("谁作了报告？", {"王小明"}),
        ("支持单位是谁？", set()),
    ],
)
def test_who_is_in_a_post_stands_beside_it(question: str, people: set[str]) -> None:
    assert {span for span in admitted(question) if span in ("王小明", "李建国")} == people


def test_which_wants_no_person_and_no_bare_number() -> None:
    text = "共有79支队伍进入决赛，由王小明主持，冠军是红星队。"
    assert not {"79支", "79支队伍", "王小明"} & admitted("冠军是哪支队伍？", text)
    assert "王小明" in admitted("是哪个主持人主持的？", text)


def test_a_name_is_not_cut() -> None:
    text = "西部一流大学图书馆建设联盟的秘书处设在四川大学图书馆。"
    found = admitted("秘书处设在哪家图书馆？", text)
    assert "四川大学图书馆" in found
    assert not any(span.endswith("一流大学图书馆") for span in found)


def test_a_span_does_not_stand_astride_two_clauses() -> None:
    text = "东区分馆在2007年启用，面积36000平方米，是三个分馆中最大的一个。"
    laid = candidates.lay_out(text)
    within = (text.index("36000"), text.index("中最大"))
    clauses = (text.index("面积"), text.index("，是三"))
    found = {(c.start, c.end) for c in candidates.propose(laid, [within, clauses])}
    assert within not in found
    assert clauses in found


def test_a_clause_that_only_names_the_speaker_is_no_answer() -> None:
    text = "另有一篇报道称，参赛的有六千人。"
    assert "另有一篇报道称" not in admitted("报道说了什么？", text)


def test_a_span_does_not_tear_a_quotation() -> None:
    text = "会议有两类，一类是“西部一流大学图书馆建设专家论坛”，在成都举行。"
    laid = candidates.lay_out(text)
    torn = (text.index("一类是"), text.index("大学") + 2)
    found = admissible(ask("论坛在哪里举行？"), laid, candidates.propose(laid, [torn]))
    assert "成都" in {text[c.start : c.end] for c in found}
    assert torn not in {(c.start, c.end) for c in found}


DIRECTORS = "作报告的有清华大学图书馆副馆长张明、湖南省图书馆馆长刘建国、重庆大学图书馆馆长杨志远等人。"


@pytest.mark.parametrize(
    ("question", "there", "away"),
    [
        ("重庆大学图书馆馆长是谁？", {"杨志远"}, {"张明", "刘建国"}),
        ("Who is the director of Chongqing University Library?", {"杨志远"}, {"张明", "刘建国"}),
        ("清华大学图书馆馆长是谁？", set(), {"张明", "刘建国", "杨志远"}),
        ("清华大学图书馆副馆长是谁？", {"张明"}, {"杨志远"}),
        ("图书馆馆长是谁？", {"刘建国", "杨志远"}, {"张明"}),
    ],
)
def test_a_post_is_that_of_the_body_that_is_asked_about(question: str, there: set[str], away: set[str]) -> None:
    found = admitted(question, DIRECTORS)
    assert there <= found
    assert not any(name in span for name in away for span in found)


def test_another_post_of_the_same_person_says_nothing_against_it() -> None:
    text = "贵州大学图书馆馆长龚建国是贵州省高校图工委秘书长。"
    assert "龚建国" in admitted("贵州民族大学所在的图工委的秘书长是谁？", text)


@pytest.mark.parametrize("question", ["图书馆为什么在1995年改名为钱江图书馆？", "Why was the library renamed in 1995?"])
def test_no_reason_is_what_the_question_says_itself(question: str) -> None:
    text = "1995年，图书馆改名为钱江图书馆。因为捐款人姓钱，校方以此致谢。"
    found = admitted(question, text)
    assert "图书馆改名" not in found
    assert any("捐款人姓钱" in span for span in found)


def test_a_year_that_is_asked_with_is_no_date_that_is_asked_for() -> None:
    text = "2023年论坛在成都举办，时间是12月7日。"
    found = admitted("When did the 2023 forum take place?", text)
    assert "2023年" not in found
    assert "12月7日" in found


def test_a_theme_is_no_title() -> None:
    text = "会议以“数字阅读的未来”为主题，王小明作了题为《新书》的报告。"
    found = admitted("报告的题目是什么？", text)
    assert "《新书》" in found
    assert all("《新书》" in span for span in found)
    assert any("数字阅读的未来" in span for span in admitted("会议的主题是什么？", text))


def test_who_holds_a_forum_is_no_place() -> None:
    text = "论坛由西部图书馆联盟主办。论坛在浙江大学举行。"
    found = admitted("论坛在哪里举行？", text)
    assert "浙江大学" in found
    assert not any(span.endswith("联盟") for span in found)


def test_a_place_is_named_in_full() -> None:
    found = admitted("论坛在哪里举行？", "论坛在四川成都举行。")
    assert "四川成都" in found
    assert "四川" not in found


def test_a_place_ends_in_no_time() -> None:
    found = admitted("两会在哪里举行？", "论坛与工作会议于2023年在四川成都同日举行。")
    assert "四川成都" in found
    assert not any("同日" in span for span in found)
