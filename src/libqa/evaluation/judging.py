"""What one answer, one search or one reading is worth: the values that the figures are made of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import mean, median
from typing import TYPE_CHECKING

from libqa.errors import ReadError
from libqa.evaluation import citing, metrics
from libqa.evaluation.metrics import Span
from libqa.evaluation.questions import Question

if TYPE_CHECKING:
    from libqa.types import Answer, Reading

SHORT_TYPES = ("who", "when", "where", "how_many")
"""Types of question whose direct answer is a name, date, place or number, and so should be short."""


def evidence_spans(question: Question, texts: Mapping[str, str]) -> list[list[Span]]:
    """Return for each piece of evidence the places where its document says it; repeated words are all gold.

    Raises
    ------
    ReadError : the indexed documents do not say it.
    """
    spans = []
    for evidence in question.evidence:
        text = texts.get(evidence.document, "")
        places = _places(text, evidence.quote) if evidence.start is None else iter([evidence.start])
        found = [
            (evidence.document, at, at + len(evidence.quote)) for at in places if text.startswith(evidence.quote, at)
        ]
        if not found:
            raise ReadError(
                f"question {question.id}",
                f"its evidence is not in the indexed document {evidence.document!r}",
                "build the index from the corpus that the questions are about, or correct the question set",
            )
        spans.append(found)
    return spans


def right_and_cited(question: Question, answer: Answer, gold: Sequence[Span]) -> tuple[bool, bool]:
    """Tell whether an answer holds every nugget, and whether besides it cites the evidence or a quote that does."""
    if answer.abstained or not question.answerable:
        return False, False
    quotes = [c.quote for c in answer.citations]
    right = all(metrics.nuggets_held([*(s.text for s in answer.statements), *quotes], question.answers))
    grounded = any(metrics.overlaps((c.document_id, c.start, c.end), gold) for c in answer.citations) or all(
        metrics.nuggets_held(quotes, question.answers)
    )
    return right, right and grounded


def judge_answer(
    question: Question, answer: Answer, gold: Sequence[Sequence[Span]], texts: Mapping[str, str]
) -> dict[str, float]:
    """Return the values of one answer, under the names of the figures' columns."""
    every = [span for spans in gold for span in spans]
    values = {
        "answerable": float(question.answerable),
        "confidence": answer.confidence,
        "citations": float(len(answer.citations)),
        "exact": float(sum(texts[c.document_id][c.start : c.end] == c.quote for c in answer.citations)),
    }
    if not answer.abstained:
        values |= _of_statements(answer)
        values["quote_length"] = float(median([len(c.quote) for c in answer.citations] or [0]))
    if question.answerable:
        return values | _of_answerable(question, answer, gold, every)
    return values | {"refusal_right": float(answer.abstained), "false_answer": float(not answer.abstained)}


def judge_reading(question: Question, reading: Reading, text: str, gold: Sequence[Span]) -> dict[str, float]:
    """Return the values of a reading of ``text``, the one document that ``gold`` lies in."""
    sentence = next(
        (
            (gold[0][0], at, at + len(reading.sentence))
            for at in _places(text, reading.sentence)
            if at <= reading.start and reading.end <= at + len(reading.sentence)
        ),
        None,
    )
    spellings = question.answers[0]
    return {
        "right_sentence": float(sentence is not None and metrics.overlaps(sentence, gold)),
        "sentence_holds": float(any(metrics.nuggets_held([reading.sentence], [spellings]))),
        "span_exact": metrics.exact_match(reading.answer, spellings),
        "span_f1": metrics.character_f1(reading.answer, spellings),
    }


def _of_statements(answer: Answer) -> dict[str, float]:
    cited = [(s.text, [answer.citations[n].quote for n in s.citations]) for s in answer.statements]
    measured = citing.of_answer(cited)
    return {} if measured is None else {"statement_recall": measured[0], "statement_precision": measured[1]}


def _of_answerable(
    question: Question, answer: Answer, gold: Sequence[Sequence[Span]], every: Sequence[Span]
) -> dict[str, float]:
    quotes = [c.quote for c in answer.citations]
    statements = [s.text for s in answer.statements] if not answer.abstained else []
    right, cited = right_and_cited(question, answer, every)
    values = {
        "right": float(right),
        "right_and_cited": float(cited),
        "direct_right": float(right and all(metrics.nuggets_held(statements[:1], question.answers))),
        "nugget_recall": mean(metrics.nuggets_held([*statements, *quotes], question.answers)),
        "false_refusal": float(answer.abstained),
        "citation_recall": _nuggets_cited(question, answer, gold),
    }
    if len(question.answers) == 1:
        said = statements[0] if statements else ""
        values["exact_match"] = metrics.exact_match(said, question.answers[0])
        values["character_f1"] = metrics.character_f1(said, question.answers[0])
    if quotes:
        good = [
            metrics.overlaps((c.document_id, c.start, c.end), every)
            or any(metrics.nuggets_held([c.quote], question.answers))
            for c in answer.citations
        ]
        values["citation_precision"] = mean(good)
    if statements and question.type in SHORT_TYPES:
        values["direct_length"] = float(len(statements[0]))
    return values


def _nuggets_cited(question: Question, answer: Answer, gold: Sequence[Sequence[Span]]) -> float:
    cited = [(c.document_id, c.start, c.end) for c in answer.citations]
    reached = [
        evidence.quote
        for evidence, spans in zip(question.evidence, gold, strict=True)
        if any(metrics.overlaps(span, cited) for span in spans)
    ]
    return mean(metrics.nuggets_held([*(c.quote for c in answer.citations), *reached], question.answers))


def _places(text: str, words: str) -> Iterator[int]:
    at = text.find(words) if words else -1
    while at >= 0:
        yield at
        at = text.find(words, at + 1)
