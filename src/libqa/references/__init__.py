"""References for librarians: GB/T 7714—2015 (numeric), BibTeX, RIS, and Markdown with the quotes.

The citations of an answer, or of a whole conversation one after the other, become one numbered reference for each
document, in the order of first mention. What a reference says is what the document's metadata say; what they do not say
is left out, or marked as unknown where the standard asks for that (``[出版者不详]``, ``[S.l.]``).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, get_args

from libqa.errors import DocumentMissing, SettingError
from libqa.references import bibtex, gbt7714, markdown, ris
from libqa.references.work import Work, describe, pages_of
from libqa.types import Citation, Document

__all__ = ["STYLES", "Reference", "Style", "numbers", "references", "render"]

Style = Literal["gbt7714", "bibtex", "ris", "markdown"]
STYLES: tuple[Style, ...] = get_args(Style)

_ENTRY: dict[Style, Callable[[Work, Sequence[Citation], date, int], str]] = {
    "gbt7714": gbt7714.entry,
    "bibtex": bibtex.entry,
    "ris": ris.entry,
    "markdown": markdown.entry,
}
_BETWEEN: dict[Style, str] = {"gbt7714": "\n", "bibtex": "\n\n", "ris": "\n\n", "markdown": "\n\n"}


@dataclass(frozen=True, slots=True)
class Reference:
    """One cited document: its ``number`` (from 1), the indexes of the citations that quote it, and the entry."""

    number: int
    document_id: str
    citations: tuple[int, ...]
    text: str


def numbers(citations: Sequence[Citation]) -> tuple[int, ...]:
    """Return the number of the reference (from 1) of each citation: documents are numbered as they are first cited."""
    known: dict[str, int] = {}
    return tuple(known.setdefault(c.document_id, len(known) + 1) for c in citations)


def references(
    citations: Sequence[Citation], document: Callable[[str], Document], style: Style, accessed: date
) -> list[Reference]:
    """Return one reference for each cited document, in the order of first mention.

    Parameters
    ----------
    citations : of one answer, or of several.
    document : gives the document of an id, as ``LibQA.document`` does; for one that was removed since, the citation's
        title is all that is told.
    style : ``gbt7714``, ``bibtex``, ``ris`` or ``markdown``.
    accessed : the day the documents were consulted (引用日期), given for what lies on the Web.

    Raises
    ------
    SettingError : there is no such style.

    References
    ----------
    GB/T 7714—2015, Information and documentation: Rules for bibliographic references and citations to information
    resources, sections 4.1–4.6, 8 and appendix B. BibTeX: O. Patashnik, "BibTeXing" (1988), with ``url``, ``urldate``
    and ``date`` as in biblatex. RIS: Research Information Systems, "RIS format specifications" (2011).
    """
    if style not in STYLES:
        raise SettingError(
            f"style {style!r}", "there is no such style of references", f"use one of {', '.join(STYLES)}"
        )
    of_document: dict[str, list[int]] = {}
    for index, citation in enumerate(citations):
        of_document.setdefault(citation.document_id, []).append(index)
    found = []
    for number, (identity, indexes) in enumerate(of_document.items(), 1):
        cited = [citations[i] for i in indexes]
        work = describe(_document(identity, cited[0].title, document), pages_of(c.place for c in cited))
        found.append(Reference(number, identity, tuple(indexes), _ENTRY[style](work, cited, accessed, number)))
    return found


def render(citations: Sequence[Citation], document: Callable[[str], Document], style: Style, accessed: date) -> str:
    """Return the references of `references` as one text without a line break at its end; ``""`` for no citations."""
    return _BETWEEN[style].join(r.text for r in references(citations, document, style, accessed)) if citations else ""


def _document(identity: str, title: str, document: Callable[[str], Document]) -> Document:
    try:
        return document(identity)
    except DocumentMissing:
        return Document(identity, "", title)
