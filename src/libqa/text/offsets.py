"""Where a span of cleaned text stood in the text as it was received."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Piece:
    """One changed place: ``text[start:end]`` stands for ``raw[raw_start:raw_end]``; either side may be empty."""

    start: int
    end: int
    raw_start: int
    raw_end: int


@dataclass(frozen=True, slots=True)
class OffsetMap:
    """Piecewise map from character offsets in a text to character offsets in its raw form.

    Between pieces the two texts are equal, so an offset there is only shifted. ``shift`` is the distance that holds
    before the first piece (e.g. the length of a front matter that is not part of the text). Pieces are sorted and do
    not overlap.
    """

    pieces: tuple[Piece, ...] = ()
    shift: int = 0

    def to_raw(self, start: int, end: int) -> tuple[int, int]:
        """Return the smallest raw span that holds everything ``text[start:end]`` was made from.

        A span that begins or ends inside a changed piece is widened to the whole piece: inside it no finer
        correspondence is known.
        """
        if end < start:
            raise ValueError(f"span ends before it starts: {start}..{end}")
        return self._low(start), max(self._low(start), self._high(end))

    def _low(self, at: int) -> int:
        i = bisect_right(self.pieces, at, key=lambda p: p.start) - 1
        if i < 0:
            return at + self.shift
        p = self.pieces[i]
        if at < p.end:
            return p.raw_start
        return at - p.end + p.raw_end

    def _high(self, at: int) -> int:
        i = bisect_right(self.pieces, at - 1, key=lambda p: p.start) - 1
        if i < 0:
            return at + self.shift
        p = self.pieces[i]
        if at <= p.end:
            return p.raw_end
        return at - p.end + p.raw_end
