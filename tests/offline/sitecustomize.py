"""On PYTHONPATH of a child process: no Internet socket can be made, and every attempt is written down."""

import os
import socket
import sys

_loopback = os.environ.get("TEST_LOOPBACK") == "1"


def _refuse(event: str, args: tuple[object, ...]) -> None:
    if event == "socket.__new__":
        wrong = args[1] in (socket.AF_INET, socket.AF_INET6) and not _loopback
    elif event in ("socket.connect", "socket.bind", "socket.sendto"):
        address = args[1]
        wrong = isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1", "localhost")
    elif event == "socket.getaddrinfo":
        wrong = args[0] not in ("127.0.0.1", "::1", "localhost", None)
    else:
        return
    if wrong:
        with open(os.environ["TEST_SOCKET_LOG"], "a", encoding="utf-8") as log:
            log.write(f"{event} {args[1:]!r}\n")
        raise OSError(f"blocked by the test: {event}")


sys.addaudithook(_refuse)
