"""Cut text into the pieces that the bundled models have vectors for: a unigram model, decoded by Viterbi.

Pure Python on purpose: the vocabulary loads in a few milliseconds, where general tokenizer libraries take a quarter of
a second to build theirs, and a piece's offsets are those of the text as given.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from libqa.errors import ModelError

UNKNOWN = 0
"""Id of the piece for characters outside the vocabulary."""
_RUN = re.compile(r"(?P<han>[\u3400-\u9fff]+)|[a-z\u00df-\u024f]+|[0-9]+|\S")
_LONGEST_HAN, _LONGEST_LATIN = 4, 16
_LONG_RUN = 64
"""Longer runs are not cached."""


@dataclass(frozen=True, slots=True)
class Pieces:
    """The pieces of one text: vocabulary ids and the span of each in the text."""

    ids: list[int]
    spans: list[tuple[int, int]]


class Segmenter:
    """Unigram segmentation (Kudo 2018) over runs of one kind: Han, Latin letters, digits, single other characters.

    Parameters
    ----------
    vocabulary : file of lines ``piece TAB cost``, the cost being -100 times the natural logarithm of the piece's
        probability; the line number is the id, line 0 the unknown piece.

    Raises
    ------
    ModelError : the file is missing or damaged.
    """

    def __init__(self, vocabulary: Path) -> None:
        try:
            flat = vocabulary.read_text(encoding="utf-8").replace("\n", "\t").split("\t")
            names, self._costs = flat[:-1:2], list(map(int, flat[1::2]))
            self._ids = dict(zip(names, range(len(names)), strict=True))
            self._ids.pop(names[UNKNOWN])
        except (OSError, ValueError, LookupError) as e:
            raise ModelError(str(vocabulary), f"the vocabulary cannot be read ({e})", "reinstall libqa") from e
        self.size = len(names)
        self._cached = lru_cache(maxsize=1 << 15)(self._viterbi)

    def names(self) -> list[str]:
        """Return the pieces in the order of their ids."""
        return ["", *self._ids]

    def costs(self) -> list[float]:
        """Return the negative log probability of each piece (natural logarithm)."""
        return [cost / 100 for cost in self._costs]

    def cut(self, folded: str) -> Pieces:
        """Return the pieces of a folded text (see ``libqa.text.script.fold``); white space belongs to none."""
        ids: list[int] = []
        spans: list[tuple[int, int]] = []
        for match in _RUN.finditer(folded):
            run, start, han = match.group(), match.start(), match.lastgroup is not None
            found = self._viterbi(run, han) if len(run) > _LONG_RUN else self._cached(run, han)
            for piece, begin, end in found:
                ids.append(piece)
                spans.append((start + begin, start + end))
        return Pieces(ids, spans)

    def _viterbi(self, run: str, han: bool) -> tuple[tuple[int, int, int], ...]:
        if not han and run in self._ids:  # a known Latin word, number or mark is never taken apart
            return ((self._ids[run], 0, len(run)),)
        return self.cheapest(run, han)

    def cheapest(self, run: str, han: bool) -> tuple[tuple[int, int, int], ...]:
        """Return the most probable pieces of a run as (id, start, end); ``han`` says what kind of run it is."""
        ids, costs, n = self._ids, self._costs, len(run)
        longest = _LONGEST_HAN if han else _LONGEST_LATIN
        best = [0] + [1 << 60] * n
        back: list[tuple[int, int]] = [(0, UNKNOWN)] * (n + 1)
        for i in range(n):
            for j in range(i + 1, min(i + longest, n) + 1):
                piece = ids.get(run[i:j], UNKNOWN)
                if piece == UNKNOWN and j > i + 1:
                    continue
                cost = best[i] + costs[piece]
                if cost < best[j]:
                    best[j] = cost
                    back[j] = (i, piece)
        out: list[tuple[int, int, int]] = []
        end = n
        while end:
            begin, piece = back[end]
            out.append((piece, begin, end))
            end = begin
        return tuple(reversed(out))
