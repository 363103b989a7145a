"""What happens on the chat page: each event of the reader turned into new contents of the page's parts.

Nothing here knows Gradio. An ``Update`` maps names of parts to their new contents: ``conversation`` (one HTML string
per turn), ``panel``, ``remark`` and ``bar`` (HTML), ``box`` (the text in the question box), and what is kept on the
server for an open page: ``turns`` (the answers given, each with its resolved citations, so that the sources of old
answers still open after newer ones), ``place`` (what the panel shows) and ``language``.
"""

from __future__ import annotations

import logging
import re
import time
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from libqa.errors import DocumentMissing, LibQAError
from libqa.reading import bundled_corpus
from libqa.types import Answer, Document, Statement
from libqa_ui import citing, panel, render
from libqa_ui.strings import Language, examples, known, say

if TYPE_CHECKING:
    from libqa.api import LibQA

log = logging.getLogger(__name__)

Update = dict[str, Any]
Place = tuple[int, int] | str | None
"""What the panel shows: a citation (turn, number), a document (its id), the list of documents (``""``), or nothing."""

REFRESH = 0.1
"""Seconds between two updates of a streaming answer."""
HISTORY = 8
"""Earlier turns handed over with a question."""
TURNS = 100
"""Turns kept on the page; older ones leave it."""


@dataclass(frozen=True, slots=True)
class Session:
    """The events of all open pages over one index; what belongs to one page is passed in and handed back."""

    qa: LibQA

    def conversation(self, turns: list[Answer], language: Language) -> list[str]:
        """Return the turns so far as HTML, or the welcome when there are none."""
        if not turns:
            return [render.welcome(language, self.examples(language))]
        cites = citing.rows(turns, self._held, language)
        return [render.answered(n, answer, language, cites[n]) for n, answer in enumerate(turns)]

    def examples(self, language: Language) -> list[str]:
        """Return the example questions if the index holds the corpus they are about, the one that comes with libqa."""
        try:
            for file in bundled_corpus().iterdir():
                if file.suffix in (".md", ".txt") and file.stem != "README":
                    self.qa.document(file.stem)
        except LibQAError:
            return []
        return examples(language)

    def dress(self, language: Language, turns: list[Answer], place: Place) -> Update:
        """Show everything in ``language``."""
        try:
            loaded, remark = self.qa.count(), ""
        except LibQAError as error:
            loaded, remark = 0, render.notice(explain(error, language))
        return {
            "language": language,
            "bar": render.header(language, loaded),
            "conversation": self.conversation(turns, language),
            "remark": remark,
            **self._open(turns, place, language),
        }

    async def answer(self, question: str, turns: list[Answer], language: Language) -> AsyncIterator[Update]:
        """Answer ``question``, or tell in one line why not and give the question back to the box."""
        question = question.strip()
        limit = self.qa.settings.max_question
        if not re.search(r"\w", question) or len(question) > limit:
            problem = "long" if len(question) > limit else "empty"
            yield {"remark": render.notice(say(problem, language, n=len(question), limit=limit))}
            return
        number, before = len(turns), self.conversation(turns, language) if turns else []
        yield {"conversation": [*before, render.pending(number, question, [], language)], "remark": "", "box": ""}
        try:
            async for state in self._stream(question, turns):
                if isinstance(state, Answer):
                    kept = [*turns, state][-TURNS:]
                    yield {"conversation": self.conversation(kept, language), "turns": kept}
                else:
                    yield {"conversation": [*before, render.pending(number, question, state, language)]}
        except Exception as error:  # the outermost layer of the page: the reader gets one line, the log the rest
            if isinstance(error, LibQAError):
                log.warning("no answer: %s", error)
            else:
                log.exception("no answer")
            remark = render.notice(explain(error, language))
            yield {"conversation": self.conversation(turns, language), "remark": remark, "box": question}

    async def _stream(self, question: str, turns: list[Answer]) -> AsyncIterator[Answer | list[Statement]]:
        """The statements so far, at most once in ``REFRESH`` seconds, and in the end the whole answer."""
        written: list[Statement] = []
        unfinished, shown = "", time.monotonic()
        history = [(earlier.question, earlier.text) for earlier in turns[-HISTORY:]]
        async for event in self.qa.astream(question, history=history):
            if event.answer is not None:
                yield event.answer
                return
            if event.statement is not None:
                written.append(event.statement)
                unfinished = ""
            elif event.kind == "restart":
                written, unfinished = [], ""
            elif event.kind == "token":
                unfinished += event.text
            if time.monotonic() - shown >= REFRESH and (written or unfinished):
                shown = time.monotonic()
                yield [*written, Statement(unfinished, ())] if unfinished else list(written)

    def cite(self, data: Mapping[str, Any], turns: list[Answer], language: Language) -> Update:
        """Open the citation that ``data`` names by ``turn`` and ``number``."""
        turn, number = data.get("turn"), data.get("number")
        answer = turns[turn] if isinstance(turn, int) and 0 <= turn < len(turns) else None
        if answer and isinstance(turn, int) and isinstance(number, int) and 0 <= number < len(answer.citations):
            return {"remark": "", **self._open(turns, (turn, number), language)}
        # The server was started anew since the answer was given.
        return {"remark": render.notice(say("expired", language))}

    def read(self, data: Mapping[str, Any], language: Language) -> Update:
        """Open the document that ``data`` names, or the list of all."""
        return {"remark": "", **self._open([], str(data.get("document", "")), language)}

    def clear(self, language: Language) -> Update:
        """Begin a new conversation."""
        update: Update = {"turns": [], "place": None, "panel": "", "remark": "", "box": ""}
        return {**update, "conversation": self.conversation([], language)}

    def _open(self, turns: list[Answer], place: Place, language: Language) -> Update:
        """Show ``place`` in the panel, or say in one line why it cannot be shown."""
        try:
            return {"place": place, "panel": self._panel(turns, place, language)}
        except LibQAError as error:
            return {"place": None, "panel": "", "remark": render.notice(explain(error, language))}

    def _panel(self, turns: list[Answer], place: Place, language: Language) -> str:
        now = time.monotonic_ns()
        if place is None:
            return ""
        if place == "":
            return panel.catalogue(self.qa.documents(), language, now)
        if isinstance(place, str):
            return panel.whole(self.qa.document(place), language, now)
        turn, number = place
        document = self._document(turns[turn].citations[number].document_id)
        return panel.passage(panel.Opened(turn, number, now), turns[turn], document, language)

    def _document(self, document_id: str) -> Document | None:
        try:
            return self.qa.document(document_id)
        except LibQAError:  # removed since; the answer still holds the quote
            return None

    def _held(self, document_id: str) -> Document:
        """Return a document; whatever keeps it from being read, the answers given stay on the page."""
        try:
            return self.qa.document(document_id)
        except LibQAError as error:
            raise DocumentMissing(document_id, error.reason, error.remedy) from error


def explain(error: Exception, language: Language) -> str:
    """Return one line in ``language`` on why there is no answer; it names nothing of the server's."""
    kind = type(error).__name__
    return say(kind if known(kind) else "internal", language, detail=error)
