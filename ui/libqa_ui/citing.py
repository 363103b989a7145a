"""The row under an answer that copies its references, and those of the whole conversation, in a style of choice.

The texts lie in the page beside their buttons: a browser lets a page write to the clipboard only at once on a click,
and inside a house without TLS only in the older way that cannot wait for the server.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from functools import lru_cache

from libqa.references import STYLES, Style, render
from libqa.types import Answer, Citation, Document
from libqa_ui.render import escape
from libqa_ui.strings import Language, say


def rows(turns: Sequence[Answer], document: Callable[[str], Document], language: Language) -> list[str]:
    """Return the row for each answer as HTML, ``""`` for one that cites nothing.

    The last answer that cites has a second button for the references of all answers, where there are others.
    """
    once = lru_cache(maxsize=None)(document)
    cited = [number for number, answer in enumerate(turns) if answer.citations]
    found = [""] * len(turns)
    for number in cited:
        buttons = _button(turns[number].citations, once, "references", language)
        if number == cited[-1] and len(cited) > 1:
            everything = [citation for answer in turns for citation in answer.citations]
            buttons += _button(everything, once, "references_all", language)
        found[number] = f'<div class="cite">{_styles(language)}{buttons}</div>'
    return found


def _styles(language: Language) -> str:
    options = "".join(f'<option value="{style}">{say(f"style_{style}", language)}</option>' for style in STYLES)
    return f'<select class="style" aria-label="{say("reference_style", language)}">{options}</select>'


def _button(citations: Sequence[Citation], document: Callable[[str], Document], label: str, language: Language) -> str:
    today = datetime.now().astimezone().date()

    def text(style: Style) -> str:
        return escape(render(citations, document, style, today))

    texts = " ".join(f'data-{style}="{text(style)}"' for style in STYLES)
    return (
        f'<button type="button" class="copy" data-references="{label}" {texts} '
        f'data-copied="{say("copied", language)}" data-failed="{say("copy_failed", language)}">'
        f"{say(label, language)}</button>"
    )
