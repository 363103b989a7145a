"""Web pages: the main text without menus, its headings, lists and tables; and the walk over HTML that EPUB uses too."""

from __future__ import annotations

import re
from typing import Any

from libqa.reading.formats.draft import Cell, Damaged, Draft, Extract, useful_title

_BLOCKS = frozenset(
    "address article aside blockquote body center code dd details dialog div dl dt fieldset figcaption figure footer "
    "form header hr item li list main nav ol p pre quote section summary ul".split()
)
_LEFT_OUT = frozenset("script style template noscript svg title iframe object button select textarea".split())
_MENUS = frozenset("nav header footer aside".split())
_CHARSET = re.compile(rb"""<meta[^>]{0,200}?charset\s*=\s*["']?\s*([\w:.-]{2,40})""", re.IGNORECASE)
_XML = re.compile(rb"""^\s*<\?xml[^>]{0,200}?encoding\s*=\s*["']([\w:.-]{2,40})""")
_TYPE = "{http://www.idpf.org/2007/ops}type"
_HEAD = 4096  # bytes in which a page says its encoding


def read(data: bytes, name: str, limit: int, charset: str = "") -> Extract:
    """Read a web page; ``charset`` is what the server said.

    Raises
    ------
    Damaged : it holds no text, or is in an unknown encoding.
    """
    import lxml.html

    text = decoded(data, charset)
    if len(text) > limit:
        raise Damaged("it is too large", "split it or raise max_unpacked_mb")
    try:
        # Bytes: a declaration of another encoding inside a text is an error to lxml.
        tree = lxml.html.document_fromstring(text.encode("utf-8"), parser=lxml.html.HTMLParser(encoding="utf-8"))
    except (lxml.etree.ParserError, lxml.etree.XMLSyntaxError):
        raise Damaged("it holds no text", "save the page anew, or print it to PDF") from None
    language = (tree.get("lang") or tree.get("{http://www.w3.org/XML/1998/namespace}lang") or "").strip()
    own = {"author": _meta(tree, "author", "dc.creator"), "title": useful_title(tree.findtext(".//title"), name)}
    draft = Draft()
    found = _main_text(text)
    if found is not None:
        walk(found.body, draft)
    if not draft.parts:
        for element in list(tree.iter(*_MENUS)):
            element.drop_tree()
        walk(tree, draft)
    if not draft.parts:
        raise Damaged("the page holds no text; scripts may make it", "print it to PDF in a browser, and give that")
    return draft.extract(
        {
            "title": useful_title(found.title if found is not None else "", name) or own["title"],
            "author": own["author"] or (found.author if found is not None else ""),
            "date": found.date if found is not None else "",
            "publisher": found.sitename if found is not None else "",
            "language": language,
        }
    )


def decoded(data: bytes, charset: str = "") -> str:
    """Decode a page as the server or the page says, and where that fails as any text file is.

    Raises
    ------
    Damaged : neither works.
    """
    from libqa.errors import ReadError
    from libqa.text.encoding import decode

    said = [
        charset,
        *(match[1].decode("ascii") for match in (_XML.match(data), _CHARSET.search(data[:_HEAD])) if match),
    ]
    for encoding in (given.lower() for given in said if given):
        try:
            # What pages call GB2312 or GBK is read as browsers do.
            text = data.decode("gb18030" if encoding in ("gb2312", "gbk", "x-gbk") else encoding)
        except (LookupError, ValueError):
            continue
        if "\0" not in text:
            return text.lstrip("\ufeff")
    try:
        return decode(data, "page").text
    except ReadError as e:
        raise Damaged(f"it {e.reason}" if not e.reason.startswith("it ") else e.reason, e.remedy) from None


def _main_text(text: str) -> Any:
    """Let trafilatura find the main text; its thresholds are for long English pages, so they are lowered."""
    from trafilatura import bare_extraction
    from trafilatura.settings import use_config

    config = use_config()
    for name in ("MIN_EXTRACTED_SIZE", "MIN_OUTPUT_SIZE"):
        config.set("DEFAULT", name, "1")
    config.set("DEFAULT", "EXTENSIVE_DATE_SEARCH", "off")
    return bare_extraction(
        text, include_comments=False, include_tables=True, include_formatting=True, with_metadata=True, config=config
    )


def _meta(tree: Any, *names: str) -> str:
    for element in tree.iter("meta"):
        if (element.get("name") or element.get("property") or "").lower() in names:
            return (element.get("content") or "").strip()
    return ""


def walk(root: Any, draft: Draft) -> None:
    """Write the text under an element, HTML's own or trafilatura's, to a draft."""
    _Walk(draft).element(root)


class _Walk:
    """Collects running text and writes it as a paragraph where a block begins or ends."""

    def __init__(self, draft: Draft) -> None:
        self.draft, self.text = draft, list[str]()

    def element(self, node: Any) -> None:
        name = _name(node)
        page_head = name == "head" and node.get("rend") is None  # trafilatura calls headings so
        if not name or page_head or name in _LEFT_OUT or node.get("hidden") is not None:
            return
        if "pagebreak" in (node.get(_TYPE) or node.get("role") or ""):
            self._page(node)
        elif name == "table":
            self._flush()
            self.draft.table(_rows(node))
        elif name == "head" or re.fullmatch(r"h[1-6]", name):
            self._flush()
            level = (node.get("rend") or name)[-1:]
            self.draft.heading(int(level) if level.isdigit() else 2, " ".join("".join(node.itertext()).split()))
        elif name in ("br", "lb"):
            self.text.append("\n")
        else:
            self._inside(node, block=name in _BLOCKS, kept=name in ("pre", "code"))

    def _inside(self, node: Any, *, block: bool, kept: bool) -> None:
        if block:
            self._flush()
        self._words(node.text, kept)
        for child in node:
            self.element(child)
            self._words(child.tail, kept)
        if block:
            self._flush()

    def _words(self, text: str | None, kept: bool) -> None:
        if text:
            self.text.append(text if kept else re.sub(r"\s+", " ", text))

    def _page(self, node: Any) -> None:
        number = (node.get("title") or node.get("aria-label") or "".join(node.itertext())).strip()
        if "".join(self.text).strip():
            self.draft.piece("".join(self.text).lstrip())
            self.text.clear()
        if number:
            self.draft.mark(f"p. {number}")

    def _flush(self) -> None:
        self.draft.paragraph("".join(self.text))
        self.draft.paragraph_end()
        self.text.clear()


def _rows(table: Any) -> list[list[Cell]]:
    """Return the rows of a table; a cell that spans rows is repeated in each of them."""
    rows: list[list[Cell]] = []
    below: dict[int, tuple[int, str]] = {}
    for row in (e for e in table.iter() if _name(e) in ("tr", "row") and _nearest(e, "table") is table):
        cells: list[str] = []
        for cell in (e for e in row.iter() if _name(e) in ("td", "th", "cell") and _nearest(e, "tr", "row") is row):
            _fill(cells, below)
            text = " ".join(" ".join(cell.itertext()).split())
            if _span(cell, "rowspan") > 1:
                below[len(cells)] = (_span(cell, "rowspan") - 1, text)
            cells += [text, *[""] * (_span(cell, "colspan") - 1)]
        _fill(cells, below)
        rows.append([Cell(text) for text in cells])
    return rows


def _fill(cells: list[str], below: dict[int, tuple[int, str]]) -> None:
    while len(cells) in below:
        left, text = below.pop(len(cells))
        if left > 1:
            below[len(cells)] = (left - 1, text)
        cells.append(text)


def _span(cell: Any, name: str) -> int:
    value = (cell.get(name) or "1").strip()
    return min(max(int(value), 1), 64) if value.isascii() and value.isdigit() else 1


def _nearest(node: Any, *names: str) -> Any:
    return next((above for above in node.iterancestors() if _name(above) in names), None)


def _name(node: Any) -> str:
    return node.tag.rpartition("}")[2].lower() if isinstance(node.tag, str) else ""
