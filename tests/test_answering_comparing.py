"""An English word is compared with a text in the sense that fits it best."""

import numpy as np

from libqa.answering import comparing
from libqa.answering.understand import Question, Term


def test_an_english_word_is_like_a_text_in_its_likest_sense():
    branch = Term("branch", (("branch", 1.0), ("部门", 1.0), ("分馆", 0.8)), 4.0)
    question = Question("Which branch?", "which branch?", "en", "which", "", (branch,), (), ())
    vectors = np.array([[0, 0], [1, 0], [0.6, 0.8], [0, 1]], dtype=np.float32)
    vocabulary = comparing.Vocabulary({}, {"部门": 1, "分馆": 2, "支馆": 3}, vectors)
    said = comparing.asked(question, "两个支馆")
    assert (said.text, said.senses) == ("部门", (("部门", "部门", "分馆"),))
    np.testing.assert_allclose(comparing._likeness(said, np.array([3, 1, 0]), vocabulary), [[0.8, 1.0, 0.0]])
    assert comparing.asked(question, "各个分馆").text == "分馆"


def test_a_chinese_word_stands_for_itself_and_a_word_that_asks_is_like_nothing():
    question = Question("分馆？", "分馆?", "zh-Hans", "what", "", (), (), (("分馆", 0, 2),))
    vocabulary = comparing.Vocabulary({}, {"分馆": 1}, np.array([[0.0], [1.0]], dtype=np.float32))
    said = comparing.asked(question, "分馆")
    assert said.senses == (("分馆",),)
    assert comparing._likeness(said, np.array([1]), vocabulary).tolist() == [[0.0]]
