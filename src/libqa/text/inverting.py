"""Find the bytes behind a damaged line: a beam search over what the decoder may have been given.

The received line is read as tokens from left to right. A state holds at most one *pending* byte, the lead of a
character whose trail has not been seen: while it is set, the line is shown shifted by one byte. Where bytes were lost,
all characters that fit are tried and the language model keeps the likely ones.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from libqa.text import candidates
from libqa.text.candidates import Candidates
from libqa.text.language import DIGIT, EDGE, language_model
from libqa.text.tokens import FULL, MARKS, Token, after, fits, mark_at

WIDTH = 128
REACH = 18.0  # states more than this many nats behind the best are dropped
QUESTION = 8.0  # price of a question mark that stands for itself or for a character outside GBK
GIVE_UP = 30.0
DROPPED = 3  # at most this many pairs in a row vanish
LONGER = 1.0  # nats gained by each of their characters: the language model thinks too little of longer texts
SWALLOWED = ' );"'  # half-width characters, besides digits, that broken pairs swallow
CODES = frozenset(MARKS.values())
STRADDLED = (0xA1, 0xA3)  # lead bytes of marks
TAG = re.compile(r"/?(?:p|br|div|td|li)\b[ />]")


class Step(NamedTuple):
    """One written character of a state's text, linked to the one before; ``flag`` says how it was found."""

    before: Step | None
    char: str
    token: int
    flag: str


class State(NamedTuple):
    """A reading of the line up to some token. ``last``: the two content bytes before; ``context``: for the model."""

    cost: float
    pending: int
    last: int
    step: Step | None
    context: tuple[int, int, int]


class Option(NamedTuple):
    """A way to read the next token(s): which character completes the pending byte, and what holds after it."""

    found: Candidates
    pending: int
    last: int  # content bytes after it; 0 stands for the bytes of the character found
    after: str
    following: int
    flag: str


@dataclass(frozen=True, slots=True)
class Spot:
    """A broken stretch: tokens ``start`` to ``end`` with texts that fit, best first, as (steps, cost)."""

    start: int
    end: int
    texts: tuple[tuple[tuple[Step, ...], float], ...]


def search(line: Sequence[Token], begin: int, last: int, context: tuple[int, int, int]) -> Spot:
    """Read a line from token ``begin``, where it breaks, to where all readings agree again."""
    agenda: dict[int, list[State]] = {begin: [State(0.0, -1, last, None, context)]}
    while True:
        at = min(agenda)
        states = _best(agenda.pop(at))
        settled = not agenda and all(s.pending < 0 and s.context == states[0].context for s in states)
        if at == len(line) or (settled and at > begin + 1):
            if at == len(line):
                states = _completed(line, states)
            return Spot(begin, at, tuple((_written(s.step), s.cost) for s in states))
        _extend(line, at, states, agenda)
        if not agenda:
            _give_up(line, at, states, agenda)


def _best(states: list[State]) -> list[State]:
    states.sort(key=lambda s: s.cost)
    limit = states[0].cost + REACH
    return [s for s in states[:WIDTH] if s.cost <= limit]


def _completed(line: Sequence[Token], states: list[State]) -> list[State]:
    """Complete the last character where the line ends after its lead byte, which shows nothing; price the end."""
    at = len(line)
    shifted = [s for s in states if s.pending >= 0]
    rows = [(s, Option(candidates.with_lead(s.pending), -1, 0, "", at, "trail")) for s in shifted]
    rows += _vanished(line, at, shifted)
    done = [s for s in states if s.pending < 0]
    # what ends a line is told by the price of the end, which comes on top
    done += [_next(cost, state, option, i, at) for cost, state, option, i in _scored(rows, 8 * WIDTH)]
    ids = np.full(len(done), EDGE)
    costs = language_model().costs(np.array([s.context for s in done], np.int64), np.arange(len(done)), ids)
    return _best([s._replace(cost=s.cost + float(cost)) for s, cost in zip(done, costs, strict=True)])


def _written(step: Step | None) -> tuple[Step, ...]:
    steps = []
    while step:
        steps.append(step)
        step = step.before
    return tuple(reversed(steps))


def _extend(line: Sequence[Token], at: int, states: list[State], agenda: dict[int, list[State]]) -> None:
    rows: list[tuple[State, Option]] = []
    shifted = [s for s in states if s.pending >= 0]
    for state in states:
        if state.pending < 0:
            rows += _aligned(line, at, state, agenda)
        else:
            rows += ((state, option) for option in _shifted(line, at, state, agenda))
    rows += _vanished(line, at, shifted)
    for cost, state, option, i in _scored(rows):
        agenda.setdefault(option.following, []).append(_next(cost, state, option, i, at))


def _next(cost: float, state: State, option: Option, i: int, at: int) -> State:
    found = option.found
    step = Step(state.step, str(found.chars[i]), at, option.flag)
    context = (*state.context[1:], int(found.ids[i]))
    for char in option.after:
        step = Step(step, char, at, option.flag)
        # "?" stands for a digit here, "<" begins the tag that ended the line
        number = DIGIT if char == "?" else EDGE if char == "<" else language_model().number(char)[0]
        cost += float(language_model().costs(np.array([context]), np.zeros(1, np.intp), np.array([number]))[0])
        context = (*context[1:], number)
    last = option.last or int(found.leads[i]) << 8 | int(found.trails[i])
    return State(cost, option.pending, last, step, context)


def _scored(rows: list[tuple[State, Option]], most: int = 2 * WIDTH) -> list[tuple[float, State, Option, int]]:
    """Score all candidates of all options and return the ``most`` best of them."""
    rows = [row for row in rows if len(row[1].found.chars)]
    if not rows:
        return []
    sizes = np.array([len(option.found.chars) for _, option in rows])
    owners = np.repeat(np.arange(len(rows)), sizes)
    contexts = np.array([state.context for state, _ in rows], np.int64)
    ids = np.concatenate([option.found.ids for _, option in rows])
    costs = language_model().costs(contexts, owners, ids)
    costs = costs + np.concatenate([option.found.prices for _, option in rows])
    costs += np.array([state.cost for state, _ in rows], np.float32)[owners]
    keep = min(len(costs), most)
    best = np.argpartition(costs, keep - 1)[:keep]
    firsts = np.cumsum(sizes) - sizes
    return [(float(costs[j]), *rows[owners[j]], int(j - firsts[owners[j]])) for j in best.tolist()]


def _plain(state: State, text: str, at: int, cost: float, flag: str = "") -> State:
    """Write text as it stands."""
    step, context = state.step, state.context
    for char, number in zip(text, language_model().number(text), strict=True):
        step = Step(step, char, at, flag)
        context = (*context[1:], number)
    return State(state.cost + cost, -1, state.last, step, context)


def _aligned(
    line: Sequence[Token], at: int, state: State, agenda: dict[int, list[State]]
) -> list[tuple[State, Option]]:
    token = line[at]
    following = agenda.setdefault
    if token.kind in ("char", "ascii", "other"):
        last = after(state.last, token)
        return [(state, Option(candidates.single(token.text), -1, last, "", at + 1, ""))]
    if token.kind in ("note", "toneless"):
        fitting = token.kind == "toneless" or fits(state.last, token.reading)
        following(at + 1, []).append(state if fitting else _plain(state, token.text, at, 4.0))
        return []
    if token.kind == "broken":
        found = candidates.noted(state.last & 255, token.reading)
        for lead, trail, price in zip(found.leads.tolist(), found.trails.tolist(), found.prices.tolist(), strict=True):
            if trail > 0x80:
                following(at + 1, []).append(
                    State(state.cost + price, trail, lead << 8 | trail, state.step, state.context)
                )
        following(at + 1, []).append(_plain(state, token.text, at, GIVE_UP, "failed"))
        return []
    following(at + 1, []).append(_plain(state, "?", at, QUESTION, "question"))
    rows = []
    mark = mark_at(line, at + 1)
    if mark:
        found = candidates.with_trail(mark >> 8)
        rows.append((state, Option(found, mark & 255, mark, "", at + 2, "lead")))
    second = mark_at(line, at + 2)
    if second and line[at + 1].kind == "?":
        # The lead byte of the second mark was the trail byte of another that straddles two characters: BA A3 A1 A2
        # is 海、 but A3 A1 is ！ as well.
        rows += (
            (state, Option(candidates.with_trail(trail), -1, 0, "", at + 2, "lead"))
            for trail in STRADDLED
            if trail << 8 | second >> 8 in CODES
        )
    return rows


def _shifted(line: Sequence[Token], at: int, state: State, agenda: dict[int, list[State]]) -> list[Option]:
    token = line[at]
    if token.kind == "note":
        if fits(state.last, token.reading):
            agenda.setdefault(at + 1, []).append(state)
        return []
    if token.text == "," and mark_at(line, at + 1):
        # a visible marking byte
        agenda.setdefault(at + 1, []).append(state._replace(cost=state.cost + 1.0))
    lead = state.pending
    return _completions(line, at, lambda trail: candidates.pair(lead, trail), lead)


def _completions(
    line: Sequence[Token], at: int, by_trail: Callable[[int], Candidates], lead: int | None
) -> list[Option]:
    """List the ways in which a token completes a pending lead byte (``None``: any)."""
    token = line[at]
    if token.kind == "broken":
        return [Option(candidates.noted(lead, token.reading), -1, 0, "", at + 1, "")]
    options: list[Option] = []
    if token.text in FULL:
        trail = FULL[token.text]
        options.append(Option(by_trail(0xA3), trail, 0xA300 | trail, "", at + 1, ""))
    if token.kind == "char":
        first, second = divmod(token.code, 256)
        if second > 0x80:
            options.append(Option(by_trail(first), second, token.code, "", at + 1, ""))
        elif second < 0x80:
            options.append(Option(by_trail(first), -1, token.code, chr(second), at + 1, ""))
    elif token.kind == "ascii" and 0x40 <= token.code < 0x7F:
        options.append(Option(by_trail(token.code), -1, 0, "", at + 1, ""))
    elif token.text == "€":
        options.append(Option(by_trail(0x80), -1, 0, "", at + 1, ""))
    elif token.kind == "?":
        found = candidates.common() if lead is None else candidates.with_lead(lead)
        if mark_at(line, at + 1) or at + 1 == len(line):
            options.append(Option(found, -1, 0, "", at + 1, "trail"))
        tag = "".join(t.text for t in line[at + 1 : at + 4])
        if TAG.match(tag):
            options.append(Option(found, -1, 0, "<", at + 1, "gone"))
        else:
            options.append(Option(found, -1, 0, "?", at + 1, "lost"))
            options += (Option(found, -1, 0, char, at + 1, "gone") for char in SWALLOWED)
    return options


def _vanished(line: Sequence[Token], at: int, states: list[State]) -> list[tuple[State, Option]]:
    """List readings in which byte pairs before this token, or the end, were dropped by the decoder."""
    if not states or (at < len(line) and line[at].kind in ("note", "other") and line[at].text != "€"):
        return []
    gone = candidates.vanishing()
    first = candidates.begins_vanishing()
    everything = candidates.trailing_gone()
    ends = [Option(candidates.common(), -1, 0, "", at, "gone")]
    rows = [
        (_longer(state), Option(found.where(first[found.trails]), -1, 0, "", at, "gone"))
        for state in states
        for found in (candidates.with_lead(state.pending),)
    ]
    result: list[tuple[State, Option]] = []
    for depth in range(DROPPED):
        dropped = [_next(cost, state, option, i, at) for cost, state, option, i in _scored(rows)]
        if not dropped:
            break
        dropped = _best(dropped)
        for state in dropped[: WIDTH >> depth]:
            fits_gap = gone[state.last & 255]
            for option in _completions(line, at, candidates.usual_with_trail, None) if at < len(line) else ends:
                found = option.found.where(fits_gap[option.found.leads])
                result.append((_longer(state), option._replace(found=found, flag=option.flag or "gone")))
        rows = [
            (_longer(state), Option(everything.where(gone[state.last & 255][everything.leads]), -1, 0, "", at, "gone"))
            for state in dropped[: WIDTH // (4 << depth)]
        ]
    return result


def _longer(state: State) -> State:
    return state._replace(cost=state.cost - LONGER)


def _give_up(line: Sequence[Token], at: int, states: list[State], agenda: dict[int, list[State]]) -> None:
    """Leave half a character behind where nothing completes it, and go on with the token as it stands."""
    for state in states[:4]:
        step = Step(state.step, "?", at, "failed")
        again = State(state.cost + GIVE_UP, -1, 0, step, (*state.context[1:], 0))
        _extend(line, at, [again], agenda)
