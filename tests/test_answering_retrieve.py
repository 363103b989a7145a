import numpy as np
import pytest

from libqa.answering.retrieve import Weights, fuse, retrieve, understand
from tests.index_tools import EMBEDDER, create, note

NOTES = [
    note("forum", "专家论坛由重庆大学图书馆馆长魏群义主持，1000余人线上参会。", "专家论坛"),
    note("meeting", "下午的联盟工作会议由四川大学图书馆馆长兰利琼主持。", "工作会议"),
    note("contest", "信息素养大赛的西部联赛在成都举行，来自65所高校的选手参赛。", "信息素养大赛"),
    note("members", "成员馆包括四川大学、重庆大学、兰州大学等20所高校的图书馆。", "成员馆"),
    note("cashl", "CASHL is the China Academic Social Sciences and Humanities Library.", "CASHL"),
]
WORDS = {"contest": [("比赛", 0.4), ("大赛", 0.3)], "library": [("图书馆", 0.9)], "chaired": [("主持", 0.6)]}


def translate(text):
    return [(word, WORDS[word]) for word in text.lower().strip("?").split() if word in WORDS]


@pytest.fixture
def index(tmp_path):
    with create(tmp_path, NOTES) as opened:
        yield opened


def ranked(index, question, weights=Weights(dense=0.1, dense_english=0.1)):  # noqa: B008
    with index.view() as view:
        query = understand(question, translate, view.holding, weights)
        hits = fuse(view, query, EMBEDDER.encode([question], "query")[0], weights)
        return [(view.passage(number).document_id, score) for number, score in hits]


@pytest.mark.parametrize(
    ("question", "expected"),
    [
        ("工作会议是谁主持的？", "meeting"),
        ("工作會議是誰主持的？", "meeting"),
        ("資訊素養大賽在哪裡舉行？", "contest"),
        ("兰大的图书馆是成员吗", "members"),
        ("有多少人线上参会", "forum"),
        ("素养联赛在哪里举行", "contest"),
        ("１０００余人", "forum"),
        ("Who is Wei Qunyi?", "forum"),
        ("Where does Qunyi Wei work?", "forum"),
        ("What did lan liqiong chair?", "meeting"),
        ("Lan Li-Qiong 主持什么", "meeting"),
        ("Which contest?", "contest"),
        ("What is CASHL?", "cashl"),
        ("cashl是什么", "cashl"),
    ],
)
def test_the_right_passage_comes_first(index, question, expected):
    assert ranked(index, question)[0][0] == expected


def test_script_and_width_change_nothing_on_the_lexical_side(index):
    lexical = Weights(dense=0.0, dense_english=0.0)
    assert ranked(index, "聯盟工作會議由誰主持？", lexical) == ranked(index, "联盟工作会议由谁主持?", lexical)


def test_words_that_only_ask_count_little():
    query = understand("谁是馆长？", translate, lambda _: 0)
    assert query.weights["谁"] < 0.2 * query.weights["馆长"]
    english = understand("Who is the head of the library?", translate, lambda _: 0)
    assert not {"who", "is", "the", "of"} & set(english.weights)


def test_names_that_the_index_does_not_hold_are_no_names(index):
    with index.view() as view:
        assert not [t for t in understand("Who is Zhang San?", translate, view.holding).weights if t[0] == "@"]
        query = understand("Who is Wei Qunyi?", translate, view.holding)
    assert query.weights == {"@weiqunyi": 2.0}


def test_scores_are_best_first_and_comparable(index):
    scores = [score for _, score in ranked(index, "联盟工作会议由兰利琼主持")]
    assert scores == sorted(scores, reverse=True)
    exact, vague = ranked(index, "联盟工作会议由兰利琼主持")[0][1], ranked(index, "天气预报说明天下雨主持")[0][1]
    assert exact > 2 * vague


def test_nothing_fits(index, tmp_path):
    assert ranked(index, "？", Weights(dense=0.0)) == []
    with create(tmp_path / "empty") as empty:
        assert ranked(empty, "谁是馆长") == []


def test_retrieve_gives_hits_with_their_documents(index):
    with index.view() as view:
        hits = retrieve(view, "谁主持了工作会议？", EMBEDDER, 2)
        assert len(hits) == 2
        assert hits[0].document == NOTES[1]
        assert hits[0].passage == view.passages_of("meeting")[0]
        assert retrieve(view, "谁主持了工作会议？", EMBEDDER, 0) == []


def test_a_zero_vector_leaves_the_lexical_side(index):
    with index.view() as view:
        query = understand("工作会议", translate, view.holding)
        zero = np.zeros(EMBEDDER.dimension, np.float32)
        assert view.passage(fuse(view, query, zero)[0][0]).document_id == "meeting"
