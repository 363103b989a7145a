"""Rank the texts that fit a broken stretch by what the beam search cannot see: words, pairs of quotes, the line's end.

A text's cost is a weighted sum of the numbers named in ``FEATURES``, the negative logarithm of its probability among
the texts of its stretch up to a constant. The weights are learnt: training/train_repair_ranking.py.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from libqa.text import dictionary
from libqa.text.gbk import FOLD
from libqa.text.inverting import Spot, Step
from libqa.text.language import EDGE, folded, language_model
from libqa.text.seen import counted

FEATURES = ("characters", "words", "odd", "gone", "length", "open", "repeated", "swallowed", "commas", "seen")
WEIGHTS = np.array([0.73, 0.27, 1.98, 0.07, 0.62, 2.12, -1.29, -0.07, 0.03, -0.97])
MARK = 3.0  # cost of a mark, digit or letter as a word, in nats
NUMERAL = 4.5  # cost of each character of a number: dictionaries hold some numbers and not others
NUMERALS = frozenset("〇零一二三四五六七八九十百千万亿两")
LONGEST = 6  # characters of a word
AROUND = 4  # sound characters on either side that words may reach into
OPENING, CLOSING = "“‘《〈「『【(", "”’》〉」』】)"
ENDING = frozenset("。！？!?；;：:…") | frozenset(CLOSING)
ODD = 4.0  # for a quote or bracket that does not pair, and for a doubled mark
PAIRED = 1.5  # gained by closing what is open


def ranked(spot: Spot, before: str, after: str) -> list[tuple[tuple[Step, ...], float]]:
    """Return the texts of a broken stretch with their costs, best first, given the line before and after it."""
    if len(spot.texts) == 1:
        return list(spot.texts)
    costs = features(spot, before, after) @ WEIGHTS
    return [(spot.texts[i][0], float(costs[i])) for i in np.argsort(costs, kind="stable").tolist()]


def features(spot: Spot, before: str, after: str) -> NDArray[np.float64]:
    """Describe the texts of a broken stretch by the numbers of ``FEATURES``, shape (texts, features).

    ``characters`` and ``words``: costs in nats by the character model and by jieba's dictionary; ``odd``: price of
    quotes, brackets and marks out of place; ``gone``: pairs that vanished; ``open``: the line holds marks but ends
    without one; ``repeated``: pairs with restored characters that the line holds elsewhere; ``swallowed``: digits or
    half-width marks in place of ``?``; ``seen``: strings that the training text holds, see ``libqa.text.seen``.
    """
    still = _balance(before)
    left, right = folded(before[-AROUND:]), folded(after[:AROUND])
    around = folded(f"{before} {after}")
    pairs = {a + b for a, b in pairwise(around) if a > "\u3400" and b > "\u3400"}
    known: dict[str, float] = {}
    prose = any(char in ",;。" for char in around)
    model = language_model()
    texts = [folded("".join(step.char for step in steps)) for steps, _ in spot.texts]
    seen = counted([[EDGE, *model.number(left + text + right)] for text in texts]).tolist()
    rows = []
    for i, (steps, cost) in enumerate(spot.texts):
        text = texts[i]
        if text not in known:
            known[text] = _words(left + text + right)
        gone = sum(step.flag == "gone" for step in steps)
        restored = (k for k, step in enumerate(steps) if step.flag in ("gone", "lead", "trail"))
        rows.append(
            (
                cost,
                known[text],
                _odd(still, text),
                gone / 2,
                len(text),
                prose and not after and text[-1:] not in ENDING,
                _repeated(left[-1:] + text, (k + len(left[-1:]) for k in restored), pairs),
                sum(step.flag == "lost" for step in steps),
                text.count(","),
                seen[i],
            )
        )
    return np.array(rows, np.float64)


def _repeated(text: str, places: Iterable[int], pairs: set[str]) -> int:
    """Count the pairs of characters around the places that are among the known ones."""
    starts = {start for i in places for start in (i - 1, i) if start >= 0}
    return sum(text[start : start + 2] in pairs for start in starts)


def _words(text: str) -> float:
    """Return the cost of the cheapest way to cut a text into jieba's words, in nats; numbers are no matter of words."""
    unit = math.log(dictionary.total())
    best = [0.0] * (len(text) + 1)
    for end in range(1, len(text) + 1):
        choices = []
        for start in range(max(0, end - LONGEST), end):
            word = text[start:end]
            if NUMERALS.issuperset(word):
                choices.append(best[start] + NUMERAL * len(word))
                continue
            count = dictionary.frequency(word) if word > "\u3400" else 0
            if count or start == end - 1:
                plain = MARK if word < "\u3400" or word > "\u9fff" else unit
                choices.append(best[start] + (unit - math.log(count) if count else plain))
        best[end] = min(choices)
    return best[-1]


def _balance(text: str) -> Counter[str]:
    """Count the quotes and brackets that are open at the end of a text."""
    still = Counter[str]()
    for char in text.translate(FOLD):
        if char in OPENING:
            still[char] += 1
        elif char in CLOSING:
            still[OPENING[CLOSING.index(char)]] -= 1
    return still


def _odd(balance: Counter[str], text: str) -> float:
    """Price of closing what is not open, of opening what is open already and of doubled marks, in nats."""
    still, price, before = balance.copy(), 0.0, ""
    for char in text.translate(FOLD):
        if char in OPENING:
            price += ODD * (still[char] > 0)
            still[char] += 1
        elif char in CLOSING:
            opening = OPENING[CLOSING.index(char)]
            if still[opening] <= 0:
                # a closing quote may have been opened in the line before
                price += ODD if char != "”" or before not in "。！？?!" else 0.0
            else:
                price -= PAIRED
            still[opening] -= 1
        elif char == before and char in "。，；：、,;:":
            price += ODD
        before = char
    return price
