"""Read one text that is given with the question: which sentence of it answers, and which words.

Nothing has to be found, so the sentence is chosen by the reader and by what of the question it says beyond the text's
topic alone; the ranker, which also weighs texts against each other, only helps to choose the words.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from libqa.answering import abstain, comparing, extract, features, reader
from libqa.answering.extract import Found, Source
from libqa.answering.features import Floats
from libqa.answering.topic import BEGINNING
from libqa.answering.understand import Question
from libqa.text.script import fold
from libqa.types import Reading

SAID = 15.0
"""What saying all of the question beyond the topic counts for, in nats of the reader (training/train_reading.py)."""
_POINTED = 2.0  # what the reader's preference, in nats, counts more for a span of the sentence
_READER_BEST = features.NAMES.index("reader_best")


def read(question: Question, text: str, pieces: Sequence[tuple[int, int]]) -> Reading:
    """Read a text for a question; ``pieces`` are the spans of it to look at."""
    found = extract.extract(question, look(question, text, pieces), extract.load_ranker())
    if not found:
        return Reading("", "", 0, 0, 0.0)
    best = _best(found)
    confidence = abstain.load_calibration().confidence(question, [best, *(f for f in found if f is not best)])
    shift = pieces[best.source][0]
    low, high = _sentence(best)
    start, end = best.candidate.start + shift, best.candidate.end + shift
    return Reading(text[low + shift : high + shift], text[start:end], start, end, confidence)


def look(question: Question, text: str, pieces: Sequence[tuple[int, int]]) -> list[Source]:
    """Let the reader read the pieces of a text; it learnt to take how a text begins for its title."""
    document = fold(text)
    about = document.lstrip()[:BEGINNING]
    texts = [comparing.Text(text[start:end], about, document) for start, end in pieces]
    return [Source(t, p) for t, p in zip(texts, reader.load_reader().read(question, texts), strict=True)]


def preferred(rows: Floats) -> Floats:
    """Return how much less likely than its best span the reader takes candidates for, in nats, shape (n,)."""
    nats: Floats = 10.0 * rows[:, _READER_BEST]
    return nats


def _best(found: Sequence[Found]) -> Found:
    """The candidate that the reader points at in the best sentence."""
    rows = np.stack([f.row for f in found])
    nats = preferred(rows)
    first = found[int(np.argmax(nats + SAID * rows[:, features.LESS_SAID]))]
    beside = [i for i, f in enumerate(found) if (f.source, _sentence(f)) == (first.source, _sentence(first))]
    return found[max(beside, key=lambda i: found[i].score + _POINTED * float(nats[i]))]


def _sentence(found: Found) -> tuple[int, int]:
    return found.laid.sentences[found.laid.sentence_of[found.candidate.first]]
