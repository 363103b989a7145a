"""Measures of citations: ALCE's recall and precision, with containment in place of a language-model judge.

Gao et al., *Enabling Large Language Models to Generate Text with Citations*, EMNLP 2023 (ALCE), section 4.3. There an
NLI model says whether cited passages entail a sentence. Here they do if they contain it: every clause of the sentence
stands, but for script, case, width and punctuation, in one of the quotes. That asks for more than entailment, so a free
rewording counts as unsupported; for extracts it is exact and needs no model. Of a sentence in English that puts Chinese
words of its source in quotation marks, these words are what is compared.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from libqa.evaluation.metrics import holds

# A comma or a point between digits belongs to the number.
_BREAKS = re.compile(r"[，、；：。！？;!?\n]+|(?<!\d)[,.:]+|[,.:]+(?!\d)")
_HAN = re.compile(r"[\u3400-\u9fff]")
_OPENING, _CLOSING = "“《「", "”》」"
_MARKS = "“”\"'‘’「」『』《》〈〉()（）[]【】—-–·… \t*"


def supports(quotes: Sequence[str], statement: str) -> bool:
    """Tell whether each clause of ``statement`` stands in one of ``quotes``; a statement without words does not."""
    if any(statement.strip() and holds(quote, statement.strip()) for quote in quotes):
        return True
    original, around = _quoted(statement)
    compared = original if _HAN.search("".join(original)) and not _HAN.search(around) else [statement]
    clauses = [clause for clause in (c.strip(_MARKS) for part in compared for c in _BREAKS.split(part)) if clause]
    return bool(clauses) and all(any(holds(quote, clause) for quote in quotes) for clause in clauses)


def _quoted(statement: str) -> tuple[list[str], str]:
    """Return what stands in outermost quotation marks, and the rest."""
    depth, pieces, around = 0, [""], ""
    for char in statement:
        depth -= char in _CLOSING and depth > 0
        if depth:
            pieces[-1] += char
        elif char in _CLOSING:
            pieces.append("")
        elif char not in _OPENING:
            around += char
        depth += char in _OPENING
    return [piece for piece in pieces if piece], around


def recalled(statement: str, quotes: Sequence[str]) -> bool:
    """ALCE citation recall of one statement: it cites something, and what it cites supports it."""
    return bool(quotes) and supports(quotes, statement)


def precise(statement: str, quotes: Sequence[str]) -> list[bool]:
    """ALCE citation precision of each citation of one statement.

    A citation is precise if the statement is recalled and the citation is not irrelevant; it is irrelevant if it does
    not support the statement alone and the others support it without it. An only citation inherits the recall.
    """
    if not recalled(statement, quotes):
        return [False] * len(quotes)
    rest = [[*quotes[:n], *quotes[n + 1 :]] for n in range(len(quotes))]
    return [supports([quote], statement) or not supports(rest[n], statement) for n, quote in enumerate(quotes)]


def of_answer(statements: Sequence[tuple[str, Sequence[str]]]) -> tuple[float, float] | None:
    """Return citation recall and precision of one answer; ``None`` for an answer that says nothing.

    ``statements`` are texts with their cited quotes. Recall is the mean over statements; precision the share of
    precise ones among all citations, 0 if there is none. ALCE then takes the mean over answers.
    """
    if not statements:
        return None
    recall = sum(recalled(text, quotes) for text, quotes in statements) / len(statements)
    judged = [good for text, quotes in statements for good in precise(text, quotes)]
    return recall, sum(judged) / len(judged) if judged else 0.0
