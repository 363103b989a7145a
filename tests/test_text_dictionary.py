import jieba
from hypothesis import given, settings
from hypothesis import strategies as st

from libqa.text.dictionary import frequency, part_of_speech, tokenizer, total


@settings(deadline=None)
@given(st.text(st.sampled_from("图书馆联盟西部大学生信息素养的了阿大小Ab1.,，。 ")))
def test_lazy_dictionary_cuts_as_jieba_does(text):
    assert list(tokenizer().cut(text)) == list(jieba.cut(text))
    assert list(tokenizer().cut_for_search(text)) == list(jieba.cut_for_search(text))


def test_frequencies_are_those_of_jieba():
    jieba.initialize()
    assert total() == jieba.dt.total
    for word in ("图书馆", "图书", "图", "联盟馆", "龘", "", "阿大"):
        assert frequency(word) == jieba.dt.FREQ.get(word, 0)


def test_tags_are_those_of_the_dictionary():
    assert part_of_speech("四川") == "ns"
    assert part_of_speech("图书馆") == "n"
    assert part_of_speech("兰利琼") == ""
