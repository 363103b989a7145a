"""Read one text that is given with the question: which sentence of it answers, and which words.

Nothing has to be found, so sentence and words are chosen by the reader, the sentence also by what of the question it
says beyond the text's topic. The ranker, which weighs texts against each other, has its say in the confidence alone;
what kind of thing is asked for keeps no sentence out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from libqa.answering import abstain, comparing, extract, features, reader
from libqa.answering.extract import Found, Source
from libqa.answering.topic import BEGINNING
from libqa.answering.understand import Question
from libqa.text.script import fold
from libqa.types import Reading

SAID = 11.0
"""What saying all of the question beyond the topic counts for, in nats of the reader (training/train_reading.py)."""
_LIKELIEST = 8  # starts from which the span is chosen
_LONGEST = 80  # characters of it


def read(question: Question, text: str, pieces: Sequence[tuple[int, int]]) -> Reading:
    """Read a text for a question; ``pieces`` are the spans of it to look at."""
    sources = look(question, text, pieces)
    found = extract.extract(question, sources, extract.load_ranker(), every=True)
    if not found:
        return Reading("", "", 0, 0, 0.0)
    best = max(sentences(found, sources), key=lambda s: s.pointed + SAID * s.said)
    others = (f for f in found if f is not best.candidate)
    confidence = abstain.load_calibration().confidence(question, [best.candidate, *others])
    shift, (low, high) = pieces[best.source][0], best.span
    start, end = _likeliest(sources[best.source], low, high)
    return Reading(
        text[low + shift : high + shift], text[start + shift : end + shift], start + shift, end + shift, confidence
    )


def look(question: Question, text: str, pieces: Sequence[tuple[int, int]]) -> list[Source]:
    """Let the reader read the pieces of a text; it learnt to take how a text begins for its title."""
    document = fold(text)
    about = document.lstrip()[:BEGINNING]
    texts = [comparing.Text(text[start:end], about, document) for start, end in pieces]
    return [Source(t, p) for t, p in zip(texts, reader.load_reader().read(question, texts), strict=True)]


@dataclass(frozen=True, slots=True)
class Sentence:
    """A sentence: where it stands in which source, and the first candidate in it.

    ``pointed`` is how likely the reader takes it to hold the start and the end of the answer, in nats; ``said`` how
    much less it says of the question than the best sentence, beyond the topic.
    """

    source: int
    span: tuple[int, int]
    candidate: Found
    pointed: float
    said: float


def sentences(found: Sequence[Found], sources: Sequence[Source]) -> list[Sentence]:
    """Return the sentences that hold candidates."""
    first: dict[tuple[int, tuple[int, int]], Found] = {}
    for f in found:
        first.setdefault((f.source, f.laid.sentences[f.laid.sentence_of[f.candidate.first]]), f)
    out = []
    for (source, (low, high)), f in first.items():
        points = sources[source].points
        pointed = np.logaddexp.reduce(points.start[low:high]) + np.logaddexp.reduce(points.end[low:high])
        out.append(Sentence(source, (low, high), f, float(pointed), float(f.row[features.LESS_SAID])))
    return out


def _likeliest(source: Source, low: int, high: int) -> tuple[int, int]:
    """The likeliest span of a sentence by the reader's start and end."""
    points = source.points
    best = (-np.inf, low, high)
    for start in (low + np.argsort(-points.start[low:high])[:_LIKELIEST]).tolist():
        last = start + int(np.argmax(points.end[start : min(high, start + _LONGEST)]))
        best = max(best, (float(points.start[start] + points.end[last]), start, last + 1))
    return best[1:]
