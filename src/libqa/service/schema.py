"""What goes in and out of the REST routes, as the OpenAPI description shows it, with examples."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from libqa.types import Citation, Passage, Statement

Style = Literal["gbt7714", "bibtex", "ris", "markdown"]
QUESTION = "论坛在哪里举行？"
_LONGEST_TURN = 20_000

Asked = Annotated[
    str,
    Field(
        description="In Simplified or Traditional Chinese or English; at most `max_question` characters.",
        json_schema_extra={"minLength": 1, "pattern": r"\w"},  # checked, with a better reason, by LibQA
    ),
]
Read = Annotated[int, Field(ge=1, le=100, description="Passages to read.")]
Cite = Annotated[Style, Field(description="Adds `references` in this style: GB/T 7714—2015, BibTeX, RIS or Markdown.")]
Turn = tuple[
    Annotated[str, Field(max_length=_LONGEST_TURN, description="An earlier question.")],
    Annotated[str, Field(max_length=_LONGEST_TURN, description="The text of its answer.")],
]

History = Annotated[list[Turn], Field(max_length=100, description="Oldest first; the last eight are used.")]
Offset = Annotated[int, Field(ge=0, le=2**53, description="Counts characters (Unicode code points).")]


class Question(BaseModel):
    """A question, with what was said before."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"question": QUESTION},
                {"question": "那线上呢？", "history": [["有多少人参会？", "共有来自67所高校的150余人参会。"]]},
            ]
        },
    )

    question: Asked
    history: History = []
    k: Read | None = None
    stream: Annotated[bool, Field(description="Answer with server-sent events.")] = False


class AnswerWithReferences(BaseModel):
    """An answer; docs/json.md describes its fields more closely."""

    question: str
    resolved: Annotated[str, Field(description="The question as it was understood with its history.")]
    language: Literal["zh-Hans", "zh-Hant", "en"]
    abstained: Annotated[bool, Field(description="Whether the documents do not say; nothing is cited then.")]
    confidence: Annotated[float, Field(ge=0, le=1)]
    text: Annotated[str, Field(description="The statements, one a line; the first is the short direct answer.")]
    statements: Annotated[list[Statement], Field(description="`citations` are indexes, from 0, into those below.")]
    citations: Annotated[list[Citation], Field(description="`quote` is the document's text from `start` to `end`.")]
    generated: Annotated[bool, Field(description="Whether a language model wrote it.")]
    notice: Annotated[str, Field(description="A line for the reader, or nothing.")]
    references: Annotated[str, Field(description="Only if `cite` asked for it.")] = ""


class Entry(BaseModel):
    """What identifies a document, and its length in characters."""

    id: str
    title: str
    characters: int
    metadata: dict[str, str]


class Hit(BaseModel):
    """A passage found; scores are comparable within one list."""

    score: float
    passage: Passage
    place: Annotated[str, Field(description="Page, slide or cell of the file, where it has such.")]
    document: Entry


class Hits(BaseModel):
    """Passages that fit a question, best first."""

    hits: list[Hit]


class Listing(BaseModel):
    """A page of the list of documents, in the order in which they were written."""

    total: Annotated[int, Field(description="Documents in the index.")]
    offset: int
    limit: int
    documents: list[Entry]


class Slice(Entry):
    """A document and its characters from `start` to `end`."""

    start: int
    end: int
    text: str


class Reason(BaseModel):
    """What is wrong, and what to do."""

    thing: str
    reason: str
    remedy: str


class Problem(BaseModel):
    """An error, in one line of three parts."""

    error: Reason


class Added(BaseModel):
    """What became of uploaded files."""

    added: Annotated[list[str], Field(description="Ids of the documents that are now in the index.")]
    failed: Annotated[list[Reason], Field(description="What could not become a document.")]


class NotAdded(Problem):
    """No file could become a document; `error` is the first reason."""

    failed: list[Reason] = []


class Replaced(BaseModel):
    """The document that is now in the index."""

    id: str
    created: Annotated[bool, Field(description="Whether there was no document with this id before.")]


class Health(BaseModel):
    """Whether the service can answer; version and number of documents are for those who may read."""

    status: Literal["ok", "error"]
    version: str = ""
    documents: int = 0


class Cited(BaseModel):
    """A span of a document that was cited, as the citations of answers have it."""

    document_id: str
    start: Offset
    end: Offset


class Citations(BaseModel):
    """The citations of an answer, or of a whole conversation."""

    style: Cite
    citations: Annotated[list[Cited], Field(min_length=1, max_length=500)]


class References(BaseModel):
    """References, one for each cited document."""

    references: str
