"""The Python interface: build or open an index, search it, ask it, change it."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from libqa.config import Settings, load_settings
from libqa.errors import QuestionError, ReadError
from libqa.types import Answer, Citation, Document, Hit, Reading, Statement, Step

if TYPE_CHECKING:
    from libqa.answering.dialogue import Resolved, Similarity
    from libqa.index import Index, View
    from libqa.models import Embedder
    from libqa.models.hub import Reranker

Progress = Callable[[int, "int | None"], None]
Report = Callable[[ReadError], None]
History = Sequence[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Event:
    """A step of a streamed answer.

    ``token`` carries a piece of the statement that is being written in ``text``; ``citation`` a citation that the next
    statement uses; ``statement`` a finished statement; ``done``, always the last, the whole answer. The pieces of a
    statement put together are its text. A refusal has only tokens and ``done``. ``restart``: what came so far is
    withdrawn, a language model failed while it wrote; what follows is the extractive answer.
    """

    kind: Literal["token", "citation", "statement", "restart", "done"]
    text: str = ""
    citation: Citation | None = None
    statement: Statement | None = None
    answer: Answer | None = None


class LibQA:
    """Questions and answers over one index. Safe to use from several threads; reading sees each change at once."""

    def __init__(self, index: Index, settings: Settings) -> None:
        self._index, self.settings = index, settings
        if settings.llm_base_url:  # wrong settings are told at once, not with the first question
            from libqa.answering.endpoint import check

            check(settings)

    @classmethod
    def build(
        cls,
        source: str | Path | Iterable[str | Path | Document],
        index: str | Path | None = None,
        settings: Settings | None = None,
        progress: Progress | None = None,
        on_error: Report | None = None,
    ) -> LibQA:
        """Build an index, in place of one that is there, and open it.

        Parameters
        ----------
        source : a directory, a file, an http or https URL, or an iterable of such and of `Document`s.
        index : directory of the index; default ``settings.index_dir``.
        settings : default: ``libqa.toml`` in the working directory and ``LIBQA_*`` variables.
        progress : called with the number of documents read so far and ``None``, then with the number of those that are
            in the index and of all.
        on_error : called for each file that cannot become a document; the rest goes in. Without it the first such file
            raises, and the previous index stays.

        Raises
        ------
        ReadError : a file cannot be read (see ``on_error``), or nothing can.
        IndexBusy : another process is writing. SettingError : the directory cannot be written.
        """
        from libqa.index import Index
        from libqa.models import load_embedder

        settings = settings or load_settings()
        documents = _documents(source, settings, on_error, progress)
        if not documents:
            raise ReadError(
                _name(source), "it holds no readable document", "give a directory, file or URL with documents"
            )
        path = Path(index) if index is not None else settings.index_dir
        return cls(Index.create(path, load_embedder(settings.embedder), settings, documents, progress), settings)

    @classmethod
    def open(cls, index: str | Path | None = None, settings: Settings | None = None) -> LibQA:
        """Open an index for reading and writing; nothing on disk changes.

        Raises
        ------
        IndexMissing : there is none. IndexMismatch : it was built with another embedding model or version.
        """
        from libqa.index import Index
        from libqa.models import load_embedder

        settings = settings or load_settings()
        path = Path(index) if index is not None else settings.index_dir
        return cls(Index.open(path, load_embedder, settings), settings)

    @property
    def passages(self) -> int:
        """Number of passages in the index."""
        with self._index.view() as view:
            return view.passages

    def search(self, question: str, k: int = 10) -> list[Hit]:
        """Return the ``k`` passages that fit a question best, best first.

        Raises
        ------
        QuestionError : the question is empty or longer than ``settings.max_question`` characters.
        ModelError, MissingExtra : ``settings.reranker`` names a model that cannot be loaded.
        """
        from libqa.answering import answer, dialogue

        question = self._checked(question)
        with self._index.view() as view:
            reranker = self._reranker()
            hits, _, _ = answer.look_up(view, self._index.embedder, dialogue.Resolved(question), k, reranker)
            return hits

    def ask(self, question: str, history: History = (), k: int | None = None) -> Answer:
        """Answer a question from the documents, or say that they do not say.

        Parameters
        ----------
        question : in Simplified or Traditional Chinese or English.
        history : earlier (question, answer text) pairs, oldest first; a follow-up is understood from them.
        k : number of passages to read; default 8.

        With ``settings.llm_base_url`` a language model writes the answer from them, and each of its sentences is
        verified. Where it fails the answer is the extractive one; ``Answer.notice`` says so, nothing is raised.

        Raises
        ------
        QuestionError : the question is empty or longer than ``settings.max_question`` characters.
        """
        *_, final = self._steps(question, history, k, threading.Event())
        assert isinstance(final, Answer)
        return final

    async def astream(self, question: str, history: History = (), k: int | None = None) -> AsyncIterator[Event]:
        """Answer as `ask` does, in steps: tokens, citations and statements as they are ready, then the whole answer.

        The work is done in a thread, so that the event loop stays free. Whoever stops listening ends it. Raises what
        `ask` raises.
        """
        unwanted = threading.Event()
        steps = self._steps(question, history, k, unwanted)
        said: list[Statement] = []
        told: set[int] = set()
        try:
            while isinstance(step := await asyncio.to_thread(next, steps), Step):
                for event in _events(step.statement, step.citations):
                    yield event
                    await asyncio.sleep(0)
                said.append(step.statement)
                told.update(step.statement.citations)
        finally:
            unwanted.set()
        answer = step
        if tuple(said) != answer.statements[: len(said)]:
            yield Event("restart")
            said, told = [], set()
        for statement in answer.statements[len(said) :]:
            new = [n for n in statement.citations if n not in told]  # each is told once, before its first use
            for event in _events(statement, [answer.citations[n] for n in new]):
                yield event
                await asyncio.sleep(0)
            told.update(new)
        if answer.abstained:
            yield Event("token", text=answer.text)
        yield Event("done", answer=answer)

    def _steps(
        self, question: str, history: History, k: int | None, unwanted: threading.Event
    ) -> Iterator[Step | Answer]:
        """Yield the statements that a language model writes, if one is set, and always the whole answer at the end."""
        from libqa.answering import answer, dialogue

        question = self._checked(question)
        with self._index.view() as view:
            resolved = dialogue.resolve(question, history, self._similarity())
            hits, understood, sources = answer.look_up(
                view, self._index.embedder, resolved, k or answer.READ, self._reranker()
            )
            chosen = answer.choose(understood, sources)
            extract = self._compared(view, question, resolved) or answer.compose(
                question, str(resolved), understood, hits, chosen, self.settings.threshold
            )
        if not self.settings.llm_base_url:
            yield extract
            return
        from libqa.answering.generate import Task, generate

        yield from generate(self.settings, Task(question, str(resolved), history, hits, extract), unwanted)

    def _compared(self, view: View, question: str, resolved: Resolved) -> Answer | None:
        """Answer a question that sets two things against each other from both; ``None`` where one is not answered."""
        from libqa.answering import answer, contrast, dialogue

        found = []
        sides = contrast.sides(resolved.text)
        if sides is None:
            return None
        for side in sides:
            asked = dialogue.Resolved(side.question, resolved.context)
            hits, understood, sources = answer.look_up(view, self._index.embedder, asked, answer.READ, self._reranker())
            chosen = answer.choose(understood, sources)
            found.append(answer.compose(question, str(resolved), understood, hits, chosen, self.settings.threshold))
        return contrast.together(question, str(resolved), [side.name for side in sides], found)

    def read(self, question: str, text: str) -> Reading:
        """Say what a given text answers to a question; no index is used.

        ``Reading.start`` and ``end`` are offsets of the answer in ``text``; ``answerable`` (0..1) is the probability
        that the text answers the question. An empty text gives an empty reading.

        Raises
        ------
        QuestionError : the question is empty or longer than ``settings.max_question`` characters.
        """
        from libqa.answering import one_text, rarity, understand
        from libqa.index.passages import split

        question = self._checked(question)
        pieces = [(p.start, p.end) for p in split(text)]
        understood = understand.understand(question, rarity.rarity)
        return one_text.read(understood, text, pieces)

    def add(
        self,
        source: str | Path | Iterable[str | Path | Document],
        progress: Progress | None = None,
        on_error: Report | None = None,
    ) -> list[str]:
        """Add documents, replacing those with the same id; return their ids. Parameters as in `build`.

        Raises
        ------
        ReadError : a file cannot be read (see ``on_error``). IndexBusy : another process is writing.
        """
        return self._index.add(_documents(source, self.settings, on_error, progress), progress)

    def remove(self, ids: Iterable[str]) -> int:
        """Remove documents; return how many of the ids were in the index.

        Raises
        ------
        IndexBusy : another process is writing.
        """
        return self._index.remove(ids)

    def documents(self, offset: int = 0, limit: int | None = None) -> list[Document]:
        """Return all documents of the index, or ``limit`` of them from ``offset`` on, in the order of their writing."""
        return self._index.documents(offset, limit)

    def count(self) -> int:
        """Return the number of documents in the index; cheap, however many there are."""
        return self._index.count()

    def document(self, identity: str) -> Document:
        """Return one document.

        Raises
        ------
        DocumentMissing : there is none with this id.
        """
        return self._index.document(identity)

    def close(self) -> None:
        """Close the files of the index."""
        self._index.close()

    def __enter__(self) -> LibQA:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _reranker(self) -> Reranker | None:
        from libqa.models import load_reranker

        return load_reranker(self.settings.reranker) if self.settings.reranker else None

    def _similarity(self) -> Similarity:
        embedder: Embedder = self._index.embedder

        def similarity(word: str, others: Sequence[str]) -> list[float]:
            if not others:
                return []
            vectors = embedder.encode([word, *others], "passage")
            return [float(x) for x in vectors[1:] @ vectors[0]]

        return similarity

    def _checked(self, question: str) -> str:
        question = question.strip()
        shown = f"question {question[:20] + '…' if len(question) > 20 else question!r}"
        if not re.search(r"\w", question):
            raise QuestionError(shown, "it holds no word", "ask something")
        if len(question) > self.settings.max_question:
            reason = f"it has {len(question)} characters, more than {self.settings.max_question}"
            raise QuestionError(shown, reason, "shorten it, or raise max_question")
        try:
            question.encode("utf-8")
        except UnicodeEncodeError:
            raise QuestionError(shown, "it is not valid Unicode text", "send it as UTF-8") from None
        return question


def _documents(
    source: str | Path | Iterable[str | Path | Document],
    settings: Settings,
    on_error: Report | None,
    progress: Progress | None,
) -> list[Document]:
    from libqa.reading import read_corpus

    found: list[Document] = []
    for number, item in enumerate(read_corpus(source, settings), 1):
        if progress:
            progress(number, None)
        if isinstance(item, Document):
            found.append(item)
        elif on_error is None:
            raise item
        else:
            on_error(item)
    return found


def _name(source: object) -> str:
    return str(source) if isinstance(source, (str, Path)) else "the given documents"


def _events(statement: Statement, citations: Sequence[Citation]) -> Iterator[Event]:
    yield from (Event("token", text=piece) for piece in _pieces(statement.text))
    yield from (Event("citation", citation=citation) for citation in citations)
    yield Event("statement", statement=statement)


def _pieces(text: str) -> list[str]:
    """Cut a statement after its marks, so that it can be shown as it grows."""
    return re.findall(r".+?(?:[，、；：。！？,;:.!?]+\s*|$)", text, re.DOTALL)
