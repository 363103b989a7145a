"""What the documentation says holds: its Python runs, and every command, option, file and link in it exists."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
from typer.main import get_command

from libqa.cli import app
from tests.conftest import CORPUS, ROOT

PAGES = [
    ROOT / "README.md",
    ROOT / "README.zh-Hans.md",
    *sorted((ROOT / "docs").glob("*.md")),
    ROOT / "eval" / "README.md",
]


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)


# docs/service.md talks to a running service: tests/test_service_docs.py runs it.
@pytest.mark.parametrize(
    "page", [p for p in PAGES if blocks(p, "python") and p.name != "service.md"], ids=lambda p: p.name
)
def test_the_python_in_it_runs(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.copytree(CORPUS, tmp_path / "corpus")
    monkeypatch.chdir(tmp_path)
    code = compile("\n".join(blocks(page, "python")), str(page), "exec")
    exec(code, {"__name__": "__main__"})


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_its_commands_and_options_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    commands = get_command(app).commands  # type: ignore[attr-defined]
    told = "\n".join([*blocks(page, "sh"), *re.findall(r"`([^`\n]+)`", text)])
    for name, rest in re.findall(r"\blibqa ([a-z]+)([^\n|&]*)", told):
        assert name in commands, f"libqa {name}"
        known = {option for parameter in commands[name].params for option in parameter.opts}
        assert set(re.findall(r"--[a-z-]+", rest.split("#")[0])) <= known, f"libqa {name}{rest}"
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z-]+)", told)) <= targets


@pytest.mark.parametrize("page", PAGES, ids=lambda p: p.name)
def test_its_files_and_links_exist(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    tracked = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    for link in re.findall(r"\]\(([^)#\s]+)(?:#[^)]*)?\)", text):
        if "://" not in link:
            target = (page.parent / link).resolve().relative_to(ROOT)
            assert any(name == str(target) or name.startswith(f"{target}/") for name in tracked), link
    for path in re.findall(r"\b(?:tests|eval|training|docs|src)/[\w./-]+\.\w+", text):
        assert (ROOT / path).is_file() or (page.parent / path).is_file(), path
