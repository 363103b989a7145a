"""What changed since an earlier run of the same questions, and whether it is more than chance."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from libqa.errors import ReadError
from libqa.evaluation import figures
from libqa.evaluation.significance import difference

VERSION = 1
"""Of the JSON form of a run."""


def load_run(file: Path) -> dict[str, Any]:
    """Return the JSON of an earlier run.

    Raises
    ------
    ReadError : the file is not one.
    """
    remedy = "give a JSON file that `libqa eval --report DIR` wrote"
    try:
        run = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as e:
        raise ReadError(str(file), f"no run can be read ({e})", remedy) from None
    if not _is_run(run):
        raise ReadError(str(file), "is JSON, but not a run of this version", remedy)
    return dict(run)


def _is_run(run: Any) -> bool:
    return (
        isinstance(run, dict)
        and run.get("version") == VERSION
        and isinstance(run.get("figures"), dict)
        and isinstance(run.get("sets"), list)
        and isinstance(run.get("questions"), list)
        and all(
            isinstance(q, dict) and isinstance(q.get("values"), dict) and isinstance(q.get("question"), dict)
            for q in run["questions"]
        )
    )


def newest_run(directory: Path, like: Mapping[str, Any]) -> Path | None:
    """Return the newest run in a directory that asked the same sets for the same; files of other versions count not."""
    for file in sorted(directory.glob("eval-*.json"), reverse=True):
        try:
            run = load_run(file)
        except ReadError:  # of another version: there is nothing to compare with
            continue
        if _subject(run) == _subject(like):
            return file
    return None


def _subject(run: Mapping[str, Any]) -> tuple[list[str], set[str]]:
    return [s["name"] for s in run["sets"]], {q["kind"] for q in run["questions"]}


def compare(before: Mapping[str, Any], after: Mapping[str, Any], name: str) -> dict[str, Any]:
    """Return how the figures over the questions of both runs differ, and the questions whose verdict changed.

    Parameters
    ----------
    before, after : two runs as JSON values.
    name : what to call the earlier one.

    Raises
    ------
    MissingExtra : scipy is not installed.
    """
    old = {_key(q): q for q in before["questions"]}
    pairs = [(old[_key(q)], q) for q in after["questions"] if _key(q) in old]
    a, b = (figures.columns([pair[i]["values"] for pair in pairs]) for i in (0, 1))
    was, now = (figures.figures(table) if pairs else {} for table in (a, b))
    changes = []
    for figure in figures.FIGURES:
        first, second = was.get(figure.name), now.get(figure.name)
        if first is None or second is None or figure.higher is None:
            continue
        tested = None if figure.unit == "ms" else difference(figure, a, b)
        changes.append(
            {
                "figure": figure.name,
                "before": first,
                "after": second,
                "difference": second - first,
                "test": None if tested is None else tested[0],
                "p": None if tested is None else tested[1],
            }
        )
    return {
        "previous": name,
        "date": before.get("date", ""),
        "questions": len(pairs),
        "changes": changes,
        "mended": [q["question"]["id"] for p, q in pairs if p["verdict"] != "right" == q["verdict"]],
        "broken": [q["question"]["id"] for p, q in pairs if p["verdict"] == "right" != q["verdict"]],
    }


def _key(question: Mapping[str, Any]) -> tuple[Any, ...]:
    asked = question["question"]
    return question.get("kind"), asked.get("set"), asked.get("id"), asked.get("question")
