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

from libqa.answering.comparing import Encoded, Floats, Text, Vocabulary, encode, prepare
from libqa.answering.features import Pointers
from libqa.answering.understand import Question
from libqa.errors import ModelError

READER = Path(__file__).resolve().parent.parent / "models" / "bundled" / "reader"
DILATIONS = (1, 2, 4, 8, 16, 1, 2, 4)


class Reader:
    """The network's weights; `read` applies it. Thread-safe: it holds no state between calls."""

    def __init__(self, weights: dict[str, Floats], vocabulary: Vocabulary) -> None:
        self.weights, self.vocabulary = weights, vocabulary

    def read(self, question: Question, texts: Sequence[Text]) -> list[Pointers]:
        """Return for each text the log-probabilities, shape (len(text),), of where the answer starts and ends.

        They are normalised over all texts together (Clark and Gardner, ACL 2018), so that texts can be compared.
        """
        pointed = [self._point(question, text) for text in texts]
        starts = _log_softmax([start for start, _, _, _ in pointed])
        ends = _log_softmax([end for _, end, _, _ in pointed])
        best = max((float(s.max() + e.max()) for s, e in zip(starts, ends, strict=True) if len(s)), default=0.0)
        return [Pointers(s, e, best, p, m) for s, e, (_, _, p, m) in zip(starts, ends, pointed, strict=True)]

    def _point(self, question: Question, given: Text) -> tuple[Floats, Floats, float, Floats]:
        """Logits of start and end, the probability that the text answers, and what it means."""
        w = self.weights
        if not given.text:
            return np.zeros(0, np.float32), np.zeros(0, np.float32), 0.0, np.zeros((len(question.terms), 0), np.float32)
        compared = encode(question, given, prepare(given.text), self.vocabulary)
        q_states = _embed(w, compared.question, "question_in")
        for i in range(2):
            q_states = _block(w, f"question_{i}", q_states, 1)
        summary: Floats = _softmax(q_states @ w["question_pool"]) @ q_states
        states = _embed(w, compared.text, "passage_in")
        attended = _softmax((states @ w["attend_w"]) @ q_states.T) @ q_states
        merged = np.concatenate([states, attended, states * attended], axis=1)
        states = np.maximum(_affine(w, "merge", merged), np.float32(0.0)) + summary @ w["summary_w"]
        for i, dilation in enumerate(DILATIONS):
            states = _block(w, f"block_{i}", states, dilation)
        start = states @ w["start_w"] + states @ (w["start_q"] @ summary)
        end = states @ w["end_w"] + states @ (w["end_q"] @ summary)
        pooled = np.concatenate([states.max(0), summary, q_states.max(0)])
        hidden = np.maximum(_affine(w, "answerable_0", pooled), 0.0)
        logit = float(_affine(w, "answerable_1", hidden)[0])
        return start, end, 1.0 / (1.0 + float(np.exp(-logit))), compared.meant


def _affine(w: dict[str, Floats], name: str, x: Floats) -> Floats:
    out: Floats = x @ w[f"{name}_w"] + w[f"{name}_b"]
    return out


def _embed(w: dict[str, Floats], text: Encoded, name: str) -> Floats:
    x = np.concatenate([w["characters"][text.characters], w["words"][text.words], text.features], axis=1)
    return np.maximum(_affine(w, name, x), 0.0)


def _block(w: dict[str, Floats], name: str, x: Floats, dilation: int) -> Floats:
    """Layer norm, a convolution of width 3, a gate, and the residual."""
    mean = x.mean(1, keepdims=True)
    norm: Floats = (x - mean) / np.sqrt(x.var(1, keepdims=True) + 1e-5) * w[f"{name}_g"] + w[f"{name}_h"]
    padded = np.pad(norm, ((dilation, dilation), (0, 0)))
    n = len(x)
    taps = np.concatenate([padded[k * dilation : k * dilation + n] for k in range(3)], axis=1)
    out = _affine(w, name, taps)
    half = out.shape[1] // 2
    gate: Floats = (1.0 / (1.0 + np.exp(-out[:, half:]))).astype(np.float32)
    return x + out[:, :half] * gate


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
