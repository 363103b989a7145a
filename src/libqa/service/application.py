"""The web application: the chat at ``/``, REST, OpenAI's and the Model Context Protocol beside it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.responses import Response

from libqa import __version__
from libqa.answering import endpoint
from libqa.errors import LibQAError
from libqa.service import problems
from libqa.service.documents import documents
from libqa.service.guard import Guard
from libqa.service.limits import Gate, Limits, Rate
from libqa.service.mcp import PATH, Mcp
from libqa.service.metrics import Counted, Metrics
from libqa.service.openai import NoModel, completions
from libqa.service.page import App, LocalPage, Receive, Scope, Send
from libqa.service.rest import api
from libqa.service.source import source
from libqa.service.work import Desk

if TYPE_CHECKING:
    from libqa.api import LibQA

MAX_UPLOAD = "1mb"
"""The chat takes no files, so what can be left on the server's disk by it is kept small."""
_CHANGES_WAITING = 8
_THREADS = 16
"""Threads besides those that answer the service's questions: for the chat, changes, figures and health."""
_API = ("/api/", "/v1/", "/source/")
_DESCRIPTION = """Question answering over a library's documents, with exact citations.

Errors are one line in three parts, `{"error": {"thing", "reason", "remedy"}}`; under `/v1` they have OpenAI's form.
Reading needs no login where the service listens on this computer only; changes always need the token, and elsewhere
reading does, too: `Authorization: Bearer TOKEN`. The Model Context Protocol is at `/mcp`."""


def assemble(qa: LibQA, private: bool, names: frozenset[str]) -> FastAPI:
    """Return the web application over ``qa``; see `libqa.service.create_app`."""
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when gradio is imported
    import gradio
    from libqa_ui.chat import build_chat, page_options
    from libqa_ui.strings import choose_language

    settings = qa.settings
    gate = Gate(settings.at_once, settings.waiting)
    metrics = Metrics(qa, gate)
    desk = Desk(qa, gate, Gate(1, _CHANGES_WAITING), metrics)
    mcp = Mcp(desk)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        # Waiting for a language model holds a thread; health must not wait for one of those.
        threads = ThreadPoolExecutor(settings.at_once + _THREADS, "libqa")
        asyncio.get_running_loop().set_default_executor(threads)
        if settings.llm_base_url:
            threads.submit(endpoint.warm)
        async with mcp.running():
            yield

    app = FastAPI(openapi_url=None, docs_url=None, redoc_url=None, lifespan=lifespan)
    gradio.mount_gradio_app(
        app, build_chat(qa), "/", run_history=False, max_file_size=MAX_UPLOAD, show_error=False, **page_options()
    )
    # The last one added is the first to see a request.
    app.add_middleware(Doors, api=_api(desk, private), mcp=mcp)
    upload = int(settings.max_upload_mb * 2**20)
    app.add_middleware(Limits, rate=Rate(settings.questions_per_minute), upload=upload)
    app.add_middleware(Guard, token=settings.token, private=private, names=names)
    app.add_middleware(Counted, metrics=metrics)
    app.add_middleware(LocalPage, language=choose_language)
    return app


class Doors:
    """ASGI middleware that leads to the API, to MCP, or on to the chat, which answers every other path."""

    def __init__(self, app: App, api: FastAPI, mcp: App) -> None:
        self._chat, self._api, self._mcp = app, api, mcp

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection (ASGI)."""
        path = scope.get("path", "") if scope["type"] == "http" else ""
        if path == PATH:
            scope["libqa.route"] = path
            await self._mcp(scope, receive, send)
        elif path.startswith(_API) or path == "/openapi.json":
            try:
                await self._api(scope, receive, send)
            finally:
                scope["libqa.route"] = getattr(scope.get("route"), "path", "unknown")
        else:
            scope["libqa.route"] = "chat"
            await self._chat(scope, receive, send)


def _api(desk: Desk, private: bool) -> FastAPI:
    # The interactive API pages of FastAPI load their scripts from foreign hosts.
    app = FastAPI(
        title="libqa",
        version=__version__,
        description=_DESCRIPTION,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
    )
    app.state.desk, app.state.open = desk, not private
    for router in (api, documents, source, completions):
        app.include_router(router)
    app.add_exception_handler(LibQAError, _refused)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _plain)
    app.add_exception_handler(ClientDisconnect, _gone)
    app.add_exception_handler(Exception, _broken)
    plain = app.openapi

    def described() -> dict[str, Any]:
        schema = plain()
        schemes = schema.setdefault("components", {}).setdefault("securitySchemes", {})
        schemes["token"] = {"type": "http", "scheme": "bearer", "description": "LIBQA_TOKEN of the service."}
        if private:
            schema["security"] = [{"token": []}]
        return schema

    app.openapi = described  # type: ignore[method-assign]
    return app


async def _refused(request: Request, error: Exception) -> Response:
    assert isinstance(error, LibQAError)
    return problems.refused(error, request.url.path, 404 if isinstance(error, NoModel) else None)


async def _invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return _told(request, problems.wrong(error.errors()), 422)


async def _plain(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    reason = {404: "there is nothing there", 405: f"{request.method} is not for this path"}.get(
        error.status_code, str(error.detail)
    )
    told = LibQAError(request.url.path[:100], reason, "see /openapi.json for what there is")
    return _told(request, told, error.status_code, error.headers)


async def _gone(request: Request, error: Exception) -> Response:
    return Response(status_code=400)  # nobody reads it


async def _broken(request: Request, error: Exception) -> Response:
    told = LibQAError("the service", "it failed at something it should be able to do", "its log says more; report it")
    return _told(request, told, 500)


def _told(request: Request, error: LibQAError, status: int, headers: Mapping[str, str] | None = None) -> Response:
    return problems.refused(error, request.url.path, status, headers)
