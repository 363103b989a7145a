"""The Model Context Protocol at ``/mcp`` (streamable HTTP, without sessions): tools ask, search and get_document."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Annotated, Any

from mcp.server.context import ServerRequestContext
from mcp.server.lowlevel.server import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from mcp_types import (
    CallToolRequestParams,
    CallToolResult,
    ListToolsResult,
    PaginatedRequestParams,
    TextContent,
    Tool,
    ToolAnnotations,
)
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from libqa import __version__
from libqa.errors import LibQAError, QuestionError
from libqa.serialize import answer_to_dict, document_to_dict, hit_to_dict
from libqa.service import problems, schema
from libqa.service.limits import SMALL
from libqa.service.message import whole
from libqa.service.page import Receive, Scope, Send
from libqa.service.work import Desk

PATH = "/mcp"
_INSTRUCTIONS = (
    "Answers questions about the documents of a library, in Simplified or Traditional Chinese or English. `ask` gives "
    "a short answer in which every statement is cited word for word, or says that the documents do not say; `search` "
    "gives the passages; `get_document` reads on. Quote the citations; they are exact."
)
_PAGE = 20_000
"""Characters of a document that are given at a time."""


class _Given(BaseModel):
    model_config = ConfigDict(extra="forbid")


class Ask(_Given):
    """Answer a question from the documents, each statement with the exact passage it comes from."""

    question: schema.Asked
    history: schema.History = []
    k: schema.Read | None = None


class Search(_Given):
    """Find the passages of the documents that fit a question, best first."""

    question: schema.Asked
    k: schema.Read = 10


class GetDocument(_Given):
    """Read a document, or its characters from `start` to `end`; at most 20,000 are given, so read on from `end`."""

    id: Annotated[str, Field(description="The `document_id` of a citation or of a passage.")]
    start: schema.Offset = 0
    end: schema.Offset | None = None


Result = tuple[str, dict[str, Any]]
"""What a tool says: in words, and as JSON values."""


@dataclass(frozen=True, slots=True)
class _Offer:
    takes: type[_Given]
    gives: type[BaseModel]
    work: Callable[[Desk, Any], Awaitable[Result]]


async def _ask(at: Desk, given: Ask) -> Result:
    answer = await at.answer(given.question, given.history, given.k)
    text, _ = whole(answer, lambda citation: "")
    return text, answer_to_dict(answer)


async def _search(at: Desk, given: Search) -> Result:
    hits = await at.look(lambda: at.qa.search(given.question, given.k))
    text = "\n\n".join(f"《{h.document.title or h.document.id}》\n{h.passage.text}" for h in hits)
    return text, {"hits": [hit_to_dict(hit) for hit in hits]}


async def _get_document(at: Desk, given: GetDocument) -> Result:
    document = await at.look(lambda: at.qa.document(given.id))
    length = len(document.text)
    first = min(given.start, length)
    last = max(first, min(first + _PAGE, length if given.end is None else min(given.end, length)))
    text = document.text[first:last]
    return text, {**document_to_dict(document), "start": first, "end": last, "text": text}


_OFFERS: Mapping[str, _Offer] = {
    "ask": _Offer(Ask, schema.AnswerWithReferences, _ask),
    "search": _Offer(Search, schema.Hits, _search),
    "get_document": _Offer(GetDocument, schema.Slice, _get_document),
}


class Mcp:
    """The ASGI application for ``/mcp``; it answers while `running`. Host and Origin are the guard's to check."""

    def __init__(self, at: Desk) -> None:
        self._at = at
        self._sessions: StreamableHTTPSessionManager | None = None

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        """Keep what requests need alive; part of the application's lifespan."""
        server: Server[Any] = Server(
            "libqa",
            version=__version__,
            instructions=_INSTRUCTIONS,
            on_list_tools=self._list,
            on_call_tool=self._call,
        )
        self._sessions = StreamableHTTPSessionManager(
            server, json_response=True, stateless=True, max_request_body_size=SMALL
        )
        async with self._sessions.run():
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request (ASGI)."""
        assert self._sessions is not None, "the application's lifespan has not begun"
        if scope["method"] == "POST":
            await self._sessions.handle_request(scope, receive, send)
            return
        # Without sessions there is nothing to listen to and nothing to end.
        error = LibQAError(PATH, f"{scope['method'][:20]} is not for this path", "send JSON-RPC messages with POST")
        await problems.refused(error, PATH, 405, {"allow": "POST"})(scope, receive, send)

    async def _list(self, context: ServerRequestContext[Any], params: PaginatedRequestParams | None) -> ListToolsResult:
        reading = ToolAnnotations(read_only_hint=True, open_world_hint=False)
        return ListToolsResult(
            tools=[
                Tool(
                    name=name,
                    description=offer.takes.__doc__,
                    input_schema=offer.takes.model_json_schema(),
                    output_schema=offer.gives.model_json_schema(),
                    annotations=reading,
                )
                for name, offer in _OFFERS.items()
            ]
        )

    async def _call(self, context: ServerRequestContext[Any], params: CallToolRequestParams) -> CallToolResult:
        try:
            if params.name not in _OFFERS:
                raise QuestionError(params.name[:100], "there is no such tool", f"use {', '.join(_OFFERS)}")
            offer = _OFFERS[params.name]
            text, value = await offer.work(self._at, offer.takes.model_validate(params.arguments or {}))
        except (LibQAError, ValidationError) as error:
            told = problems.shown(error if isinstance(error, LibQAError) else problems.wrong(error.errors()))
            return CallToolResult(content=[TextContent(type="text", text=str(told))], is_error=True)
        return CallToolResult(content=[TextContent(type="text", text=text)], structured_content=value)
