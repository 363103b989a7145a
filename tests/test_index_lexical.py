import math
from collections import Counter

import bm25s
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from libqa.index import lexical
from libqa.text.segment import terms

TEXTS = [
    "新时代西部双一流大学图书馆建设联盟于2022年2月正式成立。",
    "四川大学图书馆馆长兰利琼主持联盟工作会议，图书馆、图书馆、图书馆。",
    "今天的天气真好，适合去公园散步。",
    "Libraries of western China share resources; the library alliance was founded in 2022.",
    "西部高校图书馆文献服务与信息素养教育。",
]
BAGS = st.lists(st.dictionaries(st.sampled_from("abcde馆"), st.integers(1, 9), min_size=1), min_size=1, max_size=8)


def everything(postings, passages, weights, average):
    counted = {term: int(postings.find(term).stop - postings.find(term).start) for term in weights}
    weighted = {
        term: weight * lexical.idf(passages, counted[term]) for term, weight in weights.items() if counted[term]
    }
    return lexical.score(postings, weighted, average)


def test_scores_are_those_of_bm25s():
    bags = [terms(text) for text in TEXTS]
    reference = bm25s.BM25(method="lucene", k1=lexical.K1, b=lexical.B)
    reference.index(bags, show_progress=False)
    postings = lexical.post([Counter(bag) for bag in bags])
    average = sum(map(len, bags)) / len(bags)
    for question in ("谁主持了联盟的会议？", "western libraries", "图书馆信息素养", "没有"):
        asked = sorted(set(terms(question)))
        known = [term for term in asked if term in reference.vocab_dict]
        expected = reference.get_scores(known) if known else np.zeros(len(TEXTS))
        scores = everything(postings, len(TEXTS), dict.fromkeys(asked, 1.0), average)
        np.testing.assert_allclose(scores, expected, rtol=1e-5, atol=1e-6)


@given(BAGS)
def test_scores_follow_the_formula(bags):
    postings = lexical.post(bags)
    average = sum(sum(bag.values()) for bag in bags) / len(bags)
    weights = {"a": 1.0, "馆": 0.5, "z": 3.0}
    scores = lexical.score(postings, weights, average)
    for row, bag in enumerate(bags):
        brake = lexical.K1 * (1 - lexical.B + lexical.B * sum(bag.values()) / average)
        expected = sum(w * bag.get(t, 0) / (bag.get(t, 0) + brake) for t, w in weights.items())
        assert scores[row] == pytest.approx(expected, rel=1e-5)
    chosen = np.arange(0, len(bags), 2)
    np.testing.assert_allclose(lexical.score_rows(postings, weights, average, chosen), scores[chosen], rtol=1e-6)


@given(st.lists(st.tuples(BAGS, st.randoms()), min_size=1, max_size=3))
def test_merged_lists_are_those_of_one_build(parts):
    flags = [np.array([random.random() < 0.7 for _ in bags]) for bags, random in parts]
    kept = [bag for (bags, _), alive in zip(parts, flags, strict=True) for bag, a in zip(bags, alive, strict=True) if a]
    merged = lexical.merge([(lexical.post(bags), alive) for (bags, _), alive in zip(parts, flags, strict=True)])
    whole = lexical.post(kept)
    assert merged.terms() == whole.terms()
    for name, array in whole.arrays().items():
        np.testing.assert_array_equal(merged.arrays()[name], array, err_msg=name)


def test_lists_are_found_by_term():
    postings = lexical.post([{"图书馆": 2, "a": 1}, {"图书": 1, "图书馆": 70_000}])
    assert postings.terms() == sorted(term.encode() for term in ("a", "图书", "图书馆"))
    where = postings.find("图书馆")
    assert postings.rows[where].tolist() == [0, 1]
    assert postings.counts[where].tolist() == [2, 65_535]
    assert postings.find("图").start == postings.find("图").stop == 0
    assert postings.lengths.tolist() == [3, 70_001]


def test_idf_is_never_negative():
    assert lexical.idf(10, 10) > 0
    assert lexical.idf(10, 1) == pytest.approx(math.log(1 + 9.5 / 1.5))


def test_a_term_is_found_again_after_many_others(monkeypatch):
    monkeypatch.setattr(lexical, "_REMEMBERED", 2)
    postings = lexical.post([{"馆": 1, "书": 2}, {"书": 1, "人": 1}])
    first = {term: postings.find(term) for term in ("馆", "书", "人", "无")}
    assert [first[term].stop - first[term].start for term in first] == [1, 2, 1, 0]
    assert all(postings.find(term) == place for term, place in first.items())
    assert len(postings._places) <= 2
