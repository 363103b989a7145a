"""A real server on a loopback port, in a thread of the test's process, for tests of the service."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import uvicorn

from libqa.service import create_app

if TYPE_CHECKING:
    from libqa import LibQA

TOKEN = "token-of-the-tests-0123456789"
HOLDING = {"authorization": f"Bearer {TOKEN}"}


@contextmanager
def serving(qa: LibQA, private: bool = False) -> Iterator[str]:
    """The address, without a slash at its end, at which ``qa`` is served."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        bound.listen()
        config = uvicorn.Config(create_app(qa, private), log_level="error", timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
        thread.start()
        try:
            deadline = time.monotonic() + 30
            while not server.started:
                assert thread.is_alive(), "the server did not start"
                assert time.monotonic() < deadline, "the server did not start in time"
                time.sleep(0.01)
            yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(30)
            assert not thread.is_alive(), "the server did not stop"
