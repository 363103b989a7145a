"""One process that serves the chat at ``/`` and a health check at ``/api/health``."""

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

_BUSY = {errno.EADDRINUSE, errno.EACCES}
MAX_UPLOAD = "1mb"
"""The page takes no files, so what can be left on the server's disk is kept small."""


def create_app(qa: LibQA) -> FastAPI:
    """Return the web application over ``qa``: the chat at ``/``, its health at ``/api/health``.

    Nothing in it reaches for another host, and its pages may load nothing from one.
    """
    os.environ["GRADIO_ANALYTICS_ENABLED"] = "False"  # read when gradio is imported
    import gradio
    from fastapi import FastAPI
    from fastapi.responses import JSONResponse
    from libqa_ui.chat import build_chat, page_options
    from libqa_ui.strings import choose_language

    from libqa import __version__
    from libqa.service.page import LocalPage

    # The interactive API pages of FastAPI load their scripts from foreign hosts.
    app = FastAPI(title="libqa", version=__version__, docs_url=None, redoc_url=None)

    @app.get("/api/health")
    def health() -> JSONResponse:
        try:
            return JSONResponse({"status": "ok", "version": __version__, "documents": len(qa.documents())})
        except LibQAError as error:
            return JSONResponse({"status": "error", "version": __version__, "error": str(error)}, status_code=503)

    gradio.mount_gradio_app(
        app, build_chat(qa), "/", run_history=False, max_file_size=MAX_UPLOAD, show_error=False, **page_options()
    )
    app.add_middleware(LocalPage, language=choose_language)
    return app


def _bind(host: str, port: int) -> socket.socket:
    """Return a socket bound to ``host`` and ``port``, or raise an error that says why there is none."""
    place = f"{host}:{port}"
    if not 0 <= port <= 65535:  # getaddrinfo takes it modulo 65536
        raise LibQAError(place, "there is no such port", "choose one from 1024 to 65535, or 0 for a free one")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError):
        raise LibQAError(place, "there is no such host", "use 127.0.0.1 for this computer only") from None
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
    return bound


def serve(qa: LibQA, host: str = "127.0.0.1", port: int = 7860, ready: Callable[[str], None] | None = None) -> None:
    """Serve ``qa`` until the process is interrupted.

    Parameters
    ----------
    qa : an open index.
    host : name or address to listen on; ``0.0.0.0`` lets other computers in.
    port : TCP port; 0 takes a free one.
    ready : called with the address, e.g. ``http://127.0.0.1:7860/``, once the service answers there.

    Raises
    ------
    LibQAError : the port is in use, or the host or port cannot be listened on. Nothing has been started then.
    """
    bound = _bind(host, port)
    try:
        import uvicorn

        class Server(uvicorn.Server):
            async def startup(self, sockets: list[socket.socket] | None = None) -> None:
                await super().startup(sockets=sockets)
                if ready is not None and self.started:
                    shown = f"[{host}]" if ":" in host else host
                    ready(f"http://{shown}:{bound.getsockname()[1]}/")

        # An open page holds a stream; on Ctrl-C it is given a moment, not waited for.
        config = uvicorn.Config(create_app(qa), log_level="warning", access_log=False, timeout_graceful_shutdown=2)
        Server(config).run(sockets=[bound])
    finally:
        bound.close()
