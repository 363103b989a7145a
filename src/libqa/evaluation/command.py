"""What ``libqa eval`` does: finds the sets, makes their indexes, asks, compares, writes the report."""

from __future__ import annotations

import json
import os
import platform
import shlex
import tempfile
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack
from dataclasses import dataclass, replace
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

from libqa import __version__
from libqa.api import LibQA
from libqa.config import Settings
from libqa.errors import ReadError, SettingError
from libqa.evaluation import baselines, comparing, datasets, pools, runner
from libqa.evaluation.questions import Question, find_set, load_sets, sample
from libqa.evaluation.report import render as render_page
from libqa.evaluation.runner import Outcome, Progress, Result
from libqa.types import Document

Bar = Callable[[str], "AbstractContextManager[Progress]"]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to evaluate.

    ``sets``: question sets (names in ``eval/questions`` or files) and public data sets, in any mix. ``limit``: most
    questions of each set. ``pool``: distractors for public sets, ``NAME:COUNT``. ``without_gold``: ask public questions
    again where their paragraphs are gone. ``reading``: give the reader the paragraph. ``compare``: rank by other ways
    too.
    """

    sets: tuple[str, ...]
    limit: int | None = None
    pool: tuple[str, ...] = ()
    without_gold: bool = False
    reading: bool = False
    compare: bool = False

    @property
    def command(self) -> str:
        """The command line for it."""
        options = [("--limit", str(self.limit))] if self.limit is not None else []
        options += [("--pool", spec) for spec in self.pool]
        flags = {"--without-gold": self.without_gold, "--reading": self.reading, "--baselines": self.compare}
        words = [*self.sets, *(word for option in options for word in option), *(f for f, on in flags.items() if on)]
        return shlex.join(["libqa", "eval", *words])


def evaluate(plan: Plan, settings: Settings, bar: Bar) -> tuple[Result, dict[str, Any]]:
    """Carry out a plan; return the result, and the run as JSON values (``evaluation.schema.json``, no comparison yet).

    Parameters
    ----------
    settings : with the index that sets of one's own are asked of.
    bar : gives, for a label, a context that shows progress.

    Raises
    ------
    ReadError, SettingError : a set cannot be read, or does not go with the options. MissingExtra : ``eval`` is not
    installed. IndexMissing, IndexMismatch : sets of one's own need an index.
    """
    own, reading, parallel = _sorted_sets(plan)
    work = _Work(plan, settings, bar)
    with ExitStack() as stack:
        if own:
            work.ask_own(own, stack)
        if reading and plan.reading:
            work.read_alone(reading, stack)
        elif reading:
            work.ask_public(reading, stack)
        for name in parallel:
            work.search_sentences(name, stack)
    result = replace(runner.summarise(work.outcomes), baselines=tuple(work.rows))
    return result, _described(plan, settings, work, result)


class _Work:
    """The outcomes so far, and what they were asked of."""

    def __init__(self, plan: Plan, settings: Settings, bar: Bar) -> None:
        self.plan, self.settings, self.bar = plan, settings, bar
        self.outcomes: list[Outcome] = []
        self.rows: list[dict[str, Any]] = []
        self.documents = self.passages = 0

    def ask_own(self, names: Sequence[str], stack: ExitStack) -> None:
        questions = [q for name in names for q in sample(load_sets([name]), self.plan.limit)]
        _distinct(questions)
        qa = self._opened(LibQA.open(settings=self.settings), stack)
        self._ask(qa, questions, stack)
        self._compare(qa, self.outcomes, whole_documents=False)

    def ask_public(self, names: Sequence[str], stack: ExitStack) -> None:
        documents, questions = self._public(names)
        with self.bar("building the pool") as move:
            pool = self._opened(pools.open_pool(documents, self.settings, move), stack)
        before = len(self.outcomes)
        self._ask(pool, questions, stack)
        self._compare(pool, self.outcomes[before:], whole_documents=True)
        if self.plan.without_gold:
            gone = stack.enter_context(pools.without(pool, {e.document for q in questions for e in q.evidence}))
            self._ask(gone, [_unanswerable(q) for q in questions], stack)

    def read_alone(self, names: Sequence[str], stack: ExitStack) -> None:
        documents, questions = self._public(names)
        # A reader needs an opened index, though it looks into none: the smallest there is.
        place = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        settings = replace(self.settings, index=place / "index")
        qa = stack.enter_context(LibQA.build([Document("none", "。", "")], settings=settings))
        with self.bar("reading") as move:
            self.outcomes += runner.read(qa, questions, documents, move)

    def search_sentences(self, name: str, stack: ExitStack) -> None:
        documents, questions = datasets.sentence_set(name)
        with self.bar(f"building the pool of {name}") as move:
            pool = self._opened(pools.open_pool([*documents, *self._distractors()], self.settings, move), stack)
        with self.bar("searching") as move:
            found = runner.search(pool, sample(questions, self.plan.limit), move)
        self.outcomes += found
        self._compare(pool, found, whole_documents=True)

    def _public(self, names: Sequence[str]) -> tuple[list[Document], list[Question]]:
        read = [datasets.reading_set(name) for name in names]
        questions = [q for _, asked in read for q in sample(asked, self.plan.limit)]
        _distinct(questions)
        return [*(d for documents, _ in read for d in documents), *self._distractors()], questions

    def _distractors(self) -> list[Document]:
        return [d for spec in self.plan.pool for d in datasets.distractors(spec)]

    def _opened(self, qa: LibQA, stack: ExitStack) -> LibQA:
        stack.enter_context(qa)
        self.documents += len(qa.documents())
        self.passages += qa.passages
        return qa

    def _ask(self, qa: LibQA, questions: Sequence[Question], stack: ExitStack) -> None:
        forced = stack.enter_context(LibQA.open(settings=replace(qa.settings, threshold=0.0)))
        with self.bar("asking") as move:
            self.outcomes += runner.ask(qa, questions, move, forced)

    def _compare(self, qa: LibQA, outcomes: Sequence[Outcome], *, whole_documents: bool) -> None:
        if self.plan.compare:
            with self.bar("other ways to search") as move:
                self.rows += baselines.compare(qa, outcomes, whole_documents, move)


def add_comparison(run: dict[str, Any], earlier: Mapping[str, Any] | None, name: str) -> None:
    """Add to a run what changed since an earlier one, or that there is none."""
    run["comparison"] = None if earlier is None else comparing.compare(earlier, run, name)


def save(run: Mapping[str, Any], earlier: Mapping[str, Any] | None, directory: Path) -> tuple[Path, Path]:
    """Write ``eval-<UTC time>.json`` and the page of the same name into ``directory``; return both paths.

    Raises
    ------
    SettingError : the directory cannot be written.
    """
    moment = datetime.fromisoformat(run["date"])
    name = f"eval-{moment:%Y%m%dT%H%M%S}{moment.microsecond // 1000:03d}Z"
    page = render_page(run, earlier)
    content = json.dumps(run, ensure_ascii=False, separators=(",", ":"), allow_nan=False) + "\n"
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for suffix, text in ((".json", content), (".html", page)):
            (directory / f"{name}{suffix}").write_text(text, encoding="utf-8")
    except OSError as e:
        raise SettingError(
            f"--report {directory}", f"cannot be written ({e.strerror})", "name a directory you may write"
        ) from None
    return directory / f"{name}.json", directory / f"{name}.html"


def _sorted_sets(plan: Plan) -> tuple[list[str], list[str], list[str]]:
    """Return sets of one's own, public reading sets and public parallel sets."""
    own: list[str] = []
    public: dict[str, list[str]] = {"reading": [], "parallel": []}
    for name in plan.sets:
        full = None if find_set(name) else datasets.find(name)
        if full is None:
            if find_set(name) is None:
                raise ReadError(
                    name,
                    "no such question set or data set",
                    f"name a .jsonl file, a set in eval/questions, or a data set in {datasets.folder()} (LIBQA_DATA)",
                )
            own.append(name)
            continue
        kind = datasets.kind(full)
        if kind not in public:
            raise ReadError(name, f"its rows are {kind}, which cannot be asked", "use it as --pool NAME:COUNT")
        public[kind].append(full)
    if not plan.sets:
        raise ReadError("libqa eval", "no question set is named", "name one, such as core")
    if plan.reading and (own or public["parallel"]):
        raise SettingError("--reading", "needs public reading sets alone", "name such as cmrc2018/trial")
    if (plan.pool or plan.without_gold) and not any(public.values()):
        raise SettingError("--pool, --without-gold", "go with public sets", "name one, such as cmrc2018/trial")
    return own, list(dict.fromkeys(public["reading"])), list(dict.fromkeys(public["parallel"]))


def _distinct(questions: Sequence[Question]) -> None:
    seen: set[str] = set()
    for question in questions:
        if question.id in seen:
            raise ReadError(
                question.set, f"question id {question.id!r} occurs twice", "give every question an id of its own"
            )
        seen.add(question.id)


def _unanswerable(question: Question) -> Question:
    tags = (*question.tags, "gold-removed")
    return replace(question, id=f"{question.id}-", answerable=False, answers=(), evidence=(), tags=tags)


def _described(plan: Plan, settings: Settings, work: _Work, result: Result) -> dict[str, Any]:
    from libqa.models import load_embedder

    counts: dict[str, int] = {}
    for outcome in work.outcomes:
        counts[outcome.question.set] = counts.get(outcome.question.set, 0) + 1
    described = {name: datasets.describe(name) if "/" in name else datasets.Source(name) for name in counts}
    return {
        "version": comparing.VERSION,
        "date": datetime.now(timezone.utc).isoformat(timespec="milliseconds"),
        "libqa": __version__,
        "command": plan.command,
        "machine": {
            "python": platform.python_version(),
            "system": f"{platform.system()} {platform.machine()}",
            "processors": os.cpu_count() or 1,
        },
        "index": {
            "embedder": settings.embedder,
            "fingerprint": load_embedder(settings.embedder).fingerprint,
            "documents": work.documents,
            "passages": work.passages,
        },
        "settings": {"threshold": settings.threshold},
        "sets": [
            {
                "name": name,
                "questions": count,
                "description": described[name].description or "questions of one's own",
                "origin": described[name].origin,
                "licence": described[name].licence or "not stated",
            }
            for name, count in counts.items()
        ],
        **result.to_dict(),
        "comparison": None,
    }
