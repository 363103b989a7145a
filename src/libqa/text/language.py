"""A small character model of Chinese that says which of several repairs reads best.

Interpolated Kneser-Ney n-grams up to length four over folded Simplified text, pruned and quantised; see
training/train_repair_lm.py. Loaded only when a spot is ambiguous.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import as_file, files

import numpy as np
from numpy.typing import NDArray

from libqa.errors import ModelError
from libqa.text.gbk import FOLD, forms

ORDER = 4
BITS = 13  # per character in a key; the vocabulary stays below 2**13
STEP = 1 / 16  # natural-log units per quantisation step
UNKNOWN, START, DIGIT, LATIN = 0, 1, 2, 3
RARE = np.float32(9.5)  # nats: an unknown character is one of some 14,000
_MIX = np.uint64(0x9E3779B97F4A7C15)


def hashed(keys: NDArray[np.uint64]) -> NDArray[np.uint32]:
    """Mix keys of up to 52 bits into 32 bits."""
    mixed = (keys ^ (keys >> np.uint64(29))) * _MIX
    high: NDArray[np.uint32] = (mixed >> np.uint64(32)).astype(np.uint32)
    return high


@dataclass(frozen=True, slots=True)
class Grams:
    """N-grams of one length: sorted hashes, negative log probabilities and back-off weights in steps."""

    hashes: NDArray[np.uint32]
    cost: NDArray[np.uint8]
    backoff: NDArray[np.uint8]

    def find(self, keys: NDArray[np.uint64]) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
        """Return positions of the keys and whether each is there."""
        wanted = hashed(keys)
        at = np.minimum(np.searchsorted(self.hashes, wanted), len(self.hashes) - 1)
        return at, self.hashes[at] == wanted


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """Scores characters in context; ``ids`` numbers them, ``cost`` and ``backoff`` are of single ones."""

    ids: dict[str, int]
    cost: NDArray[np.float32]
    backoff: NDArray[np.float32]
    grams: tuple[Grams, ...]

    def number(self, text: str) -> list[int]:
        """Number the characters of a text: digits and Latin letters as classes, rare characters as unknown."""
        ids = self.ids
        return [ids.get(c, UNKNOWN) for c in text]

    def costs(self, contexts: NDArray[np.uint64], nexts: NDArray[np.uint64]) -> NDArray[np.float32]:
        """Return the negative natural-log probability of each next character, shape (n,), after its context, (n, 3)."""
        last = nexts
        result = self.cost[last.astype(np.intp)]
        context = contexts[:, -1]
        back = self.backoff[context.astype(np.intp)]
        for n, grams in enumerate(self.grams, start=2):
            at, there = grams.find(context << np.uint64(BITS) | last)
            result = np.where(there, grams.cost[at] * np.float32(STEP), result + back)
            if n < ORDER:
                context = contexts[:, -n] << np.uint64(BITS * (n - 1)) | context
                at, there = grams.find(context)
                back = np.where(there, grams.backoff[at] * np.float32(STEP), np.float32(0))
        return np.where(nexts == UNKNOWN, result + RARE, result)


@lru_cache(maxsize=1)
def language_model() -> LanguageModel:
    """Load the bundled model.

    Raises
    ------
    ModelError
        If the weights are missing or damaged.
    """
    source = files("libqa.models").joinpath("repair_lm.npz")
    try:
        with as_file(source) as path, np.load(path, allow_pickle=False) as data:
            arrays = {name: data[name] for name in data.files}
    except (OSError, ValueError) as error:
        raise ModelError("repair_lm.npz", f"cannot be read ({error})", "reinstall libqa") from error
    vocabulary = str(arrays["vocabulary"])
    ids = {c: i for i, c in enumerate(vocabulary)}
    for c in "0123456789":
        ids[c] = DIGIT
    for c in "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ":
        ids[c] = LATIN
    grams = tuple(Grams(arrays[f"h{n}"], arrays[f"c{n}"], arrays[f"b{n}"]) for n in range(2, ORDER + 1))
    return LanguageModel(ids, arrays["c1"].astype(np.float32), arrays["b1"].astype(np.float32), grams)


def folded(text: str) -> str:
    """Fold a text to what the model knows: Simplified, half-width marks."""
    simplified = forms().simplified
    return "".join(simplified.get(c, c) for c in text.translate(FOLD))
