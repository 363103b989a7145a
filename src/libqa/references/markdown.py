"""References as Markdown: a numbered list after GB/T 7714—2015, under each reference the words quoted from it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from libqa.references import gbt7714
from libqa.references.work import Work, line
from libqa.types import Citation

_MARKS = re.compile(r"[\\`*_{}\[\]<>#|~$&@!]|(?<=[a-z])[:.](?=//|\w)", re.IGNORECASE)
_OPENING = re.compile(r"^(\d+)([.)])|^([-+=>:])")


def entry(work: Work, cited: Sequence[Citation], accessed: date, number: int) -> str:
    """Return one item of a numbered list (CommonMark), its quotes as block quotes."""
    before, url, after = gbt7714.parts(work, accessed)
    margin = " " * len(f"{number}. ")
    quotes = f"\n{margin}>\n".join(f"{margin}> {_quote(citation)}" for citation in cited)
    return f"{number}. {escape(before)}{f'<{url}>' if url else ''}{after}\n\n{quotes}"


def escape(text: str) -> str:
    """Return ``text`` so that CommonMark shows just its characters: no markup, no HTML, no link made of an address."""
    return _OPENING.sub(lambda m: f"{m[1]}\\{m[2]}" if m[1] else f"\\{m[3]}", _MARKS.sub(r"\\\g<0>", text))


def _quote(citation: Citation) -> str:
    where = ", ".join(part for part in (line(citation.section), line(citation.place)) if part)
    return escape(f"“{line(citation.quote)}”" + (f" ({where})" if where else ""))
