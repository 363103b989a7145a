"""OpenAI's chat completions over the documents, so that Open WebUI, LibreChat and the ``openai`` package can ask them.

The last user message is the question, the ones before are its history. System messages and sampling parameters are
accepted and change nothing: what is said is what the documents say. Citations are ``url_citation`` annotations of the
message, numbered marks in its text, and a list of sources at its end; the answer as `/api/ask` gives it is beside the
choices under ``libqa``. ``usage`` counts tokens as `tokens` does: no model's, since none need be asked.
"""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request
from starlette.responses import Response

from libqa.api import Event
from libqa.errors import LibQAError, QuestionError
from libqa.serialize import answer_to_dict
from libqa.service import problems
from libqa.service.message import Writer, turns, whole
from libqa.service.openai_schema import CHUNK, ERRORS, MODEL, Asked, Completion, Failure, Model, Models, Said
from libqa.service.problems import answered
from libqa.service.rest import At, Described
from libqa.service.work import HISTORY, Stream, unless_gone
from libqa.text.script import language
from libqa.types import Answer, Citation, Statement

_TOKEN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]|[^\W\u3400-\u9fff\uf900-\ufaff]+|[^\w\s]")
_LONGEST_TURN = 20_000  # characters of an earlier message; what is behind is not needed to understand a question
_BEGUN = int(time.time())


def _described(*statuses: int) -> Described:
    return {status: {"model": Failure, "description": ERRORS[status]} for status in statuses}


_ALWAYS = _described(401, 403, 421)
_MODEL = {"id": MODEL, "object": "model", "created": _BEGUN, "owned_by": "libqa"}
_NO_MODEL: Described = {404: {"model": Failure, "description": "There is no such model."}}
completions = APIRouter(prefix="/v1", tags=["OpenAI"], responses={**_ALWAYS})


@completions.get(
    "/models",
    operation_id="list_models",
    summary="List models",
    response_class=Response,
    responses={200: {"model": Models, "description": "The model."}},
)
async def list_models() -> Response:
    """List the one model there is."""
    return answered({"object": "list", "data": [_MODEL]})


@completions.get(
    "/models/{model}",
    operation_id="get_model",
    summary="Describe a model",
    response_class=Response,
    responses={200: {"model": Model, "description": "The model."}, **_NO_MODEL, **_described(422)},
)
async def get_model(model: str) -> Response:
    """Describe the model."""
    _check(model)
    return answered(_MODEL)


@completions.post(
    "/chat/completions",
    operation_id="create_chat_completion",
    summary="Answer the last message of a conversation",
    response_class=Response,
    responses={
        200: {
            "model": Completion,
            "description": "The answer; with `stream` as `chat.completion.chunk` events, statement by statement, "
            "ended by `data: [DONE]`.",
            "content": {"text/event-stream": {"schema": CHUNK}},
        },
        **_NO_MODEL,
        **_described(400, 413, 422, 429, 503),
    },
)
async def create_chat_completion(request: Request, asked: Asked, at: At) -> Response:
    """Answer from the documents, with citations as annotations of the message."""
    _check(asked.model)
    history, question = turns((said.role, _text(said)) for said in asked.messages)
    if question is None:
        raise QuestionError("messages", "the last one is not the user's", "end them with a question of the user")
    history = [(q[:_LONGEST_TURN], a[:_LONGEST_TURN]) for q, a in history[-HISTORY:]]
    frame: dict[str, Any] = {"id": f"chatcmpl-{uuid.uuid4().hex}", "created": int(time.time()), "model": MODEL}
    link = _linker(str(request.base_url))
    said = sum(tokens(text) for turn in history for text in turn) + tokens(question)
    if not asked.stream:
        answer = await unless_gone(request, at.answer(question, history, None))
        return answered(_completion(frame, answer, link, said))
    events = at.events(question, history, None)
    try:  # what is wrong with the question is told by the status
        first = await unless_gone(request, anext(events))
    except BaseException:
        await events.aclose()
        raise
    usage = bool(asked.stream_options and asked.stream_options.include_usage)
    frame["object"] = "chat.completion.chunk"
    return Stream(_chunks(first, events, frame, Writer(link, language(question)), said if usage else None))


def _check(model: str) -> None:
    if model != MODEL:
        raise NoModel(f"model {model[:100]!r}", "there is no such model", f"use {MODEL!r}")


class NoModel(LibQAError):
    """A model was asked for that there is not."""


def _text(said: Said) -> str:
    if said.content is None or isinstance(said.content, str):
        return said.content or ""
    if said.role == "user" and any(part.type not in ("text", "input_text") for part in said.content):
        kind = next(part.type for part in said.content if part.type not in ("text", "input_text"))
        raise QuestionError(f"a part of type {kind[:50]!r}", "only text can be read", "send the question as text")
    return "\n".join(part.text or "" for part in said.content)


def _linker(base: str) -> Callable[[Citation], str]:
    def link(citation: Citation) -> str:
        identity = quote(citation.document_id, safe="/")
        return f"{base}source/{identity}?start={citation.start}&end={citation.end}#quote"

    return link


def _completion(frame: dict[str, Any], answer: Answer, link: Callable[[Citation], str], said: int) -> dict[str, Any]:
    content, annotations = whole(answer, link)
    message = {"role": "assistant", "content": content, "refusal": None, "annotations": annotations}
    choice = {"index": 0, "message": message, "finish_reason": "stop", "logprobs": None}
    usage = _usage(said, tokens(content))
    return {**frame, "object": "chat.completion", "choices": [choice], "usage": usage, "libqa": answer_to_dict(answer)}


def tokens(text: str) -> int:
    """Return the number of Chinese characters, of words and numbers in other scripts, and of marks in a text."""
    return len(_TOKEN.findall(text))


def _usage(said: int, written: int) -> dict[str, int]:
    return {"prompt_tokens": said, "completion_tokens": written, "total_tokens": said + written}


async def _chunks(
    first: Event | None,
    rest: AsyncGenerator[Event | None, None],
    frame: dict[str, Any],
    writer: Writer,
    said: int | None,
) -> AsyncGenerator[bytes, None]:
    """Write events as chunks of a chat completion.

    A statement is sent when it is finished, and with it the citations that are its own.
    """
    numbered: dict[int, Citation] = {}
    fresh: list[Citation] = []
    written = 0

    def chunk(delta: dict[str, Any], finish: str | None = None, **more: Any) -> bytes:
        nonlocal written
        written += tokens(delta.get("content", ""))
        choice = {"index": 0, "delta": delta, "finish_reason": finish, "logprobs": None}
        return _data({**frame, "choices": [choice], **more})

    async def every() -> AsyncGenerator[Event | None, None]:
        yield first
        async for event in rest:
            yield event

    async with aclosing(rest):
        try:
            yield chunk({"role": "assistant", "content": ""})
            async for event in every():
                if event is None:
                    yield b": still at work\n\n"
                elif event.kind == "restart":
                    fresh, numbered = [], {}
                    yield chunk({"content": writer.restart()})
                elif event.citation is not None:
                    fresh.append(event.citation)
                elif event.statement is not None:
                    _number(event.statement, fresh, numbered)
                    text, annotations = writer.statement(event.statement, numbered.__getitem__)
                    yield chunk({"content": text, "annotations": annotations})
                elif event.answer is not None:
                    yield chunk({"content": writer.ending(event.answer)})
                    yield chunk({}, "stop", libqa=answer_to_dict(event.answer))
            if said is not None:
                yield _data({**frame, "choices": [], "usage": _usage(said, written)})
            yield b"data: [DONE]\n\n"
        except LibQAError as error:
            yield _data(problems.body(problems.shown(error), problems.status_of(error), "/v1/"))


def _number(statement: Statement, fresh: list[Citation], numbered: dict[int, Citation]) -> None:
    """Give the citations told since the last statement the numbers by which this one uses them."""
    for number in statement.citations:
        if number not in numbered:
            numbered[number] = fresh.pop(0)


def _data(value: object) -> bytes:
    return b"data: %s\n\n" % problems.to_json(value)
