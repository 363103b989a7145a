"""The command line: what it prints, its exit status, and that a mistake costs one line and changes nothing."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from libqa.cli import main
from libqa.serialize import answer_from_dict, answer_to_dict
from tests.conftest import CORPUS, ROOT, Run

WHERE = "2023年的专家论坛在哪里举行？"
UNANSWERABLE = "论坛的晚宴吃了什么菜？"


@dataclass(frozen=True)
class Done:
    code: int
    out: str
    err: str


Command = Callable[..., Done]


@pytest.fixture
def cli(capfd: pytest.CaptureFixture[str]) -> Command:
    """The command in this process: as good as a process of its own but for start-up and argv."""

    def run(*arguments: str | Path) -> Done:
        capfd.readouterr()
        with pytest.raises(SystemExit) as stop:
            main([str(a) for a in arguments])
        sys.stdout.flush()
        out, err = capfd.readouterr()
        return Done(int(stop.value.code or 0), out, err)

    return run


@pytest.fixture
def index(corpus_index: Path, tmp_path: Path) -> Path:
    """An index of the corpus that a test may change."""
    # What lies beside an open database are SQLite's working files, empty when nothing is written.
    return Path(shutil.copytree(corpus_index, tmp_path / "index", ignore=shutil.ignore_patterns("*-wal", "*-shm")))


def validate(value: Any, name: str) -> None:
    schema = json.loads((ROOT / "docs" / "schema" / f"{name}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.Draft202012Validator(schema).validate(value)


def tree(directory: Path) -> dict[str, str]:
    """What lies in a directory: names and contents."""
    return {
        str(p.relative_to(directory)): hashlib.sha256(p.read_bytes()).hexdigest() if p.is_file() else "directory"
        for p in sorted(directory.rglob("*"))
    }


def one_line(done: Done, *parts: str) -> None:
    """The error is one line that says what, why and what to do; nothing is on standard output."""
    assert done.code == 1, done
    assert done.out == ""
    assert done.err.count("\n") == 1, done.err
    assert done.err.startswith("libqa: ")
    assert "Traceback" not in done.err
    assert len(done.err) < 500
    for part in parts:
        assert part in done.err


# -- answers -----------------------------------------------------------------------------------------------------------


def test_ask_prints_statements_with_marks_and_the_passages_they_point_to(cli: Command, corpus_index: Path) -> None:
    done = cli("ask", WHERE, "--index", corpus_index)
    assert done.code == 0
    first, *_, last = done.out.strip().splitlines()
    assert "成都" in first
    assert re.search(r"\[1\](\[\d+\])*$", first)
    assert last.startswith("[")
    assert "《" in last
    assert last.endswith("”")


def test_ask_json_is_as_documented_and_cites_exactly(cli: Command, corpus_index: Path, qa: Any) -> None:
    done = cli("ask", WHERE, "--json", "--index", corpus_index)
    assert done.code == 0
    assert "成都" in done.out  # not escaped
    value = json.loads(done.out)
    validate(value, "answer")
    assert not value["abstained"]
    for c in value["citations"]:
        document = qa.document(c["document_id"])
        assert document.text[c["start"] : c["end"]] == c["quote"]
        assert 0 <= c["raw_start"] < c["raw_end"] <= len(document.raw or document.text)
    assert answer_to_dict(answer_from_dict(value)) == value
    assert answer_to_dict(qa.ask(WHERE)) == value  # one path for the command and the library


def test_a_refusal_has_status_3_and_no_citations(cli: Command, corpus_index: Path) -> None:
    done = cli("ask", UNANSWERABLE, "--json", "--index", corpus_index)
    assert done.code == 3
    value = json.loads(done.out)
    validate(value, "answer")
    assert value["abstained"]
    assert value["statements"] == value["citations"] == []
    assert cli("ask", UNANSWERABLE, "--index", corpus_index).out.strip() == value["text"]


def test_search_prints_json_lines_best_first(cli: Command, corpus_index: Path) -> None:
    done = cli("search", WHERE, "--json", "--k", "5", "--index", corpus_index)
    assert done.code == 0
    hits = [json.loads(line) for line in done.out.splitlines()]
    assert 1 <= len(hits) <= 5
    for hit in hits:
        validate(hit, "search-hit")
    assert [h["score"] for h in hits] == sorted((h["score"] for h in hits), reverse=True)
    assert cli("search", WHERE, "--k", "5", "--index", corpus_index).out.count("\n") == 2 * len(hits)


def test_a_follow_up_takes_its_subject_from_the_history(cli: Command, corpus_index: Path, tmp_path: Path) -> None:
    history = tmp_path / "history.json"
    history.write_text('[["2023年专家论坛现场来了多少人？", "150余人。"]]', encoding="utf-8")
    done = cli("ask", "那线上呢？", "--history", history, "--index", corpus_index)
    assert done.code == 0
    assert "1000余人" in done.out
    history.write_text('{"a": 1}', encoding="utf-8")
    one_line(cli("ask", "那线上呢？", "--history", history, "--index", corpus_index), "history.json", "question")


def test_the_question_may_come_from_standard_input(libqa: Run, corpus_index: Path) -> None:
    done = libqa("ask", "-", "--index", str(corpus_index), input=WHERE.encode())
    assert done.returncode == 0
    assert "成都" in done.stdout.decode()
    done = libqa("ask", "-", "--index", str(corpus_index), input=WHERE.encode("gbk"))
    assert done.returncode == 1
    assert done.stderr.decode().count("\n") == 1


def test_a_question_in_another_encoding_than_the_terminals_is_one_line(libqa: Run, corpus_index: Path) -> None:
    done = libqa("ask", "在哪里".encode("gbk"), "--index", str(corpus_index), env={"LC_ALL": "C.UTF-8"})
    assert done.returncode == 1
    assert done.stderr.decode().count("\n") == 1
    assert "encoding" in done.stderr.decode()


def test_json_is_json_in_a_terminal_without_chinese(libqa: Run, corpus_index: Path) -> None:
    done = libqa("ask", WHERE, "--json", "--index", str(corpus_index), env={"PYTHONIOENCODING": "latin-1"})
    assert "成都" in json.loads(done.stdout.decode("ascii"))["text"]


def test_a_reader_that_has_enough_is_no_error(corpus_index: Path) -> None:
    command = [sys.executable, "-m", "libqa", "list", "--index", str(corpus_index)]
    read, write = os.pipe()
    os.close(read)
    done = subprocess.run(command, stdout=write, stderr=subprocess.PIPE, check=False)
    os.close(write)
    assert done.stderr == b""


# -- mistakes ----------------------------------------------------------------------------------------------------------

BAD_QUESTIONS = {"empty": "", "blank": " \u3000\n", "long": "论坛在哪里？" * 16_667}


@pytest.mark.parametrize("command", ["ask", "search"])
@pytest.mark.parametrize("question", BAD_QUESTIONS.values(), ids=BAD_QUESTIONS)
def test_an_empty_or_endless_question_is_one_line(cli: Command, index: Path, command: str, question: str) -> None:
    before = tree(index)
    one_line(cli(command, question, "--index", index), "question")
    assert tree(index) == before


@pytest.mark.parametrize("command", [["ask", WHERE], ["search", WHERE], ["list"], ["remove", "a"], ["serve"]])
def test_a_missing_index_is_one_line_and_is_not_made(cli: Command, tmp_path: Path, command: list[str]) -> None:
    before = tree(tmp_path)
    one_line(cli(*command, "--index", tmp_path / "none"), str(tmp_path / "none"), "libqa build")
    assert tree(tmp_path) == before


def test_an_index_of_another_model_is_one_line(cli: Command, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tree(index)
    monkeypatch.setenv("LIBQA_EMBEDDER", "BAAI/bge-m3")
    one_line(cli("ask", WHERE, "--index", index), "bundled", "BAAI/bge-m3", "libqa build")
    assert tree(index) == before


BAD_FILES = {
    "gb-with-a-hole.txt": "图书馆联盟".encode("gb18030") + b"\xff\xff" + "论坛".encode("gb18030"),
    "empty.txt": b"",
    "blank.md": "\ufeff \n\u3000\n".encode(),
    "picture.txt": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 4,
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_is_one_line_and_changes_nothing(cli: Command, index: Path, tmp_path: Path, name: str) -> None:
    file = tmp_path / name
    file.write_bytes(BAD_FILES[name])
    before = tree(index)
    one_line(cli("add", file, "--index", index), name)
    one_line(cli("build", file, "--index", index), name)
    assert tree(index) == before
    fresh = tmp_path / "fresh"
    one_line(cli("build", file, "--index", fresh), name)
    assert not fresh.exists()
    if name != "blank.md":
        one_line(cli("repair", file), name)


def test_bad_files_are_named_and_the_rest_goes_in(cli: Command, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    for name, data in BAD_FILES.items():
        (corpus / name).write_bytes(data)
    (corpus / "good.txt").write_text("二〇二五年读书节在银杏厅开幕。", encoding="gb18030")
    done = cli("build", corpus, "--index", tmp_path / "index")
    assert done.code == 0
    lines = done.err.splitlines()
    assert len(lines) == len(BAD_FILES) + 1
    for name in BAD_FILES:
        assert sum(name in line for line in lines) == 1
    assert "1 documents" in lines[-1]
    assert f"{len(BAD_FILES)} failed" in lines[-1]
    assert cli("list", "--index", tmp_path / "index").out.startswith("good\t")


@pytest.mark.parametrize(
    "arguments",
    [[], ["ask"], ["ask", WHERE, "--k", "0"], ["ask", WHERE, "--wrong"], ["nothing"], ["remove"], ["add"]],
    ids=" ".join,
)
def test_wrong_usage_has_status_2(cli: Command, arguments: list[str]) -> None:
    done = cli(*arguments)
    assert done.code == 2
    assert "Usage: libqa" in done.out + done.err
    assert "Traceback" not in done.err


def test_a_wrong_setting_is_one_line(cli: Command, corpus_index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIBQA_THRESHOLD", "high")
    one_line(cli("ask", WHERE, "--index", corpus_index), "LIBQA_THRESHOLD")


# -- documents ---------------------------------------------------------------------------------------------------------


def test_add_list_remove(cli: Command, index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LIBQA_INDEX", str(index))
    file = tmp_path / "novel.txt"
    file.write_text("银杏厅读书节于2025年4月23日开幕，由馆长欧阳明主持。", encoding="utf-8")
    assert cli("add", file).out.split() == ["novel"]
    assert "novel\t" in cli("list").out
    asked = ["ask", "银杏厅读书节由谁主持？", "--json"]
    assert json.loads(cli(*asked).out)["citations"][0]["document_id"] == "novel"
    before = tree(index)
    one_line(cli("remove", "novel", "never-added"), "never-added")
    assert tree(index) == before
    assert cli("remove", "novel").code == 0
    assert "novel" not in cli("list").out
    value = json.loads(cli(*asked).out)
    assert "novel" not in {c["document_id"] for c in value["citations"]}
    assert "欧阳明" not in value["text"]


def test_a_document_cannot_steer_the_terminal(cli: Command, tmp_path: Path) -> None:
    corpus = tmp_path / "corpus"
    corpus.mkdir()
    (corpus / "a.txt").write_text("银杏厅读书节由馆长\u202e欧阳明\u202c主持。\n", encoding="utf-8")
    assert cli("build", corpus, "--index", tmp_path / "index").code == 0
    found = cli("search", "银杏厅读书节由谁主持？", "--index", tmp_path / "index").out
    assert "欧阳明" in found
    assert "\u202e" not in found


def test_doctor_finds_what_is_wrong(cli: Command, index: Path, tmp_path: Path) -> None:
    well = cli("doctor", "--index", index)
    assert well.code == 0, well.out
    missing = cli("doctor", "--index", tmp_path / "none")
    assert missing.code == 1
    assert "libqa build" in missing.out
    for file in index.rglob("*"):
        if file.is_file() and file.stat().st_size > 100 and "sqlite" in file.name:
            data = bytearray(file.read_bytes())
            data[len(data) // 2 : len(data) // 2 + 64] = bytes(64)
            file.write_bytes(data)
    broken = cli("doctor", "--json", "--index", index)
    assert broken.code == 1
    assert any(not json.loads(line)["well"] for line in broken.out.splitlines())


# -- repair ------------------------------------------------------------------------------------------------------------


def test_repair_prints_the_repaired_text_and_says_what_it_did(cli: Command) -> None:
    golden = (ROOT / "tests" / "golden" / "forum-report.txt").read_text(encoding="utf-8")
    done = cli("repair", CORPUS / "forum-report.txt")
    assert done.code == 0
    assert done.out == golden
    assert "proven by damaging it again" in done.err.splitlines()[-1]


def test_repair_json_is_as_documented(cli: Command, libqa: Run) -> None:
    done = cli("repair", CORPUS / "forum-report.txt", "--json")
    value = json.loads(done.out)
    validate(value, "repair")
    raw = (CORPUS / "forum-report.txt").read_text(encoding="utf-8")
    for edit in value["edits"]:
        assert value["text"][edit["start"] : edit["end"]] == edit["after"]
        assert raw[edit["raw_start"] : edit["raw_end"]] == edit["before"]
    piped = libqa("repair", "-", input="数智图书馆\r\n".encode())
    assert piped.stdout == "数智图书馆\r\n".encode()
    assert b"nothing to repair" in piped.stderr


def test_repair_of_a_missing_file_is_one_line(cli: Command, tmp_path: Path) -> None:
    one_line(cli("repair", tmp_path / "none.txt"), "none.txt")
    one_line(cli("repair", tmp_path), tmp_path.name)


# -- evaluation and serving --------------------------------------------------------------------------------------------


def test_eval_measures_a_set_and_can_fail(cli: Command, corpus_index: Path, tmp_path: Path) -> None:
    rows = (ROOT / "eval" / "questions" / "core.jsonl").read_text(encoding="utf-8").splitlines()[:2]
    file = tmp_path / "two.jsonl"
    file.write_text("\n".join(rows), encoding="utf-8")
    done = cli("eval", file, "--json", "--report", tmp_path / "reports", "--index", corpus_index)
    assert done.code == 0
    assert json.loads(done.out)["figures"]["questions"] == 2
    assert len(list((tmp_path / "reports").glob("eval-*.json"))) == 1
    unanswerable = json.loads(rows[0]) | {"id": "u", "question": UNANSWERABLE}
    file.write_text(json.dumps(unanswerable), encoding="utf-8")
    done = cli("eval", file, "--fail-under", "0.5", "--index", corpus_index)
    assert done.code == 1
    assert "answer right and cited" in done.out


def test_serve_without_an_index_builds_one_and_answers_on_loopback(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    log = tmp_path / "sockets.log"
    env = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "tests" / "offline"),
        "TEST_SOCKET_LOG": str(log),
        "TEST_LOOPBACK": "1",
    }
    with subprocess.Popen(
        [sys.executable, "-m", "libqa", "serve", "--port", str(port)],
        env=env,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        cwd=tmp_path,
    ) as server:
        try:
            deadline = time.monotonic() + 120
            page = ""
            while not page and time.monotonic() < deadline and server.poll() is None:
                try:
                    with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=10) as reply:
                        page = reply.read().decode("utf-8")
                except OSError:  # noqa: PERF203 - it is still starting
                    time.sleep(0.3)
            assert "<html" in page
        finally:
            server.send_signal(signal.SIGINT)
            try:
                printed = server.communicate(timeout=20)[0].decode()
            except subprocess.TimeoutExpired:
                server.kill()
                raise
    assert f"http://127.0.0.1:{port}" in printed
    assert "Traceback" not in printed
    assert not log.exists(), log.read_text(encoding="utf-8")
