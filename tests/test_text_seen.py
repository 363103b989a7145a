"""The strings that repair knows as seen, and the ranking that uses them."""

import numpy as np
import pytest

from libqa.errors import ModelError
from libqa.text import damage, repair, seen
from libqa.text.language import EDGE, folded, language_model
from libqa.text.ranking import FEATURES, WEIGHTS


def count(*texts: str) -> list[int]:
    model = language_model()
    return seen.counted([[EDGE, *model.number(folded(text))] for text in texts]).tolist()


def test_what_was_written_counts_more_than_what_was_not() -> None:
    usual = count("受损害的权利", "在建筑面积分摊时", "年满十八周岁")
    strange = count("受损嗨的卷利", "在建筑棉鸡分瘫时", "年螨石霸周随")
    assert sum(usual) > sum(strange)


def test_short_texts_and_none_count_nothing() -> None:
    assert count("", "校", "校园里") == [0, 0, 0]
    assert seen.counted([]).tolist() == []


def test_strings_across_lines_are_not_eligible() -> None:
    model = language_model()
    inside = [*model.number("高校"), EDGE, *model.number("高校")]
    assert not seen.eligible(np.array([inside], np.int64))[0]
    assert seen.eligible(np.array([model.number("在高校学习")[:5]], np.int64))[0]


def test_fingerprints_are_spread_and_repeatable() -> None:
    strings = np.array([[a, b, 5, 6] for a in range(100) for b in range(100)], np.int64)
    marks = seen.fingerprints(strings)
    assert len(np.unique(marks)) > 9_990
    assert int(marks.max()) < 2**seen.BITS
    assert np.array_equal(marks, seen.fingerprints(strings))


def test_missing_set_is_a_model_error(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    seen._stored.cache_clear()
    monkeypatch.setattr(seen, "files", lambda package: tmp_path)
    with pytest.raises(ModelError, match=r"seen\.npz"):
        seen._stored()


def test_every_feature_has_a_weight() -> None:
    assert WEIGHTS.shape == (len(FEATURES),)
    assert WEIGHTS[FEATURES.index("characters")] > 0
    assert WEIGHTS[FEATURES.index("seen")] < 0


@pytest.mark.parametrize(
    ("clean", "notes", "marks"),
    [
        ("这一高昂收费饱受开发商诟病，也在多国成为目标。", "開發", "。，"),  # one mark hidden in another
        ("爱与美好，一起创造幸福、温暖的生活。", "創", "！、"),
        ("容易患有颈椎病，还有很多人总是喜欢躺着玩手机。", "還對", "。，"),
    ],
)
def test_marks_that_share_a_byte(clean: str, notes: str, marks: str) -> None:
    raw = damage(clean, notes, marks)
    assert "??" in raw
    fixed = repair(raw)
    assert fixed.text == clean
    assert fixed.proven
    assert "chosen" in {edit.certainty for edit in fixed.edits}


@pytest.mark.parametrize(
    ("clean", "notes", "shown"),
    [
        ("向华东近海靠近，采取了措施。", "", "向華東近??拷扇×舜胧"),
        ("高校科学研究，是当地人民政府。", "數", "高??茖W研究,是當?shù)厝嗣裾"),
    ],
)
def test_end_of_line_that_vanished_is_restored(clean: str, notes: str, shown: str) -> None:
    assert damage(clean, notes, "？") == shown
    assert repair("大學(xué)\n" + shown).text == "大学\n" + clean


@pytest.mark.parametrize("clean", ["瑞典总人2023年的人口", "瑞典总人1998年的人口", "瑞典总人 2023 年的人口"])
def test_what_was_swallowed_at_a_year_is_chosen(clean: str) -> None:
    fixed = repair(damage(clean, "側"))
    assert fixed.text == clean
    assert [edit.certainty for edit in fixed.edits if edit.reason == "broken byte pairs"] == ["chosen"]
