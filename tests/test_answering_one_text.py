"""The words that answer in a sentence are the reader's likeliest span of it."""

import numpy as np

from libqa.answering import one_text, rarity, understand
from libqa.answering.comparing import Text
from libqa.answering.extract import Source
from libqa.answering.features import Pointers


def source(text: str, starts: dict[int, float], ends: dict[int, float]) -> Source:
    start, end = np.full(len(text), -9.0, np.float32), np.full(len(text), -9.0, np.float32)
    for at, value in starts.items():
        start[at] = value
    for at, value in ends.items():
        end[at] = value
    return Source(Text(text), Pointers(start, end, 0.0, 0.9, np.zeros((0, len(text)), np.float32)))


def test_the_span_is_the_likeliest_pair_and_stays_in_the_sentence():
    text = "馆建于1912年。它在成都。"
    there = source(text, {3: -1.0, 0: -2.0, 11: -0.5}, {7: -1.5, 12: -0.1})
    assert text[slice(*one_text._likeliest(there, 0, 9))] == "1912年"
    assert text[slice(*one_text._likeliest(there, 9, 14))] == "成都"


def test_an_end_before_the_start_makes_no_span():
    text = "馆建于1912年。"
    assert one_text._likeliest(source(text, {4: 0.0}, {2: 0.0, 6: -1.0}), 0, 9) == (4, 7)


def test_a_sentence_without_the_kind_of_thing_asked_for_can_answer():
    text = "2011年新馆建成。展览是在老馆长退休之后开始的。"
    reading = one_text.read(understand.understand("展览是从什么时候开始的？", rarity.rarity), text, [(0, len(text))])
    assert reading.sentence == "展览是在老馆长退休之后开始的。"
    assert text[reading.start : reading.end] == reading.answer
