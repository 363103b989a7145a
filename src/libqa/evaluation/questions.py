"""Question sets: JSON lines, one question each; ``eval/questions/README.md`` describes the fields."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from libqa.errors import ReadError

LANGUAGES = ("zh-Hans", "zh-Hant", "en")


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words of a document that hold the answer: ``quote`` occurs in the text of ``document``."""

    document: str
    quote: str


@dataclass(frozen=True, slots=True)
class Question:
    """One question with what a right answer must hold.

    ``answers`` are nuggets: the answer must hold every one, each in any of its spellings. Both ``answers`` and
    ``evidence`` are empty where the documents do not say (``answerable`` is false). ``history`` holds earlier
    (question, answer) pairs. ``type`` is what is asked for (who, when, where ...).
    """

    id: str
    lang: str
    type: str
    question: str
    history: tuple[tuple[str, str], ...]
    answerable: bool
    answers: tuple[tuple[str, ...], ...]
    evidence: tuple[Evidence, ...]
    topic: str = ""


def load_sets(names: Iterable[str]) -> list[Question]:
    """Return the questions of the named sets, in order.

    Parameters
    ----------
    names : paths of ``.jsonl`` files, or names of files in ``eval/questions`` of the working directory or checkout.

    Raises
    ------
    ReadError : a set is missing, a line is not a question, or an id occurs twice.
    """
    questions: list[Question] = []
    seen: set[str] = set()
    for name in names:
        for question in _load(_find(name)):
            if question.id in seen:
                raise ReadError(
                    name, f"question id {question.id!r} occurs twice", "give every question an id of its own"
                )
            seen.add(question.id)
            questions.append(question)
    return questions


def _find(name: str) -> Path:
    root = Path(__file__).parents[3]  # of a checkout; an installed package has no question sets beside it
    places = [Path(name), *(base / "eval" / "questions" / f"{name}.jsonl" for base in (Path.cwd(), root))]
    for place in places:
        if place.is_file():
            return place
    raise ReadError(
        name, "no such question set", "name a .jsonl file, or run inside a checkout of libqa for its own sets"
    )


def _load(file: Path) -> Iterator[Question]:
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as e:
        raise ReadError(str(file), f"cannot be read ({e})", "give a UTF-8 file of JSON lines") from None
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield _parse(json.loads(line))
            except (ValueError, KeyError, TypeError) as e:
                reason = f"lacks {e}" if isinstance(e, KeyError) else str(e)
                raise ReadError(f"{file}:{number}", reason, "see eval/questions/README.md for the fields") from None


def _parse(row: Mapping[str, Any]) -> Question:
    question = Question(
        id=row["id"],
        lang=row["lang"],
        type=row["type"],
        question=row["question"],
        history=tuple((asked, answered) for asked, answered in row.get("history", ())),
        answerable=row["answerable"],
        answers=tuple(tuple(group) for group in row.get("answers", ())),
        evidence=tuple(Evidence(e["document"], e["quote"]) for e in row.get("evidence", ())),
        topic=row.get("topic", ""),
    )
    if question.lang not in LANGUAGES:
        raise ValueError(f"lang {question.lang!r} is not one of {', '.join(LANGUAGES)}")
    if not isinstance(question.answerable, bool):
        raise TypeError("answerable is neither true nor false")
    if not question.answerable == bool(question.answers) == bool(question.evidence):
        raise ValueError("an answerable question has answers and evidence, an unanswerable one has neither")
    if not all(group and all(isinstance(a, str) and a.strip() for a in group) for group in question.answers):
        raise ValueError("answers is not a list of non-empty lists of spellings")
    return question
