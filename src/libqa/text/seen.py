"""Which strings of four characters were seen in the training text, if the character model does not tell.

The character model is pruned and smooth: it hardly tells what is rare from what is never written. This set does. It
holds strings that matter where bytes are lost: those with, or right after, a character whose second byte can go down
with its neighbour. Kept as differences of sorted fingerprints, of which one in two hundred is hit by mistake. Made by
training/train_repair_seen.py, loaded only when a lost spot has more than one reading.
"""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import as_file, files

import numpy as np
from numpy.typing import NDArray

from libqa.errors import ModelError
from libqa.text import candidates
from libqa.text.gbk import forms, table
from libqa.text.language import EDGE, language_model

LENGTH = 4
BITS = 29
EXPECTED = 0.5  # nats: what the character model gives a lower cost is not in the set
_MARKS = (0xA1, 0xA3)  # trail bytes that, before a mark, make another mark with its first byte
_FACTOR = np.uint64(0x9E3779B97F4A7C15)  # 2**64 divided by the golden ratio: Knuth's multiplicative hashing


def fingerprints(strings: NDArray[np.int64]) -> NDArray[np.uint32]:
    """Hash numbered strings, shape (n, LENGTH), to BITS bits."""
    mixed = np.zeros(len(strings), np.uint64)
    for column in strings.astype(np.uint64).T:
        mixed = (mixed + column + np.uint64(1)) * _FACTOR
        mixed ^= mixed >> np.uint64(32)
    result: NDArray[np.uint32] = (mixed * _FACTOR >> np.uint64(64 - BITS)).astype(np.uint32)
    return result


def eligible(windows: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which strings are of the kind that the set holds, given with the character before, shape (n, LENGTH + 1).

    Those near a character that is easily lost, with at most one mark, digit, letter or edge of a line, no edge inside.
    """
    strange = ~language_model().han[windows[:, 1:]]
    inside = (windows[:, 2:-1] == EDGE).any(axis=1)
    result: NDArray[np.bool_] = _easily_lost()[windows].any(axis=1) & (strange.sum(axis=1) <= 1) & ~inside
    return result


def counted(texts: list[list[int]]) -> NDArray[np.int64]:
    """Count in each numbered text the eligible strings seen, not those that begin with its first character.

    Seen are those of the set and those that the character model holds, but for the expected.

    Raises
    ------
    ModelError
        If the stored set is missing or damaged.
    """
    size = LENGTH + 1
    owners = np.repeat(np.arange(len(texts)), [max(0, len(text) - size + 1) for text in texts])
    rows = [text[i : i + size] for text in texts for i in range(len(text) - size + 1)]
    windows = np.array(rows, np.int64).reshape(-1, size)
    kept = eligible(windows)
    windows, owners = windows[kept], owners[kept]
    costs = language_model().costs(windows[:, 1:-1], np.arange(len(windows)), windows[:, -1])
    stored, wanted = _stored(), fingerprints(windows[:, 1:])
    found = stored[np.minimum(np.searchsorted(stored, wanted), len(stored) - 1)] == wanted
    found |= held(windows[:, 1:])
    return np.bincount(owners[found & (costs >= EXPECTED)], minlength=len(texts))


def held(strings: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Tell which strings, shape (n, LENGTH), the character model itself holds."""
    two, three, four = language_model().grams
    first, second, third, last = strings.T
    result: NDArray[np.bool_] = four.find(three.find(two.find(first, second), third), last) >= 0
    return result


@lru_cache(maxsize=1)
def _stored() -> NDArray[np.uint32]:
    source = files("libqa.models").joinpath("bundled/repair/seen.npz")
    try:
        with as_file(source) as path, np.load(path, allow_pickle=False) as data:
            steps = data["high"].astype(np.uint32) << np.uint32(8) | data["low"]
    except (OSError, ValueError, KeyError) as error:
        raise ModelError("seen.npz", f"cannot be read ({error})", "reinstall libqa") from error
    return np.cumsum(steps, dtype=np.uint32)


@lru_cache(maxsize=1)
def _easily_lost() -> NDArray[np.bool_]:
    """Tell which numbers are those of characters whose trail byte is the first byte of a mark or of dropped pairs."""
    trails = candidates.vanishing()[:, 0xA1:].mean(axis=1) > 0.5
    trails[list(_MARKS)] = True
    model, known = language_model(), forms()
    result = np.zeros_like(model.han)
    for char, number in model.ids.items():
        code = table().code.get(known.traditional.get(char, char), 0)
        result[number] |= model.han[number] and trails[code & 255]
    return result
