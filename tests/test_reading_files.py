"""Real files of all formats: one command puts them in, each answers with page, slide or cell; bad ones are named."""

from __future__ import annotations

import json
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from libqa import LibQA, Settings
from libqa.cli import main
from libqa.errors import ReadError
from libqa.reading import read_corpus, read_file
from libqa.types import Document
from tests.conftest import ROOT

FILES = ROOT / "tests" / "files"
DOCUMENTS, REFUSED = FILES / "documents", FILES / "refused"
QUESTIONS = [json.loads(line) for line in (FILES / "questions.jsonl").read_text(encoding="utf-8").splitlines()]
# One question of each format that the extractive answer itself must get right.
ANSWERED = [
    "zh-notice", "zh-rules", "zh-staff", "en-exhibition", "activity-1", "zh-page", "zh-plan", "zh-training",
    "zh-promotion", "zh-cataloguing", "zh-campus/papers/停车", "en-staff", "en-usage", "zh-budget", "zh-devices",
    "en-branches",
]  # fmt: skip


def run(*arguments: str | Path) -> int:
    with pytest.raises(SystemExit) as stop:
        main([str(argument) for argument in arguments])
    return int(stop.value.code or 0)


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The index that one command makes of the whole folder."""
    path = tmp_path_factory.mktemp("files") / "index"
    assert run("build", DOCUMENTS, "--index", path) == 0
    return path


@pytest.fixture(scope="module")
def qa(index: Path) -> Iterator[LibQA]:
    with LibQA.open(settings=Settings(index=index)) as opened:
        yield opened


def test_every_file_is_in_and_asked_about(qa: LibQA) -> None:
    files = [path for path in DOCUMENTS.iterdir() if path.is_file()]
    assert len(files) >= 40
    assert sum(path.stat().st_size for path in FILES.rglob("*") if path.is_file()) < 1.5 * 2**20
    assert {document.id for document in qa.documents()} == {question["document"] for question in QUESTIONS}


@pytest.mark.parametrize("asked", QUESTIONS, ids=lambda q: q["document"])
def test_the_answer_stands_in_this_file_only_and_has_its_place(qa: LibQA, asked: dict[str, str]) -> None:
    document = qa.document(asked["document"])
    start = document.text.index(asked["answer"])
    assert document.place(start, start + len(asked["answer"])) == asked["place"]
    assert [d.id for d in qa.documents() if asked["answer"] in d.text] == [document.id]
    hits = qa.search(asked["question"], k=10)
    assert any(hit.document.id == document.id and asked["answer"] in hit.passage.text for hit in hits)


@pytest.mark.parametrize("identity", ANSWERED)
def test_every_format_answers_with_its_place(qa: LibQA, identity: str) -> None:
    asked = next(question for question in QUESTIONS if question["document"] == identity)
    answer = qa.ask(asked["question"])
    citation = next((c for c in answer.citations if c.document_id == identity), None)
    assert citation is not None
    assert asked["answer"] in citation.quote
    assert citation.place == asked["place"]
    document = qa.document(identity)
    assert document.text[citation.start : citation.end] == citation.quote


def test_headings_are_sections(qa: LibQA) -> None:
    for identity, section in (
        ("zh-writer-word", "概况"),
        ("zh-plan", "二、投资"),
        ("en-skills", "Teachers"),
        ("en-page", "Large formats"),
        ("zh-cataloguing", "分类"),
        ("zh-budget", "年度预算"),
    ):
        asked = next(question for question in QUESTIONS if question["document"] == identity)
        hits = [hit for hit in qa.search(asked["question"]) if asked["answer"] in hit.passage.text]
        assert [hit.passage.section for hit in hits] == [section]


def test_title_author_date_and_language_are_taken_from_the_file(qa: LibQA) -> None:
    assert (qa.document("zh-writer").title, qa.document("zh-writer").metadata["author"]) == (
        "特藏修复工作报告",
        "图书馆",
    )
    assert qa.document("zh-plan").metadata["language"] == "zh"
    training = qa.document("zh-training")
    assert (training.title, dict(training.metadata)) == ("培训日程", {"author": "培训中心", "date": "2025-03-04"})
    assert dict(qa.document("en-page").metadata) == {"date": "2024-02-29", "language": "en"}
    page = qa.document("zh-page")
    assert (page.title, page.metadata["author"], page.metadata["date"]) == ("文献传递收费调整", "宣传组", "2023-10-12")
    book = qa.document("zh-cataloguing")
    assert (book.title, book.metadata["author"], book.metadata["language"]) == ("古籍编目手册", "图书馆", "zh")
    assert qa.document("zh-staff").title == "zh-staff"


def test_what_is_not_the_text_stays_out(qa: LibQA) -> None:
    everything = "\n".join(document.text for document in qa.documents())
    for part in ("本馆首页", "版权所有", "Imprint", "Services", "图书馆内部资料", "不应当出现的内容"):
        assert part not in everything


def test_lines_columns_and_pages_are_joined(qa: LibQA) -> None:
    text = qa.document("en-plan-columns").text
    assert "The Harbour Campus Library received 41.7 million euros from the Thorsen Foundation." in text
    assert "阅览区内请保持安静，通话请到走廊或者休息区。" in qa.document("zh-writer").text
    report = qa.document("en-writer")
    second = next(mark.start for mark in report.marks if mark.label == "p. 2")
    assert "\n" not in report.text[second - 20 : second + 20]  # the paragraph goes on over the page


REASONS = {
    "scanned.pdf": ("scan without a text layer (3 pages", "ocrmypdf"),
    "garbled.pdf": ("fonts do not say which characters", "text recognition"),
    "password.pdf": ("protected by a password", "without one"),
    "password.docx": ("protected by a password", "without one"),
    "password.zip": ("en-notes.txt: it is protected by a password", "without one"),
    "word-inside.pdf": ("its content is a Word document", "rename it to .docx"),
    "pdf-inside.docx": ("its content is a PDF", "rename it to .pdf"),
    "pdf-inside.txt": ("its content is a PDF", "rename it to .pdf"),
    "excel-inside.docx": ("is an Excel workbook", "rename it to .xlsx"),
    "page-inside.pdf": ("its content is a web page", "download or save it again"),
    "old.doc": ("files of the kind .doc", "save it as .docx"),
    "old-inside.docx": ("Office formats before 2007", "save it as .docx"),
}


def test_refused_files_are_named_and_the_rest_goes_in(
    index: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    mine = shutil.copytree(index, tmp_path / "index", ignore=shutil.ignore_patterns("*-wal", "*-shm"))
    folder = Path(shutil.copytree(REFUSED, tmp_path / "folder"))
    (folder / "good.txt").write_text("數(shù)智賦能,圖書館建設(shè)高質(zhì)量發(fā)展。", encoding="utf-8")
    assert run("add", folder, "--index", mine) == 0
    out, err = capfd.readouterr()
    assert out == "good\n"
    *lines, notice, summary = err.splitlines()
    assert len(lines) == len(REASONS) == len(list(REFUSED.iterdir()))
    for name, parts in REASONS.items():
        line = next(line for line in lines if f"/{name}: " in line)
        assert line.startswith("libqa: ")
        for part in parts:
            assert part in line
    assert re.fullmatch(r"good: damaged text repaired in \d+ places", notice)
    assert summary == f"added: 1 documents; 1 repaired, {len(REASONS)} failed"


def test_a_partly_scanned_pdf_goes_in_with_a_notice(tmp_path: Path) -> None:
    import pypdfium2

    both = pypdfium2.PdfDocument.new()
    for path in (DOCUMENTS / "zh-plan.pdf", REFUSED / "scanned.pdf"):
        both.import_pages(pypdfium2.PdfDocument(path))
    both.save(tmp_path / "both.pdf")
    with (tmp_path / "both.pdf").open("ab") as file:
        file.write(b"\n%%EOF\n")
    [document] = read_file(tmp_path / "both.pdf", Settings())
    assert document.metadata["notice"] == "no text layer on p. 4, p. 5, p. 6"
    assert "蒋慕白" in document.text


def test_a_file_that_vanishes_is_one_error(tmp_path: Path) -> None:
    for name in "abc":
        (tmp_path / f"{name}.txt").write_text(f"文件{name}。", encoding="utf-8")
    found = read_corpus(tmp_path, Settings())
    first = next(found)
    (tmp_path / "b.txt").unlink()
    error, last = found
    assert isinstance(first, Document)
    assert isinstance(error, ReadError)
    assert str(error).endswith("b.txt: there is no such file; check the name")
    assert isinstance(last, Document)


def test_a_file_of_a_gigabyte_costs_no_reading(tmp_path: Path) -> None:
    with (tmp_path / "huge.pdf").open("wb") as file:
        file.truncate(2**30)
    with pytest.raises(ReadError, match="larger than 64 MB; split it or raise max_file_mb"):
        read_file(tmp_path / "huge.pdf", Settings())


def test_the_commands_in_the_documentation_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shutil.copytree(DOCUMENTS, "my-documents", ignore=shutil.ignore_patterns("*.pdf", "*.pptx", "*.epub"))
    for name, source in (
        ("report.pdf", "zh-loans.pdf"),
        ("minutes.docx", "zh-training.docx"),
        ("budget.xlsx", "zh-budget.xlsx"),
    ):
        shutil.copy(DOCUMENTS / source, name)
    text = (ROOT / "docs" / "files.md").read_text(encoding="utf-8")
    lines = [
        line
        for block in re.findall(r"^```sh\n(.*?)^```", text, re.DOTALL | re.MULTILINE)
        for line in block.splitlines()
    ]
    assert [line.split()[1] for line in lines] == ["build", "add", "list"]
    for line in lines:
        assert run(*shlex.split(line)[1:]) == 0, line
    with LibQA.open("my-index") as qa:
        assert {"report", "minutes", "budget"} <= {document.id for document in qa.documents()}
