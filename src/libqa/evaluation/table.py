"""The result of a run as tables for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from io import StringIO
from typing import Any

from libqa.evaluation.figures import BY_NAME, FIGURES
from libqa.evaluation.report import shown, visible
from libqa.evaluation.runner import Outcome, Result

_IN_GROUPS = (
    *("questions", "right_and_cited", "direct_right", "refusal_right", "abstention_auroc", "citation_recall"),
    *("right_sentence", "span_f1", "hit@1", "hit@10", "mrr@10"),
)
_LISTED = 30  # wrong questions; a report shows all
_WIDTH = 120


def render(result: Result, comparison: Mapping[str, Any] | None = None) -> str:
    """Return figures with intervals, groups, other ways to search, changes since another run, and what went wrong."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    page = StringIO()
    console = Console(file=page, width=_WIDTH)

    def show(heads: list[str], rows: list[list[str]], title: str = "") -> None:
        table = Table(box=box.SIMPLE_HEAD, title=title or None, title_justify="left", title_style="bold")
        for n, head in enumerate(heads):
            table.add_column(head, justify="right" if n else "left", overflow="fold")
        for row in rows:
            table.add_row(*row)
        console.print(table)

    measured = [f for f in FIGURES if result.figures[f.name] is not None]
    show(
        ["figure", "value", "95 % interval"],
        [
            [f.label, shown(f.name, result.figures[f.name]), _range(f.name, result.intervals.get(f.name))]
            for f in measured
        ],
    )
    of_groups = {"set": result.by_set, "language": result.by_lang, "type": result.by_type, "tag": result.by_tag}
    names = [name for name in _IN_GROUPS if result.figures[name] is not None]
    for title, groups in of_groups.items():
        if len(groups) > 1:
            rows = [[group, *(shown(name, of[name]) for name in names)] for group, of in groups.items()]
            show([title, *(BY_NAME[name].label for name in names)], rows)
    for key in dict.fromkeys((row["set"], row["group"]) for row in result.baselines):
        rows_of = [row for row in result.baselines if (row["set"], row["group"]) == key]
        title = "{set}, {group}: {questions} questions, {units} {unit}".format(**rows_of[0])
        of = ("hit@1", "hit@5", "hit@10", "mrr@10", "ndcg@10")
        show(
            ["search", "R@1", "R@5", "R@10", "MRR@10", "nDCG@10"],
            [[row["system"], *(shown(name, row[name]) for name in of)] for row in rows_of],
            title,
        )
    if comparison is not None:
        changed = [c for c in comparison["changes"] if visible(c)]
        show(
            ["changed", "before", "now", "p"],
            [
                [
                    BY_NAME[c["figure"]].label,
                    *(shown(c["figure"], c[when]) for when in ("before", "after")),
                    "" if c["p"] is None else f"{c['p']:.3f}",
                ]
                for c in changed
            ],
            f"since {comparison['previous']}: {comparison['questions']} questions in both, "
            f"{len(comparison['mended'])} mended, {len(comparison['broken'])} broken",
        )
    wrong = [o for o in result.outcomes if o.verdict != "right"]
    lines = [f"{len(wrong)} not right:", *map(_wrong, wrong[:_LISTED])] if wrong else ["all right"]
    if len(wrong) > _LISTED:
        lines.append(f"  and {len(wrong) - _LISTED} more; the page that --report writes shows every one")
    return page.getvalue() + "\n".join(lines)


def _range(name: str, interval: tuple[float, float] | None) -> str:
    return "" if interval is None else f"{shown(name, interval[0])} – {shown(name, interval[1])}"


def _wrong(outcome: Outcome) -> str:
    question = outcome.question
    wanted = " + ".join(group[0] for group in question.answers) or "a refusal"
    got = outcome.said.splitlines()[0] if outcome.said else ""
    return f"  {question.id}  {question.question}\n    {outcome.verdict}; wanted: {wanted}" + (
        f"\n    got: {got}" if got else ""
    )
