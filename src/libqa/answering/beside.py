"""Is it the clause, or the item of the list, next to a candidate that says what the question does?

馆长由李华担任，分管资源的是罗静: who is in charge of 资源 the first clause does not say. 一等奖3名、二等奖8名: the
second item says nothing of 一等奖.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from libqa.answering.candidates import Candidate, Laid

Floats = NDArray[np.float32]
Span = tuple[int, int]

_WHOLE = 0.8  # share of the question's weight from which a clause says all of it
_LESS = 0.5  # how much less of it the candidate's own clause says
_WEIGHTY = 0.2  # share of the question's weight that makes a word of it tell an item
_CLAUSE, _ITEM = 0.6, 1.0  # what the one and the other count
_NUMBERED = re.compile(
    r"[\d〇零一二两三四五六七八九十百千万亿]+[多余]?[个位名人支家所场次项种类座篇本份部条门张层间届期件册台对元%]"
)
_PAIRED = re.compile(r"《[^《》]*》|“[^“”]*”|\([^()]*\)")
_UNDER = "副"


def told_elsewhere(
    question: str,
    laid: Laid,
    found: Sequence[Candidate],
    said: Floats,
    fitting: NDArray[np.bool_],
    words: Sequence[tuple[float, NDArray[np.int64]]],
) -> Floats:
    """Return for each candidate how clearly another clause, or item of its list, is what the question is about, 0..1.

    Parameters
    ----------
    question : folded.
    said : share of the question's weight in each candidate's clauses.
    fitting : whether each candidate is of the kind that is asked for; a clause without such a one answers nothing.
    words : share of the weight of each of the question's words, and where it starts in the text.
    """
    out = np.zeros(len(found), np.float32)
    best = float(said[fitting].max()) if fitting.any() else 0.0
    if best >= _WHOLE:
        out[said <= best - _LESS] = _CLAUSE
    for i, c in enumerate(found):
        items = _items(laid.text, laid.folded, laid.clauses[c.first]) if c.first == c.last else ()
        own = next((k for k, (a, b) in enumerate(items) if a <= c.start and c.end <= b), None)
        if own is not None:
            held = [_held(laid.folded, item, words, question) for item in items]
            if any(other > held[own] for other in held):
                out[i] = _ITEM
    return out


def _held(folded: str, item: Span, words: Sequence[tuple[float, NDArray[np.int64]]], question: str) -> frozenset[int]:
    """The weighty words of the question in an item; 馆员 is not said by 副馆员, nor the other way round."""

    def same(at: int) -> bool:
        return (folded[at - 1 : at] == _UNDER) == (_UNDER + folded[at : at + 2] in question)

    return frozenset(
        number
        for number, (weight, starts) in enumerate(words)
        if weight >= _WEIGHTY and any(item[0] <= at < item[1] and same(at) for at in starts.tolist())
    )


@lru_cache(maxsize=4096)
def _items(text: str, folded: str, clause: Span) -> tuple[Span, ...]:
    """The items of a clause that lists numbers, parted by 、; none of another clause."""
    start, end = clause
    masked = _PAIRED.sub(lambda m: "□" * len(m[0]), folded[start:end])
    edges = [-1, *(m.start() for m in re.finditer("、", masked)), len(masked)]
    items = tuple((start + a + 1, start + b) for a, b in pairwise(edges))
    numbered = [item for item in items if _NUMBERED.search(folded[item[0] : item[1]])]
    return items if len(numbered) > 1 else ()
