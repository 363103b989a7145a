"""Charts as SVG text: drawn by hand, so that a report is one file without script that opens anywhere.

Colours are classes that the report's style sheet fills, for light and dark screens. Everything said in a chart is
escaped. Marks carry a ``<title>``, which browsers show as a tip.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

Point = tuple[float, float]
_WIDTH, _HEIGHT = 460, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 14, 14, 44


@dataclass(frozen=True, slots=True)
class Frame:
    """The axes of a chart: what the left, right, bottom and top edges stand for."""

    x_low: float
    x_high: float
    y_low: float
    y_high: float

    def x(self, value: float) -> float:
        """Return the horizontal place of a value, in units of the drawing."""
        share = (value - self.x_low) / ((self.x_high - self.x_low) or 1)
        return round(_LEFT + share * (_WIDTH - _LEFT - _RIGHT), 1)

    def y(self, value: float) -> float:
        """Return the vertical place of a value."""
        share = (value - self.y_low) / ((self.y_high - self.y_low) or 1)
        return round(_HEIGHT - _BOTTOM - share * (_HEIGHT - _TOP - _BOTTOM), 1)


def risk_coverage(
    curve: Sequence[Point], earlier: Sequence[Point] = (), now: Point | None = None, alone: float | None = None
) -> str:
    """Draw the share of wrong answers over the share of questions answered.

    Parameters
    ----------
    curve, earlier : (coverage, risk) of this and of an earlier run.
    now : where the threshold in use stands.
    alone : risk where everything is answered, which random order would have everywhere.
    """
    frame = Frame(0, 1, 0, max(0.1, *(risk for _, risk in (*curve, *earlier)), alone or 0) if curve else 1)
    marks = []
    if alone is not None:
        marks.append(_line([(0, alone), (1, alone)], frame, "guide"))
        marks.append(_text(frame.x(1), frame.y(alone) - 5, "order by chance", "end", "small"))
    if earlier:
        marks.append(_line(earlier, frame, "earlier"))
    marks.append(_line(curve, frame, "main"))
    if now is not None:
        said = f"threshold in use: {now[0]:.0%} answered, {now[1]:.0%} of them wrong"
        marks.append(_dot(frame, now, 6, "accent", said))
        marks.append(_text(frame.x(now[0]) - 9, frame.y(now[1]) - 9, "threshold in use", "end", "small strong"))
    return _chart(frame, marks, "share of questions answered", "share of them wrong", "Risk-coverage curve")


def reliability(bins: Sequence[dict[str, float]]) -> str:
    """Draw the share that is right over the confidence, a dot per bin, larger with more questions."""
    frame = Frame(0, 1, 0, 1)
    most = max((b["count"] for b in bins), default=1)
    marks = [_line([(0, 0), (1, 1)], frame, "guide")]
    for b in bins:
        said = (
            f"confidence {b['low']:.1f}-{b['high']:.1f}: {b['count']:.0f} questions, "
            f"{b['right']:.0%} right, {b['confidence']:.0%} expected"
        )
        x = frame.x(b["confidence"])
        ends = (frame.y(b["confidence"]), frame.y(b["right"]))
        marks.append(f'<line class="gap" x1="{x}" x2="{x}" y1="{ends[0]}" y2="{ends[1]}"/>')
        marks.append(_dot(frame, (b["confidence"], b["right"]), 3 + 9 * math.sqrt(b["count"] / most), "main", said))
    return _chart(frame, marks, "confidence", "share right", "Reliability diagram")


def histogram(
    groups: Sequence[tuple[str, str, Sequence[float]]],
    high: float,
    x_label: str,
    name: str,
    lines: Sequence[tuple[str, float]] = (),
    bins: int = 20,
) -> str:
    """Draw how many values of each group fall into each bin of ``0..high``, stacked.

    Parameters
    ----------
    groups : (colour class, label, values); the first is at the bottom.
    lines : (label, value) of vertical lines.
    """
    heights = [[0] * bins for _ in groups]
    for row, (_, _, values) in zip(heights, groups, strict=True):
        for value in values:
            row[min(bins - 1, int(value / high * bins))] += 1
    frame = Frame(0, high, 0, max(1, *(sum(column) for column in zip(*heights, strict=True))))
    marks = []
    for n in range(bins):
        below = 0
        for (colour, label, _), row in zip(groups, heights, strict=True):
            if row[n]:
                x, width = frame.x(n * high / bins), frame.x(high / bins) - frame.x(0)
                top, foot = frame.y(below + row[n]), frame.y(below)
                said = f"{_number(n * high / bins)}-{_number((n + 1) * high / bins)}: {row[n]} {label}"
                marks.append(
                    f'<rect class="fill {colour}" x="{x + 0.7:.1f}" y="{top}" width="{max(1, width - 1.4):.1f}" '
                    f'height="{foot - top:.1f}"><title>{escape(said)}</title></rect>'
                )
                below += row[n]
    for place, (label, value) in enumerate(lines):
        x = frame.x(min(value, high))
        marks.append(f'<line class="rule" x1="{x}" x2="{x}" y1="{_TOP}" y2="{_HEIGHT - _BOTTOM}"/>')
        right = x > _WIDTH * 0.6
        marks.append(
            _text(x + (-5 if right else 5), _TOP + 11 + 15 * place, label, "end" if right else "start", "small strong")
        )
    return _chart(frame, marks, x_label, "questions", name)


def whiskers(rows: Sequence[tuple[str, int, float, tuple[float, float] | None, float | None]], name: str) -> str:
    """Draw one share per row with its interval.

    Parameters
    ----------
    rows : (label, number of questions, value, interval, value in an earlier run).
    """
    step, left, right = 26, 150, 96
    height = step * len(rows) + 30
    marks = []

    def x(value: float) -> float:
        return round(left + value * (_WIDTH - left - right), 1)

    for tick in (0, 0.25, 0.5, 0.75, 1):
        marks.append(f'<line class="grid" x1="{x(tick)}" x2="{x(tick)}" y1="4" y2="{height - 24}"/>')
        marks.append(_text(x(tick), height - 8, _number(tick), "middle", "small"))
    for n, (label, count, value, interval, earlier) in enumerate(rows):
        y = step * n + 18
        said = f"{label}: {value:.3f} of {count} questions"
        if interval is not None:
            said += f", 95 % interval {interval[0]:.3f} to {interval[1]:.3f}"
            marks.append(f'<line class="whisker" x1="{x(interval[0])}" x2="{x(interval[1])}" y1="{y}" y2="{y}"/>')
        if earlier is not None:
            marks.append(f'<line class="before" x1="{x(earlier)}" x2="{x(earlier)}" y1="{y - 7}" y2="{y + 7}"/>')
            said += f"; before {earlier:.3f}"
        marks.append(f'<circle class="dot main" cx="{x(value)}" cy="{y}" r="5"><title>{escape(said)}</title></circle>')
        marks.append(_text(left - 12, y + 4, label if len(label) < 24 else label[:22] + "…", "end"))
        marks.append(_text(_WIDTH - right + 12, y + 4, f"{value:.2f}", "start", "strong"))
        marks.append(_text(_WIDTH - 2, y + 4, f"n={count}", "end", "small"))
    return _svg(marks, name, height)


def _chart(frame: Frame, marks: Iterable[str], x_label: str, y_label: str, name: str) -> str:
    axes = []
    for value in _ticks(frame.y_low, frame.y_high):
        y = frame.y(value)
        axes.append(f'<line class="grid" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y}" y2="{y}"/>')
        axes.append(_text(_LEFT - 7, y + 4, _number(value), "end", "small"))
    ticks = _ticks(frame.x_low, frame.x_high)
    axes += [_text(frame.x(value), _HEIGHT - _BOTTOM + 17, _number(value), "middle", "small") for value in ticks]
    foot = _HEIGHT - _BOTTOM
    axes.append(f'<line class="axis" x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{foot}" y2="{foot}"/>')
    axes.append(_text((_LEFT + _WIDTH - _RIGHT) / 2, _HEIGHT - 6, x_label, "middle"))
    turned = f'transform="translate(13 {(_TOP + foot) / 2}) rotate(-90)"'
    axes.append(f'<text class="label" text-anchor="middle" {turned}>{escape(y_label)}</text>')
    return _svg([*axes, *marks], name, _HEIGHT)


def _svg(marks: Iterable[str], name: str, height: int) -> str:
    inside = "".join(marks)
    return f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{escape(name, quote=True)}">{inside}</svg>'


def _line(points: Sequence[Point], frame: Frame, colour: str) -> str:
    path = " ".join(f"{frame.x(a)},{frame.y(b)}" for a, b in points)
    return f'<polyline class="line {colour}" points="{path}"/>'


def _dot(frame: Frame, point: Point, radius: float, colour: str, said: str) -> str:
    place = f'cx="{frame.x(point[0])}" cy="{frame.y(point[1])}" r="{radius:.1f}"'
    return f'<circle class="dot {colour}" {place}><title>{escape(said)}</title></circle>'


def _text(x: float, y: float, words: str, anchor: str, kind: str = "") -> str:
    return f'<text class="label {kind}" x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}">{escape(words)}</text>'


def _ticks(low: float, high: float) -> list[float]:
    """Return about five round values from ``low`` to ``high``."""
    raw = (high - low) / 5
    if raw <= 0:
        return [low]
    size = 10 ** math.floor(math.log10(raw))
    step = next(size * factor for factor in (1, 2, 2.5, 5, 10) if size * factor >= raw * 0.999)
    return [low + n * step for n in range(int((high - low) / step + 1.001))]


def _number(value: float) -> str:
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:,.0f}"
