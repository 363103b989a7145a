"""A small recurrent network that tells how likely a text is after all that stands before it in its line.

The character model of ``libqa.text.language`` sees three characters back; this one, a gated recurrent unit (Cho and
others 2014), up to ``BACK``. It is slower by far, so it only judges the best of the texts that fit a broken stretch.
Made by training/train_repair_network.py, stored with eight bits a weight; loaded only when bytes were lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import as_file, files

import numpy as np
from numpy.typing import NDArray

from libqa.errors import ModelError
from libqa.text.language import RARE, UNKNOWN

BACK = 64  # characters; it was trained on pieces of this length

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Network:
    """Weights: ``embedding`` (characters, width), ``inputs`` (width, 3 * hidden), ``hidden`` (hidden, 3 * hidden), the
    biases of both, ``projection`` (hidden, width), ``bias`` (characters,).

    The three parts of ``inputs`` and ``hidden`` are those of the reset gate, the update gate and the new state.
    """

    embedding: Floats
    inputs: Floats
    input_bias: Floats
    hidden: Floats
    hidden_bias: Floats
    projection: Floats
    bias: Floats

    def read(self, states: Floats, characters: NDArray[np.int64]) -> Floats:
        """Return the states, shape (n, hidden), after one more character each."""
        size = states.shape[1]
        seen = self.embedding[characters] @ self.inputs + self.input_bias
        kept = states @ self.hidden + self.hidden_bias
        gates = 0.5 + 0.5 * np.tanh(0.5 * (seen[:, : 2 * size] + kept[:, : 2 * size]))  # the logistic function
        new = np.tanh(seen[:, 2 * size :] + gates[:, :size] * kept[:, 2 * size :])
        result: Floats = (new + gates[:, size:] * (states - new)).astype(np.float32)
        return result

    def costs(self, states: Floats, owners: NDArray[np.intp], nexts: NDArray[np.int64]) -> Floats:
        """Return the negative natural-log probabilities of characters; ``owners`` tells which state goes with each."""
        scores = states @ self.projection @ self.embedding.T + self.bias
        top = scores.max(axis=1)
        totals = top + np.log(np.exp(scores - top[:, None]).sum(axis=1))
        result: Floats = totals[owners] - scores[owners, nexts]
        return np.where(nexts == UNKNOWN, result + RARE, result)


def surprise(before: Sequence[int], texts: Sequence[Sequence[int]]) -> Floats:
    """Return the cost of each character of the numbered texts after ``before``, in nats, shape (texts, longest).

    Shorter texts are filled up with 0. Beginnings that texts share are read once.

    Raises
    ------
    ModelError
        If the weights are missing or damaged.
    """
    network = _network()
    states = np.zeros((1, len(network.hidden)), np.float32)
    for number in before[-BACK:]:
        states = network.read(states, np.array([number]))
    lengths = np.array([len(text) for text in texts])
    rows = np.full((len(texts), int(lengths.max(initial=0))), UNKNOWN, np.int64)
    for row, text in zip(rows, texts, strict=True):
        row[: len(text)] = text
    result = np.zeros(rows.shape, np.float32)
    nodes = np.zeros(len(texts), np.intp)
    for at, column in enumerate(rows.T):
        going = np.flatnonzero(lengths > at)
        _, firsts, places = np.unique(
            nodes[going] * len(network.bias) + column[going], return_index=True, return_inverse=True
        )
        parents, characters = nodes[going][firsts], column[going][firsts]
        used, owners = np.unique(parents, return_inverse=True)
        result[going, at] = network.costs(states[used], owners.astype(np.intp), characters)[places]
        states = network.read(states[parents], characters)
        nodes[going] = places
    return result


@lru_cache(maxsize=1)
def _network() -> Network:
    source = files("libqa.models").joinpath("bundled/repair/network.npz")
    try:
        with as_file(source) as path, np.load(path, allow_pickle=False) as data:
            arrays = {name: data[name] for name in data.files}
        embedding, inputs, hidden, projection = (
            arrays[name].astype(np.float32) * arrays[f"{name}_scale"][:, None]
            for name in ("embedding", "input", "hidden", "projection")
        )
        return Network(
            embedding,
            np.ascontiguousarray(inputs.T),
            arrays["input_bias"],
            np.ascontiguousarray(hidden.T),
            arrays["hidden_bias"],
            np.ascontiguousarray(projection.T),
            arrays["bias"].astype(np.float32),
        )
    except (OSError, ValueError, KeyError) as error:
        raise ModelError("network.npz", f"cannot be read ({error})", "reinstall libqa") from error
