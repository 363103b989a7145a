"""Who may do what: addresses and tokens at the start, names, origins and logins of requests."""

from __future__ import annotations

import base64
import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

import httpx
import pytest
from fastapi.testclient import TestClient

from libqa import LibQA, LibQAError, Settings
from libqa.errors import SettingError
from libqa.service import create_app, serve
from libqa.service.guard import check_settings
from tests.service_tools import HOLDING, TOKEN, serving
from tests.test_api import FAIR

if TYPE_CHECKING:
    from pathlib import Path

ASK = {"question": "书市的主题是什么？"}
FILE = {"files": ("new.txt", "新的一篇。".encode())}
BASIC = {"authorization": "Basic " + base64.b64encode(f"anybody:{TOKEN}".encode()).decode()}


@pytest.fixture(scope="module")
def index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("guard") / "index"
    LibQA.build([FAIR], settings=Settings(index=directory))
    return directory


@pytest.fixture(scope="module")
def private(index: Path) -> Iterator[httpx.Client]:
    """A service as other computers would reach it."""
    settings = Settings(index=index, token=TOKEN, server_names="qa.library.example, Other.Example")
    with serving(LibQA.open(settings=settings), private=True) as address, httpx.Client(base_url=address) as client:
        yield client


@pytest.fixture(scope="module")
def local(index: Path) -> Iterator[httpx.Client]:
    """A service on this computer with a token."""
    qa = LibQA.open(settings=Settings(index=index, token=TOKEN))
    with serving(qa) as address, httpx.Client(base_url=address) as client:
        yield client


def test_other_computers_are_not_let_in_without_a_token(index: Path) -> None:
    for host, address in (("0.0.0.0", "0.0.0.0"), ("::", "::"), ("192.0.2.1", "192.0.2.1")):
        with pytest.raises(SettingError) as error:
            serve(LibQA.open(settings=Settings(index=index)), host, 0)
        assert str(error.value) == (
            f"{address}: other computers could reach the service there, and no token is set; "
            "set LIBQA_TOKEN to a secret of 16 or more characters, or listen on 127.0.0.1"
        )


def test_reading_needs_the_token_exactly_where_others_can_reach_it() -> None:
    assert not check_settings(Settings(), "127.0.0.1")
    assert not check_settings(Settings(token=TOKEN), "::1")
    assert check_settings(Settings(token=TOKEN), "0.0.0.0")
    assert check_settings(Settings(token=TOKEN), "fe80::1%eth0")


@pytest.mark.parametrize(
    "token", ["short", "with a space in it 123", "密码密码密码密码密码密码密码密码", "line\nline\nline\nline"]
)
def test_a_token_that_is_no_secret_is_refused(token: str) -> None:
    with pytest.raises(SettingError, match="the token: it is no secret") as error:
        check_settings(Settings(token=token), "127.0.0.1")
    assert token not in str(error.value)
    assert token not in repr(Settings(token=token))


@pytest.mark.parametrize("name", ["at_once", "waiting", "questions_per_minute", "max_upload_mb"])
def test_limits_below_their_least_are_refused(name: str) -> None:
    with pytest.raises(SettingError, match=f"{name}: it is below"):
        check_settings(replace(Settings(), **{name: -1}), "127.0.0.1")


def test_on_this_computer_reading_is_free_and_changes_need_the_token(local: httpx.Client) -> None:
    assert local.post("/api/ask", json=ASK).status_code == 200
    assert local.post("/api/ask", json=ASK, headers={"authorization": "Bearer sk-of-some-client"}).status_code == 200
    assert local.get("/").status_code == 200
    for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": f"Bearer {TOKEN}x"}):
        for method, path in (
            ("POST", "/api/documents"),
            ("PUT", "/api/documents/fair"),
            ("DELETE", "/api/documents/fair"),
        ):
            response = local.request(method, path, files=FILE if method != "DELETE" else None, headers=headers)
            assert response.status_code == 401
            assert response.headers["www-authenticate"] == 'Bearer realm="libqa"'
            assert response.json()["error"]["reason"] == "it does not hold the token"
    assert local.get("/api/documents").json()["total"] == 1
    assert local.post("/api/documents", files=FILE, headers=HOLDING).status_code == 201
    assert local.delete("/api/documents/new", headers=BASIC).status_code == 204


def test_without_a_token_nothing_can_be_changed(index: Path) -> None:
    client = TestClient(create_app(LibQA.open(settings=Settings(index=index))), base_url="http://127.0.0.1:7860")
    for headers in ({}, {"authorization": "Bearer "}, {"authorization": "Basic Og=="}, HOLDING):
        response = client.delete("/api/documents/fair", headers=headers)
        assert response.status_code == 403
        assert response.json()["error"]["remedy"] == "set LIBQA_TOKEN and start the service again"


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/ask"),
        ("GET", "/api/search?question=x"),
        ("GET", "/api/documents"),
        ("GET", "/api/documents/fair"),
        ("GET", "/api/metrics"),
        ("GET", "/source/fair"),
        ("POST", "/mcp"),
        ("GET", "/openapi.json"),
        ("GET", "/"),
        ("GET", "/gradio_api/info"),
        ("POST", "/gradio_api/queue/join"),
        ("POST", "/gradio_api/upload"),
        ("GET", "/theme.css"),
    ],
)
def test_for_other_computers_everything_needs_the_token(private: httpx.Client, method: str, path: str) -> None:
    for headers in ({}, {"authorization": "Bearer nonsense"}, {"authorization": "Basic nonsense"}):
        response = private.request(method, path, headers=headers)
        assert response.status_code == 401
    assert private.request(method, path, headers=HOLDING).status_code != 401
    assert private.request(method, path, headers=BASIC).status_code != 401


def test_openai_is_refused_in_its_own_form(private: httpx.Client) -> None:
    response = private.get("/v1/models")
    assert response.status_code == 401
    assert response.json()["error"]["type"] == "authentication_error"
    assert private.get("/v1/models", headers=HOLDING).status_code == 200


def test_a_browser_is_asked_to_log_in_and_then_sees_the_chat(private: httpx.Client) -> None:
    refused = private.get("/")
    assert refused.headers["www-authenticate"] == 'Basic realm="libqa", charset="UTF-8"'
    assert "Log in with any name and the token" in refused.text
    assert "<html" in private.get("/", headers=BASIC).text
    assert "default-src 'self'" in refused.headers["content-security-policy"]


def test_health_tells_others_only_that_it_is_well(private: httpx.Client) -> None:
    assert private.get("/api/health").json() == {"status": "ok"}
    assert private.get("/api/health", headers=HOLDING).json()["documents"] == 1


@pytest.mark.parametrize(
    "host", ["127.0.0.1:7860", "[::1]:7860", "localhost:7860", "a.localhost", "192.0.2.7", "QA.library.example:443"]
)
def test_names_of_the_service(private: httpx.Client, host: str) -> None:
    assert private.get("/api/health", headers={"host": host}).status_code == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "qa.library.example.evil.example", "127.0.0.1.evil.example", "[x", ""]
)
@pytest.mark.parametrize("path", ["/", "/api/health", "/api/documents", "/mcp", "/v1/models"])
def test_a_foreign_name_that_points_here_gets_nothing(local: httpx.Client, host: str, path: str) -> None:
    response = local.get(path, headers={"host": host, **HOLDING})
    assert response.status_code in (400, 421)  # 400 is uvicorn's, for a header that cannot be one
    if response.status_code == 421:
        assert "the service has no such name" in response.text


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/api/ask"),
        ("POST", "/api/documents"),
        ("DELETE", "/api/documents/fair"),
        ("POST", "/mcp"),
        ("POST", "/v1/chat/completions"),
        ("GET", "/api/documents"),
        ("POST", "/gradio_api/queue/join"),
        ("OPTIONS", "/api/documents"),
    ],
)
def test_a_page_of_another_site_can_do_nothing(local: httpx.Client, method: str, path: str) -> None:
    port = local.base_url.port
    for origin in ("https://evil.example", "null", f"http://127.0.0.1:{port}.evil.example", "http://127.0.0.1:1"):
        response = local.request(method, path, headers={**BASIC, "origin": origin})
        assert response.status_code == 403, origin
        assert "access-control-allow-origin" not in response.headers
    if method not in ("GET", "OPTIONS"):
        assert local.request(method, path, headers={**BASIC, "sec-fetch-site": "cross-site"}).status_code == 403
    own = {**BASIC, "origin": f"http://127.0.0.1:{port}", "sec-fetch-site": "same-origin"}
    if path != "/api/documents/fair":
        assert local.request(method, path, headers=own).status_code != 403


def test_a_busy_port_or_an_address_of_another_machine(index: Path) -> None:
    qa = LibQA.open(settings=Settings(index=index, token=TOKEN))
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(LibQAError) as error:
            serve(qa, "127.0.0.1", port)
    assert str(error.value) == (
        f"127.0.0.1:{port}: the port is in use; choose another one with --port, or stop the program that uses it"
    )
    with pytest.raises(LibQAError, match=r"127\.0\.0\.1:70000: .*port"):
        serve(qa, "127.0.0.1", 70_000)
    # 192.0.2.0/24 is reserved for documentation (RFC 5737): never an address of this machine.
    with pytest.raises(LibQAError, match=r"192\.0\.2\.1:0: cannot listen there"):
        serve(qa, "192.0.2.1", 0)
