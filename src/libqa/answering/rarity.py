"""How much a word tells: rare in Chinese at large, rare in these documents."""

from __future__ import annotations

import math
from collections.abc import Callable

from libqa.text import dictionary

_CAP = 12.0  # nats; a word in no dictionary


def rarity(term: str) -> float:
    """Return the rarity of a folded term in general Chinese, 0..1, from jieba's frequencies; unknown words are 1."""
    count = dictionary.frequency(term)
    if not count:
        return 0.6 if term.isdigit() and len(term) < 3 else 1.0
    return min(1.0, max(0.05, math.log(dictionary.total() / count) / _CAP))


def blended(frequency: Callable[[str], int], total: int) -> Callable[[str], float]:
    """Return a rarity (0..1), half general and half that among ``total`` passages, ``frequency(term)`` holding it."""

    def weigh(term: str) -> float:
        local = math.log((total + 1) / (frequency(term) + 0.5)) / math.log(2 * total + 2)
        return 0.5 * rarity(term) + 0.5 * max(0.0, local)

    return weigh if total >= 20 else rarity
