"""The bundled reader: a small convolutional network that points at the answer of a question in a text.

Dilated convolutions over characters with attention to the question, in the line of QANet (Yu et al., ICLR 2018), over
what ``comparing`` tells of question and text. Inference is NumPy only; ``training/train_reader.py`` holds the same
network for training.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from pathlib import Path

import numpy as np

from libqa.answering import convolve
from libqa.answering.comparing import Compared, Encoded, Floats, Text, Vocabulary, encode, prepare
from libqa.answering.features import Pointers
from libqa.answering.understand import Question
from libqa.errors import ModelError

READER = Path(__file__).resolve().parent.parent / "models" / "bundled" / "reader"
DILATIONS = (1, 2, 4, 8, 16, 1, 2, 4, 1, 2)
MIXED_BEFORE = (5, 8)
"""The layers before which a text attends to all of itself and once more to the question."""


class Reader:
    """The network's weights; `read` applies it. Thread-safe: it holds no state between calls."""

    def __init__(self, weights: dict[str, Floats], vocabulary: Vocabulary) -> None:
        self.weights, self.vocabulary = weights, vocabulary
        self.question_layers = [self._layer(f"question_{i}", 1) for i in range(2)]
        self.layers = [self._layer(f"block_{i}", dilation) for i, dilation in enumerate(DILATIONS)]

    def _layer(self, name: str, dilation: int) -> convolve.Layer:
        taps, bias, gain, shift = (self.weights[f"{name}_{part}"] for part in "wbgh")
        return convolve.layer(taps, bias, gain, shift, dilation)

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
        """Logits of start and end, and the probability that the text answers, for each text."""
        if not compared:
            return []
        w = self.weights
        questions = convolve.apply(self.question_layers, _embed(w, [c.question for c in compared], "question_in"))
        summaries = np.stack([_softmax(q @ w["question_pool"]) @ q for q in questions])
        texts = _embed(w, [c.text for c in compared], "passage_in")
        merged = [_merge(w, text, q) for text, q in zip(texts, questions, strict=True)]
        added = summaries @ w["summary_w"]
        states = [text + more for text, more in zip(merged, added, strict=True)]
        for i, (first, last) in enumerate(pairwise((0, *MIXED_BEFORE, len(self.layers)))):
            if first:
                states = [_mix(w, f"mix_{i - 1}", own, q) for own, q in zip(states, questions, strict=True)]
            states = convolve.apply(self.layers[first:last], states)
        starts = w["start_w"] + summaries @ w["start_q"].T
        ends = w["end_w"] + summaries @ w["end_q"].T
        return [
            (at := own @ start, to := own @ end, _answerable(w, own, q, summary, (at, to)) if len(own) else 0.0)
            for own, q, summary, start, end in zip(states, questions, summaries, starts, ends, strict=True)
        ]


def _affine(w: dict[str, Floats], name: str, x: Floats) -> Floats:
    out: Floats = x @ w[f"{name}_w"] + w[f"{name}_b"]
    return out


def _embed(w: dict[str, Floats], texts: Sequence[Encoded], name: str) -> list[Floats]:
    """The first states of several texts, shape (n, width) each."""
    characters, words = (np.concatenate(ids) for ids in zip(*((t.characters, t.words) for t in texts), strict=True))
    x = np.concatenate([w["characters"][characters], w["words"][words], np.concatenate([t.features for t in texts])], 1)
    rows = np.maximum(_affine(w, name, x), np.float32(0.0))
    return np.split(rows, np.cumsum([len(t.characters) for t in texts[:-1]]))


def _merge(w: dict[str, Floats], text: Floats, question: Floats) -> Floats:
    """A text's states with what each attends to in the question.

    ``attend_w`` and the rows of ``merge_w`` that take what is attended to are put on the question's side of the sums:
    it is the shorter one.
    """
    for_own, for_attended, for_product = w["merge_w"].reshape(3, text.shape[1], -1)
    attention = _softmax(text @ (w["attend_w"] @ question.T))
    out: Floats = text @ for_own + attention @ (question @ for_attended) + w["merge_b"]
    out += (text * (attention @ question)) @ for_product
    out = np.maximum(out, np.float32(0.0))
    return out


def _mix(w: dict[str, Floats], name: str, text: Floats, question: Floats) -> Floats:
    """A text's states with what each finds anywhere in the text, and in the question, by attention."""
    if not len(text):
        return text
    normal = convolve.normalised(text, w[f"{name}_g"], w[f"{name}_h"])
    own, key, value, seeks = np.split(_affine(w, f"{name}_own", normal), 4, axis=1)
    asked_key, asked_value = np.split(_affine(w, f"{name}_asked", question), 2, axis=1)
    scale = np.float32(own.shape[1] ** -0.5)
    found = [_softmax(scale * (a @ k.T)) @ v for a, k, v in ((own, key, value), (seeks, asked_key, asked_value))]
    out: Floats = text + _affine(w, f"{name}_out", np.concatenate(found, 1))
    return out


def _answerable(
    w: dict[str, Floats], text: Floats, question: Floats, summary: Floats, pointed: Sequence[Floats]
) -> float:
    """The probability that a text answers, from all of it and from where the answer would start and end."""
    pooled = np.concatenate([text.max(0), summary, question.max(0), *(_softmax(at) @ text for at in pointed)])
    hidden = np.maximum(_affine(w, "answerable_0", pooled), 0.0)
    return 1.0 / (1.0 + float(np.exp(-_affine(w, "answerable_1", hidden)[0])))


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
