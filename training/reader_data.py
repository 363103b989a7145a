"""Examples for the reader: windows of the training paragraphs with answers, without, and with changed questions."""

from __future__ import annotations

import random
import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import common
import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from train_embedder import Glosser

from libqa.models.features import Featurizer, Inputs
from libqa.text.script import fold

SENTENCE = re.compile(r"[^。！？!?；;\n]*[。！？!?；;\n]?[”」』）)]*")
NEAR = 12
"""Paragraphs nearest to a question by shared rare pieces that serve as its hard negatives."""


@dataclass(frozen=True, slots=True)
class Row:
    """A question with its paragraph and answers, folded."""

    question: str
    context: int
    answers: tuple[tuple[int, int], ...]


@dataclass(frozen=True, slots=True)
class Example:
    """Inputs of the network and what it should say; ``start`` is -1 where there is no answer."""

    inputs: Inputs
    start: int
    end: int


def sentences(text: str) -> list[tuple[int, int]]:
    return [m.span() for m in SENTENCE.finditer(text) if m.end() > m.start()]


class Source:
    """The training rows and everything drawn from them."""

    def __init__(
        self, data: Path, featurizer: Featurizer, lexicon: Path, types: NDArray[Any], *, seed: int, held_out: int
    ) -> None:
        self.featurizer, self.types = featurizer, types
        self.names = featurizer.segmenter.names()
        self.gloss = Glosser(featurizer.segmenter, lexicon, seed)
        index: dict[str, int] = {}
        rows = []
        for row in common.rows(data, "cmrc2018/train"):
            context = index.setdefault(fold(row["context"]), len(index))
            spans = tuple((a["start"], a["start"] + len(a["text"])) for a in row["answers"])
            rows.append(Row(fold(row["question"]), context, spans))
        self.contexts = list(index)
        self.sentences = [sentences(c) for c in self.contexts]
        last = len(self.contexts) - held_out
        self.train = [r for r in rows if r.context < last]
        self.held_out = [r for r in rows if r.context >= last]
        self.near = self._nearest(rows)
        self.row_index = {r.question + str(r.context): i for i, r in enumerate(rows)}

    def _nearest(self, rows: list[Row]) -> list[list[int]]:
        """Return the paragraphs nearest to each question by BM25 over pieces, its own left out."""
        cut, size = self.featurizer.segmenter.cut, self.featurizer.segmenter.size
        lines, columns, values = [], [], []
        for i, context in enumerate(self.contexts):
            bag = Counter(cut(context).ids)
            length = 0.25 + 0.75 * bag.total() / 300
            lines += [i] * len(bag)
            columns += list(bag)
            values += [n * 2.2 / (n + 1.2 * length) for n in bag.values()]
        paragraphs = sparse.csc_matrix((values, (lines, columns)), (len(self.contexts), size), dtype=np.float32)
        df = np.diff(paragraphs.indptr)
        idf = np.log(1 + len(self.contexts) / (1 + df)).astype(np.float32)
        out = []
        for row in rows:
            pieces = sorted(set(cut(row.question).ids))
            score = paragraphs[:, pieces] @ idf[pieces]
            score[row.context] = -1
            out.append([int(i) for i in np.argsort(-score, kind="stable")[:NEAR]])
        return out

    def window(
        self, context: int, keep: tuple[int, int] | None, rng: random.Random, avoid: tuple[str, ...] = ()
    ) -> tuple[int, int] | None:
        """Return the span of a run of sentences: around ``keep``, or free of the strings ``avoid``."""
        text, parts = self.contexts[context], self.sentences[context]
        if keep is not None:
            inside = [i for i, (a, b) in enumerate(parts) if a < keep[1] and b > keep[0]]
            first, last = inside[0], inside[-1]
        else:
            free = [i for i, (a, b) in enumerate(parts) if not any(s in text[a:b] for s in avoid)]
            if not free:
                return None
            first = last = rng.choice(free)
        if keep is not None and rng.random() < 0.15:
            return 0, len(text)
        size = rng.randint(60, 360)
        while parts[last][1] - parts[first][0] < size:
            moves = []
            if first > 0:
                moves.append((first - 1, last))
            if last < len(parts) - 1:
                moves.append((first, last + 1))
            if keep is None:
                moves = [m for m in moves if not any(s in text[parts[m[0]][0] : parts[m[1]][1]] for s in avoid)]
            if not moves:
                break
            first, last = rng.choice(moves)
        return parts[first][0], parts[last][1]

    def swapped(self, row: Row, rng: random.Random) -> str | None:
        """Return the question with one number, year or rare word that the paragraph has put for another of its kind."""
        cut = self.featurizer.segmenter.cut(row.question)
        text = self.contexts[row.context]
        words = [row.question[a:b] for a, b in cut.spans]
        rarity = self.featurizer.rarity[cut.ids]
        choices = [i for i, w in enumerate(words) if w in text and w[0].isalnum() and (w.isdigit() or rarity[i] > 0.55)]
        if not choices:
            return None
        digits = [i for i in choices if words[i].isdigit()]
        i = rng.choice(digits if digits and rng.random() < 0.6 else choices)
        start, end = cut.spans[i]
        if words[i].isdigit():
            other = str(max(1, int(words[i]) + rng.choice((-11, -3, -2, -1, 1, 2, 3, 7))))
        else:
            similar = self.types @ self.types[cut.ids[i]]
            near = np.argpartition(-similar, 60)[:60]
            pieces = [p for p in near if p != cut.ids[i] and self.featurizer.rarity[p] > 0.45]
            if not pieces:
                return None
            other = self.names[int(rng.choice(pieces))]
        if other in text or other == words[i]:
            return None
        return row.question[:start] + other + row.question[end:]

    def example(
        self, question: str, context: int, span: tuple[int, int], answer: tuple[int, int] | None
    ) -> Example | None:
        """Return the inputs for a window of a paragraph, with the pieces that the answer touches."""
        query = self.featurizer.query(question)
        if not query.pieces.ids:
            return None
        inputs = self.featurizer.inputs(query, self.contexts[context][span[0] : span[1]])
        if not len(inputs.passage_ids):
            return None
        if answer is None:
            return Example(inputs, -1, -1)
        a, b = answer[0] - span[0], answer[1] - span[0]
        touched = np.flatnonzero((inputs.spans[:, 0] < b) & (inputs.spans[:, 1] > a))
        return Example(inputs, int(touched[0]), int(touched[-1])) if len(touched) else None

    def draw(self, row: Row, rng: random.Random, negatives: float = 0.4, english: float = 0.2) -> Example | None:
        """Return one example of a row, drawn anew each time."""
        question = row.question
        if rng.random() < english:
            question = self.gloss(question, 0.9)
        kind = rng.random()
        if kind >= negatives:
            span = self.window(row.context, row.answers[0], rng)
            return self.example(question, row.context, span, row.answers[0]) if span else None
        if kind < 0.3 * negatives:
            changed = self.swapped(row, rng)
            if changed:
                changed = changed if question is row.question else self.gloss(changed, 0.9)
                span = self.window(row.context, row.answers[0], rng)
                return self.example(changed, row.context, span, None) if span else None
        answers = tuple({self.contexts[row.context][a:b] for a, b in row.answers})
        context = row.context
        if kind > 0.65 * negatives:
            context = rng.choice(self.near[self.row_index[row.question + str(row.context)]])
            if any(a in self.contexts[context] for a in answers):
                return None
        span = self.window(context, None, rng, answers)
        return self.example(question, context, span, None) if span else None
