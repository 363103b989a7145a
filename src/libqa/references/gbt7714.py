"""References after GB/T 7714—2015, numeric system (顺序编码制)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from libqa.references.names import HAN, Name
from libqa.references.work import Work
from libqa.types import Citation

_NAMED = 3  # authors that are named before 等 (section 8.1.2)
_BY_DAY = ("EB", "R", "A", "S", "DB", "CP", "DS", "CM", "Z", "G")
"""Kinds whose electronic form is dated by its last change (section 4.6); books and theses by their year alone."""


def entry(work: Work, cited: Sequence[Citation], accessed: date, number: int) -> str:
    """Return one line: ``[1] 责任者. 题名[M]. 出版地: 出版者, 年: 页码.``"""
    return f"[{number}] " + "".join(parts(work, accessed))


def parts(work: Work, accessed: date) -> tuple[str, str, str]:
    """Return a reference without its number: what comes before the address, the address, and what comes after."""
    mark = f"[{work.kind}/{work.carrier}]" if work.carrier else f"[{work.kind}]"
    title = work.title
    if work.number and work.kind in ("S", "R", "P", "A") and work.number not in title:
        title += f": {work.number}"
    before = f"{_authors(work.authors)}{title}{mark}"
    source = _source(work)
    if work.container and work.kind not in ("J", "N"):
        before += f"//{work.container}"
    before += f". {source}" if source else ""
    if work.online:
        dated = work.date.month and work.kind in _BY_DAY
        before += ("" if source else ". ") + (f"({work.date.iso})" if dated else "") + f"[{accessed.isoformat()}]"
    after = f". DOI: {work.doi}" if work.doi and work.doi.lower() not in work.url.lower() else ""
    return before + (". " if work.url else ""), work.url, after + "."


def _authors(names: Sequence[Name]) -> str:
    if not names:  # the numeric system begins with the title then (section 8.1.3)
        return ""
    told = [_author(name) for name in names[:_NAMED]]
    if len(names) > _NAMED:
        told.append("等" if HAN.search(names[0].text) else "et al")
    return ", ".join(told).rstrip(".") + ". "


def _author(name: Name) -> str:
    """EINSTEIN A, LI Jiangning: family name first, in capitals (section 8.1.1)."""
    if not name.family:
        return name.text
    given = name.given if name.spelt else " ".join(w[0].upper() for w in name.given.replace("-", " ").split())
    return f"{name.family.upper()} {given}".strip()


def _source(work: Work) -> str:
    """Where it was published: journal, newspaper, or place, publisher and year, then the pages."""
    pages = f": {work.pages}" if work.pages else ""
    if work.kind == "J":
        year = ", ".join(part for part in (work.container, work.date.year, work.volume) if part)
        return f"{year}({work.issue}){pages}" if work.issue else f"{year}{pages}" if year else ""
    if work.kind == "N":
        dated = ", ".join(part for part in (work.container, work.date.iso) if part)
        return f"{dated}({work.pages})" if dated and work.pages else dated
    if work.kind == "P":
        return work.date.iso
    place, publisher = work.place, work.publisher
    if not work.electronic:  # sections 8.4.1 and 8.4.2
        place = place or ("[出版地不详]" if work.chinese else "[S.l.]")
        publisher = publisher or ("[出版者不详]" if work.chinese else "[s.n.]")
    if publisher and publisher == ", ".join(name.text for name in work.authors) and work.electronic:
        publisher = ""  # the body that is named as the author already
    published = ": ".join(part for part in (place, publisher) if part)
    by_day = work.online and work.date.month and work.kind in _BY_DAY
    year = "" if by_day and not published and not pages else work.date.year
    told = ", ".join(part for part in (published, year) if part)
    edition = f"{_edition(work)}. " if work.edition else ""
    return edition + told + (pages if told else "")


def _edition(work: Work) -> str:
    if not work.edition.isdigit():
        return work.edition
    if work.chinese:
        return f"{work.edition}版"
    n = int(work.edition)
    ending = "th" if 10 <= n % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(n % 10, "th")
    return f"{n}{ending} ed"
