"""Universities and colleges named in a text."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

from libqa.text import dictionary, entities

Span = tuple[int, int]
_ENDS = ("大学", "学院")
_PROPER = ("ns", "nz", "nr", "nrt", "nrfg")
_PARTS = tuple("nbj")  # a name's other words: 中医药, 公共, 航空
_FEW = 4  # words that such a name may have before its last
_LONG = 6  # characters that make a name of common words: 电子科技大学


@lru_cache(maxsize=1024)
def schools(text: str) -> tuple[Span, ...]:
    """Return the spans of names of universities and colleges: 重庆医科大学, but no 一流大学 and no 哪所大学."""
    words = entities.cut(text)
    return tuple(
        (start, words[i][2])
        for i, (word, _, _) in enumerate(words)
        if word.endswith(_ENDS) and (start := _start(words, i)) >= 0
    )


def _start(words: Sequence[entities.Word], last: int) -> int:
    """Where the name that ends with a word begins: at the word itself, or at the place or name before it; or -1."""
    word, start, _ = words[last]
    if any(dictionary.part_of_speech(word[:size]) in _PROPER for size in range(2, min(5, len(word) - 1))):
        return start
    for before, at, end in reversed(words[max(0, last - _FEW) : last]):
        sort = dictionary.part_of_speech(before)
        if end != start or len(before) < 2 or not (sort.startswith(_PARTS) or sort == "vn"):
            break
        if sort in _PROPER or sort == "nt":
            return at
        start = at
    return start if words[last][2] - start >= _LONG else -1
