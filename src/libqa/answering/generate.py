"""Answers that a language model writes, sentence by sentence, each checked against the passages before it is shown.

No sentence is shown without a citation. What the model cites is verified (`verify`); where it cites nothing that there
is, the passages read are searched for support. A sentence without support is marked and cites the passage that comes
nearest; one that shares no word with any passage is left out. The extractive answer is at hand throughout: it stands in
where the model fails, and stands beside what cannot be confirmed.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from libqa.answering import endpoint, notices, phrase, prompt
from libqa.answering.claims import people
from libqa.answering.orders import without_orders
from libqa.answering.statements import LONG, Said, Splitter, without_addresses
from libqa.answering.verify import Verdict, verify
from libqa.config import Settings
from libqa.errors import EndpointError
from libqa.text.script import Language, fold, language, to_hans, to_hant
from libqa.types import Answer, Citation, Hit, Statement, Step

MOST = 40
"""Sentences of a generated answer."""
_AGAIN = 3  # times that a sentence may come before the model is taken to run in circles
_IDLE = 0.3  # share of a sentence below which a passage cited along with a better one is not worth citing
_REFUSAL = re.compile(
    r"(?:文献|文档|资料|材料|段落|原文|文中|内容|信息|上下文).{0,12}(?:没有|并?未|无|不)"
    r".{0,10}(?:提到|提及|提供|说明|涉及|包含|记载|给出|答案|找到|相关|信息|说)"
    r"|(?:没有|未能?|无法).{0,10}(?:找到|查到|回答|确定|得知|判断|得出)|不知道"
    r"|\b(?:documents?|passages?|sources?|texts?|context|materials?)\b.{0,40}?"
    r"\b(?:do(?:es)? not|don't|doesn't|did not|contain no|provide no|give no|no information)\b"
    r"|\b(?:cannot|can't|could not|unable to) (?:be )?(?:answer|find|found|determine|say|tell)"
    r"|\bnot (?:mentioned|found|stated|specified|provided|given|in) (?:in |by )?(?:the |any )?"
    r"(?:documents?|passages?|text|sources?|context)"
    r"|\bi (?:do not|don't) know\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Task:
    """A question with what was found for it.

    ``extract`` is the extractive answer to it, made from the same ``hits``.
    """

    question: str
    resolved: str
    history: Sequence[tuple[str, str]]
    hits: Sequence[Hit]
    extract: Answer

    @property
    def language(self) -> Language:
        """The language of the answer."""
        return self.extract.language  # type: ignore[return-value]


@dataclass(slots=True)
class _Draft:
    """The answer so far."""

    statements: list[Statement] = field(default_factory=list)
    citations: list[Citation] = field(default_factory=list)
    scores: list[float] = field(default_factory=list)
    waiting: list[tuple[Statement, list[Citation]]] = field(default_factory=list)
    left_out: int = 0
    refused: bool = False

    @property
    def confirmed(self) -> bool:
        return any(s.supported for s in self.statements)

    def add(self, text: str, cited: Sequence[Citation], supported: bool) -> Step:
        new: list[Citation] = []
        numbers: list[int] = []
        for citation in cited:
            if citation not in self.citations:
                self.citations.append(citation)
                new.append(citation)
            numbers.append(self.citations.index(citation))
        statement = Statement(text, tuple(dict.fromkeys(numbers)), supported)
        self.statements.append(statement)
        return Step(statement, tuple(new))


def generate(settings: Settings, task: Task, unwanted: threading.Event) -> Iterator[Step | Answer]:
    """Ask the model and yield each statement once it is checked, then the whole answer.

    Statements that were yielded and are not in the answer are withdrawn: the model failed, and the answer is the
    extractive one, with a notice. That takes at most ``llm_first_seconds`` where the model does not begin,
    ``llm_stall_seconds`` where it falls silent, and ``llm_timeout_seconds`` in all. Nothing is raised for it.

    Parameters
    ----------
    settings : where and whom to ask.
    task : the question and the passages; without any the extractive answer, a refusal, is given and nobody asked.
    unwanted : set it to end early; nothing more is yielded then.
    """
    hits = prompt.fitting(task.hits)
    if not hits:
        yield task.extract
        return
    draft = _Draft()
    try:
        for said in _sentences(settings, task, hits, unwanted):
            yield from _take(draft, said, task, hits)
    except EndpointError as e:
        yield replace(task.extract, notice=notices.instead(e.kind, task.language))
        return
    if not unwanted.is_set():
        yield from _finish(draft, task)


def _sentences(settings: Settings, task: Task, hits: Sequence[Hit], unwanted: threading.Event) -> Iterator[Said]:
    system, user = prompt.messages(task.question, task.resolved, task.history, hits, task.language)
    splitter, seen = Splitter(), dict[str, int]()

    def fresh(found: Sequence[Said]) -> Iterator[Said]:
        for said in found:
            times = seen[said.text] = seen.get(said.text, 0) + 1
            if times > _AGAIN or len(seen) > MOST or len(said.text) > LONG:
                raise endpoint.error("endless")
            if times == 1:
                yield said

    for words in endpoint.stream(settings, system, user, unwanted):
        yield from fresh(splitter.feed(words))
    yield from fresh(splitter.rest())


def _take(draft: _Draft, said: Said, task: Task, hits: Sequence[Hit]) -> Iterator[Step]:
    """Check one sentence. What is not supported waits until something is: alone it would be no answer."""
    denies = bool(_REFUSAL.search(fold(said.text)))
    if prompt.NOT_IN_DOCUMENTS in said.text or (denies and not said.numbers):
        draft.refused = True
        return
    names = {name for hit in hits for name in people(hit.passage.text)}
    verdict, cited = _judge(said, hits, names)
    if denies and not verdict.supported:
        draft.refused = True
        return
    if not verdict.supported and said.text.endswith((":", "：")):
        return  # it only announces what follows
    text = _in_script(said.text if verdict.supported else without_addresses(said), task.language)
    if not cited:
        draft.left_out += 1
        return
    if verdict.supported:
        for statement, citations in draft.waiting:
            yield draft.add(statement.text, citations, False)
        draft.waiting.clear()
    elif not draft.confirmed:
        draft.waiting.append((Statement(text, (0,), False), cited))
        return
    draft.scores.append(min(verdict.score, verdict.entailed) * verdict.supported)
    yield draft.add(text, cited, verdict.supported)


def _judge(said: Said, hits: Sequence[Hit], names: set[str]) -> tuple[Verdict, list[Citation]]:
    """Return the verdict on a sentence and its citations: what it cites, or else what supports it or comes nearest."""
    chosen = [n - 1 for n in said.numbers if 1 <= n <= len(hits)]
    verdict = _check(said, [hits[i] for i in chosen], names)
    if not chosen:
        each = [(i, _check(said, [hit], names)) for i, hit in enumerate(hits)]
        best, verdict = max(each, key=lambda pair: (pair[1].supported, pair[1].score))
        chosen = [best]
    elif verdict.supported and len(chosen) > 1:
        each = [(i, _check(said, [hits[i]], names)) for i in chosen]
        useful = [i for i, alone in each if alone.score >= _IDLE]
        if useful and _check(said, [hits[i] for i in useful], names).supported:
            chosen = useful
            verdict = _check(said, [hits[i] for i in chosen], names)
    elif not any(verdict.spans):  # nothing of it stands where it points to: what comes nearest elsewhere?
        each = [(i, _check(said, [hit], names)) for i, hit in enumerate(hits)]
        best, nearest = max(each, key=lambda pair: pair[1].score)
        chosen, verdict = [best], replace(verdict, spans=nearest.spans)
    cited = [citation(hits[i], *span) for i, span in zip(chosen, verdict.spans, strict=True) if span]
    return verdict, cited


def _check(said: Said, hits: Sequence[Hit], names: set[str]) -> Verdict:
    texts = [hit.passage.text for hit in hits]
    evidence = [without_orders(text) for text in texts]
    verdict = verify(said.text, evidence, [f"{hit.document.title}\n{hit.passage.section}" for hit in hits], names)
    foreign = [a for a in said.addresses if not any(a in text for text in texts)]
    return replace(verdict, reasons=(*verdict.reasons, *(f"address {a}" for a in foreign)))


def citation(hit: Hit, low: int, high: int) -> Citation:
    """Return the citation of ``hit.passage.text[low:high]``."""
    start, end = hit.passage.start + low, hit.passage.start + high
    raw_start, raw_end = hit.document.offsets.to_raw(start, end)
    return Citation(
        document_id=hit.document.id,
        title=hit.document.title,
        quote=hit.document.text[start:end],
        start=start,
        end=end,
        raw_start=raw_start,
        raw_end=raw_end,
        passage_id=hit.passage.id,
        section=hit.passage.section,
        place=hit.document.place(start, end),
    )


def _in_script(text: str, wanted: Language) -> str:
    """The sentence in the script of the question; a sentence in another language stays."""
    now = language(text)
    if now == wanted or "en" in (now, wanted):
        return text
    return to_hant(text) if wanted == "zh-Hant" else to_hans(text)


def _finish(draft: _Draft, task: Task) -> Iterator[Step | Answer]:
    """What is said once the model has ended: the marked sentences that waited, and the whole answer."""
    lang = task.language
    if not draft.confirmed:
        waiting = len(draft.waiting)
        if draft.refused:
            yield _refusal(task, [notices.say("says_not", lang)], draft.left_out + waiting)
            return
        if not waiting:
            yield replace(task.extract, notice=notices.instead("unusable", lang))
            return
        if task.extract.abstained:
            yield _refusal(task, [], draft.left_out + waiting)
            return
    for statement, citations in draft.waiting:
        yield draft.add(statement.text, citations, False)
        draft.scores.append(0.0)
    lines: list[str] = []
    if marked := sum(not s.supported for s in draft.statements):
        lines.append(notices.say("unsupported", lang, n=marked))
    if not draft.confirmed:
        lines.append(notices.say("extract_follows", lang))
        for statement in task.extract.statements:
            yield draft.add(statement.text, [task.extract.citations[n] for n in statement.citations], True)
    if draft.left_out:
        lines.append(notices.say("left_out", lang, n=draft.left_out))
    if draft.refused:
        lines.append(notices.say("partly", lang))
    yield replace(
        task.extract,
        text="\n".join(s.text for s in draft.statements),
        statements=tuple(draft.statements),
        citations=tuple(draft.citations),
        abstained=False,
        confidence=0.5 * (sum(draft.scores) / len(draft.scores) + task.extract.confidence),
        generated=True,
        notice=notices.joined(lines, lang),
    )


def _refusal(task: Task, lines: list[str], left_out: int) -> Answer:
    """The model, or what it wrote, has no answer in the documents; nothing that it wrote is shown."""
    if left_out:
        lines.append(notices.say("left_out", task.language, n=left_out))
    return replace(
        task.extract,
        text=phrase.REFUSAL[task.language],
        statements=(),
        citations=(),
        abstained=True,
        confidence=0.5 * task.extract.confidence,
        generated=True,
        notice=notices.joined(lines, task.language),
    )
