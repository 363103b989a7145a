import pytest
from hypothesis import given
from hypothesis import strategies as st

from libqa.text.script import fold, from_taiwan, language, to_hans, to_hant


@given(st.text())
def test_fold_keeps_every_offset_and_is_idempotent(text):
    folded = fold(text)
    assert len(folded) == len(text)
    assert fold(folded) == folded


def test_fold_joins_width_case_script_and_marks():
    assert fold("ＬＩＢ「數智」圖書館，１２３—・") == "lib“数智”图书馆,123-·"
    assert fold("Straße İ ﬁ") == "straße İ ﬁ"  # what would change the length stays
    assert fold("a\u3000b\n") == "a b\n"


def test_phrases_are_converted_both_ways():
    assert to_hans("圖書館裡的資料庫，乾隆著作") == "图书馆里的资料库，乾隆著作"
    assert to_hant("图书馆里的头发和发展") == "圖書館裡的頭髮和發展"


def test_terms_of_taiwan():
    assert from_taiwan("資訊素養與數位網路") == "信息素养与数字网络"


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("谁主持了论坛？", "zh-Hans"),
        ("誰主持了論壇？", "zh-Hant"),
        ("Who chaired the forum?", "en"),
        ("Who is 魏群义?", "en"),
        ("What is 《西部双一流大学图书馆建设联盟工作方案》 about?", "en"),
        ("OpenAI 是什么", "zh-Hans"),
        ("CALIS 的主題是什麼", "zh-Hant"),
        ("Lan Liqiong", "en"),
        ("慕课西部行计划2.0", "zh-Hans"),
        ("《數智賦能》", "zh-Hant"),
        ("那线上呢", "zh-Hans"),
        ("", "zh-Hans"),
    ],
)
def test_language_of_a_question(question, expected):
    assert language(question) == expected
