"""What a question says beyond what its text is about, and reading a text that is given with the question."""

import pytest

from libqa.answering import comparing, extract, features, one_text, rarity, reader, topic
from libqa.answering.understand import Question, understand

PLANT = "紫云藤是一种攀缘植物。叶柄有四个腺体。误食会引致腹泻。"
SENTENCES = [(0, 11), (11, 19), (19, 27)]


def ask(question: str) -> Question:
    return understand(question, rarity.rarity)


def points(question: Question, text: comparing.Text) -> features.Pointers:
    return reader.load_reader().read(question, [text])[0]


@pytest.mark.parametrize(
    ("text", "about"),
    [
        (comparing.Text("叶柄有腺体。", "紫云藤 形态", "紫云藤是植物。叶柄有腺体。", "紫云藤"), "紫云藤"),
        (comparing.Text("叶柄有腺体。", "", " 紫云藤是植物。叶柄有腺体。"), "紫云藤是植物。叶柄有腺体。"),
        (comparing.Text("字" * 50), "字" * topic.BEGINNING),
    ],
)
def test_a_text_is_about_its_title_or_how_it_begins(text: comparing.Text, about: str) -> None:
    assert topic.topic(text) == about


def test_only_what_the_title_leaves_open_is_looked_for() -> None:
    question, text = ask("紫云藤的叶柄"), comparing.Text(PLANT, title="紫云藤")
    said = topic.said_beside(question, text, points(question, text), SENTENCES)
    assert said.shape == (3,)
    assert said[1] == pytest.approx(1.0, abs=0.05)
    assert max(said[0], said[2]) < 0.6
    untitled = topic.said_beside(question, comparing.Text(PLANT, title="市志"), points(question, text), SENTENCES)
    assert untitled[0] > 0.4  # where the title does not say it, its name tells a sentence too


def test_a_question_on_the_topic_alone_leaves_nothing_open() -> None:
    question, text = ask("紫云藤"), comparing.Text(PLANT, title="紫云藤")
    assert topic.said_beside(question, text, points(question, text), SENTENCES).tolist() == [0.0, 0.0, 0.0]


def test_sentences_are_compared_with_the_best_of_their_document() -> None:
    question = ask("紫云藤的叶柄有什么特点？")
    parts = [PLANT[:11], PLANT[11:]]
    texts = [comparing.Text(part, "", PLANT, "紫云藤") for part in parts] + [comparing.Text("本馆周一闭馆。")]
    read = reader.load_reader().read(question, texts)
    found, rows = extract.measure_all(question, [extract.Source(t, p) for t, p in zip(texts, read, strict=True)])
    less = rows[:, features.LESS_SAID]
    assert [f.row[features.LESS_SAID] for f in found] == less.tolist()
    assert (less <= 0).all()
    petiole = [i for i, f in enumerate(found) if f.source == 1 and f.laid.sentence_of[f.candidate.first] == 0]
    assert (less[petiole] == 0).all()
    assert (less[[i for i, f in enumerate(found) if f.source == 0]] < -0.2).all()
    assert (less[[i for i, f in enumerate(found) if f.source == 2]] == 0).all()  # the only sentence of its document


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("紫云藤的叶柄有什么特点？", "叶柄有四个腺体。"),
        ("误食紫云藤的话，有什么症状？", "误食会引致腹泻。"),
        ("紫雲藤的葉柄有什麼特點？", "叶柄有四个腺体。"),
    ],
)
def test_the_sentence_on_what_is_asked_is_read_and_not_the_one_with_the_name(question: str, sentence: str) -> None:
    reading = one_text.read(ask(question), PLANT, [(0, len(PLANT))])
    assert reading.sentence == sentence
    assert PLANT[reading.start : reading.end] == reading.answer
    assert reading.answer in sentence


def test_pieces_of_a_text_are_read_as_one() -> None:
    reading = one_text.read(ask("误食紫云藤的话，有什么症状？"), PLANT, [(0, 19), (19, len(PLANT))])
    assert reading.sentence == "误食会引致腹泻。"
    assert PLANT[reading.start : reading.end] == reading.answer


def test_nothing_is_read_where_there_is_nothing() -> None:
    assert one_text.read(ask("紫云藤是什么？"), "", []).answer == ""
