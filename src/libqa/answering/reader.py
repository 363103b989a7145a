"""The bundled reader: a small convolutional network that points at the answer of a question in a text.

Dilated convolutions over characters with attention to the question, in the line of QANet (Yu et al., ICLR 2018) and
DrQA's exact-match features (Chen et al., ACL 2017), with rule-found entities as input. Inference is NumPy only;
``training/train_reader.py`` holds the same network for training.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from libqa.answering.features import Pointers
from libqa.answering.understand import KINDS, Question
from libqa.errors import ModelError
from libqa.text import entities, segment
from libqa.text.script import fold

Floats = NDArray[np.float32]
READER = Path(__file__).resolve().parent.parent / "models" / "bundled" / "reader"
ENTITY_KINDS = ("date", "number", "person", "organisation", "place", "title")
DILATIONS = (1, 2, 4, 8, 16, 1, 2, 4)
_SIGNALS = 14
PASSAGE_FEATURES = _SIGNALS + 3 * len(ENTITY_KINDS)
QUESTION_FEATURES = 2 + len(KINDS) + 1
_COMMA, _STOP, _MARKS = frozenset(",、;:"), frozenset("。!?\n"), frozenset("“”‘’《》()·-")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Ids of characters and words; 0 is the unknown one."""

    characters: dict[str, int]
    words: dict[str, int]


@dataclass(frozen=True, slots=True)
class Encoded:
    """One text for the network: ids and features per character, shapes (n,), (n,), (n, features)."""

    characters: NDArray[np.int32]
    words: NDArray[np.int32]
    features: Floats


@dataclass(frozen=True, slots=True)
class Prepared:
    """What of a text does not depend on the question, so that it is worked out once."""

    folded: str
    words: tuple[tuple[str, int, int], ...]
    fixed: Floats
    clauses: list[tuple[int, int]]
    sentences: list[tuple[int, int]]


@lru_cache(maxsize=1024)
def prepare(text: str) -> Prepared:
    """Cut and tag ``text``; the features that any question shares."""
    folded = fold(text)
    fixed = np.zeros((len(text), PASSAGE_FEATURES), dtype=np.float32)
    words = entities.cut(text)
    for word, start, end in words:
        fixed[start, 0] = 1.0
        fixed[start:end, 1] = min(len(word), 4) / 4.0
    for i, char in enumerate(folded):
        fixed[i, 2] = char.isdigit()
        fixed[i, 3] = char in _COMMA
        fixed[i, 4] = char in _STOP
        fixed[i, 5] = char in _MARKS
    for entity in entities.find(text):
        base = _SIGNALS + 3 * ENTITY_KINDS.index(entity.kind)
        fixed[entity.start : entity.end, base] = 1.0
        fixed[entity.start, base + 1] = 1.0
        fixed[entity.end - 1, base + 2] = 1.0
    sentences = segment.sentences(text)
    clauses = [c for a, b in sentences for c in segment.clauses(text, a, b)]
    return Prepared(folded, words, fixed, clauses, sentences)


def asked(question: Question) -> str:
    """Return the question as the network reads it: an English one as the Chinese words that it may mean."""
    if question.language != "en":
        return question.folded
    return " ".join(next((f for f, _ in t.forms[1:]), t.text) for t in question.terms)


def encode_question(question: Question, vocabulary: Vocabulary) -> Encoded:
    """Encode a question, at least one character long."""
    text = asked(question) or "?"
    features = np.zeros((len(text), QUESTION_FEATURES), dtype=np.float32)
    words = np.zeros(len(text), dtype=np.int32)
    for word, start, end in segment.words(text):
        words[start:end] = vocabulary.words.get(word, 0)
        features[start, 0] = 1.0
    weights = {t.text: t.weight for t in question.terms}
    for word, start, end in segment.words(text):
        features[start:end, 1] = weights.get(word, 0.0)
    features[:, 2 + KINDS.index(question.kind)] = 1.0
    features[:, -1] = question.language == "en"
    return Encoded(_ids(text, vocabulary), words, features)


def encode_passage(question: Question, text: Prepared, vocabulary: Vocabulary) -> Encoded:
    """Encode a text for one question: which of its characters the question holds, and how near they are."""
    folded, n = text.folded, len(text.folded)
    features = text.fixed.copy()
    words = np.zeros(n, dtype=np.int32)
    for word, start, end in text.words:
        words[start:end] = vocabulary.words.get(word, 0)
    total = sum(t.weight for t in question.terms) or 1.0
    asked_text = asked(question)
    chars, pairs = set(asked_text), {asked_text[i : i + 2] for i in range(len(asked_text) - 1)}
    weight = np.zeros(n, dtype=np.float32)
    hits: list[tuple[int, int, float]] = []
    for t, term in enumerate(question.terms):
        for form, force in term.forms:
            at = folded.find(form) if form else -1
            while at >= 0:
                hits.append((t, at, force * term.weight / total))
                weight[at : at + len(form)] = np.maximum(weight[at : at + len(form)], force * term.weight / total)
                at = folded.find(form, at + 1)
    features[:, 6] = [c in chars for c in folded]
    features[:, 7] = weight > 0
    features[:, 8] = weight * 3.0
    for i in range(n - 1):
        if folded[i : i + 2] in pairs:
            features[i : i + 2, 9] = 1.0
    features[:, 10] = _spread(weight)
    for spans, column in ((text.clauses, 11), (text.sentences, 12)):
        for start, end in spans:
            best: dict[int, float] = {}
            for t, at, force in hits:
                if start <= at < end:
                    best[t] = max(best.get(t, 0.0), force)
            features[start:end, column] = sum(best.values())
    at = folded.find(question.head) if question.head else -1
    while at >= 0:
        features[at : at + len(question.head), 13] = 1.0
        at = folded.find(question.head, at + 1)
    return Encoded(_ids(folded, vocabulary), words, features)


def _ids(text: str, vocabulary: Vocabulary) -> NDArray[np.int32]:
    return np.array([vocabulary.characters.get(c, 0) for c in text], dtype=np.int32)


def _spread(weight: Floats) -> Floats:
    """Matched weight at each character, falling off by 10 % a character on both sides."""
    kernel = np.power(0.9, np.abs(np.arange(-25, 26))).astype(np.float32)
    spread: Floats = np.convolve(weight, kernel, mode="full")[25 : 25 + len(weight)].astype(np.float32)
    return spread


class Reader:
    """The network's weights; `read` applies it. Thread-safe: it holds no state between calls."""

    def __init__(self, weights: dict[str, Floats], vocabulary: Vocabulary) -> None:
        self.weights, self.vocabulary = weights, vocabulary

    def read(self, question: Question, texts: Sequence[str]) -> list[Pointers]:
        """Return for each text the log-probabilities, shape (len(text),), of where the answer starts and ends.

        They are normalised over all texts together (Clark and Gardner, ACL 2018), so that texts can be compared.
        """
        w = self.weights
        q = encode_question(question, self.vocabulary)
        q_states = _embed(w, q, "question_in")
        for i in range(2):
            q_states = _block(w, f"question_{i}", q_states, 1)
        pool = q_states @ w["question_pool"]
        summary = _softmax(pool) @ q_states
        pointed = [self._point(prepare(text), question, q_states, summary) for text in texts]
        starts = _log_softmax([start for start, _, _ in pointed])
        ends = _log_softmax([end for _, end, _ in pointed])
        best = max((float(s.max() + e.max()) for s, e in zip(starts, ends, strict=True) if len(s)), default=0.0)
        return [Pointers(s, e, best, p) for s, e, (_, _, p) in zip(starts, ends, pointed, strict=True)]

    def _point(
        self, text: Prepared, question: Question, q_states: Floats, summary: Floats
    ) -> tuple[Floats, Floats, float]:
        w = self.weights
        if not text.folded:
            return np.zeros(0, np.float32), np.zeros(0, np.float32), 0.0
        states = _embed(w, encode_passage(question, text, self.vocabulary), "passage_in")
        scores = (states @ w["attend_w"]) @ q_states.T
        attended = _softmax(scores) @ q_states
        merged = np.concatenate([states, attended, states * attended], axis=1)
        states = np.maximum(_affine(w, "merge", merged), 0.0) + summary @ w["summary_w"]
        for i, dilation in enumerate(DILATIONS):
            states = _block(w, f"block_{i}", states, dilation)
        start = states @ w["start_w"] + states @ (w["start_q"] @ summary)
        end = states @ w["end_w"] + states @ (w["end_q"] @ summary)
        pooled = np.concatenate([states.max(0), summary])
        hidden = np.maximum(_affine(w, "answerable_0", pooled), 0.0)
        logit = float(_affine(w, "answerable_1", hidden)[0])
        return start, end, 1.0 / (1.0 + float(np.exp(-logit)))


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
    return Reader(weights, Vocabulary(characters, {c: i + 1 for i, c in enumerate(vocabulary["words"])}))
