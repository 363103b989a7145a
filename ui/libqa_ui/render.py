"""The HTML of the chat, built from plain strings.

Documents and questions are not trusted: every string of theirs passes through :func:`escape`, the result is shown as
the *value* of a ``gr.HTML`` with a constant template, and none ever becomes part of a template, a script or a style.
"""

from __future__ import annotations

import html
import re
from collections.abc import Sequence

from libqa.text.script import language as language_of
from libqa.types import Answer, Citation, Statement
from libqa_ui.strings import LANGUAGE_NAMES, LANGUAGES, Language, say

SOURCES_SHOWN = 4
"""Sources of an answer in plain sight; the others fold away."""

_LOST = re.compile("[\x00\ud800-\udfff]")


def escape(text: str) -> str:
    """Return ``text`` as HTML that shows exactly its characters, in an element or a quoted attribute.

    A carriage return is written as a reference, because an HTML parser would turn it into a line feed. What HTML cannot
    hold at all (U+0000, lone surrogates) becomes U+FFFD.
    """
    return html.escape(_LOST.sub("\ufffd", text)).replace("\r", "&#13;")


def tongue(text: str) -> str:
    """Return the attributes for the direction and the language of ``text``; characters are shaped by language."""
    return f'lang="{language_of(text[:500])}" dir="auto"'


def name(title: str, document_id: str) -> str:
    """Return what a document is called."""
    return title or document_id


def header(language: Language, documents: int) -> str:
    """Return the bar at the top: the name, how many documents are loaded, and the choice of language."""
    choices = "".join(
        f'<button type="button" data-language="{code}" lang="{code}" aria-pressed="{str(code == language).lower()}">'
        f"{LANGUAGE_NAMES[code]}</button>"
        for code in LANGUAGES
    )
    return (
        f'<header class="bar" data-interface="{language}">'
        f'<h1>libqa<span class="tagline">{escape(say("tagline", language))}</span></h1>'
        f'<button type="button" class="documents" data-action="documents">'
        f"{say('documents', language, n=documents)}</button>"
        f'<div class="languages" role="group" aria-label="{say("language", language)}">{choices}</div></header>'
    )


def welcome(language: Language, questions: Sequence[str]) -> str:
    """Return the page before the first question, with the example ``questions``."""
    buttons = "".join(
        f'<li><button type="button" data-example="{escape(question)}">{escape(question)}</button></li>'
        for question in questions
    )
    offered = f"<h3>{say('examples', language)}</h3><ul>{buttons}</ul>" if questions else ""
    return (
        f'<section class="welcome"><h2>{say("welcome", language)}</h2>'
        f"<p>{escape(say('introduction', language))}</p>{offered}</section>"
    )


def chip(turn: int, number: int, citation: Citation | None, language: Language, current: bool = False) -> str:
    """Return the number that opens a citation; it cannot be pressed as long as there is no citation behind it."""
    if citation is None:  # while the answer is still being written
        return f'<button type="button" class="chip" disabled>{number + 1}</button>'
    label = say("open_source", language, n=number + 1, title=name(citation.title, citation.document_id))
    current_mark = ' aria-current="true"' if current else ""
    return (
        f'<button type="button" class="chip" data-turn="{turn}" data-citation="{number}" '
        f'aria-label="{escape(label)}"{current_mark}>{number + 1}</button>'
    )


def _statement(statement: Statement, chips: str, first: bool, language: Language) -> str:
    kind = "lead" if first else "more"
    text, mark = statement.text, ""
    if not statement.supported:
        kind += " unsupported"
        hint = escape(say("unsupported_hint", language))
        mark = f'<span class="mark" lang="{language}" title="{hint}">{escape(say("unsupported", language))}</span>'
    # The last character holds on to the numbers, so that none of them starts a line of its own.
    tied = f'<span class="tie">{escape(text[-1:])}{chips}</span>'
    return f'<p class="{kind}" {tongue(text)}>{escape(text[:-1])}{tied}{mark}</p>'


def _source(turn: int, number: int, citation: Citation) -> str:
    where = " · ".join(part for part in (citation.place, citation.section) if part)
    section = f'<span class="section">{escape(where)}</span>' if where else ""
    title = escape(name(citation.title, citation.document_id))
    return (
        f'<li><button type="button" data-turn="{turn}" data-citation="{number}"><b class="number">{number + 1}</b>'
        f'<span class="source"><span class="title">{title}</span>{section}'
        f"<q {tongue(citation.quote)}>{escape(citation.quote)}</q></span></button></li>"
    )


def _sources(turn: int, citations: Sequence[Citation], language: Language) -> str:
    rows = [_source(turn, number, citation) for number, citation in enumerate(citations)]
    # One row more than the limit is shorter than the line that would hide it.
    shown = rows if len(rows) <= SOURCES_SHOWN + 1 else rows[:SOURCES_SHOWN]
    folded = "".join(rows[len(shown) :])
    if folded:
        summary = say("more_sources", language, n=len(rows) - len(shown))
        folded = f"<details><summary>{summary}</summary><ol>{folded}</ol></details>"
    return f'<div class="sources"><h4>{say("sources", language)}</h4><ol>{"".join(shown)}</ol>{folded}</div>'


def _turn(turn: int, question: str, body: str, busy: bool = False) -> str:
    return (
        f'<article class="turn" data-number="{turn}" aria-busy="{str(busy).lower()}">'
        f'<h3 class="question" {tongue(question)}>{escape(question)}</h3>{body}</article>'
    )


def pending(turn: int, question: str, statements: Sequence[Statement], language: Language) -> str:
    """Return a turn whose answer is still being written: the statements so far.

    The numbers open once the answer is whole and kept with its turn.
    """
    written = "".join(
        _statement(s, "".join(chip(turn, n, None, language) for n in s.citations), place == 0, language)
        for place, s in enumerate(statements)
    )
    waiting = f'<p class="waiting" role="status">{say("searching", language)}<i></i><i></i><i></i></p>'
    return _turn(turn, question, f'<div class="answer">{written or waiting}</div>', busy=True)


def answered(turn: int, answer: Answer, language: Language, cite: str = "") -> str:
    """Return a finished turn: the direct answer first, the supporting statements, their sources; or the refusal.

    ``cite`` is the HTML of the row that copies references (`libqa_ui.citing`).
    """
    about = _about(answer)
    if answer.abstained:
        body = (
            f'<div class="answer refused">{about}'
            f'<p class="refusal" {tongue(answer.text)}>{escape(answer.text)}</p>'
            f'<p class="hint">{say("refused_hint", language)}</p></div>'
        )
        return _turn(turn, answer.question, _understood(answer, language) + body)
    statements = "".join(
        _statement(s, "".join(chip(turn, n, answer.citations[n], language) for n in s.citations), place == 0, language)
        for place, s in enumerate(answer.statements)
    )
    copy = (
        f'<button type="button" class="copy" data-copy="{escape(copy_text(answer, language))}" '
        f'data-copied="{say("copied", language)}" data-failed="{say("copy_failed", language)}">'
        f"{say('copy', language)}</button>"
    )
    sources, tools = _sources(turn, answer.citations, language), f'<div class="tools">{copy}{cite}</div>'
    body = f'<div class="answer">{about}{statements}{sources}{tools}</div>'
    return _turn(turn, answer.question, _understood(answer, language) + body)


def _about(answer: Answer) -> str:
    """What is to be known about the answer before it is read: the model failed, sentences are not confirmed."""
    return (
        f'<p class="about" role="status" {tongue(answer.notice)}>{escape(answer.notice)}</p>' if answer.notice else ""
    )


def _understood(answer: Answer, language: Language) -> str:
    question, resolved = answer.question.strip(), answer.resolved.strip()
    if resolved == question:
        return ""
    if resolved.startswith(question):  # the question, then in brackets what was taken along from the one before
        text = say("context", language, words=resolved.removeprefix(question).strip(" []"))
    else:
        text = say("understood", language, question=resolved)
    return f'<p class="understood" {tongue(resolved)}>{escape(text)}</p>'


def copy_text(answer: Answer, language: Language) -> str:
    """Return the answer as plain text with numbers, followed by one numbered reference per citation."""
    doubt = f" ({say('unsupported', language)})"
    lines = [
        s.text + "".join(f"[{n + 1}]" for n in s.citations) + ("" if s.supported else doubt) for s in answer.statements
    ]
    references = [
        say("reference", language, n=n + 1, title=name(c.title, c.document_id), quote=c.quote)
        for n, c in enumerate(answer.citations)
    ]
    return "\n".join([answer.question, "", *lines, "", *references])


def notice(text: str) -> str:
    """Return one line that tells the reader why a question was not answered; ``""`` for no text."""
    return f'<p class="notice" role="alert">{escape(text)}</p>' if text else ""
