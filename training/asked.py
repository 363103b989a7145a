"""Questions written for training on texts of the data sets, which stay there: lines name set, row and place.

    python training/asked.py      # checks training/asked/*.jsonl against the data, one line for each fault

A line is ``{"s": set, "r": row, "k": kind, "q": question, "at": [start, end]}``, the answer being that stretch of the
row's text; the kinds are those of ``written``. Of kind ``missing``, that stretch does not answer the question.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from common import arguments, rows
from written import KINDS, REFUSED, Written

from libqa.text import segment
from libqa.text.script import language

FOLDER = Path(__file__).resolve().parent / "asked"
LANGUAGES = {"zh-Hans": "s", "zh-Hant": "t", "en": "e"}


def lines() -> list[dict[str, Any]]:
    """Return all lines of the files."""
    return [
        json.loads(line) for path in sorted(FOLDER.glob("*.jsonl")) for line in path.read_text("utf-8").splitlines()
    ]


def load(data: Path) -> tuple[dict[str, tuple[str, str]], list[Written], list[tuple[int, int]]]:
    """Return the texts asked about as ``{id: (title, text)}``, the questions with sentences as quotes, the places."""
    asked = lines()
    documents = texts(data, asked)
    questions = []
    for line in asked:
        text, (start, end) = documents[identity(line)][1], line["at"]
        quotes, answers = (), ()
        if line["k"] not in REFUSED:
            holding = [(a, b) for a, b in segment.sentences(text) if a < end and start < b]
            quotes, answers = (text[holding[0][0] : holding[-1][1]],), (text[start:end],)
        spoken = LANGUAGES[language(line["q"])]
        questions.append(Written(identity(line), spoken, line["k"], line["q"], (), quotes, answers))
    return documents, questions, [tuple(line["at"]) for line in asked]


def identity(line: dict[str, Any]) -> str:
    return f"{line['s']}:{line['r']}"


def texts(data: Path, asked: list[dict[str, Any]]) -> dict[str, tuple[str, str]]:
    """Return title and text of each row that is asked about."""
    found = {}
    for name in sorted({line["s"] for line in asked}):
        wanted = {line["r"] for line in asked if line["s"] == name}
        for number, row in enumerate(rows(data, name)):
            if number in wanted:
                found[f"{name}:{number}"] = (row["title"], row["context"] if "context" in row else row["text"])
    return found


def faults(data: Path) -> Iterator[str]:
    """Yield what is wrong with the files, a line each."""
    asked = lines()
    documents, seen = texts(data, asked), set()
    for line in asked:
        where = f"{identity(line)}: {line['q']}"
        if identity(line) not in documents:
            yield f"{where}: no such row"
            continue
        size = len(documents[identity(line)][1])
        if line["k"] not in KINDS:
            yield f"{where}: no such kind: {line['k']}"
        if not 0 <= line["at"][0] < line["at"][1] <= size:
            yield f"{where}: no place in a text of {size} characters"
        if (identity(line), line["q"]) in seen:
            yield f"{where}: asked twice"
        seen.add((identity(line), line["q"]))


def main() -> int:
    found = list(faults(arguments(__doc__).parse_args().data))
    print("\n".join(found) or f"{len(lines())} questions, no faults")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
