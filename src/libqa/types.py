"""The values that flow through libqa. All offsets count Unicode code points; all spans are half-open."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field

from libqa.text.offsets import OffsetMap


@dataclass(frozen=True, slots=True)
class Mark:
    """From ``start`` on, a document's text stands on the page, slide or cell called ``label``.

    Labels read ``p. 12``, ``slide 3``, ``Sheet1!A5``, ``C2`` or a chapter's title; ``""`` is a place without one.
    """

    start: int
    label: str


@dataclass(frozen=True, slots=True)
class Document:
    """A text with its identity.

    ``text`` is what is searched and quoted (repaired where it was damaged). ``raw`` is the file as received, decoded
    but otherwise untouched, or ``None`` where it equals ``text``; ``offsets`` maps spans of ``text`` to spans of
    ``raw``. ``metadata`` holds plain strings (date, publisher, sources ...). ``marks``, in ascending order, say on
    which page, slide or cell of its file the text stands.
    """

    id: str
    text: str
    title: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    raw: str | None = None
    offsets: OffsetMap = OffsetMap()
    marks: tuple[Mark, ...] = ()

    def place(self, start: int, end: int) -> str:
        """Return where ``text[start:end]`` stands in the file: ``p. 3``, ``p. 3–4`` over two pages, else ``""``."""
        first, last = self._label(start), self._label(max(start, end - 1))
        if not first or not last or first == last:
            return first
        same = max(first.rfind(" "), first.rfind("!")) + 1  # what a page, a slide or a sheet is called
        return f"{first}–{last[same:] if last.startswith(first[:same]) else last}"

    def _label(self, at: int) -> str:
        number = bisect_right(self.marks, at, key=lambda mark: mark.start)
        return self.marks[number - 1].label if number else ""


@dataclass(frozen=True, slots=True)
class Passage:
    """Whole consecutive sentences of one document: ``document.text[start:end] == text``.

    ``id`` is a positive 63-bit integer, never reused within an index. ``section`` is the heading above it, or ``""``.
    """

    id: int
    document_id: str
    text: str
    start: int
    end: int
    section: str = ""


@dataclass(frozen=True, slots=True)
class Hit:
    """A passage found for a question. ``score`` is comparable within one result list; higher is better."""

    passage: Passage
    document: Document
    score: float


@dataclass(frozen=True, slots=True)
class Citation:
    """An exact slice of a document: ``document.text[start:end] == quote``.

    ``raw_start`` and ``raw_end`` bound the characters of the received file that the quote was made from. ``place`` is
    the page, slide or cell it stands on (``p. 3``, ``p. 3–4``, ``slide 2``, ``Sheet1!B5``), where the file has such.
    """

    document_id: str
    title: str
    quote: str
    start: int
    end: int
    raw_start: int
    raw_end: int
    passage_id: int
    section: str = ""
    place: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """One thing the answer says; ``citations`` are indexes into ``Answer.citations``, never empty.

    ``supported`` is false for a generated sentence that its citations do not bear out; they are then only the nearest
    that the documents say. An extracted statement is always supported.
    """

    text: str
    citations: tuple[int, ...]
    supported: bool = True


@dataclass(frozen=True, slots=True)
class Step:
    """A statement of an answer that is still being written, with the citations that it is the first to use."""

    statement: Statement
    citations: tuple[Citation, ...]


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a question.

    ``text`` is made of the statements, one a line, the short direct answer first; for a refusal it is the sentence that
    says so, in the language of the question, and ``statements`` and ``citations`` are empty. ``confidence`` (0..1) is
    the estimated probability that the documents answer the question and the answer is right. ``language`` is
    ``zh-Hans``, ``zh-Hant`` or ``en``. ``resolved`` is the question as it was understood after the history was taken
    into account. ``generated`` tells that a language model wrote the statements; else they are extracts. ``notice`` is
    a line for the reader in the language of the answer, such as that the model could not be reached or that sentences
    are not supported, or ``""``.
    """

    question: str
    text: str
    statements: tuple[Statement, ...]
    citations: tuple[Citation, ...]
    abstained: bool
    confidence: float
    language: str
    resolved: str
    generated: bool = False
    notice: str = ""


@dataclass(frozen=True, slots=True)
class Reading:
    """What a given text says to a question: ``text[start:end] == answer``, inside ``sentence``.

    ``answerable`` is the probability (0..1) that the text answers the question at all.
    """

    sentence: str
    answer: str
    start: int
    end: int
    answerable: float
