"""The passages that a report shows beside a wrong answer."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from libqa.evaluation import metrics
from libqa.evaluation.metrics import Span

if TYPE_CHECKING:
    from libqa.types import Document

_AROUND = 120  # characters shown before and after the gold words


@dataclass(frozen=True, slots=True)
class Shown:
    """Part of a document as a report shows it; ``marks`` are the gold words, counted within ``text``.

    ``rank`` is its place among the passages found, from 1; ``None`` if it was not found.
    """

    document: str
    title: str
    text: str
    marks: tuple[tuple[int, int], ...]
    rank: int | None


def around_gold(gold: Sequence[Span], found: Sequence[Span], documents: Mapping[str, Document]) -> tuple[Shown, ...]:
    """Return the first two places that hold the answer, and what was found first if it is none of them."""
    wanted: list[tuple[Span, int | None]] = []
    for name, start, end in gold:
        if not any(metrics.overlaps((name, start, end), [span]) for span, _ in wanted):
            around = (name, *_whole_sentences(documents[name].text, start, end))
            rank = next((n for n, f in enumerate(found, 1) if metrics.overlaps(f, [(name, start, end)])), None)
            wanted.append((around, rank))
    wanted = wanted[:2]
    if found and not any(rank == 1 for _, rank in wanted):
        wanted.append((found[0], 1))
    return tuple(
        Shown(
            name,
            documents[name].title.strip(),
            documents[name].text[start:end],
            tuple(
                (max(s, start) - start, min(e, end) - start)
                for n, s, e in sorted(set(gold))
                if n == name and s < end and start < e
            ),
            rank,
        )
        for (name, start, end), rank in wanted
    )


def _whole_sentences(text: str, start: int, end: int) -> tuple[int, int]:
    """Return about `_AROUND` characters on both sides, from the beginning of a sentence to the end of one if near."""
    first, last = max(0, start - _AROUND), min(len(text), end + _AROUND)
    ends = [m.end() for m in re.finditer(r"[。！？\n]\s*", text[first:start])]
    begin = first + ends[0] if first and ends else first
    closing = [m.end() for m in re.finditer(r"[。！？]", text[end:last])]
    return begin, end + closing[-1] if last < len(text) and closing else last
