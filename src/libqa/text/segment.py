"""Sentences, clauses, words and search terms of Chinese and English text, all with exact offsets."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from libqa.text.script import fold

Span = tuple[int, int]

_PAIRS = {pair[0]: pair[1] for pair in "“” ‘’ 《》 〈〉 （） () 「」 『』 【】 [] 〔〕 ［］ ｛｝ {}".split()}
_OPENER = {closer: opener for opener, closer in _PAIRS.items()}
_CLOSERS = '”’」』）)"'
_ENDS = "。！？!?｡"
_ALL_ENDS = _ENDS + "….．"
_CONTINUES = "，、；：,;:。的之是和与與及或等为為一而并並等中里裡上在"
_ABBREVIATIONS = frozenset(
    "dr mr mrs ms prof st vs etc e.g i.e fig figs no nos vol pp ed eds al jr sr inc ltd co corp dept univ approx ca cf "
    "ph.d m.sc b.sc u.s u.k u.n gen gov rep sen jan feb mar apr jun jul aug sep sept oct nov dec".split()
)
_CJK = "〇\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
_HAN = re.compile(f"[{_CJK}]")
_MARKER = re.compile(r"\s*(?:#{1,6}\s|[-*+•·]\s|\d{1,3}[.)、．]|[（(]?[一二三四五六七八九十]{1,3}[)）、.．]|\|)")
_TERM_RUN = re.compile(rf"[{_CJK}]+|[^\W_{_CJK}]+(?:[.·'’\-][^\W_{_CJK}]+)*")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_NEAR = 16  # characters that are looked at on either side of a mark; keeps the time linear
_LONG_CLAUSE = 60  # characters; a longer clause may also be cut at the enumeration comma


@dataclass(frozen=True, slots=True)
class _Line:
    """``text[start:end]`` with the depth of matched pairs at each character; a mark counts as inside its own pair."""

    text: str
    start: int
    end: int
    depths: list[int]

    def depth(self, at: int) -> int:
        return self.depths[at - self.start]


def sentences(text: str) -> list[Span]:
    """Return the sentences of ``text`` as spans in order; together they cover everything that is not blank.

    A sentence ends at 。！？ or their half-width forms, at an English full stop that ends no abbreviation, initial or
    decimal, at …… before a break, and at a line break unless the line plainly runs on. It never ends inside a pair of
    quotation marks, brackets or 《》 that closes in the same line; a closing mark stays with its sentence.
    """
    found = []
    for start, end in _lines(text):
        at = start
        for stop in _stops(_Line(text, start, end, _depths(text, start, end))):
            found.append(_trim(text, at, stop))
            at = stop
        found.append(_trim(text, at, end))
    return [(start, end) for start, end in found if start < end]


def clauses(text: str, start: int = 0, end: int | None = None) -> list[Span]:
    """Cut ``text[start:end]`` (a sentence) into clauses that can stand as quotes; consecutive spans tile it exactly.

    Boundaries are ，；：。！？ and their half-width forms; the mark belongs to the clause on its left. 、 is one only
    in a clause of more than 60 characters. Nothing is cut inside a pair of quotation marks, brackets or 《》, a number,
    a time or a date.
    """
    end = len(text) if end is None else end
    line = _Line(text, start, end, _depths(text, start, end))
    found: list[Span] = []
    for span in _split(line, (start, end), "，；：。！？,;:!?"):
        found.extend(_split(line, span, "、") if span[1] - span[0] > _LONG_CLAUSE else [span])
    return found


def words(text: str) -> list[tuple[str, int, int]]:
    """Return jieba's words of the folded text as ``(word, start, end)``, offsets in ``text``; blanks are left out."""
    from libqa.text.dictionary import tokenizer

    found, at = [], 0
    for word in tokenizer().cut(fold(text)):
        if not word.isspace():
            found.append((word, at, at + len(word)))
        at += len(word)
    return found


def mended(cut: Sequence[tuple[str, int, int]], known: Callable[[str], bool]) -> list[tuple[str, int, int]]:
    """Return words (as from `words`) of which those that nobody knows are cut again, by the dictionary alone.

    jieba guesses at words that are in no dictionary. It finds names so, and sometimes joins the ends of two words
    (有多少 人线 上 参会). Such a guess is taken back, with the single characters beside it, where ``known`` denies it.
    """
    from libqa.text.dictionary import tokenizer

    doubtful = [len(w) > 1 and not w.isascii() and not tokenizer().FREQ.get(w) and not known(w) for w, _, _ in cut]
    loose = [doubt or (len(w) == 1 and bool(_HAN.match(w))) for doubt, (w, _, _) in zip(doubtful, cut, strict=True)]
    found: list[tuple[str, int, int]] = []
    i = 0
    while i < len(cut):
        stop = i + 1
        while loose[i] and stop < len(cut) and loose[stop] and cut[stop][1] == cut[stop - 1][2]:
            stop += 1
        if any(doubtful[i:stop]):
            at = cut[i][1]
            for word in tokenizer().cut("".join(w for w, _, _ in cut[i:stop]), HMM=False):
                found.append((word, at, at + len(word)))
                at += len(word)
        else:
            found += cut[i:stop]
        i = stop
    return found


def terms(text: str) -> list[str]:
    """Return the lexical terms of ``text``, with repetitions, for the index and for questions alike.

    Chinese runs give jieba's search words (``lcut_for_search``) and, marked with a leading ``~``, all character
    bigrams, so that names in no dictionary are found. Latin words lose a plural s; compound tokens (``10.22``,
    ``u.s``, ``double-first``) are given whole and in parts; ``1,000`` is ``1000``.
    """
    return [term for run, cut in runs(text) for term in run_terms(run, cut)]


def runs(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield the folded Chinese runs of ``text``, each with its words, and its other tokens, each with none."""
    from libqa.text.dictionary import tokenizer

    for match in _TERM_RUN.finditer(_THOUSANDS.sub("", fold(text))):
        run = match[0]
        yield run, list(tokenizer().cut(run)) if _HAN.match(run) else []


def run_terms(run: str, cut: list[str]) -> Iterator[str]:
    """Yield the terms of one item of ``runs``."""
    if not cut:
        yield from _latin_terms(run)
        return
    from libqa.text.dictionary import tokenizer

    known = tokenizer().FREQ
    for word in cut:
        for size in (2, 3):
            if len(word) > size:
                yield from (part for i in range(len(word) - size + 1) if known.get(part := word[i : i + size]))
        yield word
    yield from ("~" + run[i : i + 2] for i in range(len(run) - 1))


def _latin_terms(run: str) -> Iterator[str]:
    yield _singular(run)
    parts = re.split(r"[.·'’\-]", run)
    if len(parts) > 1:
        yield from (_singular(part) for part in parts if len(part) > 1 or part.isdigit())
        return
    digits = re.findall(r"\d+|[^\d]+", run)  # covid19, 10h
    if len(digits) > 1:
        yield from digits


def _singular(word: str) -> str:
    """Harman's S-stemmer ("How effective is suffixing?", JASIS 42(1), 1991)."""
    if len(word) < 4 or not word.isascii() or not word.endswith("s"):
        return word
    if word.endswith("ies") and word[-4] not in "ea":
        return word[:-3] + "y"
    if word.endswith("es") and word[-3] not in "aeo":
        return word[:-1]
    return word if word[-2] in "us" else word[:-1]


def _lines(text: str) -> Iterator[Span]:
    """Yield the logical lines: a line that plainly runs on is joined to the next one."""
    start = at = 0
    for match in re.finditer(r"\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]", text):
        here, at = match.start(), match.end()
        head = text[start:here].rstrip()
        tail = text[at : at + 80]
        wrapped = head.endswith(("，", "、", ",")) or (
            head[-1:].isascii() and head[-1:].isalnum() and tail[:1].islower()
        )
        if wrapped and tail[:1].strip() and not _MARKER.match(tail):
            continue
        yield start, here
        start = at
    yield start, len(text)


def _trim(text: str, start: int, end: int) -> Span:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    return start, end


def _depths(text: str, start: int, end: int) -> list[int]:
    """Depth of matched pairs at each character of the span; an opener is inside, as is its closer.

    An opener without a closer counts for nothing, so one lost mark does not swallow the rest of the line.
    """
    change = [0] * (end - start + 1)
    open_at: list[tuple[str, int]] = []
    for at in range(start, end):
        char = text[at]
        if char == '"':
            if any(opener == '"' for opener, _ in open_at):
                char, opener = "", '"'
            else:
                open_at.append(('"', at))
                continue
        elif char in _PAIRS:
            open_at.append((char, at))
            continue
        elif (
            char == "’"
            and text[at - 1 : at].isascii()
            and text[at - 1 : at].isalpha()
            and text[at + 1 : at + 2].isalpha()
        ):
            continue  # an apostrophe: don’t
        else:
            opener = _OPENER.get(char, "")
        depth = next((i for i in range(len(open_at) - 1, -1, -1) if open_at[i][0] == opener), None) if opener else None
        if depth is not None:
            change[open_at[depth][1] - start] += 1
            change[at - start + 1] -= 1
            del open_at[depth:]
    total, depths = 0, []
    for step in change[:-1]:
        total += step
        depths.append(total)
    return depths


def _stops(line: _Line) -> Iterator[int]:
    """Yield where sentences end inside a line, but not its end."""
    text, end = line.text, line.end
    first = at = line.start
    while at < end:
        inside = line.depth(at)
        stop = at + 1
        if not inside and _is_end(line, first, at):
            while stop < end and not line.depth(stop) and text[stop] in _ALL_ENDS + _CLOSERS:
                stop += 1
        elif not (inside == 1 and text[at] in _CLOSERS and _closes_sentence(line, first, at)):
            at += 1
            continue
        if stop < end:
            yield stop
        first = at = stop


def _is_end(line: _Line, first: int, at: int) -> bool:
    text = line.text
    char, after = text[at], text[at + 1 : min(at + 2, line.end)]
    if char in "。！？｡!?":
        return char not in "!?" or not (after.isascii() and (after.isalnum() or after in "=&/"))
    if char == "…":
        return after.isspace() or not after or (after == "…" and not text[at + 2 : min(at + 3, line.end)].strip())
    if char not in ".．" or (at - first < _NEAR and _MARKER.fullmatch(text[first : at + 1])):
        return False
    free = not after or after.isspace()
    if at > first and _HAN.match(text[at - 1]):
        return free or bool(_HAN.match(after))
    return char == "." and free and not _abbreviated(text, at, line.end)


def _abbreviated(text: str, at: int, end: int) -> bool:
    rest = text[at + 1 : min(at + _NEAR, end)].lstrip()
    if rest[:1].islower():
        return True
    token = re.search(r"[^\s(（“\"]*$", text[max(0, at - 20) : at])
    word = token[0].lower() if token else ""
    return bool(rest) and (word in _ABBREVIATIONS or bool(re.fullmatch(r"[a-z](?:\.[a-z])*", word)))


def _closes_sentence(line: _Line, first: int, at: int) -> bool:
    """Whether the closing mark at ``at`` ends a sentence that stands inside the pair, as in 他说：“好。”"""
    text, end = line.text, line.end
    if at == line.start or text[at - 1] not in _ALL_ENDS or (at + 1 < end and line.depth(at + 1)):
        return False
    after = text[at + 1 : min(at + _NEAR, end)].lstrip()
    if not after or after[0] in _CONTINUES:
        return not after
    opener = _OPENER.get(text[at], text[at])
    opened = at - 1
    while opened > first and (text[opened] != opener or line.depth(opened) != 1):
        opened -= 1
    lead = text[max(first, opened - _NEAR) : opened].strip()
    return not lead or (text[at] not in "）)" and lead[-1] in "：:，," and text[at - 1] in "。！？!?.")


def _split(line: _Line, span: Span, marks: str) -> list[Span]:
    text = line.text
    found: list[Span] = []
    at, end = span
    i = at
    while i < end - 1:
        stop = i + 1
        if text[i] in marks and not line.depth(i) and _separates(text, i, end):
            while stop < end and not line.depth(stop) and (text[stop].isspace() or text[stop] in marks + _CLOSERS):
                stop += 1
            if stop < end and not text[at:i].isspace() and i > at:
                found.append((at, stop))
                at = stop
        i = stop
    found.append((at, end))
    return found


def _separates(text: str, at: int, end: int) -> bool:
    """Whether the mark at ``at`` separates clauses; in 1,000, 10:30, ``http://`` and December 7, 2023 it does not."""
    before, after = text[at - 1 : at], text[at + 1 : min(at + 2, end)]
    if text[at] in ",:!?;，：":
        if before.isdigit() and after.isdigit():
            return text[at] not in ":：" and not re.match(r"\d{3}(?!\d)", text[at + 1 : min(at + 5, end)])
        if text[at] in ",:!?;" and after.isascii() and not after.isspace() and before.isascii():
            return False
        if text[at] == "," and re.search(r"[A-Za-z]\.? \d{1,2}$", text[max(0, at - 16) : at]):
            return not re.match(r" \d{4}\b", text[at + 1 : at + 6])
    return True
