"""A run as one HTML page that opens offline: no script, no file beside it, no other host."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from libqa.evaluation import charts, figures
from libqa.evaluation.ranking import missing
from libqa.evaluation.significance import intervals

_TILES = ("right_and_cited", "refusal_right", "citation_exact", "abstention_auroc", "right_sentence", "span_f1",
          "hit@1", "hit@10", "ndcg@10", "p50_ms")  # fmt: skip
_GROUPED = ("right_and_cited", "direct_right", "refusal_right", "abstention_auroc", "citation_recall", "right_sentence",
            "span_f1", "hit@1", "hit@10", "mrr@10")  # fmt: skip
_GROUPS = (("by_set", "set"), ("by_lang", "language"), ("by_type", "type of question"), ("by_tag", "tag"))
_MOST_TILES = 8
_SURE = 0.05  # p below which a change is called more than chance


def render(run: Mapping[str, Any], earlier: Mapping[str, Any] | None = None) -> str:
    """Return the page for a run in its JSON form, with the curves of an earlier run beside its own.

    Raises
    ------
    MissingExtra : jinja2 is not installed.
    """
    try:
        from jinja2 import Environment, StrictUndefined
    except ImportError:
        raise missing("jinja2") from None
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    environment.filters["shown"] = lambda value, name: shown(name, value)
    template = environment.from_string(
        (Path(__file__).parent / "templates" / "report.html").read_text(encoding="utf-8")
    )
    table = figures.columns([q["values"] for q in run["questions"]])
    wrong = [q for q in run["questions"] if q["verdict"] != "right"]
    verdicts = {name: f"v{n}" for n, name in enumerate(dict.fromkeys(q["verdict"] for q in wrong))}
    return template.render(
        run=run,
        tiles=list(_tiles(run)),
        charts=list(_charts(run, table, earlier)),
        groups=list(_group_tables(run, earlier)),
        baselines=_baselines(run["baselines"]),
        comparison=_comparison(run),
        figures=[f for f in figures.FIGURES if run["figures"][f.name] is not None],
        wrong=[{**q, "class": verdicts[q["verdict"]], "pieces": [_marked(p) for p in q["passages"]]} for q in wrong],
        verdicts=[(name, key, sum(q["verdict"] == name for q in wrong)) for name, key in verdicts.items()],
    )


def shown(name: str, value: float | None) -> str:
    """Return a figure as it is shown: shares with three digits, counts, characters and milliseconds with fewer."""
    if value is None:
        return "–"
    unit = figures.BY_NAME[name].unit
    return f"{value:.0f}" if unit == "count" else f"{value:.3f}" if unit == "share" else f"{value:.1f}"


def visible(change: Mapping[str, Any]) -> bool:
    """Tell whether a change of a figure shows in the digits that are shown."""
    return shown(change["figure"], change["before"]) != shown(change["figure"], change["after"])


def _tiles(run: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    changes = {c["figure"]: c for c in (run["comparison"] or {"changes": ()})["changes"]}
    measured = [name for name in _TILES if run["figures"][name] is not None][:_MOST_TILES]
    for name in measured:
        interval, change = run["intervals"].get(name), changes.get(name)
        figure = figures.BY_NAME[name]
        tile = {"label": figure.label, "value": shown(name, run["figures"][name]), "meaning": figure.meaning}
        tile["interval"] = f"{shown(name, interval[0])} – {shown(name, interval[1])}" if interval else ""
        tile["change"] = tile["mood"] = ""
        if change is not None and visible(change):
            up = change["difference"] > 0
            tile["change"] = f"{'▲' if up else '▼'} {shown(name, abs(change['difference']))}"
            sure = change["p"] is not None and change["p"] < _SURE
            tile["mood"] = ("better" if up == figure.higher else "worse") if sure else "chance"
        yield tile


def _charts(
    run: Mapping[str, Any], table: figures.Columns, earlier: Mapping[str, Any] | None
) -> Iterator[dict[str, Any]]:
    yield from _confidence_charts(run, table, earlier)
    times = table["milliseconds"][~np.isnan(table["milliseconds"])]
    if not len(times):
        times = table["search_milliseconds"][~np.isnan(table["search_milliseconds"])]
    if len(times):
        p50, p95 = np.percentile(times, [50, 95])
        high = float(max(np.percentile(times, 99), p95 * 1.2)) or 1.0
        lines = [(f"p50 {p50:.1f} ms", float(p50)), (f"p95 {p95:.1f} ms", float(p95))]
        drawn = charts.histogram(
            [("main", "questions", list(map(float, times)))],
            high,
            "milliseconds (slowest in the last bar)",
            "Latency",
            lines,
            24,
        )
        yield {
            "name": "Latency",
            "says": "How long an answer takes, without the search that this evaluation adds.",
            "svg": drawn,
        }


def _confidence_charts(
    run: Mapping[str, Any], table: figures.Columns, earlier: Mapping[str, Any] | None
) -> Iterator[dict[str, Any]]:
    known = ~(np.isnan(table["confidence"]) | np.isnan(table["correct"]))
    if not known.any():
        return
    confidence, correct, answerable = (table[n][known] for n in ("confidence", "correct", "answerable"))
    given = np.array([q["answer"] is not None and not q["answer"]["abstained"] for q in run["questions"]])[known]
    now = (float(given.mean()), float(1 - correct[given].mean())) if given.any() else None
    before = [tuple(p) for p in earlier["curves"]["risk_coverage"]] if earlier else []
    yield {
        "name": "Risk and coverage",
        "says": "If only the surest answers were given: how many of them are wrong. Lower is better."
        + (" Dashed: the previous run." if before else ""),
        "svg": charts.risk_coverage(
            [tuple(p) for p in run["curves"]["risk_coverage"]], before, now, float(1 - correct.mean())
        ),
    }
    yield {
        "name": "Reliability",
        "says": "Confidence against the share that is right; on the diagonal, 0.8 means right eight times in ten.",
        "svg": charts.reliability(run["curves"]["reliability"]),
    }
    groups = [
        ("main", "answerable, right", confidence[(answerable > 0) & (correct > 0)]),
        ("worse", "answerable, wrong", confidence[(answerable > 0) & (correct == 0)]),
        ("mute", "not in the documents", confidence[answerable == 0]),
    ]
    threshold = run["settings"].get("threshold")
    yield {
        "name": "Confidence",
        "says": "What confidence the questions got, refused ones as if they had been answered.",
        "legend": [(colour, label, len(values)) for colour, label, values in groups],
        "svg": charts.histogram(
            [(colour, label, list(map(float, values))) for colour, label, values in groups],
            1.0,
            "confidence",
            "Confidence",
            [] if threshold is None else [(f"threshold {threshold:g}", float(threshold))],
        ),
    }


def _group_tables(run: Mapping[str, Any], earlier: Mapping[str, Any] | None) -> Iterator[dict[str, Any]]:
    """Yield each way of grouping: a chart of its leading figure, and a table."""
    keys = {
        "by_set": lambda q: [q["set"]],
        "by_lang": lambda q: [q["lang"]],
        "by_type": lambda q: [q["type"]],
        "by_tag": lambda q: [*q["tags"], *(["follow-up"] if q["history"] else [])],
    }
    for field, title in _GROUPS:
        groups = run[field]
        if not groups or (len(groups) == 1 and field != "by_set"):
            continue
        names = [n for n in _GROUPED if any(of[n] is not None for of in groups.values())]
        leading = names[0] if names else None
        rows = []
        for group, of in groups.items():
            if leading is None or of[leading] is None:
                continue
            inside = [q["values"] for q in run["questions"] if group in keys[field](q["question"])]
            interval = intervals(figures.columns(inside), [figures.BY_NAME[leading]])[leading]
            count = sum(leading in values for values in inside)
            before = earlier[field].get(group, {}) if earlier else {}
            rows.append((group, count, of[leading], interval, before.get(leading)))
        yield {
            "title": f"By {title}",
            "leading": figures.BY_NAME[leading].label if leading else "",
            "svg": charts.whiskers(rows, f"By {title}") if len(rows) > 1 else "",
            "names": names,
            "labels": [figures.BY_NAME[n].label for n in names],
            "rows": groups,
        }


def _baselines(rows: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    tables: dict[tuple[str, str], dict[str, Any]] = {}
    for row in rows:
        key = (row["set"], row["group"])
        tables.setdefault(key, {**row, "rows": []})["rows"].append(row)
    for table in tables.values():
        for name in ("hit@1", "hit@5", "hit@10", "mrr@10", "ndcg@10"):
            table[f"best {name}"] = max(row[name] for row in table["rows"])
    return list(tables.values())


def _comparison(run: Mapping[str, Any]) -> dict[str, Any] | None:
    comparison = run["comparison"]
    if comparison is None:
        return None
    known = {q["question"]["id"]: q["question"]["question"] for q in run["questions"]}
    moved = [c for c in comparison["changes"] if visible(c)]
    return {
        **comparison,
        "changes": [{**c, "label": figures.BY_NAME[c["figure"]].label, "mood": _mood(c)} for c in moved],
        "same": [figures.BY_NAME[c["figure"]].label for c in comparison["changes"] if c not in moved],
        "mended": [(i, known.get(i, "")) for i in comparison["mended"]],
        "broken": [(i, known.get(i, "")) for i in comparison["broken"]],
    }


def _mood(change: Mapping[str, Any]) -> str:
    if change["p"] is None or change["p"] >= _SURE:
        return "chance"
    return "better" if (change["difference"] > 0) == figures.BY_NAME[change["figure"]].higher else "worse"


def _marked(passage: Mapping[str, Any]) -> dict[str, Any]:
    """Cut a passage into pieces that are marked as gold or not."""
    text, at, pieces = passage["text"], 0, []
    for start, end in sorted(passage["marks"]):
        if end <= at:
            continue
        pieces += [(text[at : max(at, start)], False), (text[max(at, start) : end], True)]
        at = end
    pieces.append((text[at:], False))
    return {**passage, "pieces": [piece for piece in pieces if piece[0]]}
