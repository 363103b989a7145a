"""The bundled reader: where in a passage the answer to a question stands, and whether it stands there at all.

A convolutional network with attention between question and passage (after Seo et al. 2017, Yu et al. 2018), over the
embedder's pieces; computed with NumPy alone. ``training/reader_network.py`` is the same network for training.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from libqa.errors import ModelError
from libqa.models.embedder import StaticEmbedder
from libqa.models.features import Featurizer, Inputs

BUNDLED = Path(__file__).parent / "bundled" / "reader"
FLOOR = -20.0
"""Log probability of characters at which no answer can start or end: inside a piece, or white space."""
MAX_PIECES = 1200
"""Longer passages are read up to here."""
Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class ReaderOutput:
    """What the reader says of one passage.

    ``start[i]`` is the log probability that the answer begins with character ``i``, ``end[i]`` that character ``i`` is
    its last one (float32, one value a character of the passage; ``FLOOR`` where no answer can begin or end).
    ``answerable`` is the calibrated probability (0..1) that the passage answers the question.
    """

    start: Array
    end: Array
    answerable: float

    def best(self, begin: int = 0, stop: int | None = None, longest: int = 80) -> tuple[int, int, float]:
        """Return the likeliest answer within ``[begin, stop)``: its half-open span and log probability.

        ``longest`` bounds its length in characters. An empty range gives ``(begin, begin, 2 * FLOOR)``.
        """
        start, end = self.start[begin:stop], self.end[begin:stop]
        best = (begin, begin, 2 * FLOOR)
        for i in np.flatnonzero(start > FLOOR):
            if start[i] <= best[2]:
                continue
            tail = end[i : i + longest]
            j = int(tail.argmax())
            if start[i] + tail[j] > best[2]:
                best = (begin + int(i), begin + int(i) + j + 1, float(start[i] + tail[j]))
        return best


class Reader:
    """Reads passages for a question.

    Parameters
    ----------
    folder : where ``reader.npz``, ``types.npy`` and ``config.json`` lie.
    embedder : the model whose pieces and vectors the reader was trained with; default the bundled one.

    Raises
    ------
    ModelError : a file is missing or damaged, or the embedder is not the one the reader was trained with.
    """

    def __init__(self, folder: Path = BUNDLED, embedder: StaticEmbedder | None = None) -> None:
        self._embedder = embedder or StaticEmbedder()
        remedy = "reinstall libqa, or train the model with training/train_reader.py"
        try:
            self._config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            self._types: NDArray[np.int8] = np.load(folder / "types.npy", mmap_mode="r", allow_pickle=False)
            with np.load(folder / "reader.npz", allow_pickle=False) as stored:
                self._w: dict[str, Array] = {k: stored[k].astype(np.float32) for k in stored.files}
        except (OSError, ValueError, KeyError, BadZipFile) as e:
            raise ModelError(str(folder), f"the bundled reader cannot be loaded ({e})", remedy) from e
        if self._config.get("embedder") != self._embedder.fingerprint:
            raise ModelError(str(folder), "the reader was trained with another embedder", remedy)
        self._featurizer = Featurizer(self._embedder.segmenter)

    def read(self, question: str, text: str) -> ReaderOutput:
        """Return where ``text`` answers ``question``; see ``ReaderOutput``. An empty text answers nothing."""
        return self.read_many(question, [text])[0]

    def read_many(self, question: str, texts: Sequence[str]) -> list[ReaderOutput]:
        """Return one output for each text, in order; each text is read by itself."""
        query = self._featurizer.query(question)
        out = []
        for text in texts:
            inputs = self._featurizer.inputs(query, text)
            start = np.full(len(text), FLOOR, np.float32)
            end = np.full(len(text), FLOOR, np.float32)
            chance = 0.0
            n = min(len(inputs.passage_ids), MAX_PIECES)
            if n and len(inputs.question_ids):
                first, last, chance = self._forward(inputs, n)
                start[inputs.spans[:n, 0]] = np.maximum(first, FLOOR)
                end[inputs.spans[:n, 1] - 1] = np.maximum(last, FLOOR)
            out.append(ReaderOutput(start, end, chance))
        return out

    def _forward(self, inputs: Inputs, n: int) -> tuple[Array, Array, float]:
        features = inputs.passage[:n]
        static_p, type_p = self._vectors(inputs.passage_ids[:n])
        static_q, type_q = self._vectors(inputs.question_ids)
        x_p = self._linear("piece", np.concatenate([static_p, type_p], 1))
        x_q = self._linear("piece", np.concatenate([static_q, type_q], 1))
        x_q += self._linear("question_features", inputs.question)
        cosine = (static_p @ static_q.T).max(axis=1, keepdims=True)
        x_p += self._linear("passage_features", np.concatenate([features, cosine], 1))
        for i in range(2):
            x_q = self._block(f"question_blocks.{i}", x_q, 1)
        x_q = self._norm("question_norm", x_q)
        summary = _softmax(self._linear("pool", x_q)[:, 0]) @ x_q
        width = x_q.shape[1]
        scores = self._linear("align_passage", x_p) @ self._linear("align_question", x_q).T / np.float32(width**0.5)
        aligned = _softmax(scores) @ x_q
        h = self._linear("merge", np.concatenate([x_p, aligned, x_p * aligned], 1)) + self._linear("summary", summary)
        h = np.maximum(h, 0)
        for i, dilation in enumerate(self._config["dilations"]):
            h = self._block(f"blocks.{i}", h, dilation)
        h = self._attention("cross", h, x_q)
        h = self._attention("self_attention", h, None)
        for i, dilation in enumerate(self._config["dilations_after"]):
            h = self._block(f"blocks_after.{i}", h, dilation)
        h = self._norm("norm", h)
        start, end = (
            h @ self._linear(side, summary) / np.float32(width**0.5) + self._linear(f"{side}_bias", h)[:, 0]
            for side in ("start", "end")
        )
        weight = (_softmax(start) + _softmax(end)) / 2
        plain = np.array([features[:, 4].max(), start.max() / 10, end.max() / 10], np.float32)
        pooled = np.concatenate([weight @ h, h.max(axis=0), summary, plain])
        logit = float(self._linear("answerable", np.maximum(self._linear("answerable_hidden", pooled), 0))[0])
        scale, shift = self._config["calibration"]
        return _log_softmax(start), _log_softmax(end), float(1 / (1 + np.exp(-(scale * logit + shift))))

    def _vectors(self, ids: NDArray[np.int64]) -> tuple[Array, Array]:
        """Return the directions of the pieces' meaning vectors and their type vectors."""
        static = self._embedder.pieces(cast(Sequence[int], ids))
        static = static / np.maximum(np.linalg.norm(static, axis=1, keepdims=True), 1e-6)
        return static, self._types[ids].astype(np.float32) / np.float32(127)

    def _linear(self, name: str, x: Array) -> Array:
        y: Array = x @ self._w[f"{name}.weight"] + self._w[f"{name}.bias"]
        return y

    def _norm(self, name: str, x: Array) -> Array:
        centred = x - x.mean(axis=-1, keepdims=True)
        scaled = centred / np.sqrt((centred * centred).mean(axis=-1, keepdims=True) + np.float32(1e-5))
        y: Array = scaled * self._w[f"{name}.weight"] + self._w[f"{name}.bias"]
        return y

    def _block(self, name: str, x: Array, dilation: int) -> Array:
        y = self._norm(f"{name}.norm", x)
        padded = np.pad(y, ((dilation, dilation), (0, 0)))
        n = len(x)
        gathered = np.concatenate([padded[:n], y, padded[2 * dilation :]], 1)
        return x + np.maximum(self._linear(f"{name}.conv", gathered), 0)

    def _attention(self, name: str, x: Array, memory: Array | None) -> Array:
        y = self._norm(f"{name}.norm", x)
        memory = y if memory is None else memory
        heads, width = int(self._config["heads"]), x.shape[1]
        query = self._linear(f"{name}.query", y).reshape(len(y), heads, -1).transpose(1, 0, 2)
        both = self._linear(f"{name}.key_value", memory)
        key, value = (z.reshape(len(memory), heads, -1) for z in (both[:, :width], both[:, width:]))
        scores = query @ key.transpose(1, 2, 0) / np.float32((width / heads) ** 0.5)
        mixed = (_softmax(scores) @ value.transpose(1, 0, 2)).transpose(1, 0, 2).reshape(len(y), width)
        return x + self._linear(f"{name}.out", mixed)


def _softmax(x: Array) -> Array:
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    y: Array = e / e.sum(axis=-1, keepdims=True)
    return y


def _log_softmax(x: Array) -> Array:
    shifted = x - x.max()
    y: Array = shifted - np.log(np.exp(shifted).sum())
    return y
