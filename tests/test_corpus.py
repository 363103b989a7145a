"""The bundled corpus says what the collected facts say, all of it, and nothing else."""

from __future__ import annotations

import hashlib
import json
import os
import re
import unicodedata
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[1]
CORPUS = ROOT / "corpus"
GOLDEN = ROOT / "tests" / "golden"
# The fact list lies beside the data folder; where it is absent the tests fail, they do not pass by default.
FACTS = Path(os.environ.get("LIBQA_DATA", ROOT.parent / "shared" / "data")).parent / "corpus-facts.md"
FORUM_REPORT_SHA256 = "b24c32579807a92ef6e7f9016502ed357fcb9ee5a2b0e9f7db48ccc1816c06c2"

PAGES = sorted(CORPUS.rglob("*.md"))
REQUIRED = {"title", "topic", "date", "sources", "confidence", "facts"}
NUMBER = re.compile(r"\d+(?:\.\d+)?")
TITLE = re.compile(r"《[^》]*》")
GLOSS = re.compile(r"\([A-Za-z][^)]*\)")  # English explanation inside a fact
DATED = re.compile(r"\s*·\s*(?:约 )?\d{4}[^。]*$")  # a fact's own date, after its statement


def read_page(path: Path) -> tuple[dict[str, Any], str]:
    """Front matter and body of a page."""
    opening, header, body = path.read_text(encoding="utf-8").split("---\n", 2)
    assert opening == "", f"{path.name} must start with a front matter"
    return yaml.safe_load(header), body.strip()


def read_facts() -> dict[str, dict[str, Any]]:
    """The facts by number: statement, section heading, sources, confidence."""
    facts: dict[str, dict[str, Any]] = {}
    section = ""
    for line in FACTS.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            section = line
        elif match := re.match(r"- (F\d{3}) (.*)〔([^〕]*)〕([高中低])", line):
            number, statement, sources, confidence = match.groups()
            facts[number] = {
                "line": line,
                "statement": DATED.sub("", GLOSS.sub("", statement).strip()),
                "section": section,
                "sources": set(re.findall(r"S\d+[ab]?", sources)),
                "confidence": confidence,
            }
    assert len(facts) == 264
    return facts


def numbers(text: str) -> set[str]:
    """Numbers in a text, leading zeros dropped (dates are written 2024-01-05 and 2024年1月5日)."""
    return {number.lstrip("0") or "0" for number in NUMBER.findall(text)}


@pytest.fixture(scope="module")
def facts() -> dict[str, dict[str, Any]]:
    return read_facts()


@pytest.fixture(scope="module")
def keys() -> dict[str, list[str]]:
    loaded: dict[str, list[str]] = json.loads((GOLDEN / "fact-keys.json").read_text(encoding="utf-8"))
    return loaded


def test_corpus_has_the_forum_report_and_at_least_22_pages() -> None:
    assert len(PAGES) >= 22
    received = (CORPUS / "forum-report.txt").read_bytes()
    assert hashlib.sha256(received).hexdigest() == FORUM_REPORT_SHA256


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_page_has_a_valid_front_matter_and_length(path: Path, facts: dict[str, dict[str, Any]]) -> None:
    header, body = read_page(path)
    assert REQUIRED <= set(header) <= REQUIRED | {"mentions"}
    assert all(isinstance(header[field], str) and header[field].strip() for field in ("title", "topic"))
    assert re.fullmatch(r"\d{4}(-\d{2}(-\d{2})?)?", header["date"])
    assert 300 <= len(body) <= 1200
    used = [facts[number] for number in header["facts"] + header.get("mentions", [])]
    assert set(header["sources"]) == set().union(*(fact["sources"] for fact in used))
    assert header["confidence"] == min((fact["confidence"] for fact in used), key="低中高".index)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
def test_page_holds_no_number_and_no_title_that_its_facts_do_not(path: Path, facts: dict[str, dict[str, Any]]) -> None:
    header, body = read_page(path)
    used = [facts[number] for number in header["facts"] + header.get("mentions", [])]
    known = "\n".join(f"{fact['line']}\n{fact['section']}" for fact in used)
    assert numbers(body) <= numbers(known)
    assert set(TITLE.findall(body)) <= set(TITLE.findall(known))


def test_every_fact_of_high_or_medium_confidence_is_stated(facts: dict[str, dict[str, Any]]) -> None:
    stated = {number for path in PAGES for number in read_page(path)[0]["facts"]}
    assert {number for number, fact in facts.items() if fact["confidence"] in "高中"} - stated == set()


def test_key_strings_of_a_fact_stand_on_every_page_that_states_it(keys: dict[str, list[str]]) -> None:
    missing = [
        (path.stem, number, key)
        for path in PAGES
        for header, body in [read_page(path)]
        for number in header["facts"]
        for key in keys[number]
        if key not in body
    ]
    assert missing == []


def test_key_strings_leave_out_no_number_and_no_title(
    facts: dict[str, dict[str, Any]], keys: dict[str, list[str]]
) -> None:
    for number, strings in keys.items():
        statement, joined = facts[number]["statement"], "\n".join(strings)
        assert numbers(statement) <= numbers(joined), number
        assert set(TITLE.findall(statement)) <= set(TITLE.findall(joined)), number


def test_pages_do_not_repeat_each_other() -> None:
    lines = [line for path in PAGES for line in read_page(path)[1].splitlines() if len(line) > 20]
    assert len(lines) == len(set(lines))


def test_catalogue_describes_documents_that_exist() -> None:
    catalogue = yaml.safe_load((CORPUS / "catalogue.yaml").read_text(encoding="utf-8"))
    assert set(catalogue) == {"forum-report"}
    golden = (GOLDEN / "forum-report.txt").read_text(encoding="utf-8")
    assert catalogue["forum-report"]["title"] == golden.splitlines()[0]


def test_golden_text_is_whole_and_without_damage() -> None:
    golden = (GOLDEN / "forum-report.txt").read_text(encoding="utf-8")
    for string in ("全创新要素数智底座", "提升“双一流”高校科学研究水平", "“智慧图书馆·未来学习中心”"):
        assert string in golden
    assert not re.search(r"[()?,;:\ufffd]", golden)
    assert not any(unicodedata.category(character).startswith("L") and character < "\u4e00" for character in golden)


def test_golden_text_keeps_the_lines_as_received() -> None:
    received = (CORPUS / "forum-report.txt").read_text(encoding="utf-8").split("\n")
    golden = (GOLDEN / "forum-report.txt").read_text(encoding="utf-8").split("\n")
    assert [line == "?" for line in received] == [line == "" for line in golden]
