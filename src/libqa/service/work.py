"""Questions and changes as all doors of the service do them: within limits, in threads, stopped when nobody waits."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import StreamingResponse
from starlette.types import Send

from libqa.api import Event
from libqa.service.limits import Gate
from libqa.service.metrics import Metrics
from libqa.types import Answer

if TYPE_CHECKING:
    from libqa.api import LibQA

T = TypeVar("T")
History = Sequence[tuple[str, str]]

HISTORY = 8
"""Earlier turns that a question is understood from; as in the chat."""
SILENCE = 15.0
"""Seconds after which a stream that has nothing to say shows that it is alive."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where the doors hand in their work.

    ``questions`` lets answers and searches in, ``changes`` one change at a time.
    """

    qa: LibQA
    questions: Gate
    changes: Gate
    metrics: Metrics

    async def events(self, question: str, history: History, k: int | None) -> AsyncGenerator[Event | None, None]:
        """Yield what ``LibQA.astream`` does, and ``None`` after each `SILENCE`; closing it stops the work.

        Raises
        ------
        ServiceBusy : too many questions wait already; and what ``LibQA.ask`` raises.
        """
        queue: asyncio.Queue[Event | Exception | None] = asyncio.Queue(maxsize=8)

        async def produce() -> None:  # a task of its own, so that one task runs the stream from beginning to end
            try:
                async with self.questions.turn():
                    with self.metrics.answering() as done:
                        async with aclosing(_generator(self.qa.astream(question, history[-HISTORY:], k))) as stream:
                            async for event in stream:
                                await queue.put(event)
                                if event.answer is not None:
                                    done(event.answer)
            except Exception as error:  # handed on to who reads the stream
                await queue.put(error)
            else:
                await queue.put(None)

        task = asyncio.create_task(produce())
        try:
            while True:
                try:
                    item = await asyncio.wait_for(queue.get(), SILENCE)
                except asyncio.TimeoutError:
                    yield None
                    continue
                if isinstance(item, Exception):
                    raise item
                if item is None:
                    return
                yield item
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def answer(self, question: str, history: History, k: int | None) -> Answer:
        """Return the whole answer; raises what `events` raises."""
        async with aclosing(self.events(question, history, k)) as events:
            async for event in events:
                if event is not None and event.answer is not None:
                    return event.answer
        raise RuntimeError("a stream ended without an answer")

    async def look(self, work: Callable[[], T]) -> T:
        """Return what ``work`` returns, run in a thread when it is its turn."""
        return await _to_its_end(self.questions, work)

    async def change(self, work: Callable[[], T]) -> T:
        """Return what ``work``, a change of the index, returns; one is run at a time."""
        return await _to_its_end(self.changes, work)


async def _to_its_end(gate: Gate, work: Callable[[], T]) -> T:
    """Run ``work`` in a thread; the place at the gate is held until the thread is done, even if nobody waits for it."""

    async def run() -> T:
        async with gate.turn():
            return await asyncio.to_thread(work)

    return await asyncio.shield(asyncio.create_task(run()))


async def _generator(stream: AsyncIterator[Event]) -> AsyncGenerator[Event, None]:
    """``stream`` as a generator that closes it, whatever kind of iterator it is."""
    try:
        async for event in stream:
            yield event
    finally:
        close = getattr(stream, "aclose", None)
        if close is not None:
            await close()


async def unless_gone(request: Request, work: Awaitable[T]) -> T:
    """Return what ``work`` gives; when the client leaves before, ``work`` is cancelled.

    Raises
    ------
    ClientDisconnect : the client left.
    """

    async def gone() -> None:
        while (await request.receive())["type"] != "http.disconnect":
            pass

    working, leaving = asyncio.ensure_future(work), asyncio.create_task(gone())
    try:
        await asyncio.wait({working, leaving}, return_when=asyncio.FIRST_COMPLETED)
        if working.done():
            return working.result()
        raise ClientDisconnect
    finally:
        for task in (working, leaving):
            task.cancel()
        await asyncio.gather(working, leaving, return_exceptions=True)


class Stream(StreamingResponse):
    """Server-sent events from a generator, which is closed at once when the client leaves."""

    def __init__(self, content: AsyncGenerator[bytes, None]) -> None:
        self._content = content
        super().__init__(content, headers={"cache-control": "no-store", "x-accel-buffering": "no"})
        self.headers["content-type"] = "text/event-stream"

    async def stream_response(self, send: Send) -> None:
        """Send the events; see ``StreamingResponse``."""
        async with aclosing(self._content):
            await super().stream_response(send)
