"""REST over HTTP: answers whole and as events, passages, references, documents read and changed, figures."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import jsonschema
import pytest

from libqa import LibQA, Settings, __version__
from libqa.serialize import answer_to_dict, document_to_dict, hit_to_dict
from tests.conftest import ROOT
from tests.service_tools import HOLDING, TOKEN, serving
from tests.test_api import FAIR, HALL

WHO = "中心阅览厅是谁设计的？"
NOBODY = "火星上有几家分馆？"


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> LibQA:
    """An index that this module changes; every test leaves HALL and FAIR as they were."""
    index = tmp_path_factory.mktemp("service") / "index"
    settings = Settings(index=index, token=TOKEN, max_upload_mb=2, max_file_mb=1, questions_per_minute=0)
    return LibQA.build([HALL, FAIR], settings=settings)


@pytest.fixture(scope="module")
def http(own: LibQA) -> Iterator[httpx.Client]:
    with serving(own) as address, httpx.Client(base_url=address, timeout=30) as client:
        yield client


def events(response: httpx.Response) -> list[tuple[str, Any]]:
    """Server-sent events as (name, data)."""
    assert response.headers["content-type"] == "text/event-stream"
    found = []
    for block in response.text.strip().split("\n\n"):
        name, data = block.split("\n")
        found.append((name.removeprefix("event: "), json.loads(data.removeprefix("data: "))))
    return found


def problem(response: httpx.Response, status: int) -> str:
    """The one line of an error, after its form was checked."""
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert set(error) == {"thing", "reason", "remedy"}
    line = f"{error['thing']}: {error['reason']}; {error['remedy']}"
    assert "\n" not in line
    return line


def test_an_answer_is_that_of_the_python_interface(http: httpx.Client, own: LibQA) -> None:
    response = http.post("/api/ask", json={"question": WHO})
    assert response.json() == answer_to_dict(own.ask(WHO))
    described = json.loads((ROOT / "docs" / "schema" / "answer.schema.json").read_text(encoding="utf-8"))
    jsonschema.validate(response.json(), described)
    assert http.get("/api/ask", params={"question": WHO}).json() == response.json()


def test_a_refusal_is_an_answer(http: httpx.Client) -> None:
    response = http.post("/api/ask", json={"question": NOBODY})
    assert response.status_code == 200
    assert response.json()["abstained"] is True
    assert response.json()["citations"] == []


def test_history_and_k_are_used(http: httpx.Client, own: LibQA) -> None:
    history = [[WHO, own.ask(WHO).text]]
    asked = {"question": "什么时候开放的？", "history": history, "k": 1}
    assert "2019年3月5日" in http.post("/api/ask", json=asked).json()["text"]


@pytest.mark.parametrize("how", ["body", "accept", "address"])
def test_events_tell_the_same_answer(http: httpx.Client, own: LibQA, how: str) -> None:
    if how == "body":
        response = http.post("/api/ask", json={"question": WHO, "stream": True})
    elif how == "accept":
        response = http.post("/api/ask", json={"question": WHO}, headers={"accept": "text/event-stream"})
    else:
        response = http.get("/api/ask", params={"question": WHO, "stream": "true"})
    told, answer = events(response), answer_to_dict(own.ask(WHO))
    assert told[-1] == ("done", answer)
    assert "".join(data["text"] for name, data in told if name == "token") == answer["text"]
    assert [data for name, data in told if name == "statement"] == answer["statements"]
    assert [data for name, data in told if name == "citation"] == answer["citations"]


def test_what_is_wrong_with_a_streamed_question_is_told_by_the_status(http: httpx.Client) -> None:
    assert "holds no word" in problem(http.post("/api/ask", json={"question": "？！", "stream": True}), 422)


@pytest.mark.parametrize(
    ("style", "sign"), [("gbt7714", "[1]"), ("bibtex", "@"), ("ris", "TY  - "), ("markdown", "1. ")]
)
def test_references_beside_the_answer(http: httpx.Client, style: str, sign: str) -> None:
    response = http.post("/api/ask", params={"cite": style}, json={"question": WHO})
    assert response.json()["references"].startswith(sign)
    assert HALL.title in response.json()["references"]
    streamed = http.get("/api/ask", params={"question": WHO, "cite": style, "stream": "true"})
    assert events(streamed)[-1][1] == response.json()
    assert "references" not in http.post("/api/ask", json={"question": WHO}).json()


def test_references_of_a_whole_conversation(http: httpx.Client) -> None:
    cited = []
    for question in (WHO, "书市的主题是什么？", WHO):
        cited += http.post("/api/ask", json={"question": question}).json()["citations"]
    response = http.post("/api/references", json={"style": "gbt7714", "citations": cited})
    lines = response.json()["references"].splitlines()
    assert [line[:3] for line in lines] == ["[1]", "[2]"]
    assert HALL.title in lines[0]
    assert FAIR.title in lines[1]
    wrong = {"style": "ris", "citations": [{"document_id": "fair", "start": 0, "end": 10_000}]}
    assert "no such span" in problem(http.post("/api/references", json=wrong), 422)
    wrong["citations"][0]["document_id"] = "none"  # type: ignore[index]
    problem(http.post("/api/references", json=wrong), 404)


def test_search_is_that_of_the_python_interface(http: httpx.Client, own: LibQA) -> None:
    found = http.get("/api/search", params={"question": WHO, "k": 2}).json()["hits"]
    assert found == [hit_to_dict(hit) for hit in own.search(WHO, 2)]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ({"question": ""}, "holds no word"),
        ({"question": "问" * 2001}, "2001 characters, more than 2000"),
        ({"question": 7}, "question: Input should be a valid string"),
        ({"question": "\ud800 谁"}, "question"),
        ({}, "question: Field required"),
        ({"question": WHO, "k": 0}, "k: Input should be greater than or equal to 1"),
        ({"question": WHO, "k": 10**400}, "k"),
        ({"question": WHO, "history": [["a"]]}, "history"),
        ({"question": WHO, "colour": "red"}, "colour: Extra inputs are not permitted"),
        ([], "valid"),
    ],
)
def test_a_wrong_question_is_422_in_one_line(http: httpx.Client, body: Any, said: str) -> None:
    response = http.post("/api/ask", content=json.dumps(body), headers={"content-type": "application/json"})
    assert said in problem(response, 422)


@pytest.mark.parametrize("body", [b"{", b"\xff\xfe", b"[" * 100_000, b'{"question": "a', b""])
def test_a_body_that_is_no_json_is_a_clear_4xx(http: httpx.Client, body: bytes) -> None:
    response = http.post("/api/ask", content=body, headers={"content-type": "application/json"})
    problem(response, response.status_code)
    assert response.status_code in (400, 422)


def test_an_unknown_style_path_or_method_is_told_in_the_same_form(http: httpx.Client) -> None:
    assert "gbt7714" in problem(http.post("/api/ask?cite=apa", json={"question": WHO}), 422)
    problem(http.get("/api/nothing"), 404)
    assert "PATCH is not for this path" in problem(http.patch("/api/documents", headers=HOLDING), 405)


def test_the_list_of_documents_goes_page_by_page(http: httpx.Client, own: LibQA) -> None:
    first = http.get("/api/documents", params={"limit": 1}).json()
    second = http.get("/api/documents", params={"limit": 1, "offset": 1}).json()
    listed = [document_to_dict(document) for document in own.documents()]
    assert first == {"total": 2, "offset": 0, "limit": 1, "documents": listed[:1]}
    assert second["documents"] == listed[1:]
    assert http.get("/api/documents", params={"offset": 2**53}).json()["documents"] == []
    problem(http.get("/api/documents", params={"limit": 201}), 422)
    problem(http.get("/api/documents", params={"offset": 2**53 + 1}), 422)


def test_a_citation_is_read_by_its_offsets(http: httpx.Client) -> None:
    [cited] = http.post("/api/ask", json={"question": WHO}).json()["citations"][:1]
    span = {"start": cited["start"], "end": cited["end"]}
    found = http.get(f"/api/documents/{cited['document_id']}", params=span).json()
    assert found["text"] == cited["quote"]
    assert found["characters"] == len(HALL.text)
    assert http.get("/api/documents/hall").json()["text"] == HALL.text
    assert http.get("/api/documents/hall", params={"start": 5, "end": 3}).json()["text"] == ""
    assert "no such document" in problem(http.get("/api/documents/none"), 404)


def test_the_page_of_a_citation_shows_text_as_text(http: httpx.Client) -> None:
    hostile = "<script>alert(1)</script>馆长是<b>王小明</b>。"
    files = {"files": ("hostile & <i>.txt", hostile.encode())}
    [identity] = http.post("/api/documents", files=files, headers=HOLDING).json()["added"]
    page = http.get(f"/source/{identity}", params={"start": 0, "end": 8})
    http.delete(f"/api/documents/{identity}", headers=HOLDING)
    assert page.headers["content-type"].startswith("text/html")
    assert '<mark id="quote">&lt;script&gt;</mark>alert(1)&lt;/script&gt;' in page.text
    assert "<script" not in page.text
    assert "<i>" not in page.text


def test_upload_ask_replace_delete(http: httpx.Client, own: LibQA) -> None:
    question = "银杏厅由谁主持开幕？"
    assert http.post("/api/ask", json={"question": question}).json()["abstained"]
    files = [
        ("files", ("读书周.txt", "读书周于2025年4月21日在银杏厅开幕，由馆长欧阳明主持。".encode())),
        ("files", ("empty.txt", b"")),
    ]
    response = http.post("/api/documents", files=files, headers=HOLDING)
    assert response.status_code == 201
    assert response.json()["added"] == ["读书周"]
    [failed] = response.json()["failed"]
    assert failed["thing"] == "empty.txt"
    assert "欧阳明" in http.post("/api/ask", json={"question": question}).json()["text"]
    file = {"file": ("其他.txt", "读书周在银杏厅开幕，由副馆长林静主持。".encode())}
    assert http.put("/api/documents/读书周", files=file, headers=HOLDING).json() == {"id": "读书周", "created": False}
    assert "林静" in http.post("/api/ask", json={"question": question}).json()["text"]
    assert http.put("/api/documents/a/b c", files=file, headers=HOLDING).json() == {"id": "a/b c", "created": True}
    assert http.get("/api/documents/a%2Fb%20c").json()["id"] == "a/b c"
    for identity in ("读书周", "a/b c"):
        assert http.delete(f"/api/documents/{identity}", headers=HOLDING).status_code == 204
        problem(http.delete(f"/api/documents/{identity}", headers=HOLDING), 404)
    assert [d.id for d in own.documents()] == ["hall", "fair"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.txt", b"", "empty.txt: it is empty"),
        ("../../etc/passwd", b"root", "passwd"),
        ("..", b"text", "upload"),
        ("name" * 200 + ".exe", b"text", ".exe"),
        ("large.txt", b"text " * 300_000, "large.txt: it is larger than 1 MB"),
        ("bytes.txt", bytes(range(256)) * 4, "bytes.txt"),
    ],
)
def test_a_file_that_is_no_document_is_named_and_nothing_of_the_server(
    http: httpx.Client, own: LibQA, name: str, content: bytes, said: str
) -> None:
    response = http.post("/api/documents", files={"files": (name, content)}, headers=HOLDING)
    line = problem_of_files(response)
    assert said in line
    assert os.sep + "tmp" not in response.text
    replaced = http.put("/api/documents/hall", files={"file": (name, content)}, headers=HOLDING)
    assert said in problem(replaced, 422)
    assert own.document("hall").text == HALL.text
    assert own.count() == 2


def problem_of_files(response: httpx.Response) -> str:
    assert response.status_code == 422, response.text
    error = response.json()["error"]
    assert error in response.json()["failed"]
    return f"{error['thing']}: {error['reason']}; {error['remedy']}"


def test_a_file_of_many_documents_replaces_none(http: httpx.Client, own: LibQA) -> None:
    rows = b'{"id": "a", "text": "one"}\n{"id": "b", "text": "two"}\n'
    line = problem(http.put("/api/documents/hall", files={"file": ("rows.jsonl", rows)}, headers=HOLDING), 422)
    assert line.startswith("rows.jsonl: it holds 2 documents")
    assert own.count() == 2


def test_a_body_that_is_no_upload(http: httpx.Client) -> None:
    assert "files" in problem(http.post("/api/documents", headers=HOLDING), 422)
    assert "files" in problem(http.post("/api/documents", data={"files": "text"}, headers=HOLDING), 422)
    broken = {**HOLDING, "content-type": "multipart/form-data; boundary=x"}
    problem(http.post("/api/documents", content=b"--y\r\nnothing", headers=broken), 400)


def test_health_is_told_without_reading_the_documents(http: httpx.Client) -> None:
    assert http.get("/api/health").json() == {"status": "ok", "version": __version__, "documents": 2}


def test_health_when_the_index_is_gone(tmp_path: Path) -> None:
    qa = LibQA.build([FAIR], settings=Settings(index=tmp_path / "index"))
    with serving(qa) as address:
        for file in (tmp_path / "index").glob("libqa.sqlite3*"):
            file.unlink()
        response = httpx.get(f"{address}/api/health")
        assert (response.status_code, response.json()) == (503, {"status": "error"})
        line = problem(httpx.post(f"{address}/api/ask", json={"question": WHO}), 503)
        assert str(tmp_path) not in line


def test_figures_for_prometheus(http: httpx.Client) -> None:
    def figure(name: str) -> float:
        page = http.get("/api/metrics")
        assert page.headers["content-type"].startswith("text/plain")
        return next(float(line.rpartition(" ")[2]) for line in page.text.splitlines() if line.startswith(name))

    answered, asked = figure('libqa_answers_total{outcome="answered"}'), 'libqa_requests_total{method="POST",route='
    http.post("/api/ask", json={"question": WHO})
    http.get("/api/documents/hall")
    assert figure('libqa_answers_total{outcome="answered"}') == answered + 1
    assert figure(asked + '"/api/ask",status="200"}') >= 1
    assert figure('libqa_requests_total{method="GET",route="/api/documents/{identity:path}",status="200"}') >= 1
    assert figure("libqa_documents ") == 2
    assert figure("libqa_requests_in_progress ") == 0
