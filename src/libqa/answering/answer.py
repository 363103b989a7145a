"""From hits to an answer: read the passages, choose, decide whether to answer at all, quote and say it."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING

from libqa.answering import abstain, cite, comparing, extract, measures, ordering, phrase, rarity, reader
from libqa.answering.asking import asks
from libqa.answering.candidates import Candidate
from libqa.answering.dialogue import Resolved
from libqa.answering.extract import Found, Source
from libqa.answering.retrieve import heading, retrieve
from libqa.answering.understand import Question, understand
from libqa.text import dictionary, entities
from libqa.text.names import spelt
from libqa.text.script import fold
from libqa.text.segment import terms
from libqa.text.shortnames import written_out
from libqa.types import Answer, Citation, Hit, Statement

if TYPE_CHECKING:
    from libqa.index import View
    from libqa.models import Embedder
    from libqa.models.hub import Reranker

READ = 7
"""Passages that are read for an answer."""
_WORTH_READING = 0.5
"""The least share of the best hit: of the development questions, one in a hundred has its answer in a passage below it,
but half of the passages are."""
_FALLING = 0.4
"""By how much less of the search's score a hit's share is a third (1/e) of the best one's."""
_EXPLAINED = ("what", "why", "how")
_WORDED = ("complement", "clause", "clauses", "reader")
_AS_GOOD = 0.5  # a fuller explanation may score (a logit) so much less
_FURTHER = 4.0  # a second statement may score (a logit) so much less than the first
_LIST = 200  # characters of an enumeration that is given whole
_AGREE = 2.5  # a second document is cited when it says the same with a score (a logit) no further below


@dataclass(frozen=True, slots=True)
class Chosen:
    """The candidates, best first, and the probability that the best one answers the question."""

    found: list[Found]
    confidence: float


def look_up(
    view: View, embedder: Embedder, asked: Resolved, k: int, reranker: Reranker | None = None
) -> tuple[list[Hit], Question, list[Source]]:
    """Search for a question, read what is found, and put it in the order of both; a ``reranker``'s order stands.

    Return the ``k`` best hits, the question as understood with what they hold, and the texts as read, in that order.
    Passages that the search finds far less fitting than the best one are not read: they stand at the end.
    """
    hits, question = search(view, embedder, asked, k, reranker)
    if not hits:
        return [], question, []
    given = [given_with(hit, hits[0].score) for hit in hits]
    read = [g for g in given if reranker is not None or g[1] >= _WORTH_READING] or given
    points = reader.load_reader().read(question, [text for text, _ in read])
    scores = [hit.score for hit in hits]
    if reranker is None and asks(asked.text):  # the reader cannot tell what fits where nothing is asked
        shares = [share for _, share in given]
        scores = ordering.load_ordering().score(shares, [*points, *[None] * (len(hits) - len(read))]).tolist()
    order = sorted(range(len(hits)), key=lambda i: (i >= len(read), -scores[i]))[:k]
    return (
        [replace(hits[i], score=scores[i]) for i in order],
        question,
        [Source(given[i][0], points[i], given[i][1]) for i in order if i < len(read)],
    )


def search(
    view: View, embedder: Embedder, asked: Resolved, k: int, reranker: Reranker | None = None
) -> tuple[list[Hit], Question]:
    """Return the ``k`` hits for a question, or as many as are read, best first, and the question as understood."""
    text, context, focus = (_written_out(view, part) for part in (asked.text, asked.context, asked.focus))
    hits = retrieve(view, f"{text} {context}".strip(), embedder, max(k, READ), reranker)
    names = named(hits[:READ], fold(text))
    return hits, understand(text, rarity.blended(view.holding, view.passages), context, names, focus)


def _written_out(view: View, text: str) -> str:
    return written_out(text, lambda name: all(view.holding(term) for term in terms(name)))


@lru_cache(maxsize=256)
def _folded(text: str) -> str:
    return fold(text)


def given_with(hit: Hit, best: float) -> tuple[comparing.Text, float]:
    """Return a hit as a text to read, with the title and section that its sentences take for granted, and its share.

    ``best`` is the score of the best hit.
    """
    document, passage = hit.document, hit.passage
    context = heading(document.title, passage.section)
    given = comparing.Text(passage.text, context, _folded(document.text), fold(document.title))
    return given, math.exp((hit.score - best) / _FALLING)


def choose(question: Question, sources: Sequence[Source]) -> Chosen:
    """Rank all candidate answers of the sources."""
    found = extract.extract(question, sources, extract.load_ranker())
    return Chosen(found, abstain.load_calibration().confidence(question, found))


def named(hits: Sequence[Hit], asked: str) -> dict[str, str]:
    """Return how a question (folded) may say Chinese names in the hits: of people as they are, or any in Latin.

    Latin spellings of people stand in both orders, joined or apart, longest first, and only where the question has
    Latin words. Other Latin words without a translation may spell a part of a name: ``chulan`` is 楚澜.
    """
    from pypinyin import lazy_pinyin

    from libqa.models import translations

    latin = re.search("[a-z]{2}", asked) is not None
    found: dict[str, str] = {}
    for hit in hits:
        for entity in entities.find(hit.passage.text):
            name = fold(hit.passage.text[entity.start : entity.end])
            if entity.kind != "person" or name.isascii() or "·" in name:
                continue
            if name in asked and not dictionary.frequency(name):  # 马拉松 looks like a name
                found[name] = name
            if latin:
                sounds = lazy_pinyin(name)
                size = 2 if len(sounds) == 4 else 1
                family, given = "".join(sounds[:size]), "".join(sounds[size:])
                apart = (f"{family} {' '.join(sounds[size:])}", f"{family} {'-'.join(sounds[size:])}")
                found |= dict.fromkeys((f"{family} {given}", f"{given} {family}", *apart), name)
    people = {part for said in found for part in re.split("[ -]", said)}
    for word in dict.fromkeys(re.findall(r"(?<![a-z-])[a-z]{4,}(?![a-z-])", asked)):
        if word not in people and not translations(word):
            texts = (fold(hit.passage.text) for hit in hits)
            said = Counter(text[a:b] for text in texts for a, b in spelt(word, text))
            found.update((word, name) for name, _ in said.most_common(1))
    return dict(sorted(found.items(), key=lambda pair: -len(pair[0])))


def compose(
    text: str, resolved: str, question: Question, hits: Sequence[Hit], chosen: Chosen, threshold: float
) -> Answer:
    """Return the answer, or a refusal where the confidence is below ``threshold``."""
    if not chosen.found or chosen.confidence < threshold:
        refusal = phrase.REFUSAL[question.language]
        return Answer(text, refusal, (), (), True, chosen.confidence, question.language, resolved)
    said = [_fullest(chosen.found, question)]
    if question.kind in _EXPLAINED:
        said += _more(said[0], chosen.found)
    citations: list[Citation] = []
    statements: list[Statement] = []
    for found in said:
        cited = _citations(found, chosen.found, hits)
        numbers = tuple(range(len(citations), len(citations) + len(cited)))
        citations += cited
        statements.append(Statement(phrase.say(_span(found), found.candidate.kind, question.language), numbers))
    return Answer(
        text,
        "\n".join(s.text for s in statements),
        tuple(statements),
        tuple(citations),
        False,
        chosen.confidence,
        question.language,
        resolved,
    )


def _citations(said: Found, found: Sequence[Found], hits: Sequence[Hit]) -> list[Citation]:
    """The passage that a candidate stands in, and up to two of other documents that say the same."""
    citations = [_citation(said, hits[said.source])]
    for other in found:
        if other.score < said.score - _AGREE or len(citations) == 3:
            break
        document = hits[other.source].document.id
        if fold(_span(other)) == fold(_span(said)) and all(c.document_id != document for c in citations):
            citations.append(_citation(other, hits[other.source]))
    return citations


def _fullest(found: Sequence[Found], question: Question) -> Found:
    """The best candidate, or what says more of the same around it.

    When, how many and where are answered with the date, number or place alone, in its fullest form (2023年12月7日 for
    2023年), and an organisation with its whole name; an answer to a question for a list grows to the whole enumeration,
    and an explanation to the longest that scores about as high.
    """
    best, kind = found[0], question.kind
    own = best.candidate
    near = [f.candidate for f in found if f.source == best.source]
    wanted = {"when": "date", "number": "number", "where": "place"}.get(kind)
    if wanted and own.kind not in (wanted, "organisation"):
        inside = [c for c in near if c.kind == wanted and own.start <= c.start and c.end <= own.end]
        if kind == "number":
            measure = measures.asked_for(question.folded)
            inside = [c for c in inside if measures.fits(measure, best.laid.folded, c.start, c.end)]
        if kind == "where":  # 四川成都同日, but not 四川大学江安校区, is the place and a word beside it
            inside = [c for c in inside if 2 * (c.end - c.start) > own.end - own.start]
        at_start = [c for c in inside if c.start == own.start]  # 3名 of 3名、二等奖8名
        own = (at_start or inside or [own])[0]
    if kind == "list":
        return replace(best, candidate=_whole_list(own, near))
    kinds: tuple[str, ...] = (own.kind,) if own.kind in ("date", "number", "place", "organisation") else ()
    if kind in ("what", "which"):
        kinds = ("enumeration",)
    if kind in _EXPLAINED and own.kind in _WORDED:
        near = [f.candidate for f in found if f.source == best.source and f.score > best.score - _AS_GOOD]
        kinds = _WORDED
    wider = [
        c
        for c in near
        if c.kind in kinds
        and c.start <= own.start
        and own.end <= c.end
        and c.end - c.start <= _LIST
        and (c.kind in ("date", "number", "place") or c.start == own.start)
    ]
    return replace(best, candidate=max(wider, key=lambda c: c.end - c.start, default=own))


def _whole_list(own: Candidate, near: Sequence[Candidate]) -> Candidate:
    """The enumeration that a candidate is part of, or most of, grown to its end."""
    size = own.end - own.start
    wider = [
        c
        for c in near
        if c.kind == "enumeration"
        and c.end - c.start <= _LIST
        and min(c.end, own.end) - max(c.start, own.start) >= 0.6 * min(size, c.end - c.start)
        and min(c.end, own.end) - max(c.start, own.start) >= 0.4 * size
    ]
    return max([own, *wider], key=lambda c: c.end - c.start)


def _more(best: Found, found: Sequence[Found]) -> list[Found]:
    """One further statement of the same text, from other clauses, for questions that a name or number cannot answer."""
    for f in found:
        if f.score < best.score - _FURTHER:
            break
        apart = f.candidate.last < best.candidate.first or best.candidate.last < f.candidate.first
        if f.source == best.source and apart and f.candidate.kind in ("clause", "clauses"):
            return [f]
    return []


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
        hit.document.place(start, end),
    )
