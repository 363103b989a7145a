"""Answers, hits and repairs as plain JSON values; ``docs/schema/`` describes them, a test holds the two together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from libqa.types import Answer, Citation, Document, Hit, Statement

if TYPE_CHECKING:
    from datetime import date

    from libqa.references import Style
    from libqa.text import Repair


def answer_to_dict(answer: Answer) -> dict[str, Any]:
    """Return the answer as JSON values: the fields of `Answer`, tuples as lists (``answer.schema.json``)."""
    return {
        "question": answer.question,
        "resolved": answer.resolved,
        "language": answer.language,
        "abstained": answer.abstained,
        "confidence": answer.confidence,
        "text": answer.text,
        "statements": [
            {"text": s.text, "citations": list(s.citations), "supported": s.supported} for s in answer.statements
        ],
        "citations": [asdict(c) for c in answer.citations],
        "generated": answer.generated,
        "notice": answer.notice,
    }


def answer_from_dict(value: Mapping[str, Any]) -> Answer:
    """Return the answer that `answer_to_dict` made ``value`` from.

    Raises
    ------
    KeyError, TypeError : ``value`` does not hold the fields of an answer.
    """
    return Answer(
        question=value["question"],
        text=value["text"],
        statements=tuple(
            Statement(s["text"], tuple(s["citations"]), s.get("supported", True)) for s in value["statements"]
        ),
        citations=tuple(Citation(**c) for c in value["citations"]),
        abstained=value["abstained"],
        confidence=value["confidence"],
        language=value["language"],
        resolved=value["resolved"],
        generated=value.get("generated", False),
        notice=value.get("notice", ""),
    )


def references_to_dict(
    citations: Sequence[Citation], document: Callable[[str], Document], style: Style, accessed: date
) -> dict[str, Any]:
    """Return the references of `libqa.references` as JSON values: each entry, and all of them as one text."""
    from libqa.references import references, render

    return {
        "style": style,
        "accessed": accessed.isoformat(),
        "text": render(citations, document, style, accessed),
        "entries": [
            {"number": r.number, "document_id": r.document_id, "citations": list(r.citations), "text": r.text}
            for r in references(citations, document, style, accessed)
        ],
    }


def hit_to_dict(hit: Hit) -> dict[str, Any]:
    """Return a search hit as JSON values (``search-hit.schema.json``): the whole passage, the document's identity."""
    return {
        "score": hit.score,
        "passage": asdict(hit.passage),
        "place": hit.document.place(hit.passage.start, hit.passage.end),
        "document": document_to_dict(hit.document),
    }


def document_to_dict(document: Document) -> dict[str, Any]:
    """Return what identifies a document, and its length in characters; not its text."""
    return {
        "id": document.id,
        "title": document.title,
        "characters": len(document.text),
        "metadata": dict(document.metadata),
    }


def repair_to_dict(file: str, encoding: str, repaired: Repair) -> dict[str, Any]:
    """Return a repair as JSON values (``repair.schema.json``); ``file`` and ``encoding`` say what was read."""
    return {
        "file": file,
        "encoding": encoding,
        "changed": repaired.changed,
        "proven": repaired.proven,
        "text": repaired.text,
        "edits": [asdict(e) for e in repaired.edits],
    }
