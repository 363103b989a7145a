"""References against the examples of GB/T 7714—2015 itself, and against parsers that others wrote."""

from __future__ import annotations

import json
import os
import re
import sys
from collections.abc import Callable
from datetime import date, datetime
from pathlib import Path
from typing import get_args

import jsonschema
import pytest
import rispy
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from pybtex.database import parse_string

from libqa import LibQA
from libqa.cli import CiteStyle, main
from libqa.errors import DocumentMissing, SettingError
from libqa.references import STYLES, Style, numbers, references, render
from libqa.references.names import Name, split_names
from libqa.references.work import pages_of, published
from libqa.types import Citation, Document
from tests.conftest import ROOT, Run

DAY = date(2026, 11, 22)
HOSTILE = (
    "A}\n@book{x,\nTY  - BOOK\r\nER  - \n\n# <script>alert(1)</script> [l](http://a.example) ![i](b) `c` $x$ \\ % & _ "
    "~ ^ { \u202etxt http://foreign.example www.foreign.example me@foreign.example \u2028[2] 伪造[M]."
)


def cite(document: Document, quote: str = "引文", place: str = "", section: str = "") -> Citation:
    return Citation(document.id, document.title, quote, 0, 2, 0, 2, 1, section=section, place=place)


def lookup(*documents: Document) -> Callable[[str], Document]:
    held = {d.id: d for d in documents}

    def document(identity: str) -> Document:
        if identity not in held:
            raise DocumentMissing(identity, "it is not in the index", "see libqa list")
        return held[identity]

    return document


def one(style: Style, title: str, metadata: dict[str, str]) -> str:
    """The reference of one document; "at" is where the quote stands, "on" the day of access."""
    told = {"at": "", "on": DAY.isoformat()} | metadata
    place, accessed = told.pop("at"), date.fromisoformat(told.pop("on"))
    document = Document("id-1", "引文。", title, told)
    return render([cite(document, place=place)], lookup(document), style, accessed)


# The examples of the standard's appendix A and chapter 8, by what a catalogue would hold of them.
STANDARD: list[tuple[str, dict[str, str], str]] = [
    (
        "国史旧闻: 第1卷",
        {"author": "陈登原", "type": "M", "place": "北京", "publisher": "中华书局", "date": "2000", "at": "p. 29"},
        "[1] 陈登原. 国史旧闻: 第1卷[M]. 北京: 中华书局, 2000: 29.",
    ),
    (
        "Probability, random variable, and random signal principles",
        {"author": "PEEBLES P Z", "type": "book", "edition": "4", "place": "New York", "publisher": "McGraw Hill"}
        | {"date": "2001"},
        "[1] PEEBLES P Z. Probability, random variable, and random signal principles[M]. 4th ed. New York: "
        "McGraw Hill, 2001.",
    ),
    (
        "创建系统学",
        {
            "author": "钱学森",
            "type": "图书",
            "publisher": "山西科学技术出版社",
            "place": "太原",
            "date": "2001",
            "edition": "2",
        },
        "[1] 钱学森. 创建系统学[M]. 2版. 太原: 山西科学技术出版社, 2001.",
    ),
    (
        "面向数字素养的高校图书馆数字服务体系研究",
        {
            "author": "贾东琴, 柯平",
            "type": "会议论文",
            "container": "中国图书馆学会年会论文集: 2011年卷",
            "place": "北京",
        }
        | {"publisher": "国家图书馆出版社", "date": "2011", "pages": "45-52"},
        "[1] 贾东琴, 柯平. 面向数字素养的高校图书馆数字服务体系研究[C]//中国图书馆学会年会论文集: 2011年卷. "
        "北京: 国家图书馆出版社, 2011: 45-52.",
    ),
    (
        "新闻道德论",
        {"author": "杨保军", "type": "D/OL", "place": "北京", "publisher": "中国人民大学出版社", "date": "2010"}
        | {"url": "http://apabi.lib.pku.edu.cn/usp/pku/pub.mvc?pid=book.detail", "on": "2012-11-01"},
        "[1] 杨保军. 新闻道德论[D/OL]. 北京: 中国人民大学出版社, 2010[2012-11-01]. "
        "http://apabi.lib.pku.edu.cn/usp/pku/pub.mvc?pid=book.detail.",
    ),
    (
        "Developing early childhood services: past, present and future",
        {"author": "Baldock, P.", "type": "M", "publisher": "Open University Press", "date": "2011", "at": "p. 105"}
        | {"url": "http://lib.myilibrary.com/Open.aspx?id=312377", "on": "2012-11-27"},
        "[1] BALDOCK P. Developing early childhood services: past, present and future[M/OL]. Open University Press, "
        "2011: 105[2012-11-27]. http://lib.myilibrary.com/Open.aspx?id=312377.",
    ),
    (
        "蓝田生物群: 一个认识多细胞生物起源和早期演化的新窗口",
        {"author": "袁训来、陈哲、肖书海、万斌", "type": "期刊", "journal": "科学通报", "date": "2012", "volume": "57"}
        | {"issue": "34", "pages": "3219"},
        "[1] 袁训来, 陈哲, 肖书海, 等. 蓝田生物群: 一个认识多细胞生物起源和早期演化的新窗口[J]. "
        "科学通报, 2012, 57(34): 3219.",
    ),
    (
        "电子图书馆的现实模型",
        {"author": "杨宗英", "journal": "中国图书馆学报", "date": "1996-03", "issue": "2", "pages": "24–29"},
        "[1] 杨宗英. 电子图书馆的现实模型[J]. 中国图书馆学报, 1996(2): 24-29.",
    ),
    (
        "The genome of Eucalyptus grandis",
        {"author": "Alexander A. Myburg; Dario Grattapaglia; Gerald A. Tuskan; Uffe Hellsten", "journal": "Nature"}
        | {"date": "2014", "volume": "510", "pages": "356-362", "on": "2014-06-25", "doi": "10.1038/nature13308"}
        | {"url": "http://www.nature.com/nature/journal/v510/n7505/pdf/nature13308.pdf"},
        "[1] MYBURG A A, GRATTAPAGLIA D, TUSKAN G A, et al. The genome of Eucalyptus grandis[J/OL]. Nature, 2014, 510: "
        "356-362[2014-06-25]. http://www.nature.com/nature/journal/v510/n7505/pdf/nature13308.pdf. "
        "DOI: 10.1038/nature13308.",
    ),
    (
        "我们的科技一直在追赶: 访中国工程院院长周济",
        {
            "author": "余建斌",
            "type": "报纸",
            "source": "人民日报",
            "date": "2013-01-12",
            "pages": "2",
            "on": "2013-03-20",
        }
        | {"url": "http://paper.people.com.cn/rmrb/html/2013-01/12/nw.D110000renmrb_20130112_5-02.htm"},
        "[1] 余建斌. 我们的科技一直在追赶: 访中国工程院院长周济[N/OL]. 人民日报, 2013-01-12(2)[2013-03-20]. "
        "http://paper.people.com.cn/rmrb/html/2013-01/12/nw.D110000renmrb_20130112_5-02.htm.",
    ),
    (
        "全智能节电器",
        {"author": "邓一刚", "type": "专利", "number": "200610171314.3", "date": "2006年12月13日"},
        "[1] 邓一刚. 全智能节电器: 200610171314.3[P]. 2006-12-13.",
    ),
    (
        "信息与文献 都柏林核心元数据元素集",
        {"author": "全国信息与文献标准化技术委员会", "type": "S", "number": "GB/T 25100—2010", "place": "北京"}
        | {"publisher": "中国标准出版社", "date": "2010", "at": "p. 2–3"},
        "[1] 全国信息与文献标准化技术委员会. 信息与文献 都柏林核心元数据元素集: GB/T 25100—2010[S]. 北京: "
        "中国标准出版社, 2010: 2-3.",
    ),
    (
        "第29次中国互联网络发展现状统计报告",
        {"author": "中国互联网络信息中心", "type": "R", "date": "2012-01-16", "on": "2013-03-26"}
        | {"url": "http://www.cnnic.net.cn/hlwfzyj/hlwxzbg/201201/P020120709345264469680.pdf"},
        "[1] 中国互联网络信息中心. 第29次中国互联网络发展现状统计报告[R/OL]. (2012-01-16)[2013-03-26]. "
        "http://www.cnnic.net.cn/hlwfzyj/hlwxzbg/201201/P020120709345264469680.pdf.",
    ),
    (
        "Origins and concepts of digital literacy",
        {"author": "David Bawden", "date": "2008-05-04", "on": "2013-03-08"}
        | {"source": "http://www.soi.city.ac.uk/~dbawden/digital%20literacy%20chapter.pdf"},
        "[1] BAWDEN D. Origins and concepts of digital literacy[EB/OL]. (2008-05-04)[2013-03-08]. "
        "http://www.soi.city.ac.uk/~dbawden/digital%20literacy%20chapter.pdf.",
    ),
    (
        "About OCLC: history of cooperation",
        {"author": "Online Computer Library Center, Inc.", "type": "web page", "on": "2012-03-27"}
        | {"url": "http://www.oclc.org/about/cooperation.en.html"},
        "[1] Online Computer Library Center, Inc. About OCLC: history of cooperation[EB/OL]. [2012-03-27]. "
        "http://www.oclc.org/about/cooperation.en.html.",
    ),
]


@pytest.mark.parametrize(("title", "metadata", "expected"), STANDARD, ids=[e[:24] for _, _, e in STANDARD])
def test_the_examples_of_the_standard(title: str, metadata: dict[str, str], expected: str) -> None:
    assert one("gbt7714", title, metadata) == expected


@pytest.mark.parametrize(
    ("title", "metadata", "expected"),
    [
        ("馆情", {}, "[1] 馆情[Z]. [出版地不详]: [出版者不详]."),
        ("馆情", {"type": "R", "date": "2013", "place": "哈尔滨"}, "[1] 馆情[R]. 哈尔滨: [出版者不详], 2013."),
        ("Notes", {"type": "M", "publisher": "MacMillan", "date": "1975"}, "[1] Notes[M]. [S.l.]: MacMillan, 1975."),
        ("Notes", {"type": "M", "place": "Salt Lake City"}, "[1] Notes[M]. Salt Lake City: [s.n.]."),
        # An electronic resource without place and publisher leaves them out; the publisher is not made an author.
        (
            "论坛召开",
            {"publisher": "教育部高校图工委", "date": "2023-12-11", "url": "https://a.example/x"},
            "[1] 论坛召开[EB/OL]. 教育部高校图工委, 2023(2023-12-11)[2026-11-22]. https://a.example/x.",
        ),
        (
            "论坛召开",
            {"url": "https://a.example/x", "date": "2023"},
            "[1] 论坛召开[EB/OL]. 2023[2026-11-22]. https://a.example/x.",
        ),
        ("章程", {"type": "nonsense", "source": "file.docx"}, "[1] 章程[Z]. [出版地不详]: [出版者不详]."),
        ("章程", {"url": "javascript:alert(1)"}, "[1] 章程[Z]. [出版地不详]: [出版者不详]."),
        ("消息", {"type": "N", "publisher": "人民日报", "date": "2023-12-11"}, "[1] 消息[N]. 人民日报, 2023-12-11."),
    ],
)
def test_what_is_not_known_is_left_out_or_marked(title: str, metadata: dict[str, str], expected: str) -> None:
    assert one("gbt7714", title, metadata) == expected


def test_a_document_cited_twice_is_one_reference_with_all_its_pages() -> None:
    first = Document("a", "甲乙丙", "甲", {"type": "R", "publisher": "馆", "place": "成都", "date": "2023"})
    second = Document("b", "丁", "乙", {"type": "R", "publisher": "馆", "place": "成都", "date": "2024"})
    citations = [
        cite(first, "甲", "p. 3"),
        cite(second, "丁", "slide 2"),
        cite(first, "丙", "p. 5–6"),
        cite(first, "乙", "p. 3"),
    ]
    assert numbers(citations) == (1, 2, 1, 1)
    found = references(citations, lookup(first, second), "gbt7714", DAY)
    assert [(r.number, r.document_id, r.citations) for r in found] == [(1, "a", (0, 2, 3)), (2, "b", (1,))]
    assert render(citations, lookup(first, second), "gbt7714", DAY) == (
        "[1] 甲[R]. 成都: 馆, 2023: 3, 5-6.\n[2] 乙[R]. 成都: 馆, 2024."
    )
    assert render(citations, lookup(first, second), "markdown", DAY) == (
        "1. 甲\\[R\\]. 成都: 馆, 2023: 3, 5-6.\n\n   > “甲” (p. 3)\n   >\n   > “丙” (p. 5–6)\n   >\n   > “乙” (p. 3)"
        "\n\n2. 乙\\[R\\]. 成都: 馆, 2024.\n\n   > “丁” (slide 2)"
    )


@pytest.mark.parametrize("style", STYLES)
def test_nothing_cited_gives_nothing_and_a_removed_document_its_title(style: Style) -> None:
    assert render([], lookup(), style, DAY) == ""
    assert "旧章程" in render([cite(Document("gone", "x", "旧章程"))], lookup(), style, DAY)


def test_an_unknown_style_is_a_clear_error() -> None:
    with pytest.raises(SettingError, match="use one of gbt7714, bibtex, ris, markdown"):
        references([], lookup(), "apa", DAY)  # type: ignore[arg-type]


def test_bibtex_is_written_as_expected() -> None:
    document = Document(
        "talks/2023 论坛",
        "x",
        "大学图书馆 & 100% {数智}",
        {"author": "Bawden, David; Inner Mongolia University Library; 魏群义", "date": "2023-12-11", "type": "R"}
        | {"publisher": "R&D 中心", "url": "https://a.example/x_y?a=1&b={2}#c"},
    )
    assert render([cite(document, "增长 5%", "p. 3–4")], lookup(document), "bibtex", DAY) == (
        "@techreport{talks/2023-5cd1a138,\n"
        "  author = {Bawden, David and {Inner Mongolia University Library} and 魏群义},\n"
        "  title = {大学图书馆 \\& 100\\% \\textbraceleft{}数智\\textbraceright{}},\n"
        "  institution = {R\\&D 中心},\n"
        "  pages = {3--4},\n"
        "  year = {2023},\n"
        "  month = {12},\n"
        "  date = {2023-12-11},\n"
        "  url = {https://a.example/x_y?a=1&b=%7B2%7D#c},\n"
        "  urldate = {2026-11-22},\n"
        "  annote = {“增长 5\\%”}\n"
        "}"
    )


@pytest.mark.parametrize(("title", "metadata", "expected"), STANDARD, ids=[e[:24] for _, _, e in STANDARD])
def test_other_programs_read_the_same_back(title: str, metadata: dict[str, str], expected: str) -> None:
    year = metadata.get("date", "")[:4]
    bibtex, ris = one("bibtex", title, metadata), one("ris", title, metadata)
    parsed = parse_string(bibtex, "bibtex")
    [entry] = parsed.entries.values()
    assert entry.fields["title"] == title
    assert entry.fields.get("year", "") == year
    families = [" ".join(p.last_names).strip("{}") for p in entry.persons.get("author", [])]
    assert families == [n.family or n.text for n in split_names(metadata["author"])]
    [record] = rispy.loads(ris)
    assert record["title"] == title
    assert record.get("year", "") == year
    assert len(record["authors"]) == len(families)
    assert record.get("urls", [""])[0] == metadata.get("url", record.get("urls", [""])[0])


def test_ris_is_written_as_expected() -> None:
    document = Document(
        "n1",
        "x",
        "我们的科技",
        {"author": "余建斌", "type": "N", "source": "人民日报", "date": "2013-01-12", "url": "http://p.example/a"},
    )
    citations = [cite(document, "一直在\n追赶", "p. 2", "要闻"), cite(document, "周济")]
    assert render(citations, lookup(document), "ris", DAY) == (
        "TY  - NEWS\nID  - n1\nAU  - 余建斌\nTI  - 我们的科技\nT2  - 人民日报\nSP  - 2\nPY  - 2013\nDA  - 2013/01/12\n"
        "UR  - http://p.example/a\nY2  - 2026/11/22\nN1  - “一直在 追赶” (要闻, p. 2)\nN1  - “周济”\nER  - "
    )


HOSTILE_METADATA = dict.fromkeys(
    "author publisher place date journal volume issue pages edition number doi type source".split(), HOSTILE
) | {"url": "https://a.example/" + HOSTILE}


def test_untrusted_metadata_stay_text() -> None:
    document = Document(HOSTILE, "x", HOSTILE, HOSTILE_METADATA)
    citations = [cite(document, HOSTILE, HOSTILE, HOSTILE)]

    def rendered(style: Style) -> str:
        return render(citations, lookup(document), style, DAY)

    assert len(rendered("gbt7714").splitlines()) == 1
    assert "\u202e" not in rendered("gbt7714")
    [(name, entry)] = parse_string(rendered("bibtex"), "bibtex").entries.items()
    assert re.fullmatch(r"[A-Za-z0-9.:+/-]+", name)
    assert set(entry.fields) <= set(
        "title journal booktitle publisher address edition volume number pages url urldate annote".split()
    )
    [record] = rispy.loads(rendered("ris"))
    assert record["type_of_reference"] == "JOUR"
    assert rendered("ris").count("\nER  - ") == 1
    html = MarkdownIt("gfm-like", {"html": True, "linkify": False}).render(rendered("markdown"))
    assert set(re.findall(r"<(\w+)", html)) <= {"ol", "li", "p", "blockquote", "a"}
    assert html.count("<a ") == 1  # the document's own address
    assert html.count("<li>") == 1


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=60))
def test_any_text_comes_through_each_format_unchanged(text: str) -> None:
    document = Document("d", "x", f"题{text}", {"type": "M"})
    shown = " ".join("".join(c if c.isprintable() else " " for c in f"题{_without_bidi(text)}").split())
    citations = [cite(document, f"题{text}")]
    [entry] = parse_string(render(citations, lookup(document), "bibtex", DAY), "bibtex").entries.values()
    assert _latex(entry.fields["title"]) == shown
    [record] = rispy.loads(render(citations, lookup(document), "ris", DAY))
    assert record["title"] == shown
    tokens = MarkdownIt("commonmark").parse(render(citations, lookup(document), "markdown", DAY))
    inline = [t for t in tokens if t.type == "inline"]
    assert [
        child.type for t in inline for child in t.children or [] if child.type not in ("text", "text_special")
    ] == []
    words = "".join(child.content for child in inline[0].children or [])
    assert words == f"{shown}[M]. [出版地不详]: [出版者不详]."


def _without_bidi(text: str) -> str:
    return re.sub("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]", "", text)


def _latex(text: str) -> str:
    """What LaTeX would print of an escaped text."""
    names = {
        "textbackslash": "\\",
        "textbraceleft": "{",
        "textbraceright": "}",
        "textasciicircum": "^",
        "textasciitilde": "~",
    }
    return re.sub(r"\\([a-z]+)\{\}|\\([$&#%_])", lambda m: names[m[1]] if m[1] else m[2], text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("魏群义，刘实", [("魏群义", "", ""), ("刘实", "", "")]),
        ("（美）尼葛洛庞帝", [("尼葛洛庞帝", "", "")]),
        ("Augustus De Morgan", [("Augustus De Morgan", "De Morgan", "Augustus")]),
        ("Ludwig van Eyck and D. Bawden", [("Ludwig van Eyck", "van Eyck", "Ludwig"), ("D. Bawden", "Bawden", "D.")]),
        ("Smith, John, Jones, Mary", [("Smith, John", "Smith", "John"), ("Jones, Mary", "Jones", "Mary")]),
        ("A. Hopkinson, David Bawden", [("A. Hopkinson", "Hopkinson", "A."), ("David Bawden", "Bawden", "David")]),
        ("Li Jiangning", [("Li Jiangning", "Li", "Jiangning")]),
        ("Jiangning Li", [("Jiangning Li", "Li", "Jiangning")]),
        ("Wei Chen", [("Wei Chen", "", "")]),  # either may be the family name
        ("Inner Mongolia University Library", [("Inner Mongolia University Library", "", "")]),
        ("OCLC Research", [("OCLC Research", "", "")]),
        ("Ministry of Education and Culture", [("Ministry of Education and Culture", "", "")]),
        ("Martin Luther King Jr.", [("Martin Luther King Jr.", "", "")]),
        ("", []),
    ],
)  # fmt: skip
def test_names_are_taken_apart_only_where_that_is_certain(text: str, expected: list[tuple[str, str, str]]) -> None:
    assert [(n.text, n.family, n.given) for n in split_names(text)] == expected


def test_pinyin_is_not_shortened() -> None:
    assert split_names("Li Jiangning") == (Name("Li Jiangning", "Li", "Jiangning", spelt=True),)
    assert one("gbt7714", "Data", {"author": "Li Jiangning", "type": "M"}).startswith("[1] LI Jiangning. Data[M]")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2023-12-11T08:30:00Z", "2023-12-11"),
        ("2023/1/5", "2023-01-05"),
        ("2023年12月", "2023-12"),
        ("D:20231211103000+08'00'", "2023-12-11"),
        ("11 December 2023", "2023-12-11"),
        ("Dec. 11, 2023", "2023-12-11"),
        ("2023-13-40", "2023"),
        ("2023-02-30", "2023-02"),
        ("约2019年", "2019"),
        ("民国三十六年", ""),
        ("", ""),
    ],
)
def test_dates_are_read_as_exactly_as_they_are_known(text: str, expected: str) -> None:
    assert published(text).iso == expected


@pytest.mark.parametrize(
    ("places", "expected"),
    [
        (["p. 12"], "12"),
        (["p. 3–4", "p. 3-4", "p. 1"], "3-4, 1"),
        (["第 5 页"], "5"),
        (["slide 3", "Sheet1!A5", ""], ""),
    ],
)
def test_only_pages_are_pages(places: list[str], expected: str) -> None:
    assert pages_of(places) == expected


def test_the_command_knows_the_same_styles() -> None:
    assert get_args(CiteStyle) == STYLES


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An index of two documents, one of them cited for two statements."""
    directory = tmp_path_factory.mktemp("shelf") / "index"
    report = Document(
        "report",
        "读书周于2025年4月21日在银杏厅开幕，由馆长欧阳明主持，600余人到场。",
        "读书周在银杏厅开幕",
        {"publisher": "城北大学图书馆", "date": "2025-04-22", "url": "https://lib.example/2025/0422"},
    )
    lending = Document(
        "lending", "馆际互借一般三个工作日送达。", "馆际互借", {"type": "R", "author": "林静", "date": "2024"}
    )
    LibQA.build([report, lending], directory).close()
    return directory


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as stop:
        main(list(arguments))
    out, err = capsys.readouterr()
    return int(stop.value.code or 0), out, err


def test_ask_gives_the_references(shelf: Path, capsys: pytest.CaptureFixture[str]) -> None:
    today = datetime.now().astimezone().date().isoformat()
    asked = ("ask", "读书周由谁主持？", "--index", str(shelf), "--cite")
    entry = f"读书周在银杏厅开幕[EB/OL]. 城北大学图书馆, 2025(2025-04-22)[{today}]. https://lib.example/2025/0422."
    code, out, err = run(capsys, *asked, "gbt7714")
    first, blank, last = out.splitlines()
    assert (code, blank, last, err) == (0, "", f"[1] {entry}", "")
    assert "欧阳明" in first
    assert first.endswith(" [1]")
    code, out, err = run(capsys, *asked, "bibtex")
    assert (code, list(parse_string(out, "bibtex").entries)) == (0, ["report"])
    assert "欧阳明" in err
    code, out, err = run(capsys, *asked, "ris")
    assert rispy.loads(out)[0]["title"] == "读书周在银杏厅开幕"
    code, out, _ = run(capsys, *asked, "markdown")
    assert "<https://lib.example/2025/0422>." in out
    assert "\n   > “" in out
    code, out, _ = run(capsys, *asked, "gbt7714", "--json")
    value = json.loads(out)
    schema = json.loads((ROOT / "docs" / "schema" / "answer.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(value, schema)
    [told] = value["references"]["entries"]
    assert (told["number"], told["document_id"], told["text"]) == (1, "report", f"[1] {entry}")
    assert told["citations"] == list(range(len(value["citations"])))


def test_a_refusal_has_no_references_and_a_wrong_style_is_wrong_usage(
    shelf: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = run(capsys, "ask", "海底两万里的作者养了几只猫？", "--index", str(shelf), "--cite", "bibtex")
    assert code == 3
    assert "@" not in out
    assert run(capsys, "ask", "读书周由谁主持？", "--index", str(shelf), "--cite", "apa")[0] == 2


PAGE = (ROOT / "docs" / "references.md").read_text(encoding="utf-8")


def test_the_page_shows_what_its_python_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    [code], [shown] = (
        re.findall(rf"^```{kind}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE) for kind in ("python", "text")
    )
    exec(compile(code, "docs/references.md", "exec"), {})
    assert capsys.readouterr().out == shown


def test_the_commands_of_the_page_run(
    corpus_index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run_offline: Run
) -> None:
    [commands] = re.findall(r"^```sh\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    done = run_offline("sh", "-euc", commands, env={"LIBQA_INDEX": str(corpus_index), "PATH": path}, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.decode().startswith("2022年2月。 [1]\n\n[1] 新时代西部双一流大学图书馆建设联盟的成立与宗旨[Z]. ")
    assert list(parse_string((tmp_path / "alliance.bib").read_text(encoding="utf-8"), "bibtex").entries) == [
        "founding-and-aims"
    ]
    [record] = rispy.loads((tmp_path / "alliance.ris").read_text(encoding="utf-8"))
    assert record["notes"] == ["“联盟于2022年2月正式成立”"]
