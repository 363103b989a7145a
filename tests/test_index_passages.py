import itertools
import time

from hypothesis import given
from hypothesis import strategies as st

from libqa.index.passages import Piece, context, split
from libqa.text.segment import sentences

LINES = st.lists(
    st.sampled_from(
        ["## 标题", "# ", "一、概述", "会议召开。" * 9, "短句。", "、".join(["成员馆"] * 130) + "。", "", "　"]
    )
)


def cut(text):
    return [(piece.section, text[piece.start : piece.end]) for piece in split(text)]


@given(LINES)
def test_passages_are_whole_sentences_in_order_and_lose_nothing(lines):
    text = "\n".join(lines)
    pieces = split(text)
    assert all(a.end <= b.start for a, b in itertools.pairwise(pieces))
    spans = sentences(text)
    starts, ends = {start for start, _ in spans}, {end for _, end in spans}
    for piece in pieces:
        heading = text[piece.start - 3 : piece.start] == "## " or text[piece.start - 2 : piece.start] == "# "
        assert heading or (piece.start in starts and piece.end in ends)
        assert piece.end - piece.start <= 1200
    indexed = "".join(context("", piece, text) for piece in pieces)
    assert all(line.lstrip("# ") in indexed for line in lines if line.strip(" 　#"))


def test_headings_stand_above_and_not_inside():
    text = "# 联盟\n\n引言。\n\n## 平台\n\n门户网站。\n知识服务平台。\n## 空标题\n## 末\n完。"
    assert cut(text) == [
        ("联盟", "引言。"),
        ("平台", "门户网站。\n知识服务平台。"),
        ("", "空标题"),
        ("末", "完。"),
    ]


def test_numbered_headings_but_not_numbered_sentences():
    assert cut("一、会议概况\n会议召开。\n二、会议由兰利琼主持。") == [
        ("一、会议概况", "会议召开。\n二、会议由兰利琼主持。")
    ]


def test_sizes():
    sentence = "西" * 99 + "。"
    assert [len(text) for _, text in cut(sentence * 7)] == [300, 300, 100]
    assert [len(text) for _, text in cut(sentence * 2 + "\n" + sentence * 2)] == [200, 200]
    long = "部" * 500 + "。"
    assert [len(text) for _, text in cut("图说\n" + long + sentence)] == [504, 100]
    endless = ("联盟成员馆" * 8 + "，") * 60
    pieces = split(endless)
    assert all(piece.end - piece.start <= 350 for piece in pieces)
    assert "".join(endless[piece.start : piece.end] for piece in pieces) == endless


def test_context_names_title_and_section_once():
    text = "联盟成立。"
    assert context("联盟", Piece(0, 5, "概况"), text) == "概况\n联盟成立。"
    assert context("论坛", Piece(0, 5, ""), text) == "论坛\n联盟成立。"


def test_text_without_any_marks_is_cut_and_stays_fast():
    start = time.perf_counter()
    for unit in ("QUJD", "“好。”", "1.", "a. ", "（注）。", "。", "，", "甲\u3000"):
        text = unit * (200_000 // len(unit))
        pieces = split(text)
        assert all(0 < piece.end - piece.start <= 1200 for piece in pieces)
        assert sum(piece.end - piece.start for piece in pieces) >= len(text) * 0.4
    assert time.perf_counter() - start < 60
