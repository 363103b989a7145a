"""The web service as a process: what it says at the start; its page."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import httpx
import pytest
from fastapi.testclient import TestClient

from libqa import LibQA, Settings
from libqa.serialize import answer_to_dict
from libqa.service import create_app
from libqa.service.page import clean_page
from tests.service_tools import HOLDING, TOKEN, serving

HOST = "http://127.0.0.1:7860"


@pytest.fixture(scope="module")
def client(qa: LibQA) -> TestClient:
    return TestClient(create_app(qa), base_url=HOST)


SERVE = [sys.executable, "-m", "libqa", "serve", "--host", "0.0.0.0", "--port", "0", "--index"]


def test_without_a_token_other_computers_are_refused_in_one_line(corpus_index: Path) -> None:
    done = subprocess.run([*SERVE, str(corpus_index)], capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == (
        "libqa: 0.0.0.0: other computers could reach the service there, and no token is set; "
        "set LIBQA_TOKEN to a secret of 16 or more characters, or listen on 127.0.0.1\n"
    )


def test_with_a_token_it_serves_all_addresses_and_ends_when_told(corpus_index: Path) -> None:
    options = {"env": {**os.environ, "LIBQA_TOKEN": TOKEN}, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen([*SERVE, str(corpus_index)], text=True, **options) as server:  # type: ignore[call-overload]
        found = re.search(r"http://0\.0\.0\.0:(\d+)/", server.stdout.readline())
        assert found
        try:
            address = f"http://127.0.0.1:{found[1]}"
            ask = {"question": "论坛在哪里举行？"}
            assert httpx.post(f"{address}/api/ask", json=ask, timeout=60).status_code == 401
            assert "成都" in httpx.post(f"{address}/api/ask", json=ask, headers=HOLDING, timeout=60).json()["text"]
        finally:
            server.send_signal(signal.SIGTERM)
            _, said = server.communicate(timeout=60)
    assert server.returncode in (0, -signal.SIGTERM)
    assert said == ""


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


def test_the_chat_answers_through_guard_and_limits(corpus_index: Path, qa: LibQA) -> None:
    own = LibQA.open(settings=Settings(index=corpus_index, token=TOKEN))
    with serving(own, private=True) as address, httpx.Client(base_url=address, timeout=60, headers=HOLDING) as client:
        event = client.post("/gradio_api/call/ask", json={"data": ["论坛在哪里举行？"]}).json()["event_id"]
        told = client.get(f"/gradio_api/call/ask/{event}").text
        assert client.get(f"/gradio_api/call/ask/{event}", headers={"authorization": ""}).status_code == 401
    data = re.search(r"event: complete\ndata: (.*)", told)
    assert data
    assert json.loads(data[1]) == [answer_to_dict(qa.ask("论坛在哪里举行？"))]


def test_link_previews_are_taken_out_of_the_page() -> None:
    previews = b'<meta property="og:url" content="x" /><meta\n name="twitter:card"\n content="y" />'
    page = b'<html\n\tlang="en">' + previews + b'<p lang="en">'
    assert clean_page(page, "zh-Hans") == b'<html\n\tlang="zh-Hans"><p lang="en">'
