"""Question sets: JSON lines, one question each, as ``docs/schema/question.schema.json`` describes."""

from __future__ import annotations

import json
import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from libqa.errors import ReadError

LANGUAGES = ("zh-Hans", "zh-Hant", "en")
_SEE = "docs/schema/question.schema.json describes the fields"
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words of a document that hold the answer: ``quote`` occurs in the text of ``document``.

    ``start`` is the offset of the one place that is meant; ``None`` means wherever it occurs.
    """

    document: str
    quote: str
    start: int | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One question with what a right answer must hold.

    ``answers`` are nuggets: the answer must hold every one, each in any of its spellings. Both ``answers`` and
    ``evidence`` are empty where the documents do not say (``answerable`` is false). ``history`` holds earlier
    (question, answer) pairs. ``type`` is what is asked for (who, when, where ...), ``tags`` what is hard about it
    (paraphrase, wrong-entity ...). ``set`` is the name of the set it is from.
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
    tags: tuple[str, ...] = ()
    set: str = ""


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
        file = find_set(name)
        if file is None:
            raise ReadError(
                name, "no such question set", "name a .jsonl file, or run inside a checkout of libqa for its own sets"
            )
        for question in _load(file):
            if question.id in seen:
                raise ReadError(
                    name, f"question id {question.id!r} occurs twice", "give every question an id of its own"
                )
            seen.add(question.id)
            questions.append(question)
    return questions


def find_set(name: str) -> Path | None:
    """Return the file of a question set: a path, or a name in ``eval/questions``; ``None`` if there is none."""
    root = Path(__file__).parents[3]  # of a checkout; an installed package has no question sets beside it
    places = [Path(name), *(base / "eval" / "questions" / f"{name}.jsonl" for base in (Path.cwd(), root))]
    return next((place for place in places if place.is_file()), None)


def sample(items: Sequence[_T], limit: int | None) -> list[_T]:
    """Return at most ``limit`` items, drawn with a fixed seed and kept in order, so that runs can be compared."""
    if limit is None or len(items) <= limit:
        return list(items)
    return [items[i] for i in sorted(random.Random(0).sample(range(len(items)), limit))]  # noqa: S311 - not a secret


def _load(file: Path) -> Iterator[Question]:
    try:
        lines = file.read_text(encoding="utf-8").split("\n")
    except (OSError, UnicodeDecodeError) as e:
        raise ReadError(str(file), f"cannot be read ({e})", "give a UTF-8 file of JSON lines") from None
    for number, line in enumerate(lines, 1):
        if line.strip():
            try:
                yield _parse(json.loads(line), file.stem)
            except (ValueError, KeyError, TypeError) as e:
                reason = f"lacks {e}" if isinstance(e, KeyError) else str(e)
                raise ReadError(f"{file}:{number}", reason, _SEE) from None


def _parse(row: Any, name: str) -> Question:
    if not isinstance(row, dict):
        raise TypeError("is not a JSON object")
    question = Question(
        id=_text(row, "id"),
        lang=_text(row, "lang"),
        type=_text(row, "type"),
        question=_text(row, "question"),
        history=tuple(_turn(turn) for turn in row.get("history", ())),
        answerable=row["answerable"],
        answers=tuple(_strings(group, "answers") for group in row.get("answers", ())),
        evidence=tuple(_evidence(e) for e in row.get("evidence", ())),
        topic=row.get("topic", ""),
        tags=_strings(row.get("tags", []), "tags"),
        set=name,
    )
    if question.lang not in LANGUAGES:
        raise ValueError(f"lang {question.lang!r} is not one of {', '.join(LANGUAGES)}")
    if not isinstance(question.answerable, bool):
        raise TypeError("answerable is neither true nor false")
    if not question.answerable == bool(question.answers) == bool(question.evidence):
        raise ValueError("an answerable question has answers and evidence, an unanswerable one has neither")
    if not all(question.answers):
        raise ValueError("answers is not a list of non-empty lists of spellings")
    return question


def _text(row: Mapping[str, Any], field: str) -> str:
    value = row[field]
    if not isinstance(value, str) or not value.strip():
        raise TypeError(f"{field} is not a text")
    return value


def _strings(value: Any, field: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(s, str) and s.strip() for s in value):
        raise TypeError(f"{field} holds something that is not a list of texts")
    return tuple(value)


def _turn(turn: Any) -> tuple[str, str]:
    asked, answered = _strings(turn, "history") if isinstance(turn, list) and len(turn) == 2 else ("", "")
    if not asked:
        raise TypeError("history holds something that is not a [question, answer] pair")
    return asked, answered


def _evidence(value: Any) -> Evidence:
    if not isinstance(value, dict):
        raise TypeError("evidence holds something that is not an object")
    start = value.get("start")
    if start is not None and (isinstance(start, bool) or not isinstance(start, int) or start < 0):
        raise TypeError("start of the evidence is not an offset")
    return Evidence(_text(value, "document"), _text(value, "quote"), start)
