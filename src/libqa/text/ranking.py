"""Rank the texts that fit a broken stretch by what the beam search cannot see: words, pairs of quotes, the line's end.

A text's cost is a weighted sum of the numbers named in ``FEATURES``; the ``JUDGED`` cheapest texts are then ranked by a
sum of the same numbers and of those named in ``LATER``, which a recurrent network gives. Both sums are the negative
logarithm of the text's probability among the texts of its stretch up to a constant. The weights are learnt:
training/train_repair_ranking.py.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from libqa.text import dictionary
from libqa.text.gbk import FOLD
from libqa.text.inverting import Spot, Step
from libqa.text.language import EDGE, ORDER, folded, language_model
from libqa.text.network import surprise
from libqa.text.seen import counted

FEATURES = ("characters", "words", "odd", "gone", "length", "open", "repeated", "swallowed", "commas", "seen")
WEIGHTS = np.array([0.66, 0.21, 2.41, 1.21, 0.44, 4.44, -3.16, 0.55, -0.34, -1.05])
LATER = ("network", "peak", "mixed")
FINAL = np.array([0.36, 0.13, 2.54, 0.33, 0.38, 3.75, -2.75, -1.82, 0.01, -0.79, 0.22, 0.11, 0.17])
JUDGED = 32  # texts
MARK = 3.0  # cost of a mark, digit or letter as a word, in nats
NUMERAL = 4.5  # cost of each character of a number: dictionaries hold some numbers and not others
NUMERALS = frozenset("〇零一二三四五六七八九十百千万亿两")
LONGEST = 6  # characters of a word
AROUND = 4  # sound characters on either side that words may reach into
BEHIND = 8  # sound characters after the stretch that the network reads
BREAK = "?"  # where the line is not sound any more
OPENING, CLOSING = "“‘《〈「『【(", "”’》〉」』】)"
ENDING = frozenset("。！？!?；;：:…") | frozenset(CLOSING)
ODD = 4.0  # for a quote or bracket that does not pair, and for a doubled mark
PAIRED = 1.5  # gained by closing what is open


def ranked(spot: Spot, before: str, after: str) -> list[tuple[tuple[Step, ...], float]]:
    """Return the likeliest texts of a broken stretch with their costs, best first, given the line before and after it.

    ``after`` holds at least the next ``BEHIND`` characters, unless the line ends or breaks (``BREAK``) before.
    """
    if len(spot.texts) == 1:
        return list(spot.texts)
    rows = features(spot, before, after)
    chosen = judged(rows)
    costs = np.hstack([rows[chosen], later(spot, chosen, before, after)]) @ FINAL
    return [(spot.texts[chosen[i]][0], float(costs[i])) for i in np.argsort(costs, kind="stable").tolist()]


def judged(rows: NDArray[np.float64]) -> list[int]:
    """Choose the texts that the network judges, given the ``features`` of all."""
    chosen: list[int] = np.argsort(rows @ WEIGHTS, kind="stable")[:JUDGED].tolist()
    return chosen


def later(spot: Spot, chosen: Sequence[int], before: str, after: str) -> NDArray[np.float64]:
    """Describe the chosen texts by the numbers of ``LATER``, shape (chosen, later).

    ``network`` and ``peak``: the cost in nats, by the recurrent network, of the text with what follows it, and that of
    its dearest character; ``mixed``: the cost by both models, the mean of whose probabilities is taken (linear
    interpolation; Jelinek and Mercer 1980).
    """
    model = language_model()
    sound, broken, _ = after.partition(BREAK)
    right = model.number(folded(sound[:BEHIND]))
    if not broken and len(sound) < BEHIND:
        right.append(EDGE)
    left = [EDGE, *model.number(folded(before))]
    texts = [model.number(folded("".join(step.char for step in spot.texts[i][0]))) + right for i in chosen]
    costs = surprise(left, texts).astype(np.float64)
    mixed = -np.logaddexp(-costs, -_in_context(left, texts)) + math.log(2)
    mixed[costs == 0] = 0
    return np.stack([costs.sum(axis=1), costs.max(axis=1, initial=0.0), mixed.sum(axis=1)], axis=1)


def _in_context(left: list[int], texts: Sequence[list[int]]) -> NDArray[np.float32]:
    """Return the cost of each character of the numbered texts by the character model, shape (texts, longest)."""
    model = language_model()
    before = ([EDGE] * (ORDER - 1) + left)[1 - ORDER :]
    windows = np.array([(before + text)[i : i + ORDER] for text in texts for i in range(len(text))], np.int64).reshape(
        -1, ORDER
    )
    costs = model.costs(windows[:, :-1], np.arange(len(windows)), windows[:, -1])
    result = np.zeros((len(texts), max(map(len, texts))), np.float32)
    result[np.arange(result.shape[1]) < np.array([[len(text)] for text in texts])] = costs
    return result


def features(spot: Spot, before: str, after: str) -> NDArray[np.float64]:
    """Describe the texts of a broken stretch by the numbers of ``FEATURES``, shape (texts, features).

    ``characters`` and ``words``: costs in nats by the character model and by jieba's dictionary; ``odd``: price of
    quotes, brackets and marks out of place; ``gone``: pairs that vanished; ``open``: the line holds marks but ends
    without one; ``repeated``: pairs with restored characters that the line holds elsewhere; ``swallowed``: digits or
    half-width marks in place of ``?``; ``seen``: strings that the training text holds, see ``libqa.text.seen``.
    """
    still = _balance(before)
    left, right = folded(before[-AROUND:]), folded(after[:AROUND])
    around = folded(f"{before} {after[:AROUND]}")
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
