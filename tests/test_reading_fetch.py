"""URLs: what is fetched from a real server, and the addresses, sizes, times, types and redirects that are refused."""

from __future__ import annotations

import gzip
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from libqa.config import Settings
from libqa.errors import ReadError
from libqa.reading import fetch, read_corpus
from libqa.types import Document
from tests.test_reading_files import DOCUMENTS

PAGE = (DOCUMENTS / "en-page.html").read_bytes()
TEXT = "text/plain; charset=utf-8"
PATHS: dict[str, tuple[int, dict[str, str], bytes]] = {
    "/page": (200, {"Content-Type": "text/html; charset=utf-8"}, PAGE),
    "/loans.pdf": (200, {"Content-Type": "application/octet-stream"}, (DOCUMENTS / "en-loans.pdf").read_bytes()),
    "/rules.md": (200, {"Content-Type": TEXT}, "# 规则\n\n十一点关门。\n".encode()),
    "/%E9%A6%86%E8%97%8F.txt?%E5%B9%B4=1": (200, {"Content-Type": TEXT}, "馆藏。".encode()),
    "/packed": (200, {"Content-Type": TEXT, "Content-Encoding": "gzip"}, gzip.compress("压缩。".encode())),
    "/bomb": (200, {"Content-Type": TEXT, "Content-Encoding": "gzip"}, gzip.compress(b"0" * 3 * 2**20)),
    "/brotli": (200, {"Content-Type": TEXT, "Content-Encoding": "br"}, b"x"),
    "/large": (200, {"Content-Type": TEXT}, b"x" * (2**20 + 1)),
    "/broken": (200, {"Content-Type": TEXT, "Content-Length": "99"}, b"x"),
    "/image": (200, {"Content-Type": "image/png"}, b"x"),
    "/lie": (200, {"Content-Type": "application/pdf"}, PAGE),
    "/gone": (404, {}, b""),
    "/loop": (302, {"Location": "/loop"}, b""),
    "/moved": (301, {"Location": "page"}, b""),
    "/file": (302, {"Location": "file:///etc/passwd"}, b""),
    "/inside": (302, {"Location": "http://127.0.0.2/secret"}, b""),
}


class Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        if self.path == "/slow":
            self.send_response(200)
            self.send_header("Content-Type", TEXT)
            self.end_headers()
            for _ in range(100):
                self.wfile.write(b"x")
                time.sleep(0.1)
            return
        status, headers, body = PATHS[self.path]
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture(scope="module")
def base() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


OPEN = Settings(allow_private_urls=True, max_file_mb=1)


def got(url: str, settings: Settings = OPEN) -> Document:
    [item] = read_corpus(url, settings)
    assert isinstance(item, Document), item
    return item


def refused(url: str, settings: Settings = OPEN) -> str:
    [item] = read_corpus(url, settings)
    assert isinstance(item, ReadError)
    assert item.thing == url
    assert "\n" not in str(item)
    return item.reason


def test_the_content_type_decides_and_the_id_is_the_address(base: str) -> None:
    page = got(f"{base}/page#part")
    assert (page.id, page.title, page.metadata["url"]) == (f"{base}/page", "Printing", f"{base}/page")
    assert "Colour printing costs 27 cents" in page.text
    assert "Imprint" not in page.text
    assert got(f"{base}/loans.pdf").marks[0].label == "p. 1"
    assert got(f"{base}/rules.md").title == "规则"
    assert got(f"{base}/馆藏.txt?年=1").text == "馆藏。"
    assert got(f"{base}/packed").text == "压缩。"
    assert got(f"{base}/moved").metadata["url"] == f"{base}/page"


@pytest.mark.parametrize(
    ("path", "reason"),
    [
        ("/large", "it is larger than 1 MB"),
        ("/bomb", "it is larger than 1 MB"),
        ("/brotli", "it comes packed as br, unasked"),
        ("/image", "what is there is of the type image/png"),
        ("/lie", "it is named .pdf but its content is a web page"),
        ("/gone", "the server says 404 Not Found"),
        ("/loop", "it redirects more than 5 times"),
        ("/file", "addresses of the kind file: are not fetched"),
    ],
)
def test_what_is_refused(base: str, path: str, reason: str) -> None:
    assert refused(base + path) == reason


def test_a_connection_that_breaks_off_or_never_ends(base: str) -> None:
    assert "broke off" in refused(f"{base}/broken") or "IncompleteRead" in refused(f"{base}/broken")
    began = time.monotonic()
    assert (
        refused(f"{base}/slow", Settings(allow_private_urls=True, fetch_seconds=0.5)) == "it did not come within 0.5 s"
    )
    assert time.monotonic() - began < 5
    assert "cannot be fetched" in refused("http://127.0.0.1:1/")


def test_private_addresses_are_refused_also_after_a_redirect(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(f"{base}/page", Settings()) == "it leads to 127.0.0.1, which is no public address"
    assert refused(base.replace("127.0.0.1", "localhost"), Settings()).endswith("which is no public address")
    assert refused("http://[::ffff:127.0.0.1]/", Settings()).endswith("which is no public address")
    monkeypatch.setattr(fetch, "is_public", lambda address: address == "127.0.0.1")
    assert got(f"{base}/page", Settings()).title == "Printing"
    assert refused(f"{base}/inside", Settings()) == "it leads to 127.0.0.2, which is no public address"


def test_a_name_is_looked_up_once_and_that_address_is_connected_to(base: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that gives a public address to the check and a private one to the connection (DNS rebinding)."""
    asked: list[str] = []
    look_up = fetch.socket.getaddrinfo

    def rebinding(host: str, port: int, **options: int) -> object:
        asked.append(host)
        return look_up("127.0.0.1" if len(asked) == 1 else "127.0.0.2", port, **options)

    monkeypatch.setattr(fetch.socket, "getaddrinfo", rebinding)
    monkeypatch.setattr(fetch, "is_public", lambda address: address == "127.0.0.1")
    assert got(base.replace("127.0.0.1", "library.example") + "/page", Settings()).title == "Printing"
    assert asked == ["library.example"]


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.216.34", True),
        ("2606:2800:220:1::1", True),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("::1", False),
        ("fe80::1%eth0", False),
        ("fc00::1", False),
        ("::ffff:10.0.0.1", False),
        ("64:ff9b::7f00:1", False),
        ("2002:7f00:1::", False),
    ],
)
def test_which_addresses_are_public(address: str, public: bool) -> None:
    assert fetch.is_public(address) is public


@pytest.mark.parametrize(
    "url",
    ["ftp://example.org/a.txt", "file:///etc/passwd", "http://user:secret@example.org/", "http://", "http://a:99999/"],
)
def test_other_addresses_are_not_fetched(url: str) -> None:
    assert refused(url)
