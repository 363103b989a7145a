"""REST: ask, search, references, health, metrics; answers whole or as server-sent events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import asdict
from datetime import date
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response

from libqa import __version__
from libqa.api import Event
from libqa.errors import LibQAError, QuestionError
from libqa.references import render
from libqa.serialize import answer_to_dict, hit_to_dict
from libqa.service import problems, schema
from libqa.service.problems import answered
from libqa.service.work import Desk, Stream, unless_gone
from libqa.types import Answer, Citation, Document

Described = dict[int | str, dict[str, Any]]
EXAMPLE = {
    "question": schema.QUESTION,
    "resolved": schema.QUESTION,
    "language": "zh-Hans",
    "abstained": False,
    "confidence": 0.9,
    "text": "四川成都",
    "statements": [{"text": "四川成都", "citations": [0], "supported": True}],
    "citations": [
        {
            "document_id": "forum-report",
            "title": "2023年专家论坛报道",
            "quote": "论坛于11月10日在四川成都举行",
            "start": 25,
            "end": 41,
            "raw_start": 25,
            "raw_end": 41,
            "passage_id": 1,
            "section": "",
            "place": "",
        }
    ],
    "generated": False,
    "notice": "",
}


def told(status: int, said: str, model: type = schema.Problem) -> Described:
    """Return the OpenAPI description of an answer with this status."""
    return {status: {"model": model, "description": said}}


ALWAYS: Described = {
    **told(401, "The token is needed and not there."),
    **told(403, "A page of another site asks; or no token is set, so nothing can be changed."),
    **told(421, "The service has no such host name."),
    **told(503, "The index cannot be read, or another process is writing to it."),
}
"""What every route may answer."""
ASKING: Described = {
    **told(400, "The body cannot be read."),
    **told(413, "The request is too large."),
    **told(422, "No question, too long a one, or a wrong parameter."),
    **told(429, "Too many requests; Retry-After says when to come back."),
}


LOOKING: Described = {status: ASKING[status] for status in (422, 429)}
ANSWERED: Described = {
    200: {
        "model": schema.AnswerWithReferences,
        "description": "The answer, or that the documents do not say. As events: `token`, `citation`, `statement`, "
        "then `done` with the whole answer, or `error`; each with JSON data. After `restart` what was told before is "
        "withdrawn: a language model failed, and the answer begins anew.",
        "content": {
            "application/json": {"example": EXAMPLE},
            "text/event-stream": {
                "schema": {
                    "type": "object",
                    "required": ["event", "data"],
                    "properties": {
                        "event": {"enum": ["token", "citation", "statement", "restart", "done", "error"]},
                        "data": {"type": "string", "contentMediaType": "application/json"},
                    },
                },
                "example": 'event: token\ndata: {"text":"四川成都"}\n\n',
            },
        },
    }
}


def desk(request: Request) -> Desk:
    """Return where the application's work is done."""
    return request.app.state.desk  # type: ignore[no-any-return]


At = Annotated[Desk, Depends(desk)]
Wanted = Annotated[schema.Asked, Query(examples=[schema.QUESTION])]
api = APIRouter(responses=ALWAYS)


@api.post(
    "/api/ask",
    operation_id="ask",
    summary="Answer a question",
    tags=["questions"],
    response_class=Response,
    responses={**ANSWERED, **ASKING},
)
async def ask(request: Request, asked: schema.Question, at: At, cite: schema.Cite | None = None) -> Response:
    """Answer from the documents, each statement with the exact passage it comes from.

    Events are sent when `stream` is true or the request accepts `text/event-stream`.
    """
    return await _ask(request, asked, at, cite)


@api.get(
    "/api/ask",
    operation_id="ask_by_address",
    summary="Answer a question without history",
    tags=["questions"],
    response_class=Response,
    responses={**ANSWERED, **LOOKING},
)
async def ask_by_address(
    request: Request,
    at: At,
    question: Wanted,
    k: schema.Read | None = None,
    cite: schema.Cite | None = None,
    stream: bool = False,
) -> Response:
    """Answer as POST does; for a browser's `EventSource` and for a quick look."""
    return await _ask(request, schema.Question(question=question, k=k, stream=stream), at, cite)


async def _ask(request: Request, asked: schema.Question, at: Desk, cite: schema.Style | None) -> Response:
    def finished(answer: Answer) -> dict[str, Any]:
        value = answer_to_dict(answer)
        return value if cite is None else {**value, "references": _references(at, answer.citations, cite)}

    if not (asked.stream or "text/event-stream" in request.headers.get("accept", "")):
        answer = await unless_gone(request, at.answer(asked.question, asked.history, asked.k))
        return answered(await asyncio.to_thread(finished, answer))
    events = at.events(asked.question, asked.history, asked.k)
    try:  # what is wrong with the question is told by the status
        first = await unless_gone(request, anext(events))
    except BaseException:
        await events.aclose()
        raise
    return Stream(_sent(first, events, finished))


async def _sent(
    first: Event | None, rest: AsyncGenerator[Event | None, None], finished: Callable[[Answer], dict[str, Any]]
) -> AsyncGenerator[bytes, None]:
    """Write events as the HTML standard's server-sent events."""
    async with aclosing(rest):
        try:
            yield await asyncio.to_thread(_event, first, finished)
            async for event in rest:
                yield await asyncio.to_thread(_event, event, finished)
        except LibQAError as error:
            yield _line("error", problems.body(problems.shown(error), 0, "/api/ask"))


def _event(event: Event | None, finished: Callable[[Answer], dict[str, Any]]) -> bytes:
    if event is None:
        return b": still at work\n\n"
    value: object = {"text": event.text}
    if event.answer is not None:
        value = finished(event.answer)
    elif event.statement is not None or event.citation is not None:
        value = asdict(event.statement or event.citation)  # type: ignore[arg-type]
    return _line(event.kind, value)


def _line(name: str, value: object) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), problems.to_json(value))


@api.get(
    "/api/search",
    operation_id="search",
    summary="Find passages",
    tags=["questions"],
    response_class=Response,
    responses={200: {"model": schema.Hits, "description": "The passages, best first."}, **LOOKING},
)
async def search(request: Request, at: At, question: Wanted, k: schema.Read = 10) -> Response:
    """Find the passages that fit a question, best first: those that `ask` reads."""
    hits = await unless_gone(request, at.look(lambda: at.qa.search(question, k)))
    return answered({"hits": [hit_to_dict(hit) for hit in hits]})


@api.post(
    "/api/references",
    operation_id="references",
    summary="References for a conversation",
    tags=["questions"],
    response_class=Response,
    responses={
        200: {"model": schema.References, "description": "The references."},
        **told(404, "A cited document is not in the index."),
        **ASKING,
    },
)
async def references(request: Request, asked: schema.Citations, at: At) -> Response:
    """Write the references for citations of one answer or of many, numbered in the order of first mention."""

    def write() -> str:
        documents: dict[str, Document] = {}
        for c in asked.citations:
            if c.document_id not in documents:
                documents[c.document_id] = at.qa.document(c.document_id)
        cited = [_citation(documents[c.document_id], c.start, c.end) for c in asked.citations]
        return render(cited, at.qa.document, asked.style, date.today())

    return answered({"references": await unless_gone(request, at.look(write))})


def _references(at: Desk, citations: Sequence[Citation], style: schema.Style) -> str:
    return render(citations, at.qa.document, style, date.today())


def _citation(document: Document, start: int, end: int) -> Citation:
    quote = document.text[start:end]
    if start >= end or end > len(document.text):
        raise QuestionError(
            f"{document.id}, {start} to {end}", "there is no such span of it", "send spans as answers cite them"
        )
    raw_start, raw_end = document.offsets.to_raw(start, end)
    place = document.place(start, end)
    return Citation(document.id, document.title, quote, start, end, raw_start, raw_end, 0, place=place)


@api.get(
    "/api/health",
    operation_id="health",
    summary="Whether the service is well",
    tags=["operation"],
    response_class=Response,
    responses={
        200: {"model": schema.Health, "description": "It can answer."},
        **told(503, "The index cannot be read.", schema.Health),
    },
)
async def health(request: Request, at: At) -> Response:
    """Say whether the index can be read; needs no token, and is quick however large the index is."""
    try:
        documents = await asyncio.to_thread(at.qa.count)
    except LibQAError as error:
        problems.log.error("%s", error)
        return answered({"status": "error"}, 503)
    told_all = {"status": "ok", "version": __version__, "documents": documents}
    return answered(told_all if request.app.state.open or request.scope.get("libqa.trusted") else {"status": "ok"})


@api.get(
    "/api/metrics",
    operation_id="metrics",
    summary="Figures for Prometheus",
    tags=["operation"],
    response_class=Response,
    responses={
        200: {
            "description": "Prometheus' text format.",
            "content": {"text/plain": {"schema": {"type": "string"}, "example": "libqa_documents 24.0\n"}},
        }
    },
)
async def metrics(at: At) -> Response:
    """Count requests, questions, seconds, documents and passages."""
    return Response(await asyncio.to_thread(at.metrics.page), media_type=CONTENT_TYPE_LATEST)
