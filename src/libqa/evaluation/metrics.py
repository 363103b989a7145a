"""Judge-free measures of answers, citations, refusals and retrieval. All shares are in 0..1."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from libqa.text.script import fold, to_hans

Span = tuple[str, int, int]
"""Document id and a half-open span of its text, in code points."""


def normal(text: str) -> str:
    """Return ``text`` for comparison: Simplified, half width, lower case, runs of blanks and dashes made one."""
    return re.sub(r"[‐-―−－]", "-", re.sub(r"\s+", " ", fold(to_hans(text)))).strip()


def holds(text: str, spelling: str) -> bool:
    """Tell whether ``text`` contains ``spelling``, comparing by `normal`; blanks between CJK characters do not count.

    A spelling that begins or ends with a digit or Latin letter must stand alone there: ``3`` is not in ``2023``, nor
    ``300`` in ``1,300``.
    """
    wanted = _close(normal(spelling))
    before = r"(?<![0-9a-z])(?<![0-9][.,])" if re.match(r"[0-9a-z]", wanted) else ""
    after = r"(?![0-9a-z])" if re.search(r"[0-9a-z]$", wanted) else ""
    return re.search(before + re.escape(wanted) + after, _close(normal(text))) is not None


def _close(text: str) -> str:
    return re.sub(r"(?<![!-~]) | (?![!-~])", "", text)


def nuggets_held(texts: Iterable[str], nuggets: Sequence[Sequence[str]]) -> list[bool]:
    """Tell for each nugget whether any text holds any of its spellings."""
    texts = list(texts)
    return [any(holds(text, spelling) for text in texts for spelling in group) for group in nuggets]


def segments(text: str) -> list[str]:
    """Return the units CMRC 2018 compares: single CJK characters, whole Latin words and numbers; no punctuation."""
    kept = "".join(" " if unicodedata.category(c)[0] in "PSZC" else c for c in normal(text))
    return re.findall(r"[0-9a-z]+|[^\s0-9a-z]", kept)


def exact_match(answer: str, references: Iterable[str]) -> float:
    """Return 1.0 if the answer equals a reference but for punctuation, else 0.0 (CMRC 2018, ``calc_em_score``)."""
    got = segments(answer)
    return float(any(got == segments(reference) for reference in references))


def character_f1(answer: str, references: Iterable[str]) -> float:
    """Return the best F1 over references from the longest common run of `segments` (CMRC 2018, ``calc_f1_score``).

    Cui et al., *A Span-Extraction Dataset for Chinese Machine Reading Comprehension*, EMNLP 2019.
    """
    got, best = segments(answer), 0.0
    for reference in references:
        gold = segments(reference)
        common = _common_run(got, gold)
        if common:
            precision, recall = common / len(got), common / len(gold)
            best = max(best, 2 * precision * recall / (precision + recall))
    return best


def _common_run(a: Sequence[str], b: Sequence[str]) -> int:
    longest, row = 0, [0] * (len(b) + 1)
    for x in a:
        last = 0
        for j, y in enumerate(b, 1):
            last, row[j] = row[j], last + 1 if x == y else 0
            longest = max(longest, row[j])
    return longest


def overlaps(span: Span, others: Iterable[Span]) -> bool:
    """Tell whether ``span`` shares a character with any of ``others``."""
    return any(span[0] == o[0] and span[1] < o[2] and o[1] < span[2] for o in others)
