"""Public data sets by name, from a folder on this machine: reading comprehension, parallel sentences, plain text.

Rows are gzip-compressed JSON lines, ``NAME.jsonl.gz``. Nothing is copied out of the folder; where a set comes from and
its licence are read from the table in the folder's README.md and named with every result.
"""

from __future__ import annotations

import gzip
import itertools
import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from libqa.errors import ReadError, SettingError
from libqa.evaluation.questions import Evidence, Question
from libqa.text.script import language
from libqa.types import Document

_PARAGRAPH = 500  # characters taken of a news article, as a paragraph
_WORD = re.compile(r"\w")
_UNTITLED = " "  # titles of encyclopaedia articles would give half the answer away


@dataclass(frozen=True, slots=True)
class Source:
    """A data set as its folder describes it; texts are empty where it does not say."""

    name: str
    description: str = ""
    origin: str = ""
    licence: str = ""


def folder() -> Path:
    """Return the data folder: ``LIBQA_DATA``, or ``../shared/data`` beside the checkout."""
    given = os.environ.get("LIBQA_DATA")
    return Path(given).expanduser() if given else Path(__file__).parents[4] / "shared" / "data"


def find(name: str) -> str | None:
    """Return the full name of the data set: ``cmrc2018/trial``, or its only set that begins so; ``None`` if none.

    Raises
    ------
    ReadError : several sets begin so.
    """
    if not re.fullmatch(r"[A-Za-z0-9_]+(?:/[A-Za-z0-9_]+)?", name):
        return None
    if (folder() / f"{name}.jsonl.gz").is_file():
        return name
    inside = sorted(folder().glob("*/*.jsonl.gz"))
    names = [file.relative_to(folder()).as_posix().removesuffix(".jsonl.gz") for file in inside]
    fitting = [n for n in names if n.startswith(name)]
    if len(fitting) > 1:
        raise ReadError(name, "several data sets begin so", f"name one of {', '.join(fitting)}")
    return fitting[0] if fitting else None


def rows(name: str, *fields: str) -> Iterator[dict[str, Any]]:
    """Yield the rows of a data set; each must hold the named fields.

    Raises
    ------
    ReadError : there is no such set, it is damaged, or a row is of another kind.
    """
    file = folder() / f"{name}.jsonl.gz"
    remedy = "set LIBQA_DATA to the folder of the data sets; its README.md names them"
    try:
        with gzip.open(file, "rt", encoding="utf-8") as lines:
            for number, line in enumerate(lines, 1):
                row = json.loads(line)
                if not isinstance(row, dict) or any(field not in row for field in fields):
                    raise ReadError(f"{name}, row {number}", f"it lacks one of {', '.join(fields)}", remedy)
                yield row
    except FileNotFoundError:
        raise ReadError(name, f"no such data set in {folder()}", remedy) from None
    except (OSError, EOFError, ValueError) as e:
        raise ReadError(str(file), f"cannot be read ({e})", remedy) from None


def describe(name: str) -> Source:
    """Return what the table in the folder's README.md says of a data set."""
    try:
        lines = (folder() / "README.md").read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return Source(name)
    heads: list[str] = []
    for line in lines:
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if "licence as found" in cells:
            heads = cells
        elif heads and cells[0] == f"`{name}`" and len(cells) == len(heads):
            row = dict(zip(heads, cells, strict=True))
            return Source(name, row.get("what it is", ""), row.get("source repository", ""), row["licence as found"])
    return Source(name)


def kind(name: str) -> str:
    """Return ``reading`` (question, context, answers), ``parallel`` (zh, en) or ``text``, by the first row."""
    first = next(rows(name), {})
    if {"question", "context", "answers"} <= set(first):
        return "reading"
    if {"zh", "en"} <= set(first):
        return "parallel"
    return "text" if "text" in first else "other"


def reading_set(name: str) -> tuple[list[Document], list[Question]]:
    """Return the paragraphs of a reading-comprehension set as documents, and its questions with the gold spans.

    Rows without a question or without an answer only give their paragraph.
    """
    documents: dict[str, Document] = {}
    questions = []
    for row in rows(name, "id", "context", "question", "answers"):
        context: str = row["context"]
        if context not in documents:
            documents[context] = Document(f"{name}#{len(documents)}", context, _UNTITLED)
        answers = row["answers"]
        if not answers or not _WORD.search(row["question"]):
            continue
        spellings = tuple(dict.fromkeys(a["text"] for a in answers))
        places = dict.fromkeys((a["text"], a["start"]) for a in answers)
        questions.append(
            Question(
                id=row["id"],
                lang=language(context),
                type="span",
                question=row["question"],
                history=(),
                answerable=True,
                answers=(spellings,),
                evidence=tuple(Evidence(documents[context].id, text, start) for text, start in places),
                set=name,
            )
        )
    return list(documents.values()), questions


def sentence_set(name: str) -> tuple[list[Document], list[Question]]:
    """Return the Chinese sentences of a parallel set as documents, and the English ones as searches for them.

    The same sentence is one document, however often it occurs; any translation of a sentence is right.
    """
    documents: dict[str, Document] = {}
    wanted: dict[str, dict[str, Document]] = {}
    for row in rows(name, "zh", "en"):
        chinese = row["zh"]
        document = documents.setdefault(chinese, Document(f"{name}#{len(documents)}", chinese, _UNTITLED))
        if _WORD.search(row["en"]):
            wanted.setdefault(row["en"], {})[document.id] = document
    questions = [
        Question(
            id=f"{name}@{n}",
            lang="en",
            type="sentence",
            question=english,
            history=(),
            answerable=True,
            answers=(tuple(d.text for d in found.values()),),
            evidence=tuple(Evidence(d.id, d.text, 0) for d in found.values()),
            set=name,
        )
        for n, (english, found) in enumerate(wanted.items())
    ]
    return list(documents.values()), questions


def distractors(spec: str) -> list[Document]:
    """Return paragraphs that hold no answers, for ``NAME:COUNT``: the first texts or contexts, at most 500 characters.

    Raises
    ------
    SettingError : ``spec`` is something else. ReadError : there is no such set.
    """
    name, _, count = spec.rpartition(":")
    if not count.isdigit():
        raise SettingError(f"--pool {spec}", "is not NAME:COUNT", "give for example --pool crud_news/text:20000")
    full = find(name)
    if full is None:
        raise ReadError(name, f"no such data set in {folder()}", "set LIBQA_DATA to the folder of the data sets")
    texts = dict.fromkeys(
        (row.get("text") or row.get("context") or row.get("zh") or "")[:_PARAGRAPH] for row in rows(full)
    )
    texts.pop("", None)
    return [Document(f"{full}#{n}", text, _UNTITLED) for n, text in enumerate(itertools.islice(texts, int(count)))]
