"""The web service: its errors before it starts, its page and its health."""

from __future__ import annotations

import re
import socket
from typing import TYPE_CHECKING
from urllib.parse import urljoin, urlsplit

import pytest
from fastapi.testclient import TestClient

from libqa import LibQAError, __version__
from libqa.service import create_app, serve
from libqa.service.page import clean_page

if TYPE_CHECKING:
    from libqa import LibQA

HOST = "http://testserver"


@pytest.fixture(scope="module")
def client(qa: LibQA) -> TestClient:
    return TestClient(create_app(qa), base_url=HOST)


def test_a_busy_port_is_one_clear_line(qa: LibQA) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(LibQAError) as error:
            serve(qa, "127.0.0.1", port)
    assert str(error.value) == (
        f"127.0.0.1:{port}: the port is in use; choose another one with --port, or stop the program that uses it"
    )


def test_a_port_that_does_not_exist_is_refused(qa: LibQA) -> None:
    with pytest.raises(LibQAError, match=r"127\.0\.0\.1:70000: .*port"):
        serve(qa, "127.0.0.1", 70_000)


def test_an_address_of_another_machine_is_refused(qa: LibQA) -> None:
    # 192.0.2.0/24 is reserved for documentation (RFC 5737): never an address of this machine.
    with pytest.raises(LibQAError, match=r"192\.0\.2\.1:0: cannot listen there"):
        serve(qa, "192.0.2.1", 0)


def test_health(client: TestClient, qa: LibQA) -> None:
    assert client.get("/api/health").json() == {
        "status": "ok",
        "version": __version__,
        "documents": len(qa.documents()),
    }


def test_no_page_that_loads_from_foreign_hosts(client: TestClient) -> None:
    for path in ("/docs", "/redoc"):
        assert "<script" not in client.get(path).text or "jsdelivr" not in client.get(path).text


@pytest.mark.parametrize(("accept", "language"), [("zh-HK", "zh-Hant"), ("zh-CN", "zh-Hans"), ("fr", "en")])
def test_the_page_declares_its_language(client: TestClient, accept: str, language: str) -> None:
    page = client.get("/", headers={"accept-language": accept}).text
    assert re.search(r'<html\s+lang="([^"]+)"', page).group(1) == language  # type: ignore[union-attr]
    assert re.search(r'<html\s+lang="en"', client.get("/?lang=en", headers={"accept-language": accept}).text)


def _foreign(text: str) -> set[str]:
    """Hosts named in ``text``, but for this one and the names of XML vocabularies, which nobody fetches."""
    hosts = {urlsplit(address).hostname for address in re.findall(r"https?://[^\s\"'<>\\)]+", text)}
    return {host for host in hosts if host} - {urlsplit(HOST).hostname, "www.w3.org"}


def test_the_page_names_no_foreign_host(client: TestClient) -> None:
    response = client.get("/")
    assert _foreign(response.text) == set()
    policy = response.headers["content-security-policy"]
    assert "default-src 'self'" in policy
    assert "http" not in policy


def test_nothing_the_page_loads_is_on_a_foreign_host(client: TestClient) -> None:
    page = client.get("/").text
    loaded = re.findall(r"<(?:script|link|img|iframe)[^>]*?(?:src|href)=\"([^\"]+)\"", page)
    loaded = [address for address in loaded if not address.startswith("data:")]
    assert loaded
    for address in loaded:
        url = urljoin(HOST + "/", address)
        assert urlsplit(url).hostname == urlsplit(HOST).hostname, address
        response = client.get(url)
        assert response.status_code == 200, address
        if url.endswith(".css"):
            assert _foreign(" ".join(re.findall(r"url\([^)]*\)|@import[^;]*", response.text))) == set(), address


def test_the_only_public_endpoint_is_ask(client: TestClient, qa: LibQA) -> None:
    named = client.get("/gradio_api/info").json()
    assert list(named["named_endpoints"]) == ["/ask"]
    assert named["unnamed_endpoints"] == {}


def test_link_previews_are_taken_out_of_the_page() -> None:
    previews = b'<meta property="og:url" content="x" /><meta\n name="twitter:card"\n content="y" />'
    page = b'<html\n\tlang="en">' + previews + b'<p lang="en">'
    assert clean_page(page, "zh-Hans") == b'<html\n\tlang="zh-Hans"><p lang="en">'
