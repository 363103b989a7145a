"""What the reader sees of a question and a passage: piece ids and a few plain features of each piece."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from libqa.models.lexicon import translate
from libqa.models.pieces import Pieces, Segmenter
from libqa.text.script import fold

_SENTENCE_END = frozenset("。!?;！？；\n")
_OPEN, _CLOSE = frozenset("《“〈【「"), frozenset("》”〉】」")
_HAN = re.compile(r"[\u3400-\u9fff]")
PASSAGE_FEATURES = 14
QUESTION_FEATURES = 6


@dataclass(frozen=True, slots=True)
class Query:
    """A question made ready: pieces, and the terms that a passage may match with their weight (0..1)."""

    pieces: Pieces
    words: list[str]
    direct: dict[str, float]
    translated: dict[str, float]
    characters: frozenset[str]
    english: bool


@dataclass(frozen=True, slots=True)
class Inputs:
    """One question and passage as arrays: ``passage`` (n, 14), ``question`` (m, 6), ids int64, spans (n, 2)."""

    passage_ids: NDArray[np.int64]
    passage: NDArray[np.float32]
    spans: NDArray[np.int64]
    question_ids: NDArray[np.int64]
    question: NDArray[np.float32]


class Featurizer:
    """Turns texts into the reader's inputs; ``rarity`` of a piece (0..1) is its scaled negative log probability."""

    def __init__(self, segmenter: Segmenter) -> None:
        self.segmenter = segmenter
        self.rarity = np.clip((np.array(segmenter.costs(), np.float32) - 4.0) / 10.0, 0.0, 1.0)

    def query(self, question: str) -> Query:
        """Return the question made ready; English words bring their Chinese translations with them."""
        folded = fold(question)
        pieces = self.segmenter.cut(folded)
        words = [folded[a:b] for a, b in pieces.spans]
        english = not _HAN.search(folded) or sum(w.isascii() and w.isalpha() for w in words) > len(words) / 2
        translated: dict[str, float] = {}
        if english:
            for _, terms in translate(folded):
                for term, p in terms:
                    parts = self.segmenter.cut(term)
                    for a, b in parts.spans:
                        weight = p**0.5 if len(parts.ids) == 1 or b - a > 1 else 0.3 * p**0.5
                        translated[term[a:b]] = max(translated.get(term[a:b], 0.0), weight)
        direct = {w: 1.0 for w in words if w[0].isalnum()}
        characters = frozenset(c for w in words if _HAN.match(w) for c in w)
        return Query(pieces, words, direct, translated, characters, english)

    def inputs(self, query: Query, text: str) -> Inputs:
        """Return the arrays for one passage."""
        folded = fold(text)
        pieces = self.segmenter.cut(folded)
        words = [folded[a:b] for a, b in pieces.spans]
        ids = np.array(pieces.ids, np.int64)
        n = len(words)
        rarity = self.rarity[ids]
        out = np.zeros((n, PASSAGE_FEATURES), np.float32)
        direct = np.array([query.direct.get(w, 0.0) for w in words], np.float32)
        translated = np.array([query.translated.get(w, 0.0) for w in words], np.float32)
        overlap = np.array([sum(c in query.characters for c in w) / len(w) for w in words], np.float32)
        match = np.maximum(np.maximum(direct, translated), 0.5 * overlap * (overlap > 0.4)) * rarity
        sentence = self._sentences(words)
        coverage = self._coverage(words, match, sentence)
        out[:, 0], out[:, 1], out[:, 2], out[:, 3] = direct, translated, overlap, match
        out[:, 4] = coverage / max(float(self.rarity[query.pieces.ids].sum()), 1.0)
        out[:, 5] = coverage / max(float(coverage.max(initial=0.0)), 1e-6)
        out[:, 6] = rarity
        out[:, 7] = [w[0].isdigit() for w in words]
        out[:, 8] = [w[0].isascii() and w[0].isalpha() for w in words]
        out[:, 9] = [len(w) == 1 and bool(_HAN.match(w)) for w in words]
        out[:, 10] = [not w[0].isalnum() for w in words]
        out[:, 11] = np.arange(n) / max(n, 1)
        depth = np.cumsum([(w in _OPEN) - (w in _CLOSE) for w in words]) if n else np.zeros(0)
        out[:, 12] = np.clip(depth, 0, 1)
        out[:, 13] = sentence == 0
        spans = np.array(pieces.spans, np.int64).reshape(-1, 2)
        return Inputs(ids, out, spans, np.array(query.pieces.ids, np.int64), self._question(query, set(words)))

    def _question(self, query: Query, present: set[str]) -> NDArray[np.float32]:
        out = np.zeros((len(query.words), QUESTION_FEATURES), np.float32)
        out[:, 0] = [w in present for w in query.words]
        out[:, 1] = self.rarity[query.pieces.ids]
        out[:, 2] = [w[0].isdigit() for w in query.words]
        out[:, 3] = [w[0].isascii() and w[0].isalpha() for w in query.words]
        out[:, 4] = [not w[0].isalnum() for w in query.words]
        out[:, 5] = query.english
        return out

    @staticmethod
    def _sentences(words: list[str]) -> NDArray[np.int64]:
        ends = np.array([w in _SENTENCE_END for w in words], np.int64)
        return np.concatenate([[0], np.cumsum(ends)[:-1]]).astype(np.int64) if len(words) else ends

    @staticmethod
    def _coverage(words: list[str], match: NDArray[np.float32], sentence: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return for each piece the summed match of the distinct pieces in its sentence."""
        total = np.zeros(int(sentence[-1]) + 1 if len(words) else 1, np.float32)
        seen: set[tuple[int, str]] = set()
        for i in np.flatnonzero(match):
            key = (int(sentence[i]), words[i])
            if key not in seen:
                seen.add(key)
                total[sentence[i]] += match[i]
        return total[sentence]
