"""An answer as one Markdown text for clients that show only text: numbered marks, and under it the list of sources."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from libqa.references.markdown import escape
from libqa.types import Answer, Citation, Statement

_SOURCES = {"zh-Hans": "来源：", "zh-Hant": "來源：", "en": "Sources:"}
_UNSUPPORTED = {"zh-Hans": "（未获原文证实）", "zh-Hant": "（未獲原文證實）", "en": " (not confirmed)"}
_WITHDRAWN = {
    "zh-Hans": "（以上作废，以文献原文作答如下。）",
    "zh-Hant": "（以上作廢，以文獻原文作答如下。）",
    "en": "(The above is withdrawn; what follows is in the documents' own words.)",
}
_ENDING = re.compile(rf"\n\n(?:{'|'.join(_SOURCES.values())})\n.*", re.DOTALL)
_MARKS = re.compile(rf"(?:{'|'.join(map(re.escape, _UNSUPPORTED.values()))})?(?:\[\d+\])+(?=\n|$)")


@dataclass
class Writer:
    """Writes the text of one answer, statement by statement, so that it is the same streamed and whole.

    ``link`` gives the address at which a citation can be read.
    """

    link: Callable[[Citation], str]
    language: str
    length: int = 0
    written: list[Statement] = field(default_factory=list)

    def statement(self, statement: Statement, citation: Callable[[int], Citation]) -> tuple[str, list[dict[str, Any]]]:
        """Return the text for the next statement, and its citations as OpenAI's ``url_citation`` annotations.

        ``start_index`` and ``end_index`` of an annotation bound its mark in the whole text; ``content`` is the quote.
        """
        text = "\n\n" if self.written else ""
        text += _line(statement.text) + ("" if statement.supported else _UNSUPPORTED[self.language])
        annotations = []
        for number in statement.citations:
            start, cited = self.length + len(text), citation(number)
            text += f"[{number + 1}]"
            annotations.append(
                {
                    "type": "url_citation",
                    "url_citation": {
                        "start_index": start,
                        "end_index": self.length + len(text),
                        "title": cited.title or cited.document_id,
                        "url": self.link(cited),
                        "content": cited.quote,
                    },
                }
            )
        self.written.append(statement)
        self.length += len(text)
        return text, annotations

    def restart(self) -> str:
        """Return the line that withdraws what was written: text that is sent cannot be taken back."""
        text = f"\n\n{_WITHDRAWN[self.language]}\n\n" if self.written else ""
        self.written.clear()
        self.length += len(text)
        return text

    def ending(self, answer: Answer) -> str:
        """Return what follows the statements: a notice if there is one, and the sources."""
        text = "" if self.written else escape(answer.text)
        if answer.notice:
            text += f"\n\n{escape(answer.notice)}"
        if answer.citations:
            listed = "\n".join(_source(number, c) for number, c in enumerate(answer.citations, 1))
            text += f"\n\n{_SOURCES[answer.language]}\n{listed}"
        self.length += len(text)
        return text


def whole(answer: Answer, link: Callable[[Citation], str]) -> tuple[str, list[dict[str, Any]]]:
    """Return the text of an answer and its annotations, as `Writer` writes them."""
    writer = Writer(link, answer.language)
    text = ""
    annotations: list[dict[str, Any]] = []
    for statement in answer.statements:
        more, marks = writer.statement(statement, answer.citations.__getitem__)
        text, annotations = text + more, annotations + marks
    return text + writer.ending(answer), annotations


def unmarked(text: str) -> str:
    """Return an answer's text as the reader meant it, without the marks and sources that `whole` put there."""
    for line in _WITHDRAWN.values():
        text = text.rpartition(f"{line}\n\n")[2]
    plain = _MARKS.sub("", _ENDING.sub("", text)).replace("\n\n", "\n")
    return re.sub(r"\\([!-/:-@\[-`{-~])", r"\1", plain)  # CommonMark's escapes


def _source(number: int, citation: Citation) -> str:
    where = ", ".join(part for part in (citation.section, citation.place) if part)
    title = f"《{citation.title or citation.document_id}》" + (f" {where}" if where else "")
    return f"{number}. {_line(title)}: “{_line(citation.quote)}”"


def _line(text: str) -> str:
    return escape(" ".join(text.split()))


def turns(said: Iterable[tuple[str, str]]) -> tuple[list[tuple[str, str]], str | None]:
    """Return the (question, answer) pairs of ``said``, (role, text) in order, and the question asked last, if any."""
    pairs: list[tuple[str, str]] = []
    question: str | None = None
    for role, text in said:
        if role == "user":
            if question is not None:  # asked again before there was an answer
                pairs.append((question, ""))
            question = text
        elif role == "assistant" and question is not None:
            pairs.append((question, unmarked(text)))
            question = None
    return pairs, question
