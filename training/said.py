"""Statements and questions on them in other words, written for training the embedder; they are no source of facts.

    python training/said.py      # checks training/said/*.txt, one line for each fault

A line ``= statement`` is followed by lines ``? question``, all of which it answers.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

FOLDER = Path(__file__).resolve().parent / "said"


def load() -> list[tuple[str, list[str]]]:
    """Return the statements, each with its questions.

    Raises
    ------
    ValueError : a line is neither, or a question stands before the first statement.
    """
    found: list[tuple[str, list[str]]] = []
    for path in sorted(FOLDER.glob("*.txt")):
        first = len(found)
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            kind, text = line[:2], line[2:].strip()
            if kind == "= " and text:
                found.append((text, []))
            elif kind == "? " and text and len(found) > first:
                found[-1][1].append(text)
            elif line.strip():
                raise ValueError(f"{path.name}, line {number}: neither a statement nor a question: {line}")
    return found


def faults(told: list[tuple[str, list[str]]]) -> list[str]:
    """Return what is wrong with the statements, a line each."""
    counts = Counter(statement for statement, _ in told)
    twice = [f"stands twice: {statement}" for statement, count in counts.items() if count > 1]
    return [f"no question: {statement}" for statement, own in told if not own] + twice


def main() -> int:
    told = load()
    found = faults(told)
    print("\n".join(found) or f"{len(told)} statements, {sum(len(own) for _, own in told)} questions, no faults")
    return bool(found)


if __name__ == "__main__":
    sys.exit(main())
