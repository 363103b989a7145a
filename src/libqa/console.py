"""What the command line prints: answers for people, JSON for programs, notices and progress on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from libqa.errors import LibQAError
    from libqa.types import Answer


def render(answer: Answer) -> str:
    """Return the answer for the terminal: the notice, statements with [n] marks, the citations they point to."""
    notice = [answer.notice, ""] if answer.notice else []
    if answer.abstained:
        return "\n".join([*notice, answer.text])
    lines = [*notice, *said(answer, range(1, len(answer.citations) + 1)), ""]
    for n, c in enumerate(answer.citations, 1):
        where = ", ".join(part for part in (c.section, c.place) if part)
        lines.append(f"[{n}] 《{c.title or c.document_id}》 {where}".rstrip() + f": “{c.quote}”")
    return "\n".join(lines)


def said(answer: Answer, numbers: Sequence[int]) -> list[str]:
    """Return the statements with [n] marks, ``numbers`` being those of the citations; [?] where they do not confirm."""
    marks = [dict.fromkeys(numbers[n] for n in s.citations) for s in answer.statements]
    return [
        s.text + " " + "".join(f"[{n}]" for n in marked) + ("" if s.supported else " [?]")
        for s, marked in zip(answer.statements, marks, strict=True)
    ]


def visible(text: str) -> str:
    """Return ``text`` with control characters spelled out, so that no document can steer the terminal."""
    return "".join(
        c if c in "\n\t" or c.isprintable() or (c > "\xa0" and c.isspace()) else f"\\x{ord(c):02x}" for c in text
    )


def print_json(value: Any, indent: int | None = None) -> None:
    """Print ``value`` as JSON that any reader of standard output's encoding can parse."""
    unicode = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
    print(json.dumps(value, ensure_ascii=not unicode, indent=indent))


def note(line: str) -> None:
    """Print one line on standard error."""
    print(visible(" ".join(line.split())), file=sys.stderr)


def report(error: LibQAError) -> None:
    """Print an error as one line on standard error."""
    note(f"libqa: {error}")


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int | None], None]]:
    """Yield a function ``(done, total | None)`` that moves a bar on standard error, if that is a terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console, disable=not console.is_terminal) as bar:
        task = bar.add_task(label, total=None)

        def move(done: int, total: int | None) -> None:
            bar.update(task, completed=done, total=total)

        yield move
