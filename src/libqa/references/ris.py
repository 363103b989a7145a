"""References in the RIS format, which reference managers import."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from libqa.references.names import Name
from libqa.references.work import Work, line
from libqa.types import Citation

_TYPES = {
    "J": "JOUR",
    "N": "NEWS",
    "M": "BOOK",
    "C": "CONF",
    "G": "BOOK",
    "D": "THES",
    "R": "RPRT",
    "S": "STAND",
    "P": "PAT",
    "DB": "DBASE",
    "CP": "COMP",
    "EB": "ELEC",
    "CM": "MAP",
    "DS": "DATA",
}


def entry(work: Work, cited: Sequence[Citation], accessed: date, number: int) -> str:
    """Return one record, from ``TY`` to ``ER``; the quotes are its notes (``N1``)."""
    # A value is one line (`work.line`): none can begin a tag of its own.
    return "\n".join(f"{tag}  - {value}" for tag, value in _fields(work, cited, accessed) if value or tag == "ER")


def _fields(work: Work, cited: Sequence[Citation], accessed: date) -> Iterator[tuple[str, str]]:
    kind = _TYPES.get(work.kind, "GEN")
    if work.container:
        kind = {"CONF": "CPAPER", "BOOK": "CHAP"}.get(kind, kind)
    yield "TY", kind
    yield "ID", line(work.identity)
    for name in work.authors:
        yield "AU", _name(name)
    yield "TI", work.title
    yield "T2", work.container
    yield "PB", work.publisher
    yield "CY", work.place
    yield "ET", work.edition
    yield "VL", work.volume
    yield "IS", work.issue or work.number
    first, _, last = work.pages.partition("-") if "," not in work.pages else (work.pages, "", "")
    yield "SP", first
    yield "EP", last
    yield "PY", work.date.year
    yield "DA", "/".join(part for part in (work.date.year, work.date.month, work.date.day) if part)
    yield "DO", work.doi
    yield "UR", work.url
    yield "Y2", accessed.strftime("%Y/%m/%d") if work.online else ""
    for citation in cited:
        where = ", ".join(part for part in (line(citation.section), line(citation.place)) if part)
        yield "N1", f"“{line(citation.quote)}”" + (f" ({where})" if where else "")
    yield "ER", ""


def _name(name: Name) -> str:
    return f"{name.family}, {name.given}" if name.family else name.text
