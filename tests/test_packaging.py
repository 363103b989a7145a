"""The wheel holds all that an installation needs, and nothing of the machine it was built on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from email.parser import Parser
from pathlib import Path

import pytest

from tests.conftest import CORPUS, ROOT, Run


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("wheel")
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", directory], cwd=ROOT, check=True)
    [file] = directory.glob("*.whl")
    return file


def tracked(folder: str) -> set[str]:
    listed = subprocess.run(["git", "ls-files", "-z", folder], cwd=ROOT, check=True, capture_output=True).stdout
    return {name for name in listed.decode().split("\0") if name}


def test_the_wheel_holds_code_chat_corpus_and_weights(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    assert {name.removeprefix("src/") for name in tracked("src/libqa")} <= names
    assert {name.removeprefix("ui/") for name in tracked("ui/libqa_ui")} <= names
    assert {f"libqa/_{name}" for name in tracked("corpus")} <= names
    assert {"libqa/py.typed", "libqa/_corpus/forum-report.txt"} <= names
    assert any(name.startswith("libqa/models/") and not name.endswith(".py") for name in names)
    own = {name for name in names if ".dist-info/" not in name}
    assert {name.split("/")[0] for name in own} == {"libqa", "libqa_ui"}
    assert not [name for name in own if name.endswith((".pyc", ".pyo")) or "/tests/" in name]


def test_the_wheel_is_small_and_knows_no_machine(wheel: Path) -> None:
    assert wheel.stat().st_size < 60_000_000
    archive = zipfile.ZipFile(wheel)
    places = [str(ROOT).encode() + b"/", str(Path.home()).encode() + b"/"]
    told = [name for name in archive.namelist() for place in places if place in archive.read(name)]
    assert not told


def test_the_default_install_needs_no_torch(wheel: Path) -> None:
    archive = zipfile.ZipFile(wheel)
    [name] = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA")]
    metadata = Parser().parsestr(archive.read(name).decode())
    default = [r for r in metadata.get_all("Requires-Dist", []) if "extra ==" not in r]
    for package in ("llama-index-core", "faiss-cpu", "jieba", "gradio"):
        assert any(r.startswith(package) for r in default)
    assert not [r for r in default if r.startswith(("torch", "sentence-transformers", "transformers"))]
    assert metadata["License-Expression"] == "Apache-2.0"


def test_the_installed_wheel_builds_and_answers_offline(wheel: Path, tmp_path: Path, run_offline: Run) -> None:
    target = tmp_path / "installed"
    pip = [sys.executable, "-m", "pip", "install", "-q", "--no-deps", "--no-index", "--target", target, wheel]
    subprocess.run(pip, check=True, env={**os.environ, "PIP_DISABLE_PIP_VERSION_CHECK": "1"})
    env = {"PYTHONPATH": str(target)}
    where = run_offline(sys.executable, "-c", "import libqa; print(libqa.__file__)", env=env)
    assert where.stdout.decode().strip() == str(target / "libqa" / "__init__.py")
    command = str(target / "bin" / "libqa")
    assert b"Usage: libqa" in run_offline(command, "--help", env=env).stdout
    built = run_offline(command, "build", env=env)
    assert built.returncode == 0, built.stderr.decode()
    listed = run_offline(command, "list", "--json", env=env).stdout.decode().splitlines()
    assert {json.loads(line)["id"] for line in listed} >= {p.stem for p in CORPUS.glob("*.md")}
    answer = run_offline(command, "ask", "--json", "论坛在哪里举行？", env=env)
    assert answer.returncode == 0, answer.stderr.decode()
    assert "成都" in json.loads(answer.stdout)["text"]
