"""References as BibTeX entries."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from datetime import date

from libqa.references.names import Name
from libqa.references.work import Work, line
from libqa.types import Citation

_TYPES = {"J": "article", "N": "article", "M": "book", "G": "book", "D": "phdthesis", "R": "techreport"}
# Braces must balance even where they are escaped, so they are named. Quotation marks are safe between braces.
_ESCAPED = str.maketrans(
    {
        "\\": r"\textbackslash{}",
        "{": r"\textbraceleft{}",
        "}": r"\textbraceright{}",
        "^": r"\textasciicircum{}",
        "~": r"\textasciitilde{}",
        **{c: f"\\{c}" for c in "$&#%_"},
    }
)


def entry(work: Work, cited: Sequence[Citation], accessed: date, number: int) -> str:
    """Return one entry; the quotes are in ``annote``, which bibliography styles do not print."""
    kind = _kind(work)
    publisher = {"phdthesis": "school", "techreport": "institution"}.get(kind, "publisher")
    fields = {
        "author": " and ".join(_name(name) for name in work.authors),
        "title": escape(work.title),
        {"article": "journal"}.get(kind, "booktitle"): escape(work.container),
        publisher: escape(work.publisher),
        "address": escape(work.place),
        "edition": escape(work.edition),
        "volume": escape(work.volume),
        "number": escape(work.issue or work.number),
        "pages": escape(work.pages).replace("-", "--"),
        "year": work.date.year,
        "month": str(int(work.date.month)) if work.date.month else "",
        "date": work.date.iso,
        "doi": escape(work.doi),
        "url": work.url,
        "urldate": accessed.isoformat() if work.online else "",
        "annote": escape(" / ".join(f"“{line(c.quote)}”" for c in cited)),
    }
    body = ",\n".join(f"  {name} = {{{value}}}" for name, value in fields.items() if value)
    return f"@{kind}{{{key(work.identity)},\n{body}\n}}"


def escape(text: str) -> str:
    """Return ``text`` so that LaTeX prints exactly its characters and BibTeX finds its braces balanced."""
    return text.translate(_ESCAPED)


def key(identity: str) -> str:
    """Return the key of a document: its id where that is plain ASCII, else what is plain of it, and a checksum."""
    plain = re.sub(r"[^A-Za-z0-9.:+/-]+", "-", identity).strip("-")
    if plain == identity:
        return plain
    return f"{plain or 'libqa'}-{hashlib.sha256(identity.encode()).hexdigest()[:8]}"


def _kind(work: Work) -> str:
    if work.kind == "C":
        return "inproceedings" if work.container else "proceedings"
    if work.kind in ("M", "G") and work.container:
        return "incollection"
    return _TYPES.get(work.kind, "misc")


def _name(name: Name) -> str:
    if name.family:
        return f"{_part(name.family)}, {_part(name.given)}"
    # Kept together: BibTeX would take 'Inner Mongolia University Library' for a person called Library.
    return _part(name.text) if not re.search(r"[\s,]", name.text) else f"{{{escape(name.text)}}}"


def _part(text: str) -> str:
    return f"{{{escape(text)}}}" if re.search(r"\band\b", text, re.IGNORECASE) else escape(text)
