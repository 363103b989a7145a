"""From hits to an answer: read the passages, choose, decide whether to answer at all, quote and say it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from libqa.answering import abstain, cite, extract, phrase, reader
from libqa.answering.extract import Found, Source
from libqa.answering.understand import Question
from libqa.text import entities
from libqa.text.script import fold
from libqa.types import Answer, Citation, Hit, Reading, Statement

READ = 8
"""Passages that are read for an answer."""
_AGREE = 2.5  # a second document is cited when it says the same with a score (a logit) no further below


@dataclass(frozen=True, slots=True)
class Chosen:
    """The candidates, best first, and the probability that the best one answers the question."""

    found: list[Found]
    confidence: float


def source_of(hit: Hit, best: float) -> Source:
    """Return a hit as a text to read, with the title and section that its sentences take for granted."""
    share = hit.score / best if best > 0 else 0.0
    return Source(hit.passage.text, fold(f"{hit.document.title} {hit.passage.section}"), share)


def choose(question: Question, sources: Sequence[Source]) -> Chosen:
    """Rank all candidate answers of the sources."""
    pointers = reader.load_reader().read(question, [s.text for s in sources])
    found = extract.extract(question, sources, pointers, extract.load_ranker())
    return Chosen(found, abstain.load_calibration().confidence(question, found))


def spellings(hits: Sequence[Hit]) -> dict[str, str]:
    """Return the Latin spellings (folded, both orders, joined or apart) of the Chinese names in the hits, "
    "longest first."""
    from pypinyin import lazy_pinyin

    found: dict[str, str] = {}
    for hit in hits:
        for start, end in entities.people(hit.passage.text):
            name = fold(hit.passage.text[start:end])
            if not name.isascii() and "·" not in name:
                sounds = lazy_pinyin(name)
                size = 2 if len(sounds) == 4 else 1
                family, given = "".join(sounds[:size]), "".join(sounds[size:])
                for latin in (
                    f"{family} {given}",
                    f"{given} {family}",
                    f"{family} {' '.join(sounds[size:])}",
                    f"{family} {'-'.join(sounds[size:])}",
                ):
                    found[latin] = name
    return dict(sorted(found.items(), key=lambda pair: -len(pair[0])))


def compose(
    text: str, resolved: str, question: Question, hits: Sequence[Hit], chosen: Chosen, threshold: float
) -> Answer:
    """Return the answer, or a refusal where the confidence is below ``threshold``."""
    if not chosen.found or chosen.confidence < threshold:
        refusal = phrase.REFUSAL[question.language]
        return Answer(text, refusal, (), (), True, chosen.confidence, question.language, resolved)
    best = chosen.found[0]
    citations = [_citation(best, hits[best.source])]
    span = _span(best)
    for other in chosen.found[1:]:
        if other.score < best.score - _AGREE or len(citations) == 3:
            break
        document = hits[other.source].document.id
        if fold(_span(other)) == fold(span) and all(c.document_id != document for c in citations):
            citations.append(_citation(other, hits[other.source]))
    statement = Statement(phrase.say(span, best.candidate.kind, question.language), tuple(range(len(citations))))
    return Answer(
        text, statement.text, (statement,), tuple(citations), False, chosen.confidence, question.language, resolved
    )


def read(question: Question, text: str, pieces: Sequence[tuple[int, int]]) -> Reading:
    """Read one text for a question; ``pieces`` are the spans of it to look at."""
    chosen = choose(question, [Source(text[start:end]) for start, end in pieces])
    if not chosen.found:
        return Reading("", "", 0, 0, 0.0)
    best = chosen.found[0]
    shift = pieces[best.source][0]
    start, end = best.candidate.start + shift, best.candidate.end + shift
    low, high = best.laid.sentences[best.laid.sentence_of[best.candidate.first]]
    return Reading(text[low + shift : high + shift], text[start:end], start, end, chosen.confidence)


def _span(found: Found) -> str:
    return found.laid.text[found.candidate.start : found.candidate.end]


def _citation(found: Found, hit: Hit) -> Citation:
    low, high = cite.quote_span(found.laid, found.candidate, found.cover)
    start, end = hit.passage.start + low, hit.passage.start + high
    raw_start, raw_end = hit.document.offsets.to_raw(start, end)
    return Citation(
        hit.document.id,
        hit.document.title,
        hit.document.text[start:end],
        start,
        end,
        raw_start,
        raw_end,
        hit.passage.id,
        hit.passage.section,
    )
