"""How much the service takes on: size of a request, questions of one client in a minute, questions at the same time."""

from __future__ import annotations

import asyncio
import ipaddress
import math
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from libqa.errors import LibQAError, ServiceBusy
from libqa.service.page import App, Message, Receive, Scope, Send
from libqa.service.problems import refused

SMALL = 1 << 20
"""Bytes of the largest request of a program that is no upload."""
_CHAT = 2 << 20
"""Bytes of the largest request of the chat, which itself allows files of 1 MB."""
_PASSED_OVER = 16 << 20  # bytes of a request that is too large that are read and thrown away
_PATIENCE = 1.0  # seconds that this may take
_PROGRAMS = ("/api/", "/v1/", "/mcp")
COUNTED = frozenset({"/api/ask", "/api/search", "/api/references", "/v1/chat/completions", "/mcp"})
"""Where work is done for a request, so that requests are counted against the rate."""
_PAGE = ("/gradio_api/queue/join", "/gradio_api/run/", "/gradio_api/call/", "/gradio_api/api/")
"""Where the chat's page, or who uses its endpoint, asks and opens passages."""
_CLIENTS = 10_000  # remembered by the rate limit; the one longest unheard of is forgotten first


class TooOften(ServiceBusy):
    """A client asked more than it may; ``seconds`` says when it may ask again."""

    def __init__(self, per_minute: int, seconds: int) -> None:
        super().__init__(
            "the service", f"more than {per_minute} requests in a minute from one client", "wait a moment, then go on"
        )
        self.seconds = seconds


@dataclass
class Rate:
    """A token bucket for each client: ``per_minute`` requests at once, filled up again within a minute; 0: no limit."""

    per_minute: int
    clock: Callable[[], float] = time.monotonic
    _buckets: OrderedDict[str, tuple[float, float]] = field(default_factory=OrderedDict)

    def take(self, client: str) -> None:
        """Count one request of ``client``, an IP address; an IPv6 network of 64 bits counts as one client.

        Raises
        ------
        TooOften : the client has no request left.
        """
        if not self.per_minute:
            return
        client, now = _network(client), self.clock()
        left, before = self._buckets.pop(client, (float(self.per_minute), now))
        left = min(float(self.per_minute), left + (now - before) * self.per_minute / 60)
        self._buckets[client] = (max(0.0, left - 1) if left >= 1 else left, now)
        if len(self._buckets) > _CLIENTS:
            self._buckets.popitem(last=False)
        if left < 1:
            raise TooOften(self.per_minute, math.ceil((1 - left) * 60 / self.per_minute))


def _network(client: str) -> str:
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else client


@dataclass
class Gate:
    """Lets ``at_once`` in, makes ``waiting`` more wait for their turn, and turns away the rest."""

    at_once: int
    waiting: int
    inside: int = 0
    queued: int = 0
    _free: asyncio.Semaphore | None = None

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Hold one of the places; also while waiting for it a cancelled task gives it up.

        Raises
        ------
        ServiceBusy : too many wait already.
        """
        if self._free is None:  # made where the event loop runs, as Python 3.10 wants it
            self._free = asyncio.Semaphore(self.at_once)
        if self._free.locked() and self.queued >= self.waiting:
            raise ServiceBusy("the service", "too many requests are waiting already", "try again in a few seconds")
        self.queued += 1
        try:
            await self._free.acquire()
        finally:
            self.queued -= 1
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1
            self._free.release()


class Limits:
    """ASGI middleware that refuses requests that are too big (413) or come too often (429).

    Parameters
    ----------
    app : the application.
    rate : counts the requests to the paths in `COUNTED`, and what the chat's page sends.
    upload : bytes of the largest request under ``/api/documents``.
    """

    def __init__(self, app: App, rate: Rate, upload: int) -> None:
        self._app, self._rate, self._upload = app, rate, upload

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection (ASGI)."""
        path = str(scope.get("path", ""))
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if path in COUNTED or (scope["method"] == "POST" and path.startswith(_PAGE)):
            try:
                self._rate.take((scope.get("client") or ("",))[0])
            except TooOften as error:
                await refused(error, path)(scope, receive, send)
                return
        await self._measured(scope, receive, send, path)

    async def _measured(self, scope: Scope, receive: Receive, send: Send, path: str) -> None:
        limit = SMALL if path.startswith(_PROGRAMS) else _CHAT
        if path.startswith("/api/documents"):
            limit = self._upload
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        read, over, more = 0, declared.isdigit() and int(declared) > limit, True

        async def counted() -> Message:
            nonlocal read, over, more
            if over:
                return {"type": "http.disconnect"}
            message = await receive()
            more = bool(message.get("more_body"))
            read += len(message.get("body", b""))
            if read > limit:
                over = True
                return {"type": "http.disconnect"}
            return message

        async def unless_over(message: Message) -> None:
            if not over:
                await send(message)

        if not over:
            try:
                await self._app(scope, counted, unless_over)
            except Exception:
                if not over:  # else the application only says that its request broke off
                    raise
        if over:
            too_big = LibQAError(
                "the request", f"it is larger than {limit / 2**20:g} MiB", "send less at a time, or raise max_upload_mb"
            )
            if more and b"expect" not in dict(scope["headers"]):
                await _pass_over(receive)
            await refused(too_big, path, 413, {"connection": "close"})(scope, receive, send)


async def _pass_over(receive: Receive) -> None:
    """Take in what a client still sends, within bounds: closed upon it, the answer may be lost (RFC 9112, 9.6)."""

    async def take() -> None:
        left, more = _PASSED_OVER, True
        while more and left > 0:
            message = await receive()
            left -= len(message.get("body", b""))
            more = bool(message.get("more_body"))

    with suppress(asyncio.TimeoutError):
        await asyncio.wait_for(take(), _PATIENCE)
