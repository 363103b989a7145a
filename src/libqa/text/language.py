"""A small character model of Chinese that says which of several repairs reads best.

Interpolated Kneser-Ney n-grams up to length four over folded Simplified text, pruned and quantised; see
training/train_repair_lm.py. Loaded only when a spot is ambiguous.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import as_file, files
from string import ascii_letters

import numpy as np
from numpy.typing import NDArray

from libqa.errors import ModelError
from libqa.text.gbk import FOLD, forms

ORDER = 4
BITS = 13  # of a key hold the character, those above the place of its context in the table one shorter
STEP = 1 / 16  # natural-log units per quantisation step
UNKNOWN, EDGE, DIGIT, LATIN = 0, 1, 2, 3  # the edge stands before the first and after the last character of a line
RARE = np.float32(9.5)  # nats: an unknown character is one of some 14,000


@dataclass(frozen=True, slots=True)
class Grams:
    """N-grams of one length: sorted keys, negative log probabilities and back-off weights in steps."""

    keys: NDArray[np.int64]
    cost: NDArray[np.uint8]
    backoff: NDArray[np.uint8]

    def find(self, places: NDArray[np.int64], chars: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return the places of n-grams given by the place of their context and last character; -1 where absent."""
        wanted = places << BITS | chars
        at = np.minimum(np.searchsorted(self.keys, wanted), len(self.keys) - 1)
        found: NDArray[np.int64] = np.where((self.keys[at] == wanted) & (places >= 0), at, -1)
        return found


@dataclass(frozen=True, slots=True)
class LanguageModel:
    """Scores characters in context; ``ids`` numbers them, ``cost`` and ``backoff`` are of single ones.

    ``han`` tells which numbers are those of Chinese characters.
    """

    ids: dict[str, int]
    han: NDArray[np.bool_]
    cost: NDArray[np.float32]
    backoff: NDArray[np.float32]
    grams: tuple[Grams, ...]

    def number(self, text: str) -> list[int]:
        """Number the characters of a text: digits and Latin letters as classes, rare characters as unknown."""
        ids = self.ids
        return [ids.get(c, UNKNOWN) for c in text]

    def costs(
        self, contexts: NDArray[np.int64], owners: NDArray[np.intp], nexts: NDArray[np.int64]
    ) -> NDArray[np.float32]:
        """Return the negative natural-log probabilities of characters, shape (n,).

        ``contexts``, (m, 3), are the three characters before; ``owners``, (n,), tells which of them goes with which
        character of ``nexts``, (n,).
        """
        two, three, four = self.grams
        oldest, old, new = contexts.T
        pairs = two.find(old, new)
        triples = three.find(two.find(oldest, old), new)
        result = self.cost[nexts]
        for grams, places, weights in (
            (two, new, self.backoff[new]),
            (three, pairs, two.backoff[pairs] * np.float32(STEP)),
            (four, triples, three.backoff[triples] * np.float32(STEP)),
        ):
            lighter = np.where(places >= 0, weights, np.float32(0))
            at = grams.find(places[owners], nexts)
            result = np.where(at >= 0, grams.cost[at] * np.float32(STEP), result + lighter[owners])
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
    han = np.array(["\u3400" <= c <= "\u9fff" for c in vocabulary], np.bool_)
    ids |= dict.fromkeys("0123456789", DIGIT) | dict.fromkeys(ascii_letters, LATIN)
    grams = tuple(
        Grams(
            np.repeat(np.arange(len(arrays[f"n{n}"])), arrays[f"n{n}"]) << BITS | arrays[f"w{n}"],
            arrays[f"c{n}"],
            arrays[f"b{n}"],
        )
        for n in range(2, ORDER + 1)
    )
    return LanguageModel(ids, han, arrays["c1"].astype(np.float32), arrays["b1"].astype(np.float32), grams)


def folded(text: str) -> str:
    """Fold a text to what the model knows: Simplified, half-width marks."""
    simplified = forms().simplified
    return "".join(simplified.get(c, c) for c in text.translate(FOLD))
