"""The OpenAPI description: complete, with examples, and true in thousands of requests made up from it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import httpx
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.generation import GenerationMode
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from libqa import LibQA, Settings
from tests.service_tools import HOLDING, TOKEN, serving
from tests.test_api import FAIR, HALL

CHECKS: list[Any] = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
ERRORS = {"400", "401", "403", "404", "413", "421", "422", "429", "503"}


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    index = tmp_path_factory.mktemp("openapi") / "index"
    qa = LibQA.build([HALL, FAIR], settings=Settings(index=index, token=TOKEN, questions_per_minute=0))
    with serving(qa) as served:
        yield served


@pytest.fixture(scope="module")
def described(address: str) -> dict[str, Any]:
    found: dict[str, Any] = httpx.get(f"{address}/openapi.json").json()
    return found


def operations(described: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in described["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_every_operation_is_described(described: dict[str, Any]) -> None:
    names = set()
    for path, method, operation in operations(described):
        where = f"{method} {path}"
        assert operation["summary"], where
        assert operation["description"], where
        names.add(operation["operationId"])
        told = set(operation["responses"])
        assert told & {"200", "201", "204"}, where
        assert told <= {"200", "201", "204"} | ERRORS, where
        assert {"401", "403", "421"} <= told, where
        for status, answer in operation["responses"].items():
            assert answer["description"], (where, status)
            if status in ERRORS:
                schema = answer["content"]["application/json"]["schema"]["$ref"].rpartition("/")[2]
                assert schema in ({"Failure"} if path.startswith("/v1") else {"Problem", "NotAdded", "Health"}), where
        writes = path.startswith("/api/documents") and method != "get"
        assert operation.get("security") == ([{"token": []}] if writes else None), where
    assert len(names) == len(list(operations(described))) == 15


def test_there_are_examples_and_they_work(described: dict[str, Any], address: str) -> None:
    schemas = described["components"]["schemas"]
    for example in schemas["Question"]["examples"]:
        assert httpx.post(f"{address}/api/ask", json=example).status_code == 200
    for example in schemas["Asked"]["examples"]:
        assert httpx.post(f"{address}/v1/chat/completions", json=example).status_code == 200
    answer = described["paths"]["/api/ask"]["post"]["responses"]["200"]["content"]
    assert set(answer) == {"application/json", "text/event-stream"}
    real = httpx.post(f"{address}/api/ask", json={"question": "书市的主题是什么？"}).json()
    assert set(answer["application/json"]["example"]) == set(real)
    assert set(answer["application/json"]["example"]["citations"][0]) == set(real["citations"][0])


def test_where_others_can_reach_the_service_everything_asks_for_the_token(tmp_path: Path) -> None:
    qa = LibQA.build([FAIR], settings=Settings(index=tmp_path / "index", token=TOKEN))
    with serving(qa, private=True) as address:
        assert httpx.get(f"{address}/openapi.json", headers=HOLDING).json()["security"] == [{"token": []}]


def _can_be_wrong(operation: dict[str, Any]) -> bool:
    """Whether there are requests that are not as described; any text will do for a path."""
    return "requestBody" in operation or any(p["in"] != "path" for p in operation.get("parameters", []))


def bombard(address: str, least: int) -> Counter[int]:
    """Send at least ``least`` requests, half of them as described and half not; return how often which status came."""
    schema = schemathesis.openapi.from_url(f"{address}/openapi.json")
    found = [result.ok() for result in schema.get_all_operations()]
    refusing = [o for o in found if _can_be_wrong(o.definition.raw)]
    each = -(-least // (2 * len(refusing)))
    seen: Counter[int] = Counter()
    numbers = count()
    for operation in found:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)[: 1 + (operation in refusing)]:
            strategy = operation.as_strategy(generation_mode=mode)

            @seed(next(numbers))
            @settings(
                max_examples=each,
                deadline=None,
                database=None,
                phases=[Phase.generate],
                suppress_health_check=list(HealthCheck),
            )
            @given(case=strategy)
            def send(case: Any) -> None:
                response = case.call(headers=HOLDING, timeout=30)
                seen[response.status_code] += 1
                case.validate_response(response, checks=CHECKS)

            send()
    return seen


def test_requests_made_up_from_it_get_no_undescribed_answer(address: str) -> None:
    assert bombard(address, 60).total() >= 60


@pytest.mark.slow
def test_two_thousand_requests_made_up_from_it_get_no_undescribed_answer(address: str) -> None:
    seen = bombard(address, 2000)
    assert seen.total() >= 2000
    assert seen[200] >= 300
    assert not [status for status in seen if status >= 500]
