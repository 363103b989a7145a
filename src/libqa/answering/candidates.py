"""Spans of a passage that could be the answer: entities, lists, complements, clauses, what the reader points at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from libqa.answering import naming
from libqa.text import entities, segment
from libqa.text.script import fold

Span = tuple[int, int]
KINDS = tuple(("date number person organisation place title enumeration complement clause clauses reader").split())


@dataclass(frozen=True, slots=True)
class Laid:
    """A text laid out for reading: folded form, sentences, and the clauses with the sentence each belongs to."""

    text: str
    folded: str
    sentences: tuple[Span, ...]
    clauses: tuple[Span, ...]
    sentence_of: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """``text[start:end]`` may be the answer; ``first..last`` are the clauses that it touches."""

    kind: str
    start: int
    end: int
    first: int
    last: int


_MASKED = re.compile(r"《[^《》\n]*》|“[^“”\n]*”|\([^()\n]*\)|‘[^‘’\n]*’")
_LIST = re.compile(r"[^,。;:!?、\n]{1,60}(?:、[^,。;:!?、\n]{1,60})+")
_ADJACENT = re.compile(r"(?:[《“(]□*[》”)](?:和|与|及|以及)?){2,}")
_ORDINAL = re.compile(r"(?:一是|其一|一为)[^。\n]*?(?:二是|其二|二为)[^。\n]*")
_LIST_CUE = re.compile(r".*(?:包括|包含|来自|分别是|分别为|即|例如|由|有|为|是|设|下设|共同|从|在)(?=.)")
_LIST_TAIL = re.compile(r"等|(?:[一二两三四五六七八九十\d]+(?:个|所|家|项|种|方面|大).{0,10})$")
_COPULA = re.compile(
    r"(?:即为|称为|名为|题为|主题为|定为|作为|成为|简称|全称|叫做?|旨在|包括|指的是|意味着|在于|是指|是|为(?!题|主题|了)|即|系|由于|因为|因|以便|为了|通过|位于|坐落于|设在|建于|:)(?=.)"
)
_MORE = re.compile(r",?(?:还有|以及|另有|和|及|与)[^,。;:!?\n]{1,40}")
_PAIR = re.compile(
    r"(?:有|是|为|包括|包含|由|来自|即|设)([^,。;:!?、\n]{1,30}?(?:和|与|及|以及)[^,。;:!?、\n]{1,30})(?=[,。;!?\n]|$)"
)
_JOIN = re.compile("[、和与及]|以及|还有")
_TRIM_LEFT = "，,、；;：: 　。\n"
_TRIM_RIGHT = "，,、；;：: 　。！!？?\n"


@lru_cache(maxsize=1024)
def lay_out(text: str) -> Laid:
    """Cut ``text`` into sentences and clauses."""
    sentences = tuple(segment.sentences(text))
    clauses: list[Span] = []
    owner: list[int] = []
    for i, (start, end) in enumerate(sentences):
        for span in segment.clauses(text, start, end):
            clauses.append(span)
            owner.append(i)
    return Laid(text, fold(text), sentences, tuple(clauses), tuple(owner))


def propose(laid: Laid, pointed: Iterable[Span] = ()) -> list[Candidate]:
    """Return the candidate answers of a text, without repetitions.

    Parameters
    ----------
    laid : the text.
    pointed : spans that the reader points at.
    """
    found = dict(_standing(laid.text))
    edges = _uncut(laid.text)
    for start, end in pointed:
        span = trim(laid.text, edges[start][0], edges[end - 1][1])
        if not _astride(laid, *span):
            found.setdefault(span, "reader")
    return [c for (start, end), kind in found.items() if start < end for c in _place(laid, kind, start, end)]


def _astride(laid: Laid, start: int, end: int) -> bool:
    """Whether a span begins inside one clause and ends inside another: 36000平方米，是三个分馆."""
    inside = [(a, b) for a, b in laid.clauses if a < end and start < b]
    if len(inside) < 2:
        return False
    return end < trim(laid.text, *inside[-1])[1]


@lru_cache(maxsize=1024)
def _standing(text: str) -> tuple[tuple[Span, str], ...]:
    """The candidates that any question shares, each span once."""
    laid, named = lay_out(text), entities.find(text)
    spans: list[tuple[str, Span]] = [(e.kind, (e.start, e.end)) for e in named]
    spans += [("organisation", s) for s in naming.glossed(text, laid.folded)]
    spans += [("enumeration", s) for s in [*_enumerations(laid), *_joined(laid, named)]]
    spans += [("complement", s) for s in _complements(laid)]
    spans += [("clause", s) for s in laid.clauses]
    spans += [("clauses", s) for s in _runs(laid)]
    found: dict[Span, str] = {}
    for kind, span in spans:
        found.setdefault(trim(text, *span), kind)
    return tuple(found.items())


@lru_cache(maxsize=1024)
def _uncut(text: str) -> tuple[Span, ...]:
    """For each character, the word, name, date or number that holds it: what a span may not cut."""
    edges = [(i, i + 1) for i in range(len(text))]
    whole = [(a, b) for _, a, b in entities.cut(text)]
    whole += [(e.start, e.end) for e in entities.find(text) if e.kind in ("date", "number", "person")]
    for a, b in whole:
        edges[a:b] = [(min(a, x), max(b, y)) for x, y in edges[a:b]]
    return tuple(edges)


def trim(text: str, start: int, end: int) -> Span:
    """Return the span without the punctuation and blanks around it."""
    while start < end and text[start] in _TRIM_LEFT:
        start += 1
    while end > start and text[end - 1] in _TRIM_RIGHT:
        end -= 1
    return start, end


def _place(laid: Laid, kind: str, start: int, end: int) -> Iterator[Candidate]:
    touched = [i for i, (a, b) in enumerate(laid.clauses) if a < end and start < b]
    if touched and laid.sentence_of[touched[0]] == laid.sentence_of[touched[-1]]:
        yield Candidate(kind, start, end, touched[0], touched[-1])


def _enumerations(laid: Laid) -> Iterator[Span]:
    masked = _MASKED.sub(lambda m: m[0][0] + "□" * (len(m[0]) - 2) + m[0][-1], laid.folded)
    for m in _ORDINAL.finditer(masked):
        yield m.span()
    for m in [*_LIST.finditer(masked), *_ADJACENT.finditer(masked)]:
        yield m.span()
        first = masked.find("、", m.start(), m.end())
        cue = _LIST_CUE.match(masked[m.start() : first]) if first > 0 else None
        start = m.start() + (cue.end() if cue else 0)
        tail = _LIST_TAIL.search(
            masked, masked.rfind("、", start, m.end()) if "等" not in masked[start : m.end()] else start, m.end()
        )
        end = tail.start() if tail else m.end()
        yield start, end
        if not tail and (more := _MORE.match(masked, m.end())):
            yield start, more.end()
        if tail:
            yield m.start(), end
            yield start, m.end()

    for m in _PAIR.finditer(masked):
        yield m.span(1)


def _joined(laid: Laid, named: Sequence[entities.Entity]) -> Iterator[Span]:
    """Runs of people or organisations joined by 和, 与, 及 or 、, with roles in between."""
    for kind in ("person", "organisation"):
        longest = {e.end: e for e in reversed(named) if e.kind == kind}  # by end, the earliest start
        run: list[entities.Entity] = []
        for e in sorted(longest.values(), key=lambda e: e.start):
            gap = laid.folded[run[-1].end : e.start] if run and e.start >= run[-1].end else ""
            if not (gap and len(gap) <= 24 and _JOIN.search(gap) and not re.search("[,。;:!?]", gap)):
                run = []
            run.append(e)
            if len(run) > 1:
                yield run[0].start, e.end


def _complements(laid: Laid) -> Iterator[Span]:
    """What follows 是, 为, 包括, 因为 … up to the end of the clause and of the next one."""
    for i, (start, end) in enumerate(laid.clauses):
        cues = list(_COPULA.finditer(laid.folded, start, end))
        for cue in [*cues[:2], *cues[2:][-1:]]:
            yield cue.end(), end
            if i + 1 < len(laid.clauses) and laid.sentence_of[i + 1] == laid.sentence_of[i]:
                yield cue.end(), laid.clauses[i + 1][1]


def _runs(laid: Laid) -> Iterator[Span]:
    """Two or three neighbouring clauses, whole sentences, and the rest of a sentence after a colon."""
    count = len(laid.clauses)
    for i in range(count):
        for j in (i + 1, i + 2):
            if j < count and laid.sentence_of[i] == laid.sentence_of[j]:
                yield laid.clauses[i][0], laid.clauses[j][1]
        start, end = laid.clauses[i]
        if laid.folded[start:end].rstrip().endswith(":"):
            sentence_end = laid.sentences[laid.sentence_of[i]][1]
            yield end, sentence_end
            semicolon = laid.folded.find(";", end, sentence_end)
            if semicolon > 0:
                yield end, semicolon
    for start, end in laid.sentences:
        if end - start <= 150:
            yield start, end
