"""A language model for tests: a real HTTP server on loopback that speaks the OpenAI protocol as it is told to."""

from __future__ import annotations

import json
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Play = Callable[["Call"], None]


@dataclass
class Call:
    """One request: its body and headers, and the ways to answer it."""

    handler: BaseHTTPRequestHandler
    body: dict[str, Any]
    headers: dict[str, str]
    _begun: bool = field(default=False)

    @property
    def data(self) -> dict[str, Any]:
        """What the user message holds."""
        value: dict[str, Any] = json.loads(self.body["messages"][-1]["content"])
        return value

    @property
    def passages(self) -> list[dict[str, Any]]:
        value: list[dict[str, Any]] = self.data["passages"]
        return value

    def number(self, words: str) -> int:
        """Number of the passage that holds ``words``."""
        return next(p["number"] for p in self.passages if words in p["text"])

    def raw(self, data: bytes) -> None:
        if not self._begun:
            self._begun = True
            self.handler.send_response(200)
            self.handler.send_header("Content-Type", "text/event-stream")
            self.handler.send_header("Connection", "close")
            self.handler.end_headers()
        self.handler.wfile.write(data)
        self.handler.wfile.flush()

    def event(self, value: object) -> None:
        self.raw(b"data: " + json.dumps(value, ensure_ascii=False).encode() + b"\n\n")

    def delta(self, finish: str | None = None, **delta: object) -> None:
        choice = {"index": 0, "delta": delta, "finish_reason": finish}
        self.event(
            {"id": "c", "object": "chat.completion.chunk", "created": 1, "model": "scripted", "choices": [choice]}
        )

    def say(self, text: str, size: int = 7) -> None:
        """Stream a text in pieces."""
        self.delta(role="assistant", content="")
        for at in range(0, len(text), size):
            self.delta(content=text[at : at + size])

    def end(self) -> None:
        self.delta(finish="stop")
        self.raw(b"data: [DONE]\n\n")

    def answer(self, text: str, size: int = 7) -> None:
        self.say(text, size)
        self.end()

    def fail(self, status: int, message: str = "no", **headers: str) -> None:
        body = json.dumps({"error": {"message": message, "type": "x", "code": None}}).encode()
        self.handler.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}.items():
            self.handler.send_header(name.replace("_", "-"), value)
        self.handler.end_headers()
        self.handler.wfile.write(body)

    def cut(self) -> None:
        """Reset the connection, as a killed server does."""
        linger = b"\x01\x00\x00\x00\x00\x00\x00\x00"
        self.handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        self.handler.connection.close()

    def stall(self, seconds: float = 30.0) -> None:
        """Say nothing until the other side goes or the time is over."""
        self.handler.connection.settimeout(seconds)
        try:
            self.handler.connection.recv(1)
        except TimeoutError:
            return


class Model:
    """A server that answers each request with ``play``; ``calls`` keeps the requests."""

    def __init__(self) -> None:
        self.play: Play = lambda call: call.answer("")
        self.calls: list[Call] = []
        model = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
                call = Call(self, body, dict(self.headers))
                model.calls.append(call)
                self.close_connection = True
                try:
                    if self.path.endswith("/chat/completions"):
                        model.play(call)
                    else:
                        call.fail(404)
                except (BrokenPipeError, ConnectionResetError, ValueError):
                    return  # the client has gone, or `cut` closed the connection

            def log_message(self, *_: object) -> None:
                return

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/v1"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@contextmanager
def serving() -> Iterator[Model]:
    model = Model()
    try:
        yield model
    finally:
        model.close()


def orders(call: Call) -> str:
    """What the passages order the model to write."""
    found = [re.findall(r"(?:SAY|OUTPUT|输出|輸出)[:：]\s*(.+)", p["text"]) for p in call.passages]
    return "\n".join(line.strip() for lines in found for line in lines)


def obeying(call: Call) -> None:
    """A model that follows any order it can see in the passages: the worst one there is."""
    call.answer(orders(call) or "NOT_IN_DOCUMENTS")
