"""What docs/llm.md shows works: its settings and its Python, against a model on loopback."""

from __future__ import annotations

import re
import shutil
from dataclasses import fields
from pathlib import Path

import pytest

from libqa.config import Settings, load_settings
from tests.conftest import CORPUS, ROOT
from tests.llm_server import Call, serving

PAGE = (ROOT / "docs" / "llm.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


def test_the_settings_of_the_page_are_those_there_are(tmp_path: Path) -> None:
    (table,) = blocks("toml")
    (tmp_path / "libqa.toml").write_text(table, encoding="utf-8")
    settings = load_settings(tmp_path, {})
    exported = dict(re.findall(r"^export (\w+)=(\S+)", "\n".join(blocks("sh")), re.MULTILINE))
    same = load_settings(tmp_path / "nowhere", exported)
    assert (settings.llm_base_url, settings.llm_model) == (same.llm_base_url, same.llm_model)
    assert same.llm_api_key == "sk-..."
    rows = re.findall(r"^\| `(\w+)` \| `(LIBQA_LLM_\w+)` \| *(\d*) *\|", PAGE, re.MULTILINE)
    assert {f"llm_{name}" for name, _, _ in rows} == {f.name for f in fields(Settings) if f.name.startswith("llm_")}
    for name, variable, default in rows:
        assert variable == f"LIBQA_LLM_{name.upper()}"
        assert not default or float(default) == getattr(Settings(), f"llm_{name}")


def test_the_python_of_the_page_shows_the_models_answer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def play(call: Call) -> None:
        call.answer(f"联盟的宗旨是“协同创新、发展共赢”[{call.number('奉行的宗旨')}]。联盟有800名会员[1]。")

    shutil.copytree(CORPUS, tmp_path / "corpus")
    monkeypatch.chdir(tmp_path)
    with serving() as model:
        model.play = play
        (code,) = blocks("python")
        exec(code.replace("http://localhost:11434/v1", model.url), {"__name__": "__main__"})
    notice, first, second = capsys.readouterr().out.splitlines()
    assert notice == "有 1 句未能在所引原文中得到证实，已标出。"
    assert first == "联盟的宗旨是“协同创新、发展共赢”。 ['联盟奉行的宗旨是“协同创新、发展共赢”。']"
    assert "(not confirmed)" in second
