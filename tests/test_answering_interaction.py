"""Late interaction: the measures against a plain computation of what they are, and their limits."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from libqa.answering import interaction
from libqa.models import bundled_embedder
from libqa.models.pieces import UNKNOWN
from libqa.text.script import fold
from libqa.text.segment import sentences

EMBEDDER = bundled_embedder()
PASSAGES = [
    ("图书馆概况\n服务", "图书馆每天早上八点开门。周末闭馆两小时。"),
    ("", "論壇在成都舉行，三十七所大學的代表出席。"),
    ("Rules", "Readers may borrow ten books."),
]


def pieces(text: str) -> np.ndarray:
    ids = [i for i in EMBEDDER.segmenter.cut(fold(text)).ids if i != UNKNOWN]
    return EMBEDDER.pieces(ids)


def plainly(question: str, heading: str, text: str) -> list[float]:
    """The measures of one passage, piece by piece."""

    def likest(a: np.ndarray, those: np.ndarray) -> float:
        return max((float(a @ b / np.linalg.norm(a) / np.linalg.norm(b)) for b in those), default=0.0)

    asked, head = pieces(question), pieces(heading)
    said = [pieces(text[a:b]) for a, b in sentences(text)]
    weights = [float(a @ a) / float((asked**2).sum()) for a in asked]
    inside = [[max(0.0, likest(a, head), likest(a, s)) for a in asked] for s in said]
    whole = [max(column) for column in zip(*inside, strict=True)]
    sums = [s.sum(axis=0) for s in said]
    total = asked.sum(axis=0)
    return [
        max(float(total @ s / np.linalg.norm(total) / np.linalg.norm(s)) for s in sums),
        sum(w * m for w, m in zip(weights, whole, strict=True)),
        sum(w * m * m for w, m in zip(weights, whole, strict=True)),
        max(sum(w * m for w, m in zip(weights, row, strict=True)) for row in inside),
    ]


@pytest.mark.parametrize("question", ["几点开门？", "论坛在哪里举行？", "How many books may I take home?"])
def test_measures_are_what_they_say(question: str) -> None:
    expected = [plainly(question, *passage) for passage in PASSAGES]
    assert np.allclose(interaction.measure(question, PASSAGES), expected, atol=1e-5)


def test_other_words_for_the_same_are_nearer() -> None:
    near = interaction.measure("几点开始营业？", PASSAGES)
    assert near.argmax(axis=0).tolist() == [0, 0, 0, 0]


@given(st.lists(st.tuples(st.text(max_size=12), st.text(max_size=40)), max_size=4), st.text(max_size=20))
def test_any_text_has_finite_measures_between_minus_one_and_one(passages: list[tuple[str, str]], question: str) -> None:
    near = interaction.measure(question, passages)
    assert near.shape == (len(passages), len(interaction.NAMES))
    assert np.isfinite(near).all()
    assert (np.abs(near) <= 1 + 1e-4).all()


def test_a_passage_is_measured_alike_beside_any_other() -> None:
    question = "论坛有多少人参加？"
    alone = np.concatenate([interaction.measure(question, [p]) for p in PASSAGES])
    assert np.allclose(interaction.measure(question, PASSAGES), alone, atol=1e-6)


def test_a_difference_counts_for_the_question_s_language() -> None:
    searched, near = np.array([0.5, 0.25], np.float32), np.zeros((2, len(interaction.NAMES)), np.float32)
    for english, weights in ((False, interaction.CHINESE), (True, interaction.ENGLISH)):
        assert np.allclose(interaction.score(searched, near, english), searched * weights[0] + weights[-1])
