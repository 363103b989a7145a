"""The result of a run as tables for the terminal."""

from __future__ import annotations

from io import StringIO

from libqa.evaluation.runner import Outcome, Result

LABELS = {
    "questions": "questions",
    "right_and_cited": "answer right and cited",
    "right": "answer right",
    "direct_right": "first line alone right",
    "nugget_recall": "nugget recall",
    "exact_match": "exact match (one-nugget questions)",
    "character_f1": "character F1 (CMRC 2018)",
    "refusal_right": "refusal right",
    "false_refusal": "answerable, but refused",
    "abstention_auroc": "abstention AUROC",
    "citation_exact": "citations exact",
    "citation_precision": "citation precision",
    "citation_recall": "citation recall",
    "direct_length": "direct answer, median characters (who/when/where/how many)",
    "quote_length": "quote, median characters",
    "hit@1": "hit@1",
    "hit@3": "hit@3",
    "hit@5": "hit@5",
    "hit@10": "hit@10",
    "mrr@10": "MRR@10",
    "p50_ms": "answer time p50, ms",
    "p95_ms": "answer time p95, ms",
}
IN_GROUPS = ("questions", "right_and_cited", "direct_right", "refusal_right", "citation_recall", "hit@10", "mrr@10")
COUNTS = ("questions", "direct_length", "quote_length", "p50_ms", "p95_ms")


def render(result: Result) -> str:
    """Return the figures over all, per language and per type, and the questions that went wrong."""
    from rich.console import Console
    from rich.table import Table

    page = StringIO()
    console = Console(file=page, width=110)
    table = Table("figure", "value")
    table.columns[1].justify = "right"
    for name, label in LABELS.items():
        table.add_row(label, _shown(name, result.figures[name]))
    console.print(table)
    for title, groups in (("language", result.by_lang), ("type", result.by_type)):
        table = Table(title, *(LABELS[name] for name in IN_GROUPS))
        for group, figures in groups.items():
            table.add_row(group, *(_shown(name, figures[name]) for name in IN_GROUPS))
        console.print(table)
    wrong = [o for o in result.outcomes if not o.right_and_cited]
    lines = [f"{len(wrong)} not right and cited:", *map(_wrong, wrong)] if wrong else ["all right and cited"]
    return page.getvalue() + "\n".join(lines)


def _shown(name: str, value: float | None) -> str:
    if value is None:
        return "-"
    return f"{value:g}" if name == "questions" else f"{value:.1f}" if name in COUNTS else f"{value:.3f}"


def _wrong(outcome: Outcome) -> str:
    question, answer = outcome.question, outcome.answer
    wanted = " + ".join(group[0] for group in question.answers) or "a refusal"
    return f"  {question.id}  {question.question}\n    wanted: {wanted}\n    got:    {answer.text.splitlines()[0]}"
