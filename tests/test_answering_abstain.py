"""Confidence falls where the text speaks of something else than the question does."""

from pathlib import Path

import pytest

from libqa import LibQA
from libqa.answering import abstain
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
