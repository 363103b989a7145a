"""Characters that fit half-known bytes: by lead byte, by trail byte, by pinyin."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from libqa.text.gbk import WIDE, forms, table
from libqa.text.language import folded, language_model

SOFT = 4.0  # nats for a Simplified form that some converters leave alone
WIDTH = 6.0  # full-width letters and digits
RARE_READING = 2.0  # nats for a note with another than the usual reading


@dataclass(frozen=True, slots=True)
class Candidates:
    """Characters with their lead and trail bytes, their numbers in the language model and a price each (nats)."""

    chars: NDArray[np.str_]
    leads: NDArray[np.int32]
    trails: NDArray[np.int32]
    ids: NDArray[np.int64]
    prices: NDArray[np.float32]

    def where(self, mask: NDArray[np.bool_]) -> Candidates:
        """Keep those where the mask holds."""
        return Candidates(self.chars[mask], self.leads[mask], self.trails[mask], self.ids[mask], self.prices[mask])


def price(char: str) -> float | None:
    """Price of a character in converted text: a Simplified form that the converter would have changed is impossible."""
    if "！" <= char <= "～" and char not in WIDE:
        return WIDTH
    if char not in forms().traditional:
        return 0.0
    # Forms that are also Traditional characters in their own right escape some converters.
    try:
        char.encode("big5")
    except UnicodeEncodeError:
        return None
    return SOFT


def gathered(chars: Iterable[tuple[str, float]]) -> Candidates:
    """Collect characters with extra prices, leaving out the impossible."""
    model, code = language_model(), table().code
    rows = [(c, code[c], extra + own) for c, extra in chars if (own := price(c)) is not None]
    codes = np.array([r[1] for r in rows], np.int32)
    return Candidates(
        np.array([r[0] for r in rows], "U1"),
        codes >> 8,
        codes & 255,
        np.array(model.number(folded("".join(r[0] for r in rows))), np.int64),
        np.array([r[2] for r in rows], np.float32),
    )


@lru_cache(maxsize=1)
def _everything() -> Candidates:
    return gathered((c, 0.0) for c in table().code)


def _selected(test: Callable[[Candidates], NDArray[np.bool_]]) -> Candidates:
    everything = _everything()
    return everything.where(test(everything))


@lru_cache(maxsize=256)
def with_lead(lead: int) -> Candidates:
    """All characters with this lead byte."""
    return _selected(lambda e: e.leads == lead)


@lru_cache(maxsize=256)
def with_trail(trail: int) -> Candidates:
    """All characters with this trail byte."""
    return _selected(lambda e: e.trails == trail)


@lru_cache(maxsize=4096)
def pair(lead: int, trail: int) -> Candidates:
    """The one character with these bytes, or none."""
    shown = table().shown.get(lead << 8 | trail, "")
    return gathered([(shown, 0.0)] if shown else [])


@lru_cache(maxsize=4096)
def single(char: str) -> Candidates:
    """A character as it stands, whatever it is."""
    number = table().code.get(char, 0)
    ids = language_model().number(folded(char))
    codes = np.array([number], np.int32)
    return Candidates(np.array([char], "U1"), codes >> 8, codes & 255, np.array(ids, np.int64), np.zeros(1, np.float32))


@lru_cache(maxsize=4096)
def noted(lead: int | None, reading: str) -> Candidates:
    """Characters that are annotated with this reading, with this lead byte or any."""
    readings = forms().readings
    chars = (
        forms().noted.get((lead, reading), ())
        if lead is not None
        else [c for (_, other), found in forms().noted.items() if other == reading for c in found]
    )
    return gathered((c, 0.0 if readings[c][0] == reading else RARE_READING) for c in chars)


def _frequent(among: Candidates, limit: float) -> Candidates:
    return among.where(language_model().cost[among.ids] + among.prices + 9.0 * (among.ids == 0) < limit)


@lru_cache(maxsize=256)
def usual_with_trail(trail: int) -> Candidates:
    """The characters with this trail byte that may be guessed where more is lost than a lead byte."""
    return _frequent(with_trail(trail), 11.0)


@lru_cache(maxsize=1)
def common() -> Candidates:
    """The characters frequent enough to be guessed when neither byte is known."""
    return _frequent(_everything(), 9.0)


@lru_cache(maxsize=1)
def vanishing() -> NDArray[np.bool_]:
    """Table of 256 x 256: the byte pairs that the old decoder dropped without a trace."""
    gone = np.zeros((256, 256), np.bool_)
    for number, char in table().shown.items():
        if not char and number & 255 > 0x80:
            gone[number >> 8, number & 255] = True
    return gone


@lru_cache(maxsize=1)
def begins_vanishing() -> NDArray[np.bool_]:
    """Which bytes can begin a dropped pair."""
    return np.array([row.any() for row in vanishing()], np.bool_)


@lru_cache(maxsize=1)
def trailing_gone() -> Candidates:
    """Usual characters whose trail byte can begin a dropped pair."""
    first = begins_vanishing()
    return _frequent(_selected(lambda e: first[e.trails]), 10.0)
