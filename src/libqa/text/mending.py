"""Mend one damaged line: take notes out, restore broken stretches, note where each restored piece came from."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from libqa.text.gbk import table
from libqa.text.inverting import Step, search
from libqa.text.language import EDGE, folded, language_model
from libqa.text.printing import widened
from libqa.text.proving import Page, proven
from libqa.text.ranking import BEHIND, BREAK, ranked
from libqa.text.tokens import MARKS, Token, after, fits, tokens

Certainty = Literal["exact", "chosen", "lost"]
BEFORE = 6  # items of sound text taken along when a broken stretch is proven
TRIED = 24
RIVAL = 6.0  # nats within which a second text makes a choice of the first

# What is left of the years 1800 to 2039, 1023 and 2998 being hardly ever written; or a year set off by spaces.
_YEAR = re.compile("(0(?=[0-3])|[89])[0-9]{2} ?年|(?:1[89]|20)[0-9]{2} 年")

NOTE = "pinyin note"
BROKEN = "broken byte pairs"
MARK = "marking comma"
OUTSIDE = "character outside GBK"
AS_IS = ""


@dataclass(frozen=True, slots=True)
class Item:
    """A stretch ``raw[start:end]`` of the received line and the text, in converted form, that it was made from."""

    start: int
    end: int
    source: str
    reason: str = AS_IS
    certainty: Certainty = "exact"
    sure: bool = True  # a broken stretch whose text damages to what was received


def mend(line: str, page: Page, *, cautious: bool = False) -> list[Item]:
    """Find what a damaged line was made from; the items tile the line.

    With ``cautious`` a question mark before a mark is read as a broken pair only if nothing else is near as likely.
    """
    read = tokens(line)
    items: list[Item] = []
    last = at = 0
    while at < len(read):
        token = read[at]
        mark = at + 1 < len(read) and read[at + 1].text in MARKS
        if token.kind == "broken" or (token.kind == "?" and mark):
            end = _broken(line, read, at, items, last, page, cautious)
            if end > at:
                at = end
                last = _last(items)
                continue
        if items and (token.kind == "toneless" or (token.kind == "note" and fits(last, token.reading))):
            item = items.pop()
            items.append(Item(item.start, token.end, item.source, item.reason or NOTE, item.certainty, item.sure))
        elif token.kind == "?":
            items.append(Item(token.start, token.end, "?", OUTSIDE, "chosen"))
        elif token.text == "," and mark and page.x == b",":
            items.append(Item(token.start, token.end, "", MARK))
        else:
            items.append(Item(token.start, token.end, token.text))
            last = after(last, token)
        at += 1
    return items


def _last(items: Sequence[Item]) -> int:
    """The last two content bytes of what has been restored."""
    source = "".join(item.source for item in items[-2:])
    return table().code.get(source[-1:], 0)


def _broken(line: str, read: Sequence[Token], at: int, items: list[Item], last: int, page: Page, cautious: bool) -> int:
    """Restore the stretch that begins at token ``at``; append its items and return the token after it, or ``at``."""
    before = "".join(item.source for item in items[-BEFORE:])
    shown_from = items[-BEFORE].start if len(items) >= BEFORE else 0
    numbers = [EDGE] * 3 + language_model().number(folded(before[-3:]))
    spot = search(read, at, last, (numbers[-3], numbers[-2], numbers[-1]))
    shown = line[shown_from : read[spot.end - 1].end]
    if cautious and any(steps[0].flag in ("question", "failed") for steps, _ in spot.texts if steps):
        return at
    behind = "".join(
        BREAK if token.kind == "broken" else token.text
        for token in read[spot.end : spot.end + 2 * BEHIND]
        if token.kind == "broken" or len(token.text) == 1
    )
    texts = ranked(spot, "".join(item.source for item in items), behind)
    fitting: list[tuple[Step, ...]] = []
    limit = 0.0
    for steps, cost in texts[:TRIED]:
        if steps and steps[0].flag in ("question", "failed") and steps[0].token == at:
            if not fitting:
                return at
            continue
        if fitting and cost > limit and any(s.flag for s in steps):
            continue  # a much dearer text that needs lost bytes is no rival
        source = widened(before) + _source(before, steps)
        if not any(s.flag == "failed" for s in steps) and proven(source, shown, page):
            fitting.append(steps)
            limit = limit or cost + RIVAL
            if len(fitting) > 1 or any(s.flag for s in steps):
                break
    steps = fitting[0] if fitting else texts[0][0]
    end, kept = _tail(read, at, spot.end, _dated(steps, line[read[spot.end - 1].end :]))
    flags = {s.flag for s in kept if s.flag}
    certainty: Certainty = "lost" if flags & {"lost", "failed"} else "chosen" if flags or len(fitting) != 1 else "exact"
    source = _source(before, kept)
    items.append(Item(read[at].start, read[end - 1].end, source, BROKEN, certainty, bool(fitting)))
    return end


def _dated(steps: tuple[Step, ...], behind: str) -> tuple[Step, ...]:
    """Put in what was swallowed before or from a year: 2 of ?023年, 1 of ?998年, the space of ?2023 年."""
    text = "".join(step.char for step in steps) + behind
    result = list(steps)
    for i, step in enumerate(steps):
        if step.flag == "lost" and step.char == "?" and not text[i - 1 : i].isdigit():
            year = _YEAR.match(text, i + 1)
            if year:
                char = {None: " ", "0": "2"}.get(year[1], "1")
                result[i - 1] = result[i - 1]._replace(flag="chosen")
                result[i] = step._replace(char=char, flag="chosen")
    return tuple(result)


def _source(before: str, steps: Sequence[Step]) -> str:
    """Write out a broken stretch: marks have their full width, but for those that were swallowed for being half."""
    text = "".join(step.char for step in steps)
    full = widened(before + text)[len(before) :]
    return "".join(s.char if s.flag in ("gone", "lost") else c for s, c in zip(steps, full, strict=True))


def _tail(read: Sequence[Token], begin: int, end: int, steps: tuple[Step, ...]) -> tuple[int, tuple[Step, ...]]:
    """Leave sound tokens at the end of a broken stretch to the ordinary way."""
    count = len(steps)
    cut = end
    while cut > begin + 1:
        token = read[cut - 1]
        if token.kind == "note" and (not count or steps[count - 1].token < cut - 1):
            cut -= 1
        elif count and steps[count - 1].token == cut - 1 and steps[count - 1].char == token.text and token.kind != "?":
            cut, count = cut - 1, count - 1
        else:
            break
    # a note belongs to the character before it
    while cut < end and read[cut].kind == "note":
        cut += 1
    return cut, steps[:count]
