"""Marks: where a span of text stands in its file, and that the index and the JSON keep it."""

import pytest

from libqa import Document, LibQA, Mark, Settings
from libqa.serialize import answer_from_dict, answer_to_dict, hit_to_dict

TEXT = "封面。\n馆藏总量为三百二十万册。\n经费由学校承担。\n"
MARKS = (Mark(0, "p. 1"), Mark(17, "p. 2"))


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (("p. 3", "p. 3"), "p. 3"),
        (("p. 3", "p. 4"), "p. 3–4"),
        (("slide 9", "slide 11"), "slide 9–11"),
        (("Sheet1!A5", "Sheet1!C5"), "Sheet1!A5–C5"),
        (("Sheet1!A5", "Sheet2!A1"), "Sheet1!A5–Sheet2!A1"),
        (("第二章 馆藏", "第三章"), "第二章 馆藏–第三章"),
        (("", "p. 1"), ""),
        (("p. 1", ""), "p. 1"),
    ],
)
def test_a_span_over_two_marks_names_both(labels, expected):
    first, last = labels
    document = Document("a", "0123456789", marks=(Mark(2, first), Mark(5, last)))
    assert document.place(2, 6) == expected
    assert document.place(2, 5) == first
    assert document.place(5, 5) == last


def test_what_stands_before_the_first_mark_has_no_place():
    document = Document("a", TEXT, marks=MARKS[1:])
    assert document.place(0, 3) == ""
    assert Document("a", TEXT).place(0, len(TEXT)) == ""


def test_marks_are_kept_and_reach_citations_and_json(tmp_path):
    document = Document("a", TEXT, "馆藏", marks=MARKS)
    with LibQA.build([document], settings=Settings(index=tmp_path)) as qa:
        assert qa.document("a") == document
        answer = qa.ask("馆藏总量是多少？")
        [hit] = qa.search("馆藏总量")
    with LibQA.open(settings=Settings(index=tmp_path)) as qa:
        assert qa.documents() == [document]
    citation = answer.citations[0]
    assert "三百二十万" in citation.quote
    assert citation.place == "p. 1"
    value = answer_to_dict(answer)
    assert value["citations"][0]["place"] == "p. 1"
    assert answer_from_dict(value) == answer
    assert hit_to_dict(hit)["place"] == "p. 1–2"
