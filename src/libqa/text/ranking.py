"""Rank the texts that fit a broken stretch by what the beam search cannot see: words, and pairs of quotes."""

from __future__ import annotations

import math
from collections import Counter

from libqa.text import dictionary
from libqa.text.gbk import FOLD
from libqa.text.inverting import Spot, Step
from libqa.text.language import folded

WORDS = 0.25  # weight of the cost of words beside that of characters
MARK = 3.0  # cost of a mark, digit or letter as a word, in nats
LONGEST = 6  # characters of a word
AROUND = 4  # sound characters on either side that words may reach into
OPENING, CLOSING = "“‘《〈「『【(", "”’》〉」』】)"
ODD = 4.0  # nats for a quote or bracket that does not pair, and for a doubled mark
GONE = 1.0  # nats for a pair that must have vanished: there are many such texts to choose from
PAIRED = 1.5  # nats gained by closing what is open


def ranked(spot: Spot, before: str, after: str) -> list[tuple[tuple[Step, ...], float]]:
    """Return the texts of a broken stretch with their costs, best first, given the line before and after it."""
    if len(spot.texts) == 1:
        return list(spot.texts)
    still = _balance(before)
    left, right = folded(before[-AROUND:]), folded(after[:AROUND])
    known: dict[str, float] = {}
    priced = []
    for steps, cost in spot.texts:
        text = "".join(step.char for step in steps)
        folded_text = folded(text)
        if folded_text not in known:
            known[folded_text] = WORDS * _words(left + folded_text + right)
        gone = sum(step.flag == "gone" for step in steps) / 2
        priced.append((steps, cost + known[folded_text] + _odd(still, text) + GONE * gone))
    return sorted(priced, key=lambda item: item[1])


def _words(text: str) -> float:
    """Return the cost of the cheapest way to cut a text into jieba's words, in nats."""
    unit = math.log(dictionary.total())
    best = [0.0] * (len(text) + 1)
    for end in range(1, len(text) + 1):
        choices = []
        for start in range(max(0, end - LONGEST), end):
            word = text[start:end]
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
