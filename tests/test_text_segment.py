import itertools

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from libqa.text.segment import clauses, sentences, terms, words

PROSE = st.text(
    st.sampled_from("图书馆联盟的了ABcd 12,.，。；：、！？!?…“”‘’《》（）()\"'\n\r\t　-—:;3次〇"),
    max_size=120,
)


def cut(text):
    return [text[start:end] for start, end in sentences(text)]


def pieces(text):
    return [text[start:end] for start, end in clauses(text)]


@given(PROSE)
@example("“")
@example("。”，\n")
def test_sentences_cover_everything_but_blanks(text):
    spans = sentences(text)
    assert all(a < b and text[a:b] == text[a:b].strip() for a, b in spans)
    assert all(b <= c for (_, b), (c, _) in itertools.pairwise(spans))
    covered = {i for a, b in spans for i in range(a, b)}
    assert all(text[i].isspace() for i in range(len(text)) if i not in covered)


@given(PROSE)
def test_clauses_tile_the_sentence(text):
    for start, end in sentences(text):
        spans = clauses(text, start, end)
        assert spans[0][0] == start
        assert spans[-1][1] == end
        assert all(b == c for (_, b), (c, _) in itertools.pairwise(spans))
        assert all(a < b for a, b in spans)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("“要快。要好！”他说。会上高呼“好！”并鼓掌。", ["“要快。要好！”", "他说。", "会上高呼“好！”并鼓掌。"]),
        ("他说：“要快。要好！”随后，会议结束。", ["他说：“要快。要好！”", "随后，会议结束。"]),
        ("以“数智赋能。‘三位一体’。”为主题。完。", ["以“数智赋能。‘三位一体’。”为主题。", "完。"]),
        ("《你好。世界》发布！！（注：见附件。）好", ["《你好。世界》发布！！", "（注：见附件。）", "好"]),
        ("共10.22万册。1.5倍。", ["共10.22万册。", "1.5倍。"]),
        ("标题一\n\n说明文字\n正文，\n续行。", ["标题一", "说明文字", "正文，\n续行。"]),
        ("一、概述\n1. 第一条\n2. 第二条", ["一、概述", "1. 第一条", "2. 第二条"]),
        ("会议召开.随后讨论.", ["会议召开.", "随后讨论."]),
        ("见 https://a.cn/b?c=d 吗?是.", ["见 https://a.cn/b?c=d 吗?", "是."]),
        ("下一句……\n末……了", ["下一句……", "末……了"]),
        ("缺了一半的“引号。下一句。", ["缺了一半的“引号。", "下一句。"]),
        (
            'Dr. Wang met U.S. officials on Dec. 7, 2023. He said 3.5 million. "It is done." She left.',
            ["Dr. Wang met U.S. officials on Dec. 7, 2023.", "He said 3.5 million.", '"It is done."', "She left."],
        ),
        ("The library is\nopen now\nNext Line", ["The library is\nopen now", "Next Line"]),
        ("I don’t know. It’s fine.", ["I don’t know.", "It’s fine."]),
        ("", []),
        (" \n\t", []),
    ],
)
def test_sentence_rules(text, expected):
    assert cut(text) == expected


def test_sentences_of_a_report():
    lines = [
        ["“数智赋能 服务创新——2023年专家论坛”顺利召开"],
        [
            "2023年12月7日,由联盟主办,万方协办的“论坛”暨工作会议在成都召开。",
            "会议以“服务教育、科技、人才‘三位一体’融合发展”为主题,特邀李新碗教授作报告。",
            "来自65所高校的150余人现场参会,1000余人线上参会。",
        ],
        ["高凡作主旨报告"],
    ]
    assert cut("\n".join("".join(line) for line in lines) + "\n") == [sentence for line in lines for sentence in line]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "2023年12月7日，由联盟主办，以“服务教育、科技，人才‘三位一体’”为主题；会期：一天。",
            ["2023年12月7日，", "由联盟主办，", "以“服务教育、科技，人才‘三位一体’”为主题；", "会期：", "一天。"],
        ),
        ("共1,000人，比分3：2，10:30开始", ["共1,000人，", "比分3：2，", "10:30开始"]),
        (
            "围绕《方案（2022，试行）》讨论（含线上，线下），结束",
            ["围绕《方案（2022，试行）》讨论（含线上，线下），", "结束"],
        ),
        (
            "On December 7, 2023, the forum opened, see http://a.b",
            ["On December 7, 2023, ", "the forum opened, ", "see http://a.b"],
        ),
        ("四川、重庆、陕西参会，完", ["四川、重庆、陕西参会，", "完"]),
        ("", [""]),
    ],
)
def test_clause_rules(text, expected):
    assert pieces(text) == expected


def test_long_enumeration_is_cut_at_its_items():
    names = [f"第{i}所西部双一流大学" for i in range(8)]
    assert pieces("、".join(names) + "参会。") == [f"{name}、" for name in names[:-1]] + [names[-1] + "参会。"]


def test_words_keep_their_offsets():
    text = "兩場  圖書館論壇，１０人"
    found = words(text)
    assert [(word, text[a:b]) for word, a, b in found] == [
        ("两场", "兩場"),
        ("图书馆", "圖書館"),
        ("论坛", "論壇"),
        (",", "，"),
        ("10", "１０"),
        ("人", "人"),
    ]


def test_terms_are_the_same_for_every_way_of_writing():
    assert terms("雙一流圖書館") == terms("双一流图书馆")
    assert terms("兰利琼") == ["兰利", "琼", "~兰利", "~利琼"]
    assert terms("Libraries １,000 10.22万") == ["library", "1000", "10.22", "10", "22", "万"]
    assert terms("Double-First U.S. glass 双-A") == ["double-first", "double", "first", "u.s", "glass", "双", "a"]
    assert terms("，。—") == []
