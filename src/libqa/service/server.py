"""One process that listens on one address and serves everything."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Callable
from typing import TYPE_CHECKING

from libqa.errors import LibQAError

if TYPE_CHECKING:
    from fastapi import FastAPI

    from libqa.api import LibQA
    from libqa.config import Settings

_BUSY = {errno.EADDRINUSE, errno.EACCES}


def create_app(qa: LibQA, private: bool = False) -> FastAPI:
    """Return the web application over ``qa``: chat, REST, OpenAI's chat completions, MCP.

    Nothing in it reaches for another host, and its pages may load nothing from one.

    Parameters
    ----------
    qa : an open index; its settings hold the token and the limits.
    private : whether reading needs the token, too, as it does when other computers can reach the service.
    """
    from libqa.service.application import assemble

    names = {name.strip().lower() for name in qa.settings.server_names.split(",")}
    return assemble(qa, private, frozenset(names - {""}))


def _bind(host: str, port: int, settings: Settings) -> tuple[socket.socket, bool]:
    """Return a socket bound to ``host`` and ``port``, and whether reading there needs the token.

    Raises
    ------
    LibQAError : there is no such place, it is taken, or it may not be listened on.
    """
    place = f"{host}:{port}"
    if not 0 <= port <= 65535:  # getaddrinfo takes it modulo 65536
        raise LibQAError(place, "there is no such port", "choose one from 1024 to 65535, or 0 for a free one")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError):
        raise LibQAError(place, "there is no such host", "use 127.0.0.1 for this computer only") from None
    from libqa.service.guard import check_settings

    private = check_settings(settings, str(address[0]))
    bound = socket.socket(family, kind, protocol)
    if os.name == "posix":  # elsewhere this option would let two servers share a port
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind(address)
        bound.listen()  # also refuses a port that is bound without listening yet
    except OSError as error:
        bound.close()
        busy = "the port is in use" if error.errno in _BUSY else f"cannot listen there ({error})"
        raise LibQAError(place, busy, "choose another one with --port, or stop the program that uses it") from None
    return bound, private


def serve(qa: LibQA, host: str = "127.0.0.1", port: int = 7860, ready: Callable[[str], None] | None = None) -> None:
    """Serve ``qa`` until the process is interrupted.

    Parameters
    ----------
    qa : an open index.
    host : name or address to listen on; ``0.0.0.0`` lets other computers in, with the token.
    port : TCP port; 0 takes a free one.
    ready : called with the address, e.g. ``http://127.0.0.1:7860/``, once the service answers there.

    Raises
    ------
    LibQAError : the port is in use, the host or port cannot be listened on, or other computers could get in without a
        token. Nothing has been started then.
    """
    bound, private = _bind(host, port, qa.settings)
    try:
        import uvicorn

        class Server(uvicorn.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets=sockets)
                if ready is not None and self.started:
                    shown = f"[{host}]" if ":" in host else host
                    ready(f"http://{shown}:{bound.getsockname()[1]}/")

        # An open page holds a stream; on Ctrl-C it is given a moment, not waited for.
        config = uvicorn.Config(
            create_app(qa, private),
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=2,
        )
        Server(config).run(sockets=[bound])
    finally:
        bound.close()
