"""Chinese words that can stand for each other: how people ask for a thing, and how reports say it.

The file holds a group of near-synonyms a line, written for libqa (``training/make_thesaurus.py``).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from libqa.errors import ModelError

BUNDLED = Path(__file__).parent / "bundled" / "thesaurus" / "thesaurus.txt"
LONGEST = 8
"""Characters of the longest phrase in the thesaurus."""

Word = tuple[str, int, int]


@lru_cache(maxsize=1)
def _groups(path: Path) -> dict[str, tuple[str, ...]]:
    """Return for each word the lines that it stands in."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as e:
        raise ModelError(str(path), f"the thesaurus cannot be read ({e})", "reinstall libqa") from e
    found: dict[str, tuple[str, ...]] = {}
    for line in lines:
        for word in line.split(";"):
            found[word] = (*found.get(word, ()), line)
    return found


@lru_cache(maxsize=4096)
def synonyms(word: str) -> tuple[tuple[str, float], ...]:
    """Return the near-synonyms of a folded word or phrase with their strength (0..1), strongest first.

    A word of several senses stands in several groups; each of them counts the less the more there are.
    """
    lines = _groups(BUNDLED).get(word, ())
    found: dict[str, float] = {}
    for line in lines:
        for other in line.split(";"):
            if other != word:
                found[other] = found.get(other, 0.0) + len(lines) ** -0.5
    return tuple((other, min(1.0, strength)) for other, strength in sorted(found.items(), key=lambda p: -p[1]))


def joined(words: Sequence[Word]) -> list[Word]:
    """Return words (as from `segment.words`) of which those that make up a phrase of the thesaurus are one.

    The longest phrase from the left wins: 一馆 之 长 is 一馆之长.
    """
    known = _groups(BUNDLED)
    found: list[Word] = []
    i = 0
    while i < len(words):
        start, stop, best = words[i][1], i, i
        phrase = ""
        while stop < len(words) and (stop == i or words[stop][1] == words[stop - 1][2]):
            phrase += words[stop][0]
            if len(phrase) > LONGEST:
                break
            if stop > i and phrase in known:
                best = stop
            stop += 1
        found.append(("".join(w for w, _, _ in words[i : best + 1]), start, words[best][2]))
        i = best + 1
    return found
