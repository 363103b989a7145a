"""Who may do what: names the service answers to, pages that may call it, and the token.

On a loopback address everybody on this computer may read, and the token is needed for changes only. On any other
address the token is needed for everything but the health check. Programs send it as ``Authorization: Bearer TOKEN``;
a browser asks the reader to log in (HTTP Basic: any name, the token as the password), which also opens the chat.
"""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse, Response

from libqa.config import Settings
from libqa.errors import LibQAError, SettingError
from libqa.service.page import App, Receive, Scope, Send
from libqa.service.problems import refused

HEALTH = "/api/health"
_SHORTEST = 16  # characters of a token
_PROGRAMS = ("/api/", "/v1/", "/mcp", "/openapi.json")
_READING_POSTS = frozenset({"/api/ask", "/api/references", "/v1/chat/completions", "/mcp"})
_READING = frozenset({"GET", "HEAD", "OPTIONS"})


def check_settings(settings: Settings, address: str) -> bool:
    """Say whether listening on the IP ``address`` needs the token for reading, too.

    Raises
    ------
    SettingError : it needs one and there is none, or the token or a limit is unusable. Nothing has been started then.
    """
    token, private = settings.token, not ipaddress.ip_address(address.partition("%")[0]).is_loopback
    if token and (len(token) < _SHORTEST or not token.isascii() or not token.isprintable() or " " in token):
        raise SettingError(
            "the token",
            f"it is no secret of {_SHORTEST} or more letters, digits and signs",
            "make one with: python -c 'import secrets; print(secrets.token_urlsafe())'",
        )
    if private and not token:
        raise SettingError(
            address,
            "other computers could reach the service there, and no token is set",
            f"set LIBQA_TOKEN to a secret of {_SHORTEST} or more characters, or listen on 127.0.0.1",
        )
    for name, least in (("at_once", 1), ("waiting", 0), ("questions_per_minute", 0), ("max_upload_mb", 0)):
        if getattr(settings, name) < least:
            raise SettingError(name, f"it is below {least}", f"set it to {least} or more")
    return private


class Guard:
    """ASGI middleware that lets through only requests that may be answered.

    Parameters
    ----------
    app : the application.
    token : the secret, or ``""`` where nothing may be changed.
    private : whether reading needs the token, too.
    names : host names of the service, besides IP addresses and ``localhost``. A page of another site that has its name
        point to this computer (DNS rebinding) sends that name, so it is refused.
    """

    def __init__(self, app: App, token: str, private: bool, names: frozenset[str]) -> None:
        self._app, self._token, self._private, self._names = app, token.encode(), private, names

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection (ASGI)."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal is None:
            await self._app(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            await refusal(scope, receive, send)

    def _refusal(self, scope: Scope) -> Response | None:
        headers, path, method = Headers(scope=scope), str(scope["path"]), str(scope.get("method", "GET"))
        host = headers.get("host", "")
        if not self._named(host):
            remedy = "use its IP address, or add the name to server_names"
            return refused(LibQAError(f"host {host[:100]!r}", "the service has no such name", remedy), path, 421)
        programs = path.startswith(_PROGRAMS)
        if (programs or method not in _READING) and _foreign(headers, host, method):
            reason = "a page of another site may not use this service"
            return refused(LibQAError("the request", reason, "call it from a program, or from its own page"), path, 403)
        scope["libqa.trusted"] = trusted = self._holds_token(headers.get("authorization", ""))
        writing = programs and method not in _READING and path not in _READING_POSTS
        if writing and not self._token:
            reason = "no token is set, so nothing can be changed over HTTP"
            return refused(LibQAError(path, reason, "set LIBQA_TOKEN and start the service again"), path, 403)
        if trusted or not (writing or self._private) or path == HEALTH:
            return None
        return _login(path, programs)

    def _named(self, host: str) -> bool:
        try:
            name = (urlsplit(f"//{host}").hostname or "").rstrip(".")
        except ValueError:
            return False
        if name in self._names or name == "localhost" or name.endswith(".localhost"):
            return True
        try:
            return bool(ipaddress.ip_address(name.partition("%")[0]))
        except ValueError:
            return False

    def _holds_token(self, authorization: str) -> bool:
        scheme, _, given = authorization.partition(" ")
        secret = given.strip().encode("latin-1") if scheme.lower() == "bearer" else b""
        if scheme.lower() == "basic":
            try:
                secret = base64.b64decode(given.strip(), validate=True).partition(b":")[2]
            except (binascii.Error, ValueError):
                return False
        return bool(self._token) and hmac.compare_digest(secret, self._token)


def _foreign(headers: Headers, host: str, method: str) -> bool:
    """Whether a browser sends the request for a page of another site (Fetch standard: Origin, Sec-Fetch-Site)."""
    origin = headers.get("origin")
    if origin is not None:
        return origin.lower().partition("://")[2] != host.lower()
    return method not in _READING and headers.get("sec-fetch-site") in ("cross-site", "same-site")


def _login(path: str, programs: bool) -> Response:
    if programs:
        error = LibQAError("the request", "it does not hold the token", "send it as `Authorization: Bearer TOKEN`")
        return refused(error, path, 401, {"www-authenticate": 'Bearer realm="libqa"'})
    said = "Log in with any name and the token of this service as the password.\n"
    return PlainTextResponse(said, 401, {"www-authenticate": 'Basic realm="libqa", charset="UTF-8"'})
