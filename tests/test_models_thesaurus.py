"""The thesaurus, and what its words do in understanding, search and reading."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from libqa.answering import rarity
from libqa.answering.retrieve import retrieve
from libqa.answering.understand import understand
from libqa.errors import ModelError
from libqa.models import thesaurus
from libqa.text.segment import words
from tests.index_tools import EMBEDDER, create, note

GROUPS = ["馆长;一馆之长;掌门人", "举办;举行;召开;主办", "主办;举办;操办", "经费;钱款"]


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    path = tmp_path / "thesaurus.txt"
    path.write_text("".join(line + "\n" for line in GROUPS), encoding="utf-8")
    monkeypatch.setattr(thesaurus, "BUNDLED", path)
    thesaurus._groups.cache_clear()
    thesaurus.synonyms.cache_clear()
    yield
    thesaurus._groups.cache_clear()
    thesaurus.synonyms.cache_clear()


@pytest.mark.usefixtures("written")
def test_a_word_of_two_groups_counts_less_in_each() -> None:
    assert thesaurus.synonyms("馆长") == (("一馆之长", 1.0), ("掌门人", 1.0))
    assert dict(thesaurus.synonyms("举办")) == pytest.approx(
        {"主办": 1.0, "举行": 0.5**0.5, "召开": 0.5**0.5, "操办": 0.5**0.5}
    )
    assert thesaurus.synonyms("馆") == ()


@pytest.mark.usefixtures("written")
def test_words_that_make_up_a_phrase_are_one() -> None:
    text = "川大的一馆之长是谁？"
    joined = thesaurus.joined(words(text))
    assert ("一馆之长", 3, 7) in joined
    assert "".join(word for word, _, _ in joined) == "川大的一馆之长是谁?"
    assert all(text[start:end].replace("？", "?") == word for word, start, end in joined)


@pytest.mark.usefixtures("written")
def test_a_question_asks_for_the_synonyms_too() -> None:
    terms = {t.text: t for t in understand("那次会议由哪位掌门人操办？", rarity.rarity).terms}
    assert terms["掌门人"].forms == (("掌门人", 1.0), ("馆长", 0.7), ("一馆之长", 0.7))
    assert terms["掌门人"].weight <= rarity.rarity("掌门人")


@pytest.mark.usefixtures("written")
def test_a_text_that_says_it_otherwise_is_found(tmp_path: Path) -> None:
    notes = [
        note("a", "图书馆馆长是王小明。"),
        note("b", "图书馆经理是李小红。"),
        note("c", "图书馆的门朝南开。"),
    ]
    with create(tmp_path / "index", notes) as index, index.view() as view:
        assert retrieve(view, "图书馆的掌门人是谁？", EMBEDDER, 3)[0].passage.document_id == "a"


def test_a_missing_file_names_the_way_out(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="reinstall libqa"):
        thesaurus._groups(tmp_path / "none.txt")


def test_the_bundled_groups_are_clean() -> None:
    lines = thesaurus.BUNDLED.read_text(encoding="utf-8").splitlines()
    assert len(lines) > 2000
    assert len(set(lines)) == len(lines)
    for line in lines:
        group = line.split(";")
        assert len(group) > 1
        assert len(set(group)) == len(group)
        assert all(re.fullmatch(r"[\u4e00-\u9fffa-z0-9]{1,8}", word) for word in group), line
