"""What tests share: an index of the corpus, a world without the user's files and settings, child processes offline."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from libqa import LibQA

ROOT = Path(__file__).parents[1]
CORPUS = ROOT / "corpus"


@pytest.fixture(autouse=True)
def _own_world(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test sees the user's index, the checkout's libqa.toml or LIBQA_* (but for where the data lie)."""
    for name in [n for n in os.environ if n.startswith("LIBQA_") and n != "LIBQA_DATA"]:
        monkeypatch.delenv(name)
    world = tmp_path_factory.mktemp("world")
    monkeypatch.setenv("XDG_DATA_HOME", str(world / "data"))
    monkeypatch.chdir(world)


@pytest.fixture(scope="session")
def corpus_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Directory of an index of corpus/; tests only read it."""
    from libqa import LibQA, Settings

    directory = tmp_path_factory.mktemp("corpus") / "index"
    LibQA.build(CORPUS, settings=Settings(index=directory))
    return directory


@pytest.fixture(scope="session")
def qa(corpus_index: Path) -> LibQA:
    """Answers from corpus/; tests only read it."""
    from libqa import LibQA, Settings

    return LibQA.open(settings=Settings(index=corpus_index))


Run = Callable[..., "subprocess.CompletedProcess[bytes]"]


@pytest.fixture
def run_offline(tmp_path: Path) -> Iterator[Run]:
    """A function that runs a command with every Internet socket refused; an attempt to open one fails the test."""
    log = tmp_path / "sockets.log"

    def run(
        *command: str | bytes, loopback: bool = False, env: dict[str, str] | None = None, **options: object
    ) -> subprocess.CompletedProcess[bytes]:
        given = dict(env or {})
        path = os.pathsep.join(filter(None, [str(ROOT / "tests" / "offline"), given.pop("PYTHONPATH", "")]))
        environment = {
            **os.environ,
            "PYTHONPATH": path,
            "TEST_SOCKET_LOG": str(log),
            "TEST_LOOPBACK": str(int(loopback)),
            **given,
        }
        return subprocess.run(command, env=environment, capture_output=True, timeout=300, check=False, **options)  # type: ignore[call-overload,no-any-return]

    yield run
    assert not log.exists(), "outside sockets were tried:\n" + log.read_text(encoding="utf-8")


@pytest.fixture
def libqa(run_offline: Run) -> Run:
    """A function that runs the command ``libqa`` in a process of its own, offline."""

    def run(*arguments: str | bytes, **options: object) -> subprocess.CompletedProcess[bytes]:
        return run_offline(sys.executable, "-m", "libqa", *arguments, **options)

    return run
