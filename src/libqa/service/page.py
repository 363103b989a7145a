"""ASGI middleware that keeps the page to this host: nothing foreign is named in it, nothing foreign may be loaded."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

# Gradio's page needs inline scripts and `new Function`, hence the two unsafe-*; the hosts are what counts here.
POLICY = (
    "default-src 'self'; script-src 'self' 'unsafe-inline' 'unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; "
    "object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
_HEADERS = (
    (b"content-security-policy", POLICY.encode()),
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
)
# Link previews of Gradio's page template: they name pictures and pages on foreign hosts.
_PREVIEWS = re.compile(rb'<meta\s+(?:property|name)="(?:og|twitter):[^>]*>\s*')


def clean_page(page: bytes, language: str) -> bytes:
    """Return Gradio's page without link previews and with ``language`` declared on its root element."""
    return _PREVIEWS.sub(b"", page).replace(b'lang="en"', f'lang="{language}"'.encode(), 1)


class LocalPage:
    """Wrap an ASGI application: add the content policy to every response and clean the page at ``/``.

    Parameters
    ----------
    app : the application.
    language : gives the page's language from the ``lang`` of its address and the Accept-Language header.
    """

    def __init__(self, app: App, language: Callable[[str | None, str | None], str]) -> None:
        self._app, self._language = app, language

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", []), *_HEADERS]
            await send(message)

        if scope["path"] == "/" and scope["method"] == "GET":
            await self._page(scope, receive, guarded)
        else:
            await self._app(scope, receive, guarded)

    async def _page(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = dict(scope["headers"])
        wanted = parse_qs(scope.get("query_string", b"").decode("latin-1")).get("lang", [None])[0]
        language = self._language(wanted, headers.get(b"accept-language", b"").decode("latin-1"))
        # Uncompressed, because the page is rewritten here.
        plain = {**scope, "headers": [(k, v) for k, v in scope["headers"] if k != b"accept-encoding"]}
        started: list[Message] = []
        body = bytearray()

        async def collect(message: Message) -> None:
            if message["type"] == "http.response.start":
                started.append(message)
                return
            if message["type"] != "http.response.body":
                await send(message)
                return
            body.extend(message.get("body", b""))
            if not message.get("more_body"):
                page = clean_page(bytes(body), language)
                kept = [(k, v) for k, v in started[0]["headers"] if k.lower() != b"content-length"]
                started[0]["headers"] = [*kept, (b"content-length", str(len(page)).encode())]
                await send(started[0])
                await send({"type": "http.response.body", "body": page})

        await self._app(plain, receive, collect)
