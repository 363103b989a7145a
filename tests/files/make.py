"""Make the sample files anew: python tests/files/make.py (README.md says what it needs)."""

# ruff: noqa: E501 - the pages stand in one piece each

from __future__ import annotations

import csv
import datetime
import json
import shutil
import subprocess
import sys
import tempfile
import zipfile
from html import escape
from pathlib import Path

from texts import BUDGET, LENDING, LONG, ROWS, USAGE, filling

HERE = Path(__file__).parent
GOOD, BAD = HERE / "documents", HERE / "refused"
CHROMIUM = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer"]


def run(*command: str | Path) -> None:
    subprocess.run([str(part) for part in command], check=True, capture_output=True)


def office(source: Path, kind: str, target: Path, *options: str) -> None:
    """Convert with LibreOffice; a profile of its own, so that a running one does not matter."""
    with tempfile.TemporaryDirectory() as profile:
        run("soffice", f"-env:UserInstallation=file://{profile}", "--headless", *options, "--convert-to", kind,
            "--outdir", target.parent, source)  # fmt: skip
    made = target.parent / f"{source.stem}.{kind.partition(':')[0]}"
    if made != target:
        made.rename(target)


def printed(html: str, target: Path, work: Path) -> None:
    """Print a page to PDF with Chromium."""
    page = work / "page.html"
    page.write_text(html, encoding="utf-8")
    run(*CHROMIUM, f"--print-to-pdf={target}", page.as_uri())


def page(name: str, style: str = "", columns: int = 1) -> str:
    language, title, sections = LONG[name]
    body = f"<h1>{escape(title)}</h1>"
    for number, (heading, fact) in enumerate(sections):
        before = filling(language, 3 * columns, number)
        inner = [*before[:-1], fact, before[-1]]
        paragraphs = "".join(f"<p>{escape(text)}</p>" for text in inner)
        body += f"<section><h2>{escape(heading)}</h2>{paragraphs}</section>"
    return (
        f"<!DOCTYPE html><html lang='{language}'><head><meta charset=utf-8><title>{escape(title)}</title><style>"
        f"section{{break-after:page;column-count:{columns};column-gap:2em;text-align:justify}}"
        f"body{{font-family:{'Noto Serif CJK SC' if language == 'zh' else 'DejaVu Serif'}}}{style}"
        f"</style></head><body>{body}</body></html>"
    )


def markdown(name: str, around: int = 1, level: str = "#") -> str:
    language, title, sections = LONG[name]
    lines = [f"---\ntitle: {title}\nauthor: {'图书馆' if language == 'zh' else 'The Library'}\nlang: {language}\n---\n"]
    for number, (heading, fact) in enumerate(sections):
        before = filling(language, around, number)
        lines += [f"{level} {heading}", *before[: around // 2], fact, *before[around // 2 :]]
    return "\n\n".join(lines) + "\n"


def pandoc(text: str, target: Path, work: Path, *options: str) -> Path:
    source = work / "source.md"
    source.write_text(text, encoding="utf-8")
    run("pandoc", "-s", *options, "-o", target, source)
    return target


def plain_files() -> None:
    (GOOD / "zh-notice.txt").write_text(
        "暑期开放安排\n\n七月十日起总馆闭馆时间改为十九点三十分。\n" + "\n\n".join(filling("zh", 2)) + "\n",
        encoding="utf-8",
    )
    (GOOD / "zh-gb18030.txt").write_bytes(
        ("密集书库说明\n\n密集书库位于地下二层，由机电科倪向北值守。\n" + filling("zh", 2, 3)[0] + "\n").encode(
            "gb18030"
        )
    )
    (GOOD / "zh-big5.txt").write_bytes(
        "善本室簡介\n\n善本室收藏明代刻本三百一十七部，閱覽須於三日前申請。\n讀者應當戴手套翻閱，並且使用鉛筆抄錄。\n".encode(
            "big5"
        )
    )
    (GOOD / "zh-damaged.txt").write_text(
        "數(shù)智賦能,圖書館建設(shè)高質(zhì)量發(fā)展。\n本館數(shù)字學(xué)術(shù)中心設(shè)在科學(xué)樓五層。\n",
        encoding="utf-8",
    )
    (GOOD / "en-notes.txt").write_text(
        "Notes on the microfilm room\n\nThe microfilm room is closed every Tuesday for maintenance. "
        + filling("en", 1)[0]
        + "\n",
        encoding="utf-8",
    )
    (GOOD / "zh-rules.md").write_text(
        "---\ntitle: 自习座位规则\ndate: 2024-03-18\nauthor: 读者服务部\n---\n\n# 总则\n\n"
        + filling("zh", 1)[0]
        + "\n\n## 违约\n\n一学期内违约五次者，暂停预约资格二十一天。\n",
        encoding="utf-8",
    )
    (GOOD / "en-guide.md").write_text(
        "---\ntitle: Sound Studio Guide\nauthor: Media Services\n---\n\n# Booking\n\nThe sound studio can be booked for at most 150 minutes.\n\n# Rules\n\n"
        + filling("en", 1)[0]
        + "\n",
        encoding="utf-8",
    )
    with (GOOD / "zh-staff.csv").open("w", encoding="gb18030", newline="") as file:
        csv.writer(file).writerows(ROWS["zh"])
    with (GOOD / "en-staff.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter=";").writerows(ROWS["en"])
    with (GOOD / "en-usage.tsv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, delimiter="\t").writerows(LENDING)
    rows = [
        {"id": "activity-1", "title": "书法展", "text": "书法展的策展人是独孤望舒。"},
        {"id": "activity-2", "title": "古琴讲座", "text": "古琴讲座在十一月六日举行。", "speaker": "赫连雪"},
    ]
    (GOOD / "zh-activities.jsonl").write_text(
        "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8"
    )
    (GOOD / "en-exhibition.json").write_text(
        json.dumps(
            {"title": "Globes on Show", "text": "The exhibition of globes is insured for 960,000 dollars."}, indent=1
        ),
        encoding="utf-8",
    )
    table = [
        dict(zip(("设备", "数量", "存放地点"), row, strict=True))
        for row in (("缩微阅读机", 6, "北楼三层"), ("大幅面扫描仪", 2, "南楼一层"))
    ]
    (GOOD / "zh-devices.json").write_text(json.dumps(table, ensure_ascii=False, indent=1), encoding="utf-8")


MENU = '<div class="nav"><ul><li><a href="/">{}</a></li><li><a href="/a">{}</a></li><li><a href="/b">{}</a></li></ul></div>'


def web_pages(work: Path) -> None:
    zh = (
        '<html><head><meta http-equiv="Content-Type" content="text/html; charset=gb2312"><meta name="author" content="宣传组">'
        "<title>文献传递收费调整 - 某大学图书馆</title></head><body>" + MENU.format("本馆首页", "概况介绍", "数字资源")
        + "<div class=content><h1>文献传递收费调整</h1><div>发布时间：2023-10-12</div><div>自十一月一日起，文献传递每页收费调整为三角五分，单篇上限十五元。</div><div>"
        + filling("zh", 1)[0] + "</div><table><tr><th>类别</th><th>联系人</th></tr><tr><td>校内读者</td><td>慕容听雨</td></tr><tr><td>校外读者</td><td>端木知秋</td></tr></table></div>"
        '<div class="footer">版权所有 某大学图书馆 <a href="/c">联系我们</a></div></body></html>'
    )  # fmt: skip
    (GOOD / "zh-page.html").write_bytes(zh.encode("gb18030"))
    en = (
        '<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>Printing | Example Library</title>'
        '<meta property="article:published_time" content="2024-02-29"></head><body><nav><a href="/">Home</a> <a href="/x">Services</a></nav>'
        "<main><article><h1>Printing</h1><p>Colour printing costs 27 cents a page from September onwards.</p><h2>Large formats</h2><p>"
        + filling("en", 1)[0] + "</p><ul><li>Posters are printed by Leopold Vandersloot.</li><li>Collect them at the desk.</li></ul></article></main>"
        "<footer>Copyright Example Library. <a href='/imprint'>Imprint</a></footer></body></html>"
    )  # fmt: skip
    (GOOD / "en-page.html").write_text(en, encoding="utf-8")
    text = (
        "---\ntitle: 校史馆导览\nlang: zh-CN\n---\n\n# 参观\n\n校史馆每周四下午免费讲解，讲解员为公孙采薇。\n\n"
        + filling("zh", 1)[0]
        + "\n"
    )
    pandoc(text, GOOD / "zh-museum.html", work)
    text = (
        "---\ntitle: Lockers\n---\n\n# Lockers\n\nLockers are opened with token number 4 from the porter.\n\n"
        + filling("en", 1)[0]
        + "\n"
    )
    office(pandoc(text, work / "en-lockers.odt", work), "html", GOOD / "en-lockers.htm")


def pdfs(work: Path) -> None:
    heads = "@page{@top-center{content:'图书馆内部资料'} @bottom-center{content:counter(page) ' / ' counter(pages)}}"
    printed(page("zh-chromium", heads), GOOD / "zh-plan.pdf", work)
    printed(page("en-chromium", columns=2), GOOD / "en-plan-columns.pdf", work)
    for name, other in (("zh-writer", ("特藏修复", "古籍保护")), ("en-writer", ("map room", "print room"))):
        office(pandoc(markdown(name, 16), work / f"{name}.odt", work), "pdf", GOOD / f"{name}.pdf")
        text = markdown(name, 16).replace(*other).replace("十七人", "二十三人").replace("四千八百二十", "五千零六")
        text = text.replace("Whitcombe", "Ashdown").replace("Petersen", "Mercator")
        office(pandoc(text, work / f"{name}.odt", work), "docx", GOOD / f"{name}-word.docx")
    for name in ("zh", "en"):
        rows = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in ROWS_PDF[name])
        title = {"zh": "设备借用登记", "en": "Equipment on loan"}[name]
        printed(
            f"<html lang={name}><meta charset=utf-8><title>{title}</title><h1>{title}</h1><style>td{{padding:0 3em 0 0}}</style><table>{rows}</table><p>{filling(name, 1)[0]}</p></html>",
            GOOD / f"{name}-loans.pdf",
            work,
        )
    slides = pandoc(
        markdown("zh-slides", level="##")
        .replace("晨光书单", "暮色书单")
        .replace("六百三十", "七百九十")
        .replace("欧阳静怡", "公羊明德"),
        work / "zh-handout.pptx",
        work,
    )
    office(slides, "pdf", work / "zh-handout.pdf")
    run("qpdf", "--linearize", "--encrypt", "", "owner", "256", "--", work / "zh-handout.pdf", GOOD / "zh-handout.pdf")
    text = page("en-chromium").replace("Harbour", "Marina").replace("Matilda Okonkwo", "Cornelius Abernathy")
    labelled(text.replace("9 March 2032", "14 June 2029").replace("Thorsen", "Hollis"), GOOD / "en-labels.pdf", work)


ROWS_PDF = {
    "zh": [["设备", "借用人", "归还日期"], ["投影仪", "东方未明", "2030-06-21"], ["录音笔", "西门寒松", "2030-07-05"]],
    "en": [["Item", "Borrower", "Due"], ["Projector", "Ottoline Fairweather", "2030-06-21"], ["Recorder", "Casimir Bellweather", "2030-07-05"]],
}  # fmt: skip


def labelled(html: str, target: Path, work: Path) -> None:
    """Number the first page i and the following ones from 1, as books do."""
    from pypdf import PdfReader, PdfWriter
    from pypdf.constants import PageLabelStyle

    printed(html, work / "plain.pdf", work)
    writer = PdfWriter(clone_from=PdfReader(work / "plain.pdf"))
    writer.set_page_label(0, 0, style=PageLabelStyle.LOWERCASE_ROMAN)
    writer.set_page_label(1, len(writer.pages) - 1, style=PageLabelStyle.DECIMAL, start=1)
    writer.write(target)


def office_files(work: Path) -> None:
    note = "\n\n期满之后由责任编辑复核[^1]。\n\n[^1]: 复核工作由技术员令狐致远承担。\n"
    pandoc(markdown("zh-pandoc") + note, GOOD / "zh-repository.docx", work)
    table = "\n\n| Service | Price |\n|---|---|\n| Scan of an article | 3 francs |\n| Copy on paper | 5 francs |\n"
    pandoc(markdown("en-pandoc") + table, GOOD / "en-loan.docx", work)
    import docx

    document = docx.Document()
    document.core_properties.title, document.core_properties.author = "培训日程", "培训中心"
    document.core_properties.created = datetime.datetime(2025, 3, 4)
    document.add_heading("培训日程", 1)
    grid = document.add_table(rows=3, cols=3)
    for row, cells in zip(
        grid.rows,
        (("主题", "主讲人", "地点"), ("文献管理", "上官云岫", "东楼402"), ("专利检索", "诸葛新月", "东楼405")),
        strict=True,
    ):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    document.save(GOOD / "zh-training.docx")
    pandoc(markdown("zh-slides", level="##"), GOOD / "zh-promotion.pptx", work)
    notes = "\n\n::: notes\nThe pilot of the course was paid for by the Halvorsen bequest.\n:::\n"
    made = pandoc(markdown("en-slides", level="##") + notes, work / "en-skills.pptx", work)
    shutil.copy(made, GOOD / "en-skills.pptx")
    text = (
        markdown("en-slides", level="##")
        .replace("data skills", "archive skills")
        .replace("Kowalczyk", "Mbeki")
        .replace("26", "31")
    )
    office(pandoc(text, work / "en-archive.pptx", work), "odp", work / "en-archive.odp")
    office(work / "en-archive.odp", "pptx", GOOD / "en-archive.pptx")
    import pptx
    from pptx.util import Inches

    show = pptx.Presentation()
    slide = show.slides.add_slide(show.slide_layouts[5])
    slide.shapes.title.text = "志愿者分工"
    grid = slide.shapes.add_table(3, 2, Inches(1), Inches(2), Inches(6), Inches(2)).table
    for row, cells in zip(
        grid.rows, (("岗位", "负责人"), ("书架整理", "夏侯远航"), ("参观引导", "皇甫思远")), strict=True
    ):
        for cell, text in zip(row.cells, cells, strict=True):
            cell.text = text
    show.core_properties.title = "志愿者分工"
    show.save(GOOD / "zh-volunteers.pptx")
    workbooks(work)


def workbooks(work: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "年度预算"
    sheet.append(["2026年度经费预算表"])
    for row in BUDGET:
        sheet.append(row)
    for row in sheet.iter_rows(min_row=3, min_col=2, max_col=2):
        row[0].number_format = "#,##0.00"
    for row in sheet.iter_rows(min_row=3, min_col=3, max_col=3):
        row[0].number_format = "0.0%"
    hidden = book.create_sheet("草稿")
    hidden.append(["不应当出现的内容"])
    hidden.sheet_state = "hidden"
    book.save(GOOD / "zh-budget.xlsx")
    book = openpyxl.Workbook()
    book.active.title = "Summary"
    book.active.append(["See the next sheet for the branches."])
    sheet = book.create_sheet("Branches")
    for row in USAGE:
        sheet.append([row[0], row[1], row[2] if row[2] == "Opened" else datetime.date.fromisoformat(row[2])])
    book.save(work / "en-branches.xlsx")
    office(work / "en-branches.xlsx", "ods", work / "en-branches.ods")
    office(work / "en-branches.ods", "xlsx", GOOD / "en-branches.xlsx")
    with (work / "zh-duty.csv").open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(
            [["星期", "值班员", "备班员"], ["星期一", "澹台明镜", "宇文长风"], ["星期二", "濮阳飞雪", "太史慈航"]]
        )
    office(work / "zh-duty.csv", "xlsx", GOOD / "zh-duty.xlsx", "--infilter=CSV:44,34,76,1")  # UTF-8, commas


def books(work: Path) -> None:
    pandoc(markdown("zh-book", 2), GOOD / "zh-cataloguing.epub", work)
    pandoc(markdown("en-book", 2), GOOD / "en-bindery.epub", work, "-t", "epub2")
    paged = (
        markdown("en-book", 2)
        .replace("bindery", "print shop")
        .replace("Bindery", "Print Shop")
        .replace("Lindqvist", "Oyelaran")
    )
    paged = paged.replace("Wheat starch", '<span epub:type="pagebreak" title="12"></span>Rice starch').replace(
        "four", "six"
    )
    pandoc(paged, GOOD / "en-printshop.epub", work, "-t", "epub3")


def archives(work: Path) -> None:
    (work / "停车.txt").write_text(
        "停车场说明\n\n读者停车场共有车位八十六个，由安保员南宫破晓管理。\n", encoding="utf-8"
    )
    pandoc("# 餐饮\n\n馆内咖啡吧由校友鲜于文博经营。\n", work / "餐饮.docx", work)
    pandoc("# Garden\n\nThe reading garden was planted by Wilhelmina Strand.\n", work / "garden.docx", work)
    (work / "bicycles.txt").write_text(
        "Bicycles\n\nThe bicycle shed has 64 racks and is locked by Ignatius Boateng.\n", encoding="utf-8"
    )
    for target, names in (
        ("zh-campus.zip", ("停车.txt", "餐饮.docx")),
        ("en-campus.zip", ("garden.docx", "bicycles.txt")),
    ):
        with zipfile.ZipFile(GOOD / target, "w", zipfile.ZIP_DEFLATED) as archive:
            for name in names:
                archive.write(work / name, f"papers/{name}")


def refused(work: Path) -> None:
    """Files that must be refused, each for a reason of its own."""
    run("pdftoppm", "-r", "40", "-gray", "-png", GOOD / "zh-plan.pdf", work / "scan")
    from PIL import Image

    pictures = [Image.open(path) for path in sorted(work.glob("scan-*.png"))]
    pictures[0].save(BAD / "scanned.pdf", save_all=True, append_images=pictures[1:])
    run("qpdf", "--encrypt", "secret", "owner", "256", "--", GOOD / "en-plan-columns.pdf", BAD / "password.pdf")
    from pypdf import PdfReader, PdfWriter

    writer = PdfWriter(clone_from=PdfReader(GOOD / "zh-writer.pdf"))
    for found in writer.pages:
        for font in found["/Resources"]["/Font"].values():
            font.get_object().pop("/ToUnicode", None)
    writer.write(BAD / "garbled.pdf")
    from msoffcrypto.format.ooxml import OOXMLFile

    with (GOOD / "en-loan.docx").open("rb") as source, (BAD / "password.docx").open("wb") as target:
        OOXMLFile(source).encrypt("secret", target)
    shutil.copy(GOOD / "en-loan.docx", BAD / "word-inside.pdf")
    shutil.copy(GOOD / "en-loans.pdf", BAD / "pdf-inside.docx")
    shutil.copy(GOOD / "zh-budget.xlsx", BAD / "excel-inside.docx")
    shutil.copy(GOOD / "en-page.html", BAD / "page-inside.pdf")
    shutil.copy(GOOD / "en-loans.pdf", BAD / "pdf-inside.txt")
    office(GOOD / "zh-training.docx", "doc", BAD / "old.doc")
    shutil.copy(BAD / "old.doc", BAD / "old-inside.docx")
    run("zip", "-q", "-j", "-P", "secret", BAD / "password.zip", GOOD / "en-notes.txt")


def main() -> None:
    for folder in (GOOD, BAD):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        plain_files()
        for step in (web_pages, pdfs, office_files, books, archives, refused):
            step(work)
    made = [path for where in (GOOD, BAD) for path in where.iterdir()]
    sys.stdout.write(f"{len(made)} files, {sum(path.stat().st_size for path in made) / 1024:.0f} KiB\n")


if __name__ == "__main__":
    main()
