"""Confidence falls where the text speaks of something else than the question does."""

from pathlib import Path

import pytest

from libqa import LibQA
from libqa.answering import abstain, comparing, extract, interaction, reader
from libqa.answering.extract import Source
from libqa.answering.understand import understand
from libqa.types import Document

TEXT = (
    "2023年12月7日，图书馆建设论坛在成都举行。论坛由四川大学图书馆馆长兰利琼主持，65所高校的代表参加。"
    "第三届大会由王芳主持，南楼的阅览室有座位3500个。"
)


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> LibQA:
    folder: Path = tmp_path_factory.mktemp("index")
    other = Document("other", "兰州大学图书馆在2020年购置了自助借还机，读者可以自己借书和还书。", "自助借还机")
    return LibQA.build([Document("forum", TEXT, "图书馆建设论坛"), other], folder)


@pytest.mark.parametrize(
    ("question", "changed"),
    [
        ("2023年的论坛由谁主持？", "2019年的论坛由谁主持？"),
        ("第三届大会由谁主持？", "第二届大会由谁主持？"),
        ("南楼的阅览室有多少个座位？", "北楼的阅览室有多少个座位？"),
        ("四川大学图书馆的馆长是谁？", "重庆大学图书馆的馆长是谁？"),
        ("四川大学图书馆的馆长是谁？", "四川大学图书馆的副馆长是谁？"),
    ],
)
def test_a_question_that_names_something_else_is_answered_less_surely(own: LibQA, question: str, changed: str) -> None:
    assert own.ask(changed).confidence < own.ask(question).confidence / 1.5


def test_the_bundled_calibration_counts_contradictions_against_an_answer() -> None:
    weights = dict(zip(abstain.NAMES, abstain.load_calibration().weights.tolist(), strict=True))
    assert weights["contradicted"] < -1.0
    assert weights["score"] > 0.0


@pytest.mark.parametrize(
    "question",
    [
        *("怎么做红烧肉？", "火星上有没有水？", "地鐵幾點收班？", "是谁发明了电灯？"),
        *("How do I bake bread?", "Which planet is the largest?", "Why did the dinosaurs die out?"),
        *("hello", "Thanks", "你是谁", "你好"),
    ],
)
def test_what_the_documents_never_speak_of_is_refused(own: LibQA, question: str) -> None:
    assert own.ask(question).abstained


def look(question: str, *texts: comparing.Text) -> tuple[list[extract.Found], dict[str, float]]:
    """The candidates of texts as read for a question, best first, and the features of the best one."""
    asked = understand(question, lambda term: 1.0)
    points = reader.load_reader().read(asked, texts)
    found = extract.extract(asked, [Source(*pair) for pair in zip(texts, points, strict=True)], extract.load_ranker())
    return found, dict(zip(abstain.NAMES, abstain.measure(asked, found).tolist(), strict=True))


def test_likeness_is_that_of_the_sentence_with_its_heading_and_alone() -> None:
    question, said = "论坛由谁主持？", "论坛由兰利琼主持。"
    texts = [comparing.Text(f"{said}阅览室有座位3500个。", "论坛 开幕"), comparing.Text("食堂每天中午供应米饭。")]
    found, features = look(question, *texts)
    assert (found[0].source, found[0].context) == (0, "论坛 开幕")
    (whole, *within), (_, *alone) = interaction.measure(question, [("论坛 开幕", said), ("", said)])[:, :3].tolist()
    assert [features[name] for name in abstain.ALIKE] == pytest.approx([whole, *within, *alone], abs=1e-6)


def test_nothing_is_shared_where_neither_text_nor_heading_holds_a_word_of_the_question() -> None:
    text = "兰州大学图书馆购置了自助借还机。"
    assert look("怎么做红烧肉？", comparing.Text(text))[1]["nothing_shared"] == 1.0
    assert look("怎么做红烧肉？", comparing.Text(text, "红烧肉"))[1]["nothing_shared"] == 0.0
    assert look("自助借还机在哪里？", comparing.Text(text))[1]["nothing_shared"] == 0.0
