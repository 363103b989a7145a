"""What is not needed is not imported, and the time from a cold shell stays within its bound."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from tests.conftest import ROOT, Run

HEAVY = ("numpy", "faiss", "jieba", "opencc", "pypinyin", "ftfy", "llama_index", "gradio", "torch", "sqlite3", "rich")
NOT_FOR_ANSWERS = (
    "torch",
    "transformers",
    "sentence_transformers",
    "gradio",
    "fastapi",
    "llama_index",
    "pandas",
    "nltk",
)


def test_import_libqa_imports_nothing_heavy(run_offline: Run) -> None:
    code = "import sys, libqa; print(*{m.split('.')[0] for m in sys.modules})"
    loaded = set(run_offline(sys.executable, "-c", code).stdout.decode().split())
    assert "libqa" in loaded
    assert not loaded & set(HEAVY)


def test_an_answer_imports_neither_torch_nor_chat_nor_llama_index(run_offline: Run, corpus_index: Path) -> None:
    code = (
        "import sys\n"
        "from libqa.cli import main\n"
        "try:\n"
        f"    main(['ask', '论坛在哪里举行？', '--index', {str(corpus_index)!r}])\n"
        "except SystemExit as stop:\n"
        "    assert stop.code == 0, stop.code\n"
        "print('LOADED', *{m.split('.')[0] for m in sys.modules})"
    )
    done = run_offline(sys.executable, "-c", code)
    assert done.returncode == 0, done.stderr.decode()
    loaded = set(done.stdout.decode().split("LOADED", 1)[1].split())
    assert "numpy" in loaded
    assert not loaded & set(NOT_FOR_ANSWERS)


def test_startup_is_within_its_bounds(corpus_index: Path) -> None:
    bench = [sys.executable, str(ROOT / "eval" / "bench_startup.py"), "--json", "--index", str(corpus_index)]
    least = json.loads(subprocess.run(bench, check=True, capture_output=True).stdout)
    assert least["import libqa"] < 0.3, least
    assert least["ratio"] <= 1.2, least
