"""Documents and questions written for training, most of them on invented institutions; they are no source of facts.

    python training/written.py training/written/*.jsonl      # checks the files, one line for each fault

A line is a document ``{"id", "title", "text"}`` or a question on a document of the same file: ``d`` its id, ``q`` the
question, ``l`` its language (``s`` Simplified, ``t`` Traditional, ``e`` English), ``k`` its kind, ``h`` earlier turns
``[[question, answer], …]`` of a follow-up, ``e`` the quotes that answer it and ``a`` the answers within them, one for
each item where several are asked for. Questions of kind ``missing`` (a fact that is not told) and ``wrong`` (a
person, year, place or body that the document does not speak of) have neither.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))

from libqa.index.passages import split

FOLDER = Path(__file__).resolve().parent / "written"
KINDS = frozenset("plain paraphrase list count why compare yesno missing wrong".split())
REFUSED = frozenset(("missing", "wrong"))
LONGEST = 120
"""Characters of a span that answers by several items."""


@dataclass(frozen=True)
class Written:
    """A question; ``quotes`` and ``answers`` are exact substrings of the text of document ``document``."""

    document: str
    language: str
    kind: str
    question: str
    history: tuple[tuple[str, str], ...]
    quotes: tuple[str, ...]
    answers: tuple[str, ...]


def families(part: str) -> list[Path]:
    """Return the files that serve a part of training, ``reader`` or ``ranker``.

    One in three is the ranker's: it learns from what the reader makes of texts that it has not seen.
    """
    return [p for p in sorted(FOLDER.glob("*.jsonl")) if (int(p.stem[1:]) % 3 == 0) == (part == "ranker")]


def place(text: str, asked: Written) -> tuple[int, int]:
    """Return the span of a document's text that answers: from the first to the last answer, or the first alone.

    Answers that stand far apart, or in several sentences, have no span together.
    """
    found = []
    for answer in asked.answers:
        quote = next(q for q in asked.quotes if answer in q)
        start = text.index(quote) + quote.index(answer)
        found.append((start, start + len(answer)))
    low, high = min(found)[0], max(b for _, b in found)
    return (low, high) if high - low <= LONGEST and "。" not in text[low:high] else found[0]


def load(path: Path) -> tuple[dict[str, tuple[str, str]], list[Written]]:
    """Return the documents of a file as ``{id: (title, text)}``, and its questions."""
    documents: dict[str, tuple[str, str]] = {}
    questions = []
    for line in path.read_text(encoding="utf-8").splitlines():
        if not line.strip():
            continue
        row = json.loads(line)
        if "text" in row:
            documents[row["id"]] = (row["title"], row["text"])
        else:
            quotes, answers = ([v] if isinstance(v, str) else v for v in (row.get("e", []), row.get("a", [])))
            history = tuple((q, a) for q, a in row.get("h", []))
            questions.append(Written(row["d"], row["l"], row["k"], row["q"], history, tuple(quotes), tuple(answers)))
    return documents, questions


def faults(path: Path) -> Iterator[str]:
    """Yield what is wrong with a file, a line each."""
    seen = set()
    try:
        documents, questions = load(path)
    except (KeyError, ValueError, TypeError) as error:
        yield f"{path.name}: no JSON, or a field is missing or of another type: {error!r}"
        return
    passages = {name: split(text) for name, (_, text) in documents.items()}
    for asked in questions:
        where = f"{path.name}: {asked.question}"
        if asked.document not in documents:
            yield f"{where}: no document {asked.document}"
            continue
        text = documents[asked.document][1]
        if asked.question in seen:
            yield f"{where}: asked twice"
        seen.add(asked.question)
        if asked.kind not in KINDS or asked.language not in ("s", "t", "e"):
            yield f"{where}: kind or language unknown: {asked.kind} {asked.language}"
        if (asked.kind in REFUSED) != (not asked.quotes) or bool(asked.quotes) != bool(asked.answers):
            yield f"{where}: e and a belong to answerable questions, and to all of these"
        lost = [quote for quote in asked.quotes if quote not in text]
        strange = [answer for answer in asked.answers if not any(answer in quote for quote in asked.quotes)]
        yield from (f"{where}: not in the text: {quote}" for quote in lost)
        yield from (f"{where}: not in a quote: {answer}" for answer in strange)
        if asked.answers and not lost and not strange:
            start, _ = place(text, asked)
            if not any(piece.start <= start < piece.end for piece in passages[asked.document]):
                yield f"{where}: the answer stands in a heading"


def main() -> int:
    count = 0
    for name in sys.argv[1:]:
        found = list(faults(Path(name)))
        print("\n".join(found) or f"{name}: {len(load(Path(name))[1])} questions, no faults")
        count += len(found)
    return count > 0


if __name__ == "__main__":
    sys.exit(main())
