"""The HTML of the panel beside the conversation: a cited document, any document, or the list of all."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from libqa.types import Answer, Citation, Document
from libqa_ui.render import chip, escape, name, tongue
from libqa_ui.strings import Language, known, say

WINDOW = 20_000
"""Characters of a document shown before and after the quoted span; a longer document is cut there, and says so."""
LISTED = 500
"""Documents named in the list of documents."""
RAW_CONTEXT = 60
"""Characters shown around a span of the file as it was received."""

_HEADING = re.compile(r"(#{1,6} +)(.+?)(\s*)$", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Opened:
    """Which citation is shown: ``number`` of the answer of ``turn``, both from 0; ``at`` differs at every opening."""

    turn: int
    number: int
    at: int = 0


def _facts(document: Document, citation: Citation | None, language: Language) -> str:
    own = {"place": citation.place, "section": citation.section} if citation else {}
    facts: dict[str, str] = {say(key, language): value for key, value in own.items() if value}
    metadata: Mapping[str, str] = document.metadata
    for key, value in metadata.items():
        if value and key != "title":
            facts[say(f"meta_{key}", language) if known(f"meta_{key}") else key] = str(value)
    rows = "".join(f'<dt>{escape(k)}</dt><dd dir="auto">{escape(v)}</dd>' for k, v in facts.items())
    return f"<dl>{rows}</dl>" if rows else ""


def _damaged(document: Document) -> bool:
    # `raw` alone does not tell: it may differ by a front matter, which is no damage.
    return document.raw is not None and bool(document.offsets.pieces)


def _as_received(document: Document, citation: Citation, language: Language) -> str:
    raw, start, end = document.raw or "", citation.raw_start, citation.raw_end
    before, marked = escape(raw[max(0, start - RAW_CONTEXT) : start]), escape(raw[start:end])
    after = escape(raw[end : end + RAW_CONTEXT])
    return (
        f'<details class="raw"><summary>{say("as_received", language)}</summary>'
        f"<blockquote {tongue(document.text)}>{before}<mark>{marked}</mark>{after}</blockquote></details>"
    )


def _prose(text: str, begins_line: bool) -> str:
    """``text`` as HTML with its Markdown headings set apart; not a character more or less than in the document."""
    lines = []
    for line in text.splitlines(keepends=True):
        heading = _HEADING.match(line) if begins_line else None
        begins_line = True
        if heading:
            mark, title, rest = (escape(group) for group in heading.groups())
            lines.append(f'<b class="heading"><span>{mark}</span>{title}</b>{rest}')
        else:
            lines.append(escape(line))
    return "".join(lines)


def _text(text: str, start: int, end: int, language: Language) -> str:
    """The document around ``text[start:end]``, that span marked; it is given by offsets, never searched for."""
    first, last = max(0, start - WINDOW), min(len(text), end + WINDOW)
    before = f'<p class="omitted">{say("omitted", language, n=first)}</p>' if first else ""
    after = f'<p class="omitted">{say("omitted", language, n=len(text) - last)}</p>' if last < len(text) else ""
    marked = f'<mark id="quote" tabindex="-1">{escape(text[start:end])}</mark>' if end > start else ""
    lead, rest = _prose(text[first:start], first == 0), _prose(text[end:last], end == 0)
    return f'{before}<div class="text" {tongue(text)}>{lead}{marked}{rest}</div>{after}'


def _panel(title: str, body: str, language: Language, at: int) -> str:
    # `at` differs at every opening, so that opening the same passage again is a change the page acts upon.
    return (
        f'<section class="panel" data-opened="{at}"><header><h2 tabindex="-1" {tongue(title)}>{escape(title)}</h2>'
        f'<button type="button" class="close" data-action="shut" aria-label="{say("close", language)}">✕</button>'
        f'</header><div class="scroll" tabindex="0" role="region" aria-label="{say("passage", language)}">'
        f"{body}</div></section>"
    )


def _siblings(opened: Opened, answer: Answer, language: Language) -> str:
    if len(answer.citations) < 2:
        return ""
    chips = "".join(
        chip(opened.turn, n, citation, language, current=n == opened.number)
        for n, citation in enumerate(answer.citations)
    )
    return f'<p class="siblings"><span>{say("cited_here", language)}</span>{chips}</p>'


def passage(opened: Opened, answer: Answer, document: Document | None, language: Language) -> str:
    """Return the panel for one citation of ``answer``: its document with the quoted span marked.

    Parameters
    ----------
    opened : which citation.
    document : the cited document as it is now; ``None`` when it is gone. Where it no longer holds the quote at the
        cited offsets, the kept quote is shown alone, with a note.
    """
    citation = answer.citations[opened.number]
    siblings = _siblings(opened, answer, language)
    title = name(citation.title, citation.document_id)
    if document is None or document.text[citation.start : citation.end] != citation.quote:
        note = f'<p class="note">{say("changed", language)}</p>'
        body = siblings + note + _text(citation.quote, 0, len(citation.quote), language)
        return _panel(title, body, language, opened.at)
    repaired = ""
    if _damaged(document):
        note, received = say("repaired", language), _as_received(document, citation, language)
        repaired = f'<div class="note"><p>{note}</p>{received}</div>'
    body = siblings + _facts(document, citation, language) + repaired
    return _panel(title, body + _text(document.text, citation.start, citation.end, language), language, opened.at)


def whole(document: Document, language: Language, at: int = 0) -> str:
    """Return the panel for a document opened from the list, nothing marked."""
    note = f'<p class="note">{say("repaired", language)}</p>' if _damaged(document) else ""
    body = _facts(document, None, language) + note + _text(document.text, 0, 0, language)
    return _panel(name(document.title, document.id), body, language, at)


def catalogue(documents: Sequence[Document], language: Language, at: int = 0) -> str:
    """Return the panel that lists the loaded documents; each opens on a click."""
    rows = "".join(
        f'<li><button type="button" data-document="{escape(d.id)}" dir="auto">'
        f"{escape(name(d.title, d.id))}</button></li>"
        for d in documents[:LISTED]
    )
    rest = len(documents) - LISTED
    more = f'<p class="omitted">{say("more_documents", language, n=rest)}</p>' if rest > 0 else ""
    title = f"{say('document_list', language)} ({len(documents)})"
    return _panel(title, f'<ol class="catalogue">{rows}</ol>{more}', language, at)
