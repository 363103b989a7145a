"""The bundled reader: a small convolutional network that points at the answer of a question in a text.

Dilated convolutions over characters with attention to the question, in the line of QANet (Yu et al., ICLR 2018), over
what ``comparing`` tells of question and text. Inference is NumPy only; ``training/train_reader.py`` holds the same
network for training.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path

import numpy as np

from libqa.answering.comparing import Compared, Encoded, Floats, Text, Vocabulary, encode, prepare
from libqa.answering.features import Pointers
from libqa.answering.understand import Question
from libqa.errors import ModelError

READER = Path(__file__).resolve().parent.parent / "models" / "bundled" / "reader"
DILATIONS = (1, 2, 4, 8, 16, 1, 2, 4)
_GAP = max(DILATIONS)  # rows between two texts


class Reader:
    """The network's weights; `read` applies it. Thread-safe: it holds no state between calls."""

    def __init__(self, weights: dict[str, Floats], vocabulary: Vocabulary) -> None:
        self.weights, self.vocabulary = weights, vocabulary

    def read(self, question: Question, texts: Sequence[Text]) -> list[Pointers]:
        """Return for each text the log-probabilities, shape (len(text),), of where the answer starts and ends.

        They are normalised over all texts together (Clark and Gardner, ACL 2018), so that texts can be compared.
        """
        compared = [encode(question, text, prepare(text.text), self.vocabulary) for text in texts]
        pointed = self._point(compared)
        starts = _log_softmax([start for start, _, _ in pointed])
        ends = _log_softmax([end for _, end, _ in pointed])
        best = max((float(s.max() + e.max()) for s, e in zip(starts, ends, strict=True) if len(s)), default=0.0)
        return [
            Pointers(s, e, best, answerable, c.meant)
            for s, e, (_, _, answerable), c in zip(starts, ends, pointed, compared, strict=True)
        ]

    def _point(self, compared: Sequence[Compared]) -> list[tuple[Floats, Floats, float]]:
        """Logits of start and end, and the probability that the text answers, for each text.

        The texts go through the network in one long row, apart by more than the widest convolution reaches.
        """
        w = self.weights
        sizes = [len(c.text.characters) for c in compared]
        begins = np.cumsum([0, *(n + _GAP for n in sizes)])
        states = np.zeros((int(begins[-1]), w["merge_b"].shape[0]), dtype=np.float32)
        inside = np.zeros((int(begins[-1]), 1), dtype=np.float32)
        asked: list[tuple[Floats, Floats]] = []
        for c, at, n in zip(compared, begins, sizes, strict=False):
            q_states = _embed(w, c.question, "question_in")
            for i in range(2):
                q_states = _block(w, f"question_{i}", q_states, 1)
            summary: Floats = _softmax(q_states @ w["question_pool"]) @ q_states
            asked.append((q_states, summary))
            own = _embed(w, c.text, "passage_in")
            attended = _softmax((own @ w["attend_w"]) @ q_states.T) @ q_states
            merged = np.concatenate([own, attended, own * attended], axis=1)
            states[at : at + n] = np.maximum(_affine(w, "merge", merged), np.float32(0.0)) + summary @ w["summary_w"]
            inside[at : at + n] = 1.0
        for i, dilation in enumerate(DILATIONS):
            states = _block(w, f"block_{i}", states, dilation, inside)
        out = []
        for (q_states, summary), at, n in zip(asked, begins, sizes, strict=False):
            own = states[at : at + n]
            if not n:
                out.append((own[:, 0], own[:, 0], 0.0))
                continue
            start = own @ (w["start_w"] + w["start_q"] @ summary)
            end = own @ (w["end_w"] + w["end_q"] @ summary)
            pooled = np.concatenate([own.max(0), summary, q_states.max(0)])
            hidden = np.maximum(_affine(w, "answerable_0", pooled), 0.0)
            logit = float(_affine(w, "answerable_1", hidden)[0])
            out.append((start, end, 1.0 / (1.0 + float(np.exp(-logit)))))
        return out


def _affine(w: dict[str, Floats], name: str, x: Floats) -> Floats:
    out: Floats = x @ w[f"{name}_w"] + w[f"{name}_b"]
    return out


def _embed(w: dict[str, Floats], text: Encoded, name: str) -> Floats:
    x = np.concatenate([w["characters"][text.characters], w["words"][text.words], text.features], axis=1)
    return np.maximum(_affine(w, name, x), 0.0)


def _block(w: dict[str, Floats], name: str, x: Floats, dilation: int, inside: Floats | None = None) -> Floats:
    """Layer norm, a convolution of width 3, a gate, and the residual; rows that are not ``inside`` stay apart."""
    shifted = x - x.mean(1, keepdims=True)
    spread = np.sqrt(np.einsum("ij,ij->i", shifted, shifted)[:, None] / x.shape[1] + 1e-5)
    n, width = x.shape
    norm = np.zeros((n + 2 * dilation, width), dtype=np.float32)
    body = norm[dilation : dilation + n]
    np.multiply(shifted / spread, w[f"{name}_g"], out=body)
    body += w[f"{name}_h"]
    if inside is not None:
        body *= inside
    taps = w[f"{name}_w"].reshape(3, width, -1)
    out = norm[:n] @ taps[0]
    out += norm[dilation : dilation + n] @ taps[1]
    out += norm[2 * dilation : 2 * dilation + n] @ taps[2]
    out += w[f"{name}_b"]
    gate = 1.0 / (1.0 + np.exp(-out[:, width:]))
    result: Floats = x + out[:, :width] * gate
    return result


def _softmax(x: Floats) -> Floats:
    e = np.exp(x - x.max(-1, keepdims=True))
    out: Floats = e / e.sum(-1, keepdims=True)
    return out


def _log_softmax(parts: Sequence[Floats]) -> list[Floats]:
    """Log-probabilities over the parts together."""
    whole = np.concatenate([*parts, np.zeros(0, np.float32)])
    if not len(whole):
        return list(parts)
    top = whole.max()
    total = top + np.log(np.exp(whole - top).sum())
    return [(part - total).astype(np.float32) for part in parts]


def unit(vectors: Floats) -> Floats:
    """Return the rows at length one; rows of zeros stay."""
    length = np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-6)
    out: Floats = (vectors / length).astype(np.float32)
    return out


@cache
def load_reader(folder: Path = READER) -> Reader:
    """Load the bundled reader; float16 and int8 weights become float32 in memory.

    Raises
    ------
    ModelError : weights are missing or unreadable.
    """
    try:
        vocabulary = json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))
        with np.load(folder / "reader.npz") as file:
            weights = {name: file[name].astype(np.float32) for name in file.files}
    except (OSError, ValueError, KeyError) as e:
        raise ModelError(str(folder), f"the reader cannot be read ({e})", "reinstall libqa") from e
    weights["words"] *= weights.pop("words_scale")
    characters = {c: i + 1 for i, c in enumerate(vocabulary["characters"])}
    words = {c: i + 1 for i, c in enumerate(vocabulary["words"])}
    return Reader(weights, Vocabulary(characters, words, unit(weights["words"])))
