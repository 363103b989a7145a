"""Asks every question of the sets and measures what came back."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path
from statistics import mean, median
from typing import TYPE_CHECKING, Any

from libqa.errors import ReadError
from libqa.evaluation import metrics
from libqa.evaluation.metrics import Span
from libqa.evaluation.questions import Question
from libqa.serialize import answer_to_dict

if TYPE_CHECKING:
    from libqa.api import LibQA
    from libqa.types import Answer

SHORT_TYPES = ("who", "when", "where", "how_many")
"""Types of question whose direct answer is a name, date, place or number, and so should be short."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came back for one question.

    ``right``: for an answerable question every nugget is in the answer or its quotes; for an unanswerable one, it was
    refused. ``right_and_cited``: besides, a cited quote overlaps the evidence or itself holds all nuggets. ``direct``:
    the first statement alone holds every nugget. ``rank``: of the first passage that overlaps the evidence, from 1.
    ``exact``: citations that are exact slices of their document. ``supporting``: citations that overlap the evidence or
    hold a nugget. ``nuggets_cited``: share of nuggets that a citation holds, or whose evidence it overlaps.
    ``milliseconds``: of the answer, not the search.
    """

    question: Question
    answer: Answer
    right: bool
    right_and_cited: bool
    direct: bool
    nugget_recall: float
    exact_match: float | None
    character_f1: float | None
    citations: int
    exact: int
    supporting: int
    nuggets_cited: float
    rank: int | None
    milliseconds: float

    def to_dict(self) -> dict[str, Any]:
        """Return the outcome as JSON values."""
        fields = {name: getattr(self, name) for name in self.__slots__ if name not in ("question", "answer")}
        return {"question": asdict(self.question), "answer": answer_to_dict(self.answer), **fields}


@dataclass(frozen=True, slots=True)
class Result:
    """The figures of a run over all questions, per language and per type; ``None`` where nothing was measured."""

    figures: dict[str, float | None]
    by_lang: dict[str, dict[str, float | None]]
    by_type: dict[str, dict[str, float | None]]
    outcomes: tuple[Outcome, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON values."""
        return {
            "figures": self.figures,
            "by_lang": self.by_lang,
            "by_type": self.by_type,
            "questions": [o.to_dict() for o in self.outcomes],
        }


def run(qa: LibQA, questions: Sequence[Question], progress: Callable[[int, int | None], None] | None = None) -> Result:
    """Ask all questions and return the figures.

    Raises
    ------
    ReadError : the evidence of a question does not occur in the indexed documents.
    """
    texts = {d.id: d.text for d in qa.documents()}
    gold = {q.id: evidence_spans(q, texts) for q in questions}
    outcomes = []
    for done, question in enumerate(questions):
        if progress is not None:
            progress(done, len(questions))
        outcomes.append(_ask(qa, question, gold[question.id], texts))
    if progress is not None:
        progress(len(questions), len(questions))
    return Result(
        figures=figures(outcomes),
        by_lang=_grouped(outcomes, lambda o: o.question.lang),
        by_type=_grouped(outcomes, lambda o: o.question.type),
        outcomes=tuple(outcomes),
    )


def evidence_spans(question: Question, texts: Mapping[str, str]) -> list[list[Span]]:
    """Return for each piece of evidence the places where its document says it; repeated words are all gold."""
    spans = []
    for evidence in question.evidence:
        text = texts.get(evidence.document, "")
        found, at = [], text.find(evidence.quote)
        while at >= 0:
            found.append((evidence.document, at, at + len(evidence.quote)))
            at = text.find(evidence.quote, at + 1)
        if not found:
            raise ReadError(
                f"question {question.id}",
                f"its evidence is not in the indexed document {evidence.document!r}",
                "build the index from the corpus that the questions are about, or correct the question set",
            )
        spans.append(found)
    return spans


def _ask(qa: LibQA, question: Question, gold: Sequence[Sequence[Span]], texts: Mapping[str, str]) -> Outcome:
    began = time.perf_counter()
    answer = qa.ask(question.question, history=list(question.history))
    milliseconds = 1000 * (time.perf_counter() - began)
    hits = [h.passage for h in qa.search(answer.resolved, k=10)] if question.answerable else []
    all_gold = [span for spans in gold for span in spans]
    cited: list[Span] = [(c.document_id, c.start, c.end) for c in answer.citations]
    quotes = [c.quote for c in answer.citations]
    statements = [] if answer.abstained else [s.text for s in answer.statements]
    held = metrics.nuggets_held([*statements, *quotes], question.answers)
    supports = [
        metrics.overlaps(span, all_gold) or any(metrics.nuggets_held([quote], question.answers))
        for span, quote in zip(cited, quotes, strict=True)
    ]
    right = answer.abstained if not question.answerable else not answer.abstained and all(held)
    grounded = any(metrics.overlaps(span, all_gold) for span in cited) or all(
        metrics.nuggets_held(quotes, question.answers)
    )
    single = question.answers[0] if len(question.answers) == 1 and statements else None
    return Outcome(
        question=question,
        answer=answer,
        right=right,
        right_and_cited=right and (grounded or not question.answerable),
        direct=right and (not question.answerable or all(metrics.nuggets_held(statements[:1], question.answers))),
        nugget_recall=mean(held) if held else float(right),
        exact_match=metrics.exact_match(statements[0], single) if single else None,
        character_f1=metrics.character_f1(statements[0], single) if single else None,
        citations=len(cited),
        exact=sum(texts[c.document_id][c.start : c.end] == c.quote for c in answer.citations),
        supporting=sum(supports),
        nuggets_cited=_nuggets_cited(question, gold, cited, quotes),
        rank=metrics.first_relevant([(p.document_id, p.start, p.end) for p in hits], all_gold),
        milliseconds=milliseconds,
    )


def _nuggets_cited(
    question: Question, gold: Sequence[Sequence[Span]], cited: Sequence[Span], quotes: Sequence[str]
) -> float:
    if not question.answers:
        return 1.0
    reached = [
        e.quote
        for e, spans in zip(question.evidence, gold, strict=True)
        if any(metrics.overlaps(s, cited) for s in spans)
    ]
    return mean(metrics.nuggets_held([*quotes, *reached], question.answers))


def figures(outcomes: Sequence[Outcome]) -> dict[str, float | None]:
    """Return the figures over ``outcomes``; lengths count code points, times are milliseconds."""
    asked = [o for o in outcomes if o.question.answerable]
    unanswerable = [o for o in outcomes if not o.question.answerable]
    answered = [o for o in asked if not o.answer.abstained]
    given = [o for o in outcomes if not o.answer.abstained]
    short = [len(o.answer.statements[0].text) for o in answered if o.question.type in SHORT_TYPES]
    quotes = [len(c.quote) for o in given for c in o.answer.citations]
    citations = sum(o.citations for o in outcomes)
    times = sorted(o.milliseconds for o in outcomes)
    return {
        "questions": len(outcomes),
        "right": _mean(o.right for o in asked),
        "right_and_cited": _mean(o.right_and_cited for o in asked),
        "direct_right": _mean(o.direct for o in asked),
        "nugget_recall": _mean(o.nugget_recall for o in asked),
        "exact_match": _mean(o.exact_match for o in asked if o.exact_match is not None),
        "character_f1": _mean(o.character_f1 for o in asked if o.character_f1 is not None),
        "refusal_right": _mean(o.right for o in unanswerable),
        "false_refusal": _mean(o.answer.abstained for o in asked),
        "abstention_auroc": metrics.auroc(
            [o.answer.confidence for o in outcomes], [o.question.answerable for o in outcomes]
        ),
        "citation_exact": sum(o.exact for o in outcomes) / citations if citations else None,
        "citation_precision": sum(o.supporting for o in answered) / max(1, sum(o.citations for o in answered))
        if answered
        else None,
        "citation_recall": _mean(o.nuggets_cited for o in asked),
        "direct_length": median(short) if short else None,
        "quote_length": median(quotes) if quotes else None,
        **{f"hit@{k}": _mean(o.rank is not None and o.rank <= k for o in asked) for k in (1, 3, 5, 10)},
        "mrr@10": _mean(1 / o.rank if o.rank else 0.0 for o in asked),
        "p50_ms": median(times) if times else None,
        "p95_ms": times[min(len(times) - 1, int(0.95 * len(times)))] if times else None,
    }


def save(result: Result, directory: Path) -> Path:
    """Write the result as ``eval-<UTC time>.json`` into ``directory`` and return its path."""
    directory.mkdir(parents=True, exist_ok=True)
    now = datetime.now(timezone.utc)
    path = directory / f"eval-{now:%Y%m%dT%H%M%SZ}.json"
    content = {"date": now.isoformat(timespec="seconds"), **result.to_dict()}
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return path


def _mean(values: Iterable[float]) -> float | None:
    values = list(values)
    return mean(values) if values else None


def _grouped(outcomes: Sequence[Outcome], key: Callable[[Outcome], str]) -> dict[str, dict[str, float | None]]:
    return {name: figures([o for o in outcomes if key(o) == name]) for name in sorted({key(o) for o in outcomes})}
