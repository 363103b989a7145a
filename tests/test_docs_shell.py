"""Every line of shell that the documentation shows is run, in a folder that holds what it names.

Each runs by itself, with what was exported before it. Those of service.md and models.md need more around them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.conftest import CORPUS, ROOT
from tests.llm_server import Call
from tests.llm_server import serving as model_serving
from tests.test_evaluation_command import PAIRS, PARAGRAPHS, write
from tests.test_readme import PAGES, blocks

ELSEWHERE = {"service.md": "test_service_docs.py", "models.md": "test_hub.py"}
FILES = ROOT / "tests" / "files" / "documents"
PATIENCE = 300.0  # seconds; a busy machine is no failure


def shown() -> list[tuple[str, str]]:
    """Every line of every block, after the exports of its block; README.md and its translation share theirs."""
    found: dict[tuple[str, str], None] = {}
    for page in PAGES:
        for block in [] if page.name in ELSEWHERE else blocks(page, "sh"):
            exports = [line for line in block.splitlines() if line.startswith("export ")]
            for line in block.splitlines():
                if line not in exports and line.split("#")[0].strip():
                    name = page.name if not page.name.startswith("README.") else "README.md"
                    found["\n".join([*exports, line.split("  #")[0].strip()]), name] = None
    return [(name, script) for script, name in found]


@pytest.fixture
def world(corpus_index: Path, tmp_path: Path) -> Path:
    """A folder with an index, files of the names that the pages use, data sets, and the checkout's Makefile."""
    for name in ("index", "my-index"):
        shutil.copytree(corpus_index, tmp_path / name)
    (tmp_path / "my-documents").mkdir()
    for name in ("en-guide.md", "zh-notice.txt", "zh-budget.xlsx"):
        shutil.copy(FILES / name, tmp_path / "my-documents")
    for name, source in {
        "report.txt": "zh-notice.txt",
        "report.pdf": "zh-plan.pdf",
        "minutes.docx": "zh-training.docx",
        "budget.xlsx": "zh-budget.xlsx",
        "page.txt": "zh-damaged.txt",
    }.items():
        shutil.copy(FILES / source, tmp_path / name)
    questions = (ROOT / "eval" / "questions" / "core.jsonl").read_text(encoding="utf-8").splitlines()
    for name, line in zip(("my.jsonl", "other.jsonl"), questions, strict=False):
        (tmp_path / name).write_text(line + "\n", encoding="utf-8")
    _data_sets(tmp_path / "data")
    environment = tmp_path / ".venv" / "bin"  # what `make` would install
    environment.mkdir(parents=True)
    (environment / "libqa").symlink_to(Path(sys.executable).with_name("libqa"))
    for name in ("Makefile", "libqa.toml", "src", "corpus", "requirements.txt", "pyproject.toml"):
        (tmp_path / name).symlink_to(ROOT / name)
    for stamp in (tmp_path / ".venv" / ".stamp", tmp_path / "index" / ".stamp"):
        stamp.touch()
    return tmp_path


def _data_sets(folder: Path) -> None:
    rows = [
        {"id": f"q{n}", "title": "t", "context": c, "question": q, "answers": [{"text": a, "start": c.index(a)}]}
        for n, (c, q, a) in enumerate(PARAGRAPHS)
    ]
    write(folder / "cmrc2018" / "trial.jsonl.gz", rows[:2])
    write(folder / "drcd" / "dev.jsonl.gz", rows[2:])
    write(folder / "ntrex" / "train.jsonl.gz", [{"zh": zh, "en": en} for zh, en in PAIRS])
    write(folder / "crud_news" / "text.jsonl.gz", [{"title": "", "text": f"第{n}条新闻，天气晴。"} for n in range(9)])
    (folder / "README.md").write_text("# Data\n", encoding="utf-8")


def _environment(world: Path) -> dict[str, str]:
    return {
        **os.environ,
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "LIBQA_DATA": str(world / "data"),
        "XDG_CACHE_HOME": str(world / "cache"),
        "PIP_NO_INDEX": "1",
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
    }


def _run(world: Path, script: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=world,
        env=_environment(world) | variables,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )


@contextmanager
def _begun(world: Path, script: str, address: str) -> Iterator[None]:
    """A command that serves until it is told to end; entered once it says that it is well."""
    process = subprocess.Popen(
        ["bash", "-euo", "pipefail", "-c", script], cwd=world, env=_environment(world), start_new_session=True
    )
    try:
        deadline = time.monotonic() + PATIENCE
        while True:
            assert process.poll() is None, f"{script} ended with {process.returncode}"
            assert time.monotonic() < deadline, f"{script} does not answer"
            try:
                if httpx.get(f"{address}/api/health", timeout=10).status_code == 200:
                    break
            except httpx.TransportError:
                time.sleep(0.2)
        yield
    finally:
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(60)


def _free() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


SERVING = re.compile(r"\blibqa serve\b|\bmake chat\b")
SHOWN = shown()


def test_every_page_with_shell_is_run_here_or_where_it_is_said() -> None:
    pages = {page.name for page in PAGES if blocks(page, "sh")}
    assert set(ELSEWHERE) <= pages
    for name, module in ELSEWHERE.items():
        assert name in (ROOT / "tests" / module).read_text(encoding="utf-8")
    assert {name for name, _ in SHOWN} == {n for n in pages if not n.startswith("README.")} - set(ELSEWHERE) | {
        "README.md"
    }
    assert len(SHOWN) >= 20


@pytest.mark.parametrize(
    ("page", "script"), [(p, s) for p, s in SHOWN if not SERVING.search(s) and p != "llm.md"], ids=str
)
def test_it_runs(world: Path, page: str, script: str) -> None:
    short = script.replace("libqa eval core", "libqa eval core --limit 3")
    done = _run(world, short)
    if "--fail-under" in script and done.returncode == 1:  # three questions, on a machine of any speed
        assert re.search(r"p95_ms|right_and_cited", done.stderr), done.stderr
    else:
        assert done.returncode == 0, done.stdout + done.stderr
    produced = re.search(r"> (\S+)$|VACUUM INTO .*?(\w+\.sqlite3)", script)
    if produced:
        assert (world / (produced[1] or produced[2])).stat().st_size > 0, page
    else:
        assert (done.stdout + done.stderr).strip(), page


@pytest.mark.parametrize(("page", "script"), [(p, s) for p, s in SHOWN if SERVING.search(s)], ids=str)
def test_it_serves(world: Path, page: str, script: str) -> None:
    port = _free()
    assert script.count("8080") == script.count("--port"), page
    with _begun(world, f"export LIBQA_PORT={port}\n" + script.replace("8080", str(port)), f"http://127.0.0.1:{port}"):
        opened = httpx.get(f"http://127.0.0.1:{port}/", timeout=60)
        assert opened.status_code == (401 if "0.0.0.0" in script else 200)


@pytest.mark.parametrize("script", [s for p, s in SHOWN if p == "llm.md"], ids=str)
def test_what_the_page_on_language_models_shows_asks_one(world: Path, script: str) -> None:
    def play(call: Call) -> None:
        assert call.headers["Authorization"] == "Bearer sk-..."
        call.answer(f"联盟的宗旨是“协同创新、发展共赢”[{call.number('奉行的宗旨')}]。")

    with model_serving() as model:
        model.play = play
        done = _run(world, script.replace("http://localhost:11434/v1", model.url))
        assert done.returncode == 0, done.stdout + done.stderr
        if "libqa ask" in script:
            assert len(model.calls) == 1
            assert "联盟的宗旨是“协同创新、发展共赢”" in done.stdout


def test_a_backup_made_as_shown_answers_when_it_is_put_back(world: Path) -> None:
    [script] = [s for p, s in SHOWN if p == "operations.md" and "VACUUM" in s]
    assert _run(world, script).returncode == 0
    (world / "restored").mkdir()
    shutil.move(world / "copy.sqlite3", world / "restored" / "libqa.sqlite3")
    done = _run(world, "libqa list --json", LIBQA_INDEX="restored")
    kept = [json.loads(line)["id"] for line in done.stdout.splitlines()]
    assert len(kept) == len([p for p in CORPUS.iterdir() if p.suffix in (".md", ".txt")])
