"""The Model Context Protocol, spoken by the official client."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any, TypeVar

import httpx
import jsonschema
import pytest
from mcp import Client

from libqa import LibQA, Settings
from libqa.serialize import answer_to_dict, hit_to_dict
from tests.service_tools import serving
from tests.test_api import FAIR, HALL

WHO = "中心阅览厅是谁设计的？"
T = TypeVar("T")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> LibQA:
    settings = Settings(index=tmp_path_factory.mktemp("mcp") / "index", questions_per_minute=0)
    return LibQA.build([HALL, FAIR], settings=settings)


@pytest.fixture(scope="module")
def address(own: LibQA) -> Iterator[str]:
    with serving(own) as served:
        yield served


def with_client(address: str, work: Callable[[Client], Awaitable[T]], mode: str = "auto") -> T:
    async def run() -> T:
        async with Client(f"{address}/mcp", mode=mode) as client:
            return await work(client)

    return asyncio.run(run())


def call(address: str, tool: str, **arguments: Any) -> Any:
    return with_client(address, lambda client: client.call_tool(tool, arguments))


def test_the_tools_are_described(address: str) -> None:
    tools = {tool.name: tool for tool in with_client(address, lambda client: client.list_tools()).tools}
    assert set(tools) == {"ask", "search", "get_document"}
    for tool in tools.values():
        assert tool.description
        assert tool.annotations is not None
        assert tool.annotations.read_only_hint
        jsonschema.Draft202012Validator.check_schema(tool.input_schema)
        assert tool.input_schema["additionalProperties"] is False


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_ask_gives_words_and_the_whole_answer(address: str, own: LibQA, mode: str) -> None:
    answer = own.ask(WHO)
    result = with_client(address, lambda client: client.call_tool("ask", {"question": WHO}), mode)
    assert not result.is_error
    assert result.structured_content == answer_to_dict(answer)
    [block] = result.content
    assert answer.statements[0].text in block.text
    assert f"1. 《{HALL.title}》" in block.text
    assert answer.citations[0].quote in block.text


def test_ask_with_history(address: str, own: LibQA) -> None:
    result = call(address, "ask", question="什么时候开放的？", history=[[WHO, own.ask(WHO).text]], k=5)
    assert "2019年3月5日" in result.structured_content["text"]


def test_search_and_reading_on(address: str, own: LibQA) -> None:
    found = call(address, "search", question=WHO, k=1).structured_content["hits"]
    assert found == [hit_to_dict(hit) for hit in own.search(WHO, 1)]
    identity = found[0]["document"]["id"]
    read, at = "", 0
    while at < len(HALL.text):
        part = call(address, "get_document", id=identity, start=at, end=at + 40).structured_content
        read, at = read + part["text"], part["end"]
    assert read == HALL.text


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("ask", {"question": " "}, "holds no word"),
        ("ask", {}, "question: Field required"),
        ("ask", {"question": WHO, "k": 1000}, "k: Input should be less than or equal to 100"),
        ("search", {"question": WHO, "more": 1}, "more: Extra inputs are not permitted"),
        ("get_document", {"id": "none"}, "no such document"),
        ("get_document", {"id": "hall", "start": -1}, "start"),
        ("delete_document", {"id": "hall"}, "there is no such tool"),
    ],
)
def test_a_wrong_call_is_an_error_in_one_line(address: str, tool: str, arguments: Any, said: str) -> None:
    result = call(address, tool, **arguments)
    assert result.is_error
    [block] = result.content
    assert said in block.text
    assert "\n" not in block.text


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
def test_without_sessions_there_is_only_post(address: str, method: str) -> None:
    response = httpx.request(method, f"{address}/mcp", timeout=5)
    assert response.status_code in (403, 405)
    assert set(response.json()["error"]) == {"thing", "reason", "remedy"}


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"[" * 100_000, b'{"jsonrpc": "2.0"}', b"\xff", b"1" * 2_000_000])
def test_a_body_that_is_no_message_is_a_4xx(address: str, body: bytes) -> None:
    headers = {"content-type": "application/json", "accept": "application/json, text/event-stream"}
    assert 400 <= httpx.post(f"{address}/mcp", content=body, headers=headers).status_code < 500
