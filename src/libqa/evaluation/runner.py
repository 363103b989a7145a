"""Asks every question, searches and reads, and sums up what came back."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from libqa.evaluation import abstaining, figures, judging, metrics, ranking, significance
from libqa.evaluation.figures import Columns
from libqa.evaluation.metrics import Span
from libqa.evaluation.questions import Question
from libqa.evaluation.showing import Shown, around_gold
from libqa.serialize import answer_to_dict

if TYPE_CHECKING:
    from libqa.api import LibQA
    from libqa.types import Answer, Document

Progress = Callable[[int, "int | None"], None]
Figures = dict[str, "float | None"]
Kind = Literal["ask", "search", "read"]
_DEPTH = 10
_DOCUMENTS_DEPTH = 30  # passages to look at for ten documents


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came back for one question.

    ``kind``: it was asked, only searched for, or read in a given text. ``values``: one number for each column of
    ``libqa.evaluation.figures`` that applies. ``said``: the answer in words. ``found``: spans of the passages found,
    best first. ``passages``: where the answer was not right, the passage that holds it and the one found first.
    """

    question: Question
    kind: Kind
    values: Mapping[str, float]
    answer: Answer | None = None
    said: str = ""
    found: tuple[Span, ...] = ()
    passages: tuple[Shown, ...] = ()

    @property
    def verdict(self) -> str:
        """``right``, or in a few words what was wrong."""
        value = self.values.get
        checks = {
            "search": (("not found", value("hit@10", 1.0) == 0),),
            "read": (("wrong sentence", value("right_sentence", 1.0) == 0),),
            "ask": (
                ("answered, but not in the documents", value("false_answer", 0.0) == 1),
                ("refused, but in the documents", value("false_refusal", 0.0) == 1),
                ("wrong answer", value("right", 1.0) == 0),
                ("wrong citation", value("right_and_cited", 1.0) == 0),
            ),
        }
        return next((name for name, holds in checks[self.kind] if holds), "right")

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as JSON values."""
        return {
            "question": asdict(self.question),
            "kind": self.kind,
            "verdict": self.verdict,
            "values": dict(self.values),
            "said": self.said,
            "answer": None if self.answer is None else answer_to_dict(self.answer),
            "found": [list(span) for span in self.found],
            "passages": [asdict(passage) for passage in self.passages],
        }


@dataclass(frozen=True, slots=True)
class Result:
    """The figures of a run over all questions and per group; ``None`` where nothing was measured.

    ``intervals``: 95 % bootstrap intervals of ``figures``. ``baselines``: rows of the comparison with other ways to
    search, if it was asked for.
    """

    figures: Figures
    intervals: dict[str, tuple[float, float] | None]
    by_set: dict[str, Figures]
    by_lang: dict[str, Figures]
    by_type: dict[str, Figures]
    by_tag: dict[str, Figures]
    outcomes: tuple[Outcome, ...]
    baselines: tuple[dict[str, Any], ...] = field(default=())

    @property
    def columns(self) -> Columns:
        """The values of all questions as columns."""
        return figures.columns([o.values for o in self.outcomes])

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON values (``evaluation.schema.json``)."""
        groups = {"by_set": self.by_set, "by_lang": self.by_lang, "by_type": self.by_type, "by_tag": self.by_tag}
        return {
            "figures": self.figures,
            "intervals": {name: None if i is None else list(i) for name, i in self.intervals.items()},
            **groups,
            "baselines": list(self.baselines),
            "curves": _curves(self.columns),
            "questions": [o.to_dict() for o in self.outcomes],
        }


def run(
    qa: LibQA, questions: Sequence[Question], progress: Progress | None = None, forced: LibQA | None = None
) -> Result:
    """Ask all questions and return the figures; parameters and errors as of `ask`."""
    return summarise(ask(qa, questions, progress, forced))


def summarise(outcomes: Sequence[Outcome]) -> Result:
    """Return the figures over all outcomes and per set, language, type and tag."""
    table = figures.columns([o.values for o in outcomes])

    def grouped(key: Callable[[Question], Iterable[str]]) -> dict[str, Figures]:
        return figures.grouped(table, [key(o.question) for o in outcomes])

    return Result(
        figures=figures.figures(table),
        intervals=significance.intervals(table),
        by_set=grouped(lambda q: (q.set,)),
        by_lang=grouped(lambda q: (q.lang,)),
        by_type=grouped(lambda q: (q.type,)),
        by_tag=grouped(lambda q: (*q.tags, "follow-up") if q.history else q.tags),
        outcomes=tuple(outcomes),
    )


def ask(
    qa: LibQA, questions: Sequence[Question], progress: Progress | None = None, forced: LibQA | None = None
) -> list[Outcome]:
    """Ask all questions, and search for each.

    Parameters
    ----------
    progress : called with the number of questions done and of all.
    forced : the same index with threshold 0, to see what would have been answered instead of refusals; without it
        refused questions are left out of the measures of confidence.

    Raises
    ------
    ReadError : the evidence of a question does not occur in the indexed documents.
    MissingExtra : ir-measures is not installed (extra ``eval``).
    """
    documents = {d.id: d for d in qa.documents()}
    texts = {identity: d.text for identity, d in documents.items()}
    gold = {q.id: judging.evidence_spans(q, texts) for q in questions}
    if questions:
        qa.ask(questions[0].question)  # what is loaded at the first question is not part of its time
    outcomes = []
    for question in _counted(questions, progress):
        history, spans = list(question.history), gold[question.id]
        answer, milliseconds = _timed(lambda q=question, h=history: qa.ask(q.question, history=h))  # type: ignore[misc]
        values = judging.judge_answer(question, answer, spans, texts) | {"milliseconds": milliseconds}
        full = answer
        if answer.abstained and question.answerable and forced is not None:
            full = forced.ask(question.question, history=history)
        if not answer.abstained or forced is not None:
            values["correct"] = float(judging.right_and_cited(question, full, [s for g in spans for s in g])[1])
        hits, values["search_milliseconds"] = _timed(lambda a=answer: qa.search(a.resolved, k=_DEPTH))  # type: ignore[misc]
        found = tuple((h.passage.document_id, h.passage.start, h.passage.end) for h in hits)
        outcomes.append(Outcome(question, "ask", values, answer, answer.text, found))
    return _ranked(outcomes, gold, documents, _passages_holding)


def search(qa: LibQA, questions: Sequence[Question], progress: Progress | None = None) -> list[Outcome]:
    """Search for all questions, without answering; a document is right if it is one of the evidence.

    Raises
    ------
    MissingExtra : ir-measures is not installed (extra ``eval``).
    """
    documents = {d.id: d for d in qa.documents()}
    gold = {
        q.id: judging.evidence_spans(q, {e.document: documents[e.document].text for e in q.evidence}) for q in questions
    }
    outcomes = []
    for question in _counted(questions, progress):
        hits, milliseconds = _timed(lambda q=question: qa.search(q.question, k=_DOCUMENTS_DEPTH))  # type: ignore[misc]
        names = list(dict.fromkeys(h.passage.document_id for h in hits))[:_DEPTH]
        found = tuple((name, 0, len(documents[name].text)) for name in names)
        outcomes.append(Outcome(question, "search", {"search_milliseconds": milliseconds}, found=found))
    return _ranked(outcomes, gold, documents, lambda spans, _: [_key(s) for s in spans])


def read(
    qa: LibQA, questions: Sequence[Question], documents: Iterable[Document], progress: Progress | None = None
) -> list[Outcome]:
    """Let the reader find the answer of each question in the document of its first evidence; no index is used."""
    known = {d.id: d for d in documents}
    outcomes = []
    for question in _counted(questions, progress):
        document = known[question.evidence[0].document]
        gold = [s for spans in judging.evidence_spans(question, {document.id: document.text}) for s in spans]
        reading, milliseconds = _timed(lambda q=question, d=document: qa.read(q.question, d.text))  # type: ignore[misc]
        values = judging.judge_reading(question, reading, document.text, gold) | {"milliseconds": milliseconds}
        outcome = Outcome(question, "read", values, said=f"{reading.answer}\n{reading.sentence}")
        wrong = outcome.verdict != "right"
        outcomes.append(replace(outcome, passages=around_gold(gold, outcome.found, known) if wrong else ()))
    return outcomes


def _counted(questions: Sequence[Question], progress: Progress | None) -> Iterable[Question]:
    for done, question in enumerate(questions):
        if progress is not None:
            progress(done, len(questions))
        yield question
    if progress is not None:
        progress(len(questions), len(questions))


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    began = time.perf_counter()
    value = work()
    return value, 1000 * (time.perf_counter() - began)


def _ranked(
    outcomes: Sequence[Outcome],
    gold: Mapping[str, Sequence[Sequence[Span]]],
    documents: Mapping[str, Document],
    relevant: Callable[[Sequence[Span], Mapping[str, Document]], list[str]],
) -> list[Outcome]:
    """Add the measures of the found passages, and what is to be shown of a wrong answer."""
    spans = {o.question.id: [s for group in gold[o.question.id] for s in group] for o in outcomes}
    right = {
        o.question.id: {*relevant(spans[o.question.id], documents)}
        | {_key(f) for f in o.found if metrics.overlaps(f, spans[o.question.id])}
        for o in outcomes
        if spans[o.question.id]
    }
    measured = ranking.measure(right, {o.question.id: [_key(f) for f in o.found] for o in outcomes})
    done = []
    for outcome in outcomes:
        judged = replace(outcome, values={**outcome.values, **measured.get(outcome.question.id, {})})
        wrong = judged.verdict != "right"
        done.append(
            replace(judged, passages=around_gold(spans[judged.question.id], judged.found, documents) if wrong else ())
        )
    return done


def _passages_holding(gold: Sequence[Span], documents: Mapping[str, Document]) -> list[str]:
    """Return the passages, cut as for an index, that share a character with the gold spans."""
    from libqa.index.passages import split

    pieces = [(name, p.start, p.end) for name in {s[0] for s in gold} for p in split(documents[name].text)]
    return [_key(piece) for piece in pieces if metrics.overlaps(piece, gold)]


def _key(span: Span) -> str:
    return f"{span[0]}:{span[1]}-{span[2]}"


def _curves(table: Columns) -> dict[str, Any]:
    """Return risk-coverage curve and reliability diagram as JSON values; empty without answers."""
    known = ~(np.isnan(table["confidence"]) | np.isnan(table["correct"]))
    confidence, right = table["confidence"][known], table["correct"][known] > 0
    curve = abstaining.risk_coverage(confidence, right)
    steps = range(0, len(curve.risk), max(1, len(curve.risk) // 400))
    return {
        "risk_coverage": [[round(float(curve.coverage[i]), 5), round(float(curve.risk[i]), 5)] for i in steps],
        "reliability": [asdict(b) for b in abstaining.reliability(confidence, right)],
    }
