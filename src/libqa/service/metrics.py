"""Figures of a running service for Prometheus; each application counts for itself."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector, generate_latest

from libqa.service.limits import Gate
from libqa.service.page import App, Message, Receive, Scope, Send
from libqa.types import Answer

if TYPE_CHECKING:
    from libqa.api import LibQA

_SECONDS = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)


class Metrics:
    """Counts requests and answers, and looks at the ``gate`` of questions; ``page`` is what ``/api/metrics`` shows."""

    def __init__(self, qa: LibQA, gate: Gate) -> None:
        self._qa = qa
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._requests = Counter(
            "libqa_requests", "Requests answered.", ("route", "method", "status"), registry=registry
        )
        self._latency = Histogram(
            "libqa_request_seconds",
            "Time until a request was answered.",
            ("route",),
            buckets=_SECONDS,
            registry=registry,
        )
        self._answers = Counter("libqa_answers", "Questions by what became of them.", ("outcome",), registry=registry)
        for outcome in ("answered", "refused", "failed", "broken_off"):
            self._answers.labels(outcome)
        self._thinking = Histogram(
            "libqa_answer_seconds", "Time from a question's turn to its answer.", buckets=_SECONDS, registry=registry
        )
        inside = Gauge("libqa_requests_in_progress", "Questions and searches being worked on.", registry=registry)
        inside.set_function(lambda: gate.inside)
        waiting = Gauge("libqa_requests_waiting", "Questions and searches that wait for their turn.", registry=registry)
        waiting.set_function(lambda: gate.queued)
        self._documents = Gauge("libqa_documents", "Documents in the index.", registry=registry)
        self._passages = Gauge("libqa_passages", "Passages in the index.", registry=registry)

    @contextmanager
    def answering(self) -> Iterator[Callable[[Answer], None]]:
        """Time one question; the function it gives is told the answer."""
        outcome, begun = "broken_off", time.perf_counter()

        def done(answer: Answer) -> None:
            nonlocal outcome
            outcome = "refused" if answer.abstained else "answered"

        try:
            yield done
        except Exception:
            outcome = "failed"
            raise
        finally:
            self._answers.labels(outcome).inc()
            self._thinking.observe(time.perf_counter() - begun)

    def page(self) -> bytes:
        """Return the figures in Prometheus' text format.

        Raises
        ------
        LibQAError : the index cannot be read.
        """
        self._documents.set(self._qa.count())
        self._passages.set(self._qa.passages)
        return generate_latest(self._registry)

    def count(self, route: str, method: str, status: int, seconds: float) -> None:
        """Count one request."""
        self._requests.labels(route, method, str(status)).inc()
        self._latency.labels(route).observe(seconds)


class Counted:
    """ASGI middleware that counts the requests; all of the chat is one route, so that there are few."""

    def __init__(self, app: App, metrics: Metrics) -> None:
        self._app, self._metrics = app, metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one connection (ASGI)."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status, begun = 500, time.perf_counter()

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self._app(scope, receive, noted)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "other"
            self._metrics.count(scope.get("libqa.route", "other"), method, status, time.perf_counter() - begun)


_METHODS = frozenset("GET HEAD OPTIONS POST PUT PATCH DELETE".split())
