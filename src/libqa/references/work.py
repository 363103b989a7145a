"""What a document's metadata say about it, in the terms of bibliographic references."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from libqa.references.names import HAN, Name, split_names
from libqa.types import Document

# GB/T 7714—2015, table B.1, with the words in which metadata name the same things.
_KINDS: dict[str, str] = {
    "M": "book monograph ebook 普通图书 图书 专著 古籍",
    "C": "proceedings conference inproceedings conferencepaper 会议录 会议论文 会议文集 论文集",
    "G": "collection anthology 汇编",
    "N": "newspaper newspaperarticle 报纸 报纸文章",
    "J": "journal article journalarticle periodical magazinearticle 期刊 期刊文章 期刊论文 论文",
    "D": "thesis dissertation phdthesis mastersthesis 学位论文 博士论文 硕士论文",
    "R": "report techreport whitepaper 报告 科技报告 研究报告 白皮书",
    "S": "standard 标准 国家标准",
    "P": "patent 专利",
    "DB": "database 数据库",
    "CP": "software program 计算机程序 软件",
    "EB": "webpage web website online blog announcement notice 电子公告 网页 网站 公告 通知 新闻 消息 news",
    "A": "archive archives 档案",
    "CM": "map atlas 舆图 地图",
    "DS": "dataset 数据集",
    "Z": "other misc 其他",
}
_KIND_OF = {word: code for code, words in _KINDS.items() for word in words.split()}
_CODE = re.compile(r"\[?(M|C|G|N|J|D|R|S|P|DB|CP|EB|A|CM|DS|Z)(?:/(OL|CD|DK|MT))?\]?", re.IGNORECASE)
_BIDI = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]")  # they would reorder what stands around them
_NOT_IN_URL = re.compile(r"[\x00-\x20\x7f<>\"{}|\\^`]")
_PAGE = re.compile(r"(?:pp?\.\s*|第\s*)(\d+|[ivxlc]+)(?:\s*[-–—]\s*(\d+|[ivxlc]+))?(?:\s*[页頁])?", re.IGNORECASE)
_DAY = re.compile(r"(\d{4})(?:\s*[-/.年]\s*(\d{1,2})(?:\s*[-/.月]\s*(\d{1,2}))?)?")
_COMPACT = re.compile(r"(?:D:)?(\d{4})(\d\d)(\d\d)?")
_MONTHS = {name: n for n, name in enumerate("jan feb mar apr may jun jul aug sep oct nov dec".split(), 1)}
_WORDED = re.compile(r"(?:(\d{1,2})\s+)?([A-Za-z]{3})[a-z]*\.?\s+(?:(\d{1,2}),?\s+)?(\d{4})")


@dataclass(frozen=True, slots=True)
class Published:
    """A date as exact as it is known: empty strings for what is not."""

    year: str = ""
    month: str = ""
    day: str = ""

    @property
    def iso(self) -> str:
        """The date as ``YYYY-MM-DD``, ``YYYY-MM`` or ``YYYY`` (ISO 8601, GB/T 7408); ``""`` when unknown."""
        return "-".join(part for part in (self.year, self.month, self.day) if part)


@dataclass(frozen=True, slots=True)
class Work:
    """A cited work. ``kind`` and ``carrier`` are the codes of GB/T 7714—2015, appendix B; texts are single lines."""

    identity: str
    title: str
    kind: str
    carrier: str
    authors: tuple[Name, ...]
    date: Published
    publisher: str
    place: str
    container: str
    volume: str
    issue: str
    pages: str
    edition: str
    number: str
    url: str
    doi: str
    chinese: bool

    @property
    def online(self) -> bool:
        """Whether it lies on the Web."""
        return self.carrier == "OL"

    @property
    def electronic(self) -> bool:
        """Whether it is an electronic resource, of which the place of publication may be left out."""
        return bool(self.carrier) or self.kind in ("EB", "DB", "CP", "DS")


def describe(document: Document, cited: str = "") -> Work:
    """Return what is known of a document; ``cited`` are the pages that are cited (`pages_of`)."""
    data = {key.strip().lower(): line(value) for key, value in document.metadata.items()}
    source = _first(data, "source")
    url = _url(_first(data, "url", "link", "uri")) or _url(source)
    doi = re.sub(r"^(?:https?://(?:dx\.)?doi\.org/|doi:\s*)", "", _first(data, "doi"), flags=re.IGNORECASE)
    journal, newspaper = _first(data, "journal"), _first(data, "newspaper")
    implied = "J" if journal else "N" if newspaper else "EB" if url else "Z"
    kind, carrier = _kind(_first(data, "type", "kind"), implied)
    publisher = _first(data, "publisher", "institution", "school")
    container = journal or newspaper or _first(data, "container", "booktitle")
    if not container and kind in ("J", "N", "C"):
        container = "" if _url(source) else source
        if not container and kind in ("J", "N"):
            container, publisher = publisher, ""
    title = line(document.title) or line(document.id)
    own = _first(data, "pages", "page")
    return Work(
        identity=document.id,
        title=title,
        kind=kind,
        carrier="OL" if url else carrier,
        authors=split_names(_first(data, "author", "authors", "creator")),
        date=published(_first(data, "date", "published", "year")),
        publisher=publisher,
        place=_first(data, "place", "address", "city"),
        container=container,
        volume=_first(data, "volume"),
        issue=_first(data, "issue"),
        pages=re.sub(r"\s*[–—-]+\s*", "-", own) or cited,
        edition=_first(data, "edition"),
        number=_first(data, "number"),
        url=url,
        doi=doi if re.fullmatch(r"10\.\d{4,9}/[^\s{}\\]+", doi) else "",
        chinese=bool(HAN.search(title)),
    )


def line(text: str) -> str:
    """Return ``text`` as one line of visible characters: no document can begin a line of its own in a list."""
    shown = (c if c.isprintable() else " " for c in _BIDI.sub("", text))
    return " ".join("".join(shown).split())


def published(text: str) -> Published:
    """Read a date: ISO 8601, ``2023年12月11日``, ``D:20231211…`` (PDF), ``11 Dec 2023``, ``December 11, 2023``."""
    if match := _COMPACT.match(text) or _DAY.match(text):
        year, month, day = match.groups()
    elif match := _WORDED.search(text):
        before, name, after, year = match.groups()
        month, day = str(_MONTHS.get(name.lower(), "")), before or after
    else:
        found = re.search(r"(?<!\d)(?:1[0-9]|20)\d\d(?!\d)", text)
        return Published(found.group() if found else "")
    if not month or not 1 <= int(month) <= 12:
        return Published(year)
    try:
        date(int(year), int(month), int(day or 1))
    except ValueError:
        day = None
    return Published(year, f"{int(month):02}", f"{int(day):02}" if day else "")


def pages_of(places: Iterable[str]) -> str:
    """Return the pages among the places of quotes (``p. 12``, ``p. 3–4``) as ``12, 3-4``; slides and cells are none."""
    found: dict[str, None] = {}
    for place in places:
        if match := _PAGE.fullmatch(place.strip()):
            found["-".join(page for page in match.groups() if page)] = None
    return ", ".join(found)


def _kind(given: str, implied: str) -> tuple[str, str]:
    if match := _CODE.fullmatch(given):
        return match[1].upper(), (match[2] or "").upper()
    return _KIND_OF.get(re.sub(r"[\s_-]", "", given.lower()), implied), ""


def _first(data: Mapping[str, str], *keys: str) -> str:
    return next((data[key] for key in keys if data.get(key)), "")


def _url(text: str) -> str:
    """Return a Web address with what no address holds percent-encoded; ``""`` for anything else."""
    if not re.match(r"(?:https?|ftp)://[^\s/]", text, re.IGNORECASE):
        return ""
    return _NOT_IN_URL.sub(lambda m: f"%{ord(m[0]):02X}", text)
