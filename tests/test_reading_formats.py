"""What each format's reader makes of the peculiarities of its format."""

from __future__ import annotations

import datetime
import io
from pathlib import Path

import docx
import lxml.html
import pytest
from docx.oxml import OxmlElement, parse_xml
from docx.oxml.ns import nsdecls

from libqa.config import Settings
from libqa.errors import ReadError
from libqa.reading import read_file
from libqa.reading.formats import pdflayout
from libqa.reading.formats.draft import Cell, Draft, column_names, useful_title
from libqa.reading.formats.html import walk
from libqa.reading.formats.pdflines import Line
from libqa.reading.formats.xlsx import shown
from libqa.reading.garbled import is_garbled
from tests.test_reading_sandbox import pdf_of


def written(draft: Draft) -> str:
    return draft.extract({}).text


def read(path: Path) -> tuple[str, list[tuple[int, str]]]:
    [document] = read_file(path, Settings())
    return document.text, [(mark.start, mark.label) for mark in document.marks]


def test_rows_say_what_their_cells_are() -> None:
    draft = Draft()
    draft.table(
        [[Cell("姓名"), Cell("部门")], [Cell("王丽", "S!A2"), Cell("采编部", "S!B2")], [Cell("李四"), Cell("")]]
    )
    draft.table([[Cell("1"), Cell("2")], [Cell("3"), Cell("4")]])
    found = draft.extract({})
    assert found.text == "姓名：王丽；王丽的部门：采编部\n\n姓名：李四\n\n1 | 2\n\n3 | 4\n"
    assert found.marks == [(0, "S!A2"), (6, "S!B2")]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        (
            [["馆名", "开馆"], ["东馆", "8:00"], ["西馆", "9:00"]],
            "馆名：东馆；东馆的开馆：8:00\n\n馆名：西馆；西馆的开馆：9:00\n",
        ),
        ([["年", "册"], ["2023", "8"]], "年：2023；册：8\n"),  # a number names nothing
        ([["馆名", "开馆"], ["东馆", "8:00"], ["东馆", "9:00"]], "馆名：东馆；开馆：8:00\n\n馆名：东馆；开馆：9:00\n"),
        ([["Title", "Copies"], ["Red, and black", "3"]], "Title: Red, and black; Copies: 3\n"),
    ],
)
def test_cells_with_places_say_whose_they_are_where_the_first_column_tells(
    rows: list[list[str]], expected: str
) -> None:
    draft = Draft()
    draft.table([[Cell(text, f"S!{'AB'[c]}{r}") for c, text in enumerate(row)] for r, row in enumerate(rows, 1)])
    assert draft.extract({}).text == expected
    bare = Draft()
    bare.table([[Cell(text) for text in row] for row in rows])
    assert "的开馆" not in bare.extract({}).text  # tables of prose stay as they are


@pytest.mark.parametrize(
    ("cells", "names"),
    [
        (["Name", "Office"], ["Name", "Office"]),
        (["", "2023年", "2024年"], ["", "2023年", "2024年"]),
        (["Name"], None),
        (["Name", "Name"], None),
        (["Name", "12.5"], None),
        (["a" * 41, "b"], None),
    ],
)
def test_which_rows_name_the_columns(cells: list[str], names: list[str] | None) -> None:
    assert column_names(cells) == names


def test_titles_that_programs_make_up_are_none() -> None:
    assert useful_title("Microsoft Word - 年度报告", "x.docx") == "年度报告"
    for title in ("untitled", "PowerPoint 演示文稿", "report.doc", "Document1", "file:///tmp/a.html", "x", None):
        assert useful_title(title, "x.docx") == ""


def test_word_pages_deletions_boxes_and_merged_cells(tmp_path: Path) -> None:
    document = docx.Document()
    first = document.add_paragraph("第一页开头")
    run = first.add_run("，后半句")
    run._r.insert(0, OxmlElement("w:lastRenderedPageBreak"))
    gone = parse_xml(f"<w:del {nsdecls('w')}><w:r><w:delText>删</w:delText><w:t>除</w:t></w:r></w:del>")
    first._p.append(gone)
    inner = "<w:txbxContent><w:p><w:r><w:t>框内文字</w:t></w:r></w:p></w:txbxContent>"
    box = parse_xml(f"<w:r {nsdecls('w')}><w:pict>{inner}</w:pict></w:r>")
    first._p.append(box)
    grid = document.add_table(rows=3, cols=2)
    for row, cells in zip(grid.rows, (("楼层", "用途"), ("三层", "阅览"), ("", "研讨")), strict=True):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    grid.cell(1, 0).merge(grid.cell(2, 0))
    document.save(tmp_path / "a.docx")
    text, marks = read(tmp_path / "a.docx")
    assert text == "第一页开头，后半句\n\n框内文字\n\n楼层：三层；用途：阅览\n\n楼层：三层；用途：研讨\n"
    assert marks == [(0, "p. 1"), (5, "p. 2")]


@pytest.mark.parametrize(
    ("value", "pattern", "text"),
    [
        (0.873, "0.0%", "87.3%"),
        (1268, "#,##0.00", "1,268.00"),
        (12, "General", "12"),
        (0.1 + 0.2, "General", "0.3"),
        (7, "000", "7"),
        (3.5, '0.00"元"', "3.50"),
        (True, "General", "TRUE"),
        (datetime.datetime(2024, 2, 29), "yyyy", "2024-02-29"),
        (datetime.datetime(2024, 2, 29, 8, 30), "yyyy", "2024-02-29 08:30"),
        (datetime.time(8, 30), "h:mm", "08:30:00"),
        ("文字", "@", "文字"),
    ],
)
def test_cells_are_shown_as_formatted(value: object, pattern: str, text: str) -> None:
    assert shown(value, pattern) == text


def test_html_blocks_tables_and_page_numbers() -> None:
    draft = Draft()
    page = (
        "<body><h2>标 题</h2>散文<b>粗</b>体<br>下一行<script>x</script><div>块<p>段</p>尾</div><table>"
        "<tr><th>层</th><th>室</th></tr><tr><td rowspan=2>一</td><td>甲</td></tr><tr><td>乙</td></tr></table>"
        "<p>前<span role='doc-pagebreak' aria-label='7'></span>后</p></body>"
    )
    walk(lxml.html.document_fromstring(page), draft)
    found = draft.extract({})
    assert found.text == "## 标 题\n\n散文粗体\n下一行\n\n块\n\n段\n\n尾\n\n层：一；室：甲\n\n层：一；室：乙\n\n前后\n"
    assert found.marks == [(found.text.index("后"), "p. 7")]


def lines(*texts: str, left: float = 50, top: float = 700, width: float = 200) -> list[Line]:
    return [Line(t, left, left + width, top - 14 * n - 10, top - 14 * n, 10) for n, t in enumerate(texts)]


def test_columns_that_come_row_by_row_are_read_one_after_the_other() -> None:
    left = lines(*(f"left {n}" for n in range(6)))
    right = lines(*(f"right {n}" for n in range(6)), left=300)
    title = lines("title", top=730, width=450)
    mixed = title + [line for pair in zip(left, right, strict=True) for line in pair]
    assert pdflayout.columns_in_order(mixed) == title + left + right
    assert pdflayout.columns_in_order(title + left + right) == title + left + right


def test_how_lines_become_paragraphs() -> None:
    def text(*found: Line) -> str:
        draft = Draft()
        pdflayout.write([found], ["p. 1"], {}, draft)
        return written(draft)

    assert text(*lines("Readers enter with a “valid”", "card.")) == "Readers enter with a “valid” card.\n"
    assert text(*lines("读者凭本人有效", "证件入馆。")) == "读者凭本人有效证件入馆。\n"
    short = lines("Readers enter.", width=80)[0]
    assert text(short, *lines("Please keep", "quiet.", top=686)) == "Readers enter.\n\nPlease keep quiet.\n"
    hanging = lines("further lines stand under its words.", left=70, top=686)
    assert text(*lines("• An item of a list, whose", left=50), *hanging) == (
        "• An item of a list, whose further lines stand under its words.\n"
    )
    divided = Line("a divi", 50, 250, 690, 700, 10, hyphen=True)
    assert text(divided, *lines("ded word", top=686)) == "a divided word\n"


def test_running_heads_and_page_numbers_go(tmp_path: Path) -> None:
    pages = []
    for number in range(4):
        body = lines(*(f"line {chr(97 + number)}{chr(97 + n)} of the text" for n in range(20)), top=680)
        pages.append([*lines(f"Annual report {2020 + number}", top=740), *body, *lines(f"- {number + 1} -", top=60)])
    kept = pdflayout.without_running_heads(pages)
    assert [len(page) for page in kept] == [20] * 4
    assert all("line" in line.text for page in kept for line in page)


def test_two_columns_of_a_real_page(tmp_path: Path) -> None:
    commands = ["BT /F1 10 Tf"]
    for row in range(10):
        for column, x in (("left", 50), ("right", 320)):
            words = f"{column} row {row} holds some words that fill the column"
            commands.append(f"1 0 0 1 {x} {700 - 14 * row} Tm ({words}) Tj")
    (tmp_path / "a.pdf").write_bytes(pdf_of("\n".join([*commands, "ET"]).encode()))
    text, marks = read(tmp_path / "a.pdf")
    assert text.index("left row 9") < text.index("right row 0")
    assert marks == [(0, "p. 1")]


def test_garbled_text_is_told_from_languages() -> None:
    chinese = "图书馆为读者提供文献传递服务，馆员在服务台解答咨询，电子资源供校园网内教学科研使用。" * 5
    english = "Readers enter with a valid card, which may not be lent to anybody else in the library. " * 5
    assert not is_garbled(chinese)
    assert not is_garbled(english)
    assert is_garbled("".join(chr(ord(c) + 1861) if c > "\u4e00" else c for c in chinese))
    assert is_garbled("".join(chr((ord(c) - 97 + 3) % 26 + 97) if c.isalpha() else c for c in english.lower()))


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("a.json", '[{"名称": "甲", "数量": 2}, {"名称": "乙"}]', "名称：甲；甲的数量：2\n\n名称：乙\n"),
        ("a.json", '{"text": "正文。", "title": "题"}', "正文。"),
        ("a.csv", '书名,馆藏\n"红楼梦, 上",3\n', "书名：红楼梦, 上；馆藏：3\n"),
        ("a.csv", "Name;Room\nA;1,5\nB;2,5\n", "Name: A; Room (A): 1,5\n\nName: B; Room (B): 2,5\n"),
    ],
)
def test_tables_of_text(tmp_path: Path, name: str, text: str, expected: str) -> None:
    (tmp_path / name).write_text(text, encoding="utf-8")
    assert read(tmp_path / name)[0] == expected


@pytest.mark.parametrize("text", ["[]", "3", '["a"]', "{", "[" * 100_000])
def test_json_that_is_neither_rows_nor_table(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.json").write_text(text, encoding="utf-8")
    with pytest.raises(ReadError, match=r"not valid JSON|neither an object nor a list"):
        read_file(tmp_path / "a.json", Settings())


def test_marks_move_with_repairs(tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    for row in (("项目", "说明"), ("數(shù)智賦能,圖書館建設(shè)", "高質(zhì)量發(fā)展"), ("甲", "乙")):
        book.active.append(row)
    stream = io.BytesIO()
    book.save(stream)
    (tmp_path / "a.xlsx").write_bytes(stream.getvalue())
    [document] = read_file(tmp_path / "a.xlsx", Settings())
    assert "数智赋能" in document.text
    for mark in document.marks:
        at = document.text.index(
            {"Sheet!B2": "说明：高质量", "Sheet!A3": "项目：甲"}.get(mark.label, document.text[mark.start :])
        )
        assert mark.start == at
    start = document.text.index("数智")
    first, last = document.offsets.to_raw(start, start + 2)
    assert document.raw is not None
    assert document.raw[first:last] == "數(shù)智"
