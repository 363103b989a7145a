"""How much the service takes on, and that work nobody waits for is stopped and the event loop stays free."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from libqa import Answer, LibQA, Settings
from libqa.api import Event
from libqa.errors import ServiceBusy
from libqa.service.limits import Gate, Rate, TooOften
from tests.service_tools import HOLDING, TOKEN, serving
from tests.test_api import FAIR

ASK = {"question": "书市的主题是什么？"}


class Slow(LibQA):
    """Answers when it is told to, and remembers which answers were broken off."""

    def __init__(self, qa: LibQA, settings: Settings) -> None:
        super().__init__(qa._index, settings)
        self.go, self.begun, self.broken_off = threading.Event(), 0, 0

    async def astream(self, *_: Any) -> Any:
        self.begun += 1
        try:
            yield Event("token", text="…")
            while not self.go.is_set():
                await asyncio.sleep(0.01)
            yield Event("done", answer=Answer("q", "no", (), (), True, 0.0, "en", "q"))
        except (asyncio.CancelledError, GeneratorExit):
            self.broken_off += 1
            raise

    def search(self, *_: Any) -> Any:
        self.go.wait(20)
        return []


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[Slow]:
    settings = Settings(
        index=tmp_path / "index", token=TOKEN, at_once=2, waiting=1, questions_per_minute=0, max_upload_mb=0.5
    )
    qa = Slow(LibQA.build([FAIR], settings=settings), settings)
    yield qa
    qa.go.set()


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_a_rate_is_a_bucket_for_each_client() -> None:
    now = 0.0
    rate = Rate(60, lambda: now)
    for _ in range(60):
        rate.take("192.0.2.1")
    with pytest.raises(TooOften) as error:
        rate.take("192.0.2.1")
    assert error.value.seconds == 1
    rate.take("192.0.2.2")
    now = 1.0
    rate.take("192.0.2.1")
    with pytest.raises(TooOften):
        rate.take("192.0.2.1")
    for last in range(60):
        rate.take(f"2001:db8::{last:x}")
    with pytest.raises(TooOften):
        rate.take("2001:db8::ffff")
    rate.take("2001:db8:0:1::1")
    for number in range(20_000):
        rate.take(f"10.{number >> 16}.{number >> 8 & 255}.{number & 255}")
    assert len(rate._buckets) == 10_000


def test_no_rate() -> None:
    rate = Rate(0)
    for _ in range(1000):
        rate.take("192.0.2.1")


def test_a_gate_lets_in_makes_wait_and_turns_away() -> None:
    async def run() -> list[str]:
        gate, seen = Gate(1, 1), []

        async def enter(name: str) -> None:
            try:
                async with gate.turn():
                    seen.append(f"{name} in")
                    await asyncio.sleep(0.01)
                    seen.append(f"{name} out")
            except ServiceBusy:
                seen.append(f"{name} turned away")

        await asyncio.gather(enter("a"), enter("b"), enter("c"))
        waiting = [asyncio.create_task(enter(name)) for name in ("d", "e")]
        await asyncio.sleep(0)
        waiting[1].cancel()  # who leaves the queue makes room in it
        await asyncio.sleep(0)
        await asyncio.gather(enter("f"), waiting[0])
        assert (gate.inside, gate.queued) == (0, 0)
        return seen

    told = asyncio.run(run())
    assert told == ["a in", "c turned away", "a out", "b in", "b out", "d in", "d out", "f in", "f out"]


def test_more_requests_in_a_minute_than_allowed_are_429(tmp_path: Path) -> None:
    qa = LibQA.build([FAIR], settings=Settings(index=tmp_path / "index", questions_per_minute=3))
    qa.ask(**ASK)  # what is loaded once takes long on a busy machine, and after 20 seconds one more question is free
    with serving(qa) as address, httpx.Client(base_url=address) as client:
        statuses = [client.post("/api/ask", json=ASK).status_code for _ in range(3)]
        refused = client.get("/api/search", params=ASK)
        assert statuses == [200] * 3
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 20
        assert refused.json()["error"]["reason"] == "more than 3 requests in a minute from one client"
        assert client.post("/v1/chat/completions", json={}).json()["error"]["type"] == "rate_limit_error"
        assert client.post("/mcp", json={}).status_code == 429
        assert client.get("/api/health").status_code == 200


def test_what_the_page_of_the_chat_asks_is_counted_too(tmp_path: Path) -> None:
    qa = LibQA.build([FAIR], settings=Settings(index=tmp_path / "index", questions_per_minute=3))
    with serving(qa) as address, httpx.Client(base_url=address, timeout=60) as client:
        assert [client.get(path).status_code for path in ("/", "/config", "/?lang=en")] == [200] * 3  # no questions
        asked = client.post("/gradio_api/call/ask", json={"data": [ASK["question"]]})
        assert asked.status_code == 200
        for path in ("/gradio_api/queue/join", "/gradio_api/run/ask"):
            assert client.post(path, json={}).status_code != 429
        for path in (
            "/gradio_api/queue/join",
            "/gradio_api/call/ask",
            "/gradio_api/run/predict",
            "/gradio_api/api/ask",
        ):
            refused = client.post(path, json={"data": [ASK["question"]]})
            assert refused.status_code == 429
            assert "more than 3 requests in a minute" in refused.json()["detail"]
        assert client.post("/api/ask", json=ASK).status_code == 429


def test_more_questions_at_once_than_allowed_are_429_and_health_stays_quick(slow: Slow) -> None:
    with serving(slow) as address, contextlib.ExitStack() as held:
        client = held.enter_context(httpx.Client(base_url=address, timeout=20))
        for _ in range(2):
            held.enter_context(client.stream("POST", "/api/ask", json={**ASK, "stream": True}))
        waits: list[int] = []
        waiting = threading.Thread(target=lambda: waits.append(client.get("/api/search", params=ASK).status_code))
        waiting.start()
        until(lambda: "libqa_requests_waiting 1.0" in client.get("/api/metrics").text)
        refused = client.post("/api/ask", json=ASK)
        assert refused.status_code == 429
        assert refused.json()["error"]["reason"] == "too many requests are waiting already"
        assert refused.headers["retry-after"]
        begun = time.monotonic()
        assert client.get("/api/health").status_code == 200
        assert time.monotonic() - begun < 1
        slow.go.set()
        waiting.join(20)
        assert waits == [200]


def test_a_client_that_leaves_stops_the_work(slow: Slow) -> None:
    with serving(slow) as address, httpx.Client(base_url=address, timeout=20) as client:
        for number, (path, body) in enumerate(
            [
                ("/api/ask", {**ASK, "stream": True}),
                (
                    "/v1/chat/completions",
                    {"model": "libqa", "stream": True, "messages": [{"role": "user", "content": "谁"}]},
                ),
            ],
            1,
        ):
            with client.stream("POST", path, json=body) as response:
                assert response.status_code == 200
                pieces = response.iter_bytes()  # kept: the connection closes with it
                next(pieces)
                assert (slow.begun, slow.broken_off) == (number, number - 1)
            until(lambda number=number: slow.broken_off == number)
        with pytest.raises(httpx.ReadTimeout):
            client.post("/api/ask", json=ASK, timeout=0.3)
        until(lambda: slow.broken_off == 3)
        until(lambda: 'libqa_answers_total{outcome="broken_off"} 3.0' in client.get("/api/metrics").text)
        assert "libqa_requests_in_progress 0.0" in client.get("/api/metrics").text


def test_the_service_stops_although_a_stream_is_open(slow: Slow) -> None:
    with contextlib.ExitStack() as held:
        with serving(slow) as address:
            client = held.enter_context(httpx.Client(base_url=address, timeout=20))
            response = held.enter_context(client.stream("POST", "/api/ask", json={**ASK, "stream": True}))
            pieces = response.iter_bytes()
            next(pieces)
            begun = time.monotonic()
        assert time.monotonic() - begun < 15
    assert slow.broken_off == 1


def test_too_large_a_request_is_413(slow: Slow) -> None:
    with serving(slow) as address, httpx.Client(base_url=address) as client:
        upload = client.post("/api/documents", files={"files": ("a.txt", b"x" * 600_000)}, headers=HOLDING)
        assert upload.status_code == 413
        assert upload.json()["error"]["reason"] == "it is larger than 0.5 MiB"
        question = client.post("/api/ask", json={"question": "x" * 2_000_000})
        assert question.status_code == 413
        assert slow.count() == 1
        chat = client.post("/gradio_api/queue/join", json={"data": "x" * 3_000_000})
        assert chat.status_code == 413

        def pieces() -> Iterator[bytes]:  # no length is declared; the body is measured as it comes
            yield b'--b\r\ncontent-disposition: form-data; name="files"; filename="a.txt"\r\n\r\n'
            for _ in range(8):
                yield b"x" * 100_000

        chunked = {**HOLDING, "content-type": "multipart/form-data; boundary=b"}
        assert client.post("/api/documents", content=pieces(), headers=chunked).status_code == 413


def test_an_upload_that_breaks_off_changes_nothing(slow: Slow) -> None:
    with serving(slow) as address:
        host, port = address.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(
                f"POST /api/documents HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {TOKEN}\r\n"
                "Content-Type: multipart/form-data; boundary=b\r\nContent-Length: 1000\r\n\r\n"
                '--b\r\nContent-Disposition: form-data; name="files"; filename="a.txt"\r\n\r\nhalf'.encode()
            )
        assert httpx.get(f"{address}/api/health").json()["documents"] == 1
