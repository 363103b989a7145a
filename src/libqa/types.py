"""The values that flow through libqa. All offsets count Unicode code points; all spans are half-open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from libqa.text.offsets import OffsetMap


@dataclass(frozen=True, slots=True)
class Document:
    """A text with its identity.

    ``text`` is what is searched and quoted (repaired where it was damaged). ``raw`` is the file as received, decoded
    but otherwise untouched, or ``None`` where it equals ``text``; ``offsets`` maps spans of ``text`` to spans of
    ``raw``. ``metadata`` holds plain strings (date, publisher, sources ...).
    """

    id: str
    text: str
    title: str = ""
    metadata: Mapping[str, str] = field(default_factory=dict)
    raw: str | None = None
    offsets: OffsetMap = OffsetMap()


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

    ``raw_start`` and ``raw_end`` bound the characters of the received file that the quote was made from.
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
