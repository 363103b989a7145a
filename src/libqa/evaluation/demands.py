"""What a run must reach: ``--fail-under figure=value``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from libqa.errors import SettingError
from libqa.evaluation.figures import BY_NAME


@dataclass(frozen=True, slots=True)
class Demand:
    """That a figure, over all or of a group (set, language, type or tag), is at least, or at most, ``bound``."""

    text: str
    group: str
    figure: str
    bound: float


def parse(texts: Iterable[str]) -> list[Demand]:
    """Return the demands of ``figure=value``, ``group:figure=value`` or just a number, for ``right_and_cited``.

    Raises
    ------
    SettingError : there is no such figure, or no number.
    """
    found = []
    for text in texts:
        named, _, limit = text.rpartition("=")
        group, _, name = named.rpartition(":")
        name = name or "right_and_cited"
        try:
            found.append(Demand(text, group, name, float(limit)))
        except ValueError:
            raise SettingError(f"--fail-under {text}", "is not figure=value", "try right_and_cited=0.9") from None
        if name not in BY_NAME:
            raise SettingError(
                f"--fail-under {text}", f"there is no figure {name!r}", f"known are {', '.join(BY_NAME)}"
            )
    return found


def failing(run: Mapping[str, Any], demands: Iterable[Demand]) -> list[str]:
    """Return one line for each demand that a run does not meet.

    Figures that should be low (times, errors) fail above the bound, others below; one that was not measured fails.

    Raises
    ------
    SettingError : there is no such group.
    """
    lines = []
    for demand in demands:
        value = _group(run, demand)[demand.figure]
        label = f"{demand.group}:{demand.figure}" if demand.group else demand.figure
        low = BY_NAME[demand.figure].higher is False
        if value is None:
            lines.append(f"{label} was not measured, {demand.bound:g} was asked for")
        elif (value > demand.bound) if low else (value < demand.bound):
            lines.append(f"{label} is {value:.4g}, {'above' if low else 'below'} {demand.bound:g}")
    return lines


def _group(run: Mapping[str, Any], demand: Demand) -> Mapping[str, float | None]:
    groups: dict[str, Mapping[str, float | None]] = {"": run["figures"]}
    for field in ("by_set", "by_lang", "by_type", "by_tag"):
        groups |= run[field]
    if demand.group not in groups:
        known = ", ".join(name for name in groups if name)
        raise SettingError(f"--fail-under {demand.text}", f"there is no group {demand.group!r}", f"there are {known}")
    return groups[demand.group]
