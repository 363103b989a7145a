"""One path behind all doors: the openai client, an MCP client, curl and Python give the same citations."""

from __future__ import annotations

import asyncio
import json
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

import openai
import pytest
from mcp import Client

from libqa import LibQA, Settings
from tests.conftest import ROOT
from tests.service_tools import serving

if TYPE_CHECKING:
    from collections.abc import Sequence

Cited = list[tuple[str, int, int, str]]
CORE = ROOT / "eval" / "questions" / "core.jsonl"


@pytest.fixture(scope="module")
def questions() -> list[dict[str, Any]]:
    """30 of the core questions: of each language and type, answerable and not, with and without history."""
    rows = [json.loads(line) for line in CORE.read_text(encoding="utf-8").splitlines()]
    chosen = rows[::2]
    assert len(chosen) == 30
    assert {row["answerable"] for row in chosen} == {True, False}
    assert any(row["history"] for row in chosen)
    return chosen


@pytest.fixture(scope="module")
def address(corpus_index: Path) -> Iterator[str]:
    with serving(LibQA.open(settings=Settings(index=corpus_index, questions_per_minute=0))) as served:
        yield served


@pytest.fixture(scope="module")
def expected(qa: LibQA, questions: list[dict[str, Any]]) -> list[Cited]:
    """What the Python interface cites."""
    answers = [qa.ask(row["question"], history=[tuple(turn) for turn in row["history"]]) for row in questions]
    cited = [[(c.document_id, c.start, c.end, c.quote) for c in answer.citations] for answer in answers]
    assert sum(map(bool, cited)) >= 15
    assert len({c[0] for answer in cited for c in answer}) >= 5
    return cited


def spans(citations: Sequence[dict[str, Any]]) -> Cited:
    return [(c["document_id"], c["start"], c["end"], c["quote"]) for c in citations]


@pytest.mark.parametrize("stream", [False, True])
def test_the_openai_client(
    address: str, questions: list[dict[str, Any]], expected: list[Cited], *, stream: bool
) -> None:
    def cited(row: dict[str, Any]) -> Cited:
        messages: list[Any] = []
        for asked, answered in row["history"]:
            messages += [{"role": "user", "content": asked}, {"role": "assistant", "content": answered}]
        messages.append({"role": "user", "content": row["question"]})
        if stream:
            chunks = client.chat.completions.create(model="libqa", messages=messages, stream=True)
            deltas = [choice.delta.model_extra or {} for chunk in chunks for choice in chunk.choices]
            noted = [a["url_citation"] for delta in deltas for a in delta.get("annotations", [])]
        else:
            message = client.chat.completions.create(model="libqa", messages=messages).choices[0].message
            noted = [a.url_citation.model_dump() for a in message.annotations or []]
        numbered: dict[str, tuple[str, int, int, str]] = {}
        for note in noted:  # a citation is noted for each statement that uses it
            url = urlsplit(note["url"])
            start, end = (int(parse_qs(url.query)[name][0]) for name in ("start", "end"))
            identity = unquote(url.path.removeprefix("/source/"))
            numbered.setdefault(note["url"], (identity, start, end, note["content"]))
        return list(numbered.values())

    with openai.OpenAI(base_url=f"{address}/v1", api_key="-", max_retries=0) as client:
        assert [sorted(cited(row)) for row in questions] == [sorted(answer) for answer in expected]


def test_an_mcp_client(address: str, questions: list[dict[str, Any]], expected: list[Cited]) -> None:
    async def run() -> list[Cited]:
        async with Client(f"{address}/mcp") as client:
            results = [
                await client.call_tool("ask", {"question": row["question"], "history": row["history"]})
                for row in questions
            ]
        return [spans(result.structured_content["citations"]) for result in results]  # type: ignore[union-attr]

    assert asyncio.run(run()) == expected


def test_curl(address: str, questions: list[dict[str, Any]], expected: list[Cited]) -> None:
    curl = shutil.which("curl") or pytest.fail("this test needs curl (Debian: apt-get install curl)")

    def ask(row: dict[str, Any]) -> Cited:
        body = json.dumps({"question": row["question"], "history": row["history"]})
        command = [curl, "-sS", "--fail-with-body", "--json", "@-", f"{address}/api/ask"]
        done = subprocess.run(command, input=body.encode(), capture_output=True, check=True, timeout=30)
        return spans(json.loads(done.stdout)["citations"])

    assert [ask(row) for row in questions] == expected
