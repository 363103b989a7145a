"""What docs/service.md shows works: shell and Python examples run against a service, settings are well formed."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from libqa import LibQA, Settings
from tests.conftest import CORPUS, ROOT
from tests.service_tools import TOKEN, serving
from tests.test_readme import blocks

PAGE = ROOT / "docs" / "service.md"
SHOWN = "http://127.0.0.1:7860"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A service whose documents the examples change."""
    settings = Settings(index=tmp_path_factory.mktemp("docs") / "index", token=TOKEN)
    with serving(LibQA.build(CORPUS, settings=settings)) as served:
        yield served


def test_the_shell_in_it_runs(address: str, tmp_path: Path) -> None:
    for block in blocks(PAGE, "sh"):
        script = block.replace("curl ", "curl -sS --fail-with-body ").replace(SHOWN, address)
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=tmp_path,
            env={**os.environ, "LIBQA_TOKEN": TOKEN},
            capture_output=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()
    said = done.stdout.decode()
    assert '"added":["reading-week"]' in said
    assert '"created":false' in said


@pytest.mark.parametrize("number", range(len(blocks(PAGE, "python"))))
def test_the_python_in_it_runs(address: str, number: int) -> None:
    code = blocks(PAGE, "python")[number].replace(SHOWN, address)
    exec(compile(code, str(PAGE), "exec"), {"__name__": "__main__"})


def test_the_settings_in_it_are_well_formed() -> None:
    [client], [chat] = blocks(PAGE, "json"), blocks(PAGE, "yaml")
    assert json.loads(client)["mcpServers"]["libqa"]["url"] == f"{SHOWN}/mcp"
    assert yaml.safe_load(chat)["endpoints"]["custom"][0]["baseURL"] == f"{SHOWN}/v1"
