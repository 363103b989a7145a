from hypothesis import given
from hypothesis import strategies as st

from libqa.text.names import passage_terms, query_names
from libqa.text.segment import terms


def names(text):
    return [term for term in passage_terms(text) if term[0] == "@"]


def test_names_in_pinyin():
    assert names("魏群义、刘实主持") == ["@weiqun", "@weiqunyi", "@liushi", "@liushizhu"]
    assert names("蘭利瓊致辭，高凡作报告") == ["@lanli", "@lanliqiong", "@gaofan", "@gaofanzuo"]
    assert "@ouyangxiu" in names("欧阳修")
    assert set(names("吕布")) == {"@lvbu", "@lubu", "@lyubu"}
    assert {"@zengli", "@cengli"} <= set(names("曾丽"))
    assert names("高校图书馆") == []


def test_a_name_is_found_in_either_order_and_spelling():
    for question in (
        "Who is Wei Qunyi?",
        "Qunyi Wei",
        "wei qun-yi",
        "QUN YI WEI",
        "Wei Qun Yi",
        "weiqunyi",
        "Wei Qunyi's talk",
    ):
        assert "@weiqunyi" in query_names(question), question
    assert query_names("Wei Qunyi")["@weiqunyi"] == {"wei", "qunyi"}
    assert "@lvbu" in query_names("Lü Bu")
    assert query_names("馆长") == {}


def test_universities_in_short():
    def short(text):
        return sorted(set(passage_terms(text)) - set(terms(text)))

    assert short("兰州大学") == ["~兰大"]
    assert short("西安交通大学") == ["~交大", "~西大"]
    assert "~川大" in passage_terms("四川大学")
    assert short("大学") == []


@given(st.text(st.sampled_from("魏群义高校刘实图书馆的，Ab1, 3")))
def test_other_terms_are_those_of_segment(text):
    assert [term for term in passage_terms(text) if term[0] != "@"] == terms(text)


def test_rare_words_that_names_are_made_of_are_found_in_pinyin():
    assert "@chulan" in names("楚澜高校图书馆联盟成立")
    assert "@yijiang" in names("会议由夷江理工大学图书馆承办")
    assert "@chulan" in query_names("When was the Chulan alliance founded?")
