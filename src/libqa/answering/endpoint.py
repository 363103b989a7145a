"""The words of a language model behind an OpenAI-compatible endpoint, as they come, and never later than promised.

A thread of its own reads the stream; whoever waits for it waits only as long as the settings allow, whatever the other
side does. Nothing that the other side says about an error is passed on: it may hold the key.
"""

from __future__ import annotations

import logging
import queue
import ssl
import threading
import time
from collections.abc import Iterator
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Literal
from urllib.parse import urlsplit

from libqa.config import Settings
from libqa.errors import EndpointError, MissingExtra, SettingError

if TYPE_CHECKING:
    from llama_index.core.base.llms.types import ChatMessage
    from llama_index.llms.openai_like import OpenAILike

log = logging.getLogger(__name__)

Failure = Literal["unreachable", "refused", "unknown", "busy", "failing", "silent", "broken", "malformed", "endless"]
"""Why there is no answer: no connection; key refused; address or model not known; too many requests; an error of the
endpoint's own; too slow; broken off in the middle; not the protocol; no end."""
MOST = 40_000
"""Characters, thinking aloud included, after which an answer has no end."""
_CONNECT = 5.0  # seconds for a connection
_GLANCE = 0.2  # seconds between two looks at whether the answer is still wanted
_STATUS: dict[int, Failure] = {401: "refused", 403: "refused", 404: "unknown", 429: "busy"}
_MESSAGE = {
    "unreachable": ("no connection", "start it, or correct llm_base_url"),
    "refused": ("the key is not accepted", "set llm_api_key"),
    "unknown": ("it knows no such address or model", "correct llm_base_url or llm_model"),
    "busy": ("it takes no more requests at present", "try again later"),
    "failing": ("it reports an error of its own", "look at its log"),
    "silent": ("it has not answered in time", "raise llm_first_seconds or llm_timeout_seconds, or use a faster model"),
    "broken": ("the answer broke off", "look at its log, or raise llm_stall_seconds"),
    "malformed": ("what it sends is not the OpenAI protocol", "give the address that ends in /v1"),
    "endless": ("the answer has no end", "lower llm_max_tokens, or use another model"),
}


def check(settings: Settings) -> None:
    """See that the settings of the endpoint make sense; nothing is imported, nobody is asked.

    Raises
    ------
    SettingError : the address is none, or no model is named. MissingExtra : the extra ``llm`` is not installed.
    """
    if not settings.llm_base_url:
        return
    parts = urlsplit(settings.llm_base_url)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise SettingError("llm_base_url", "it is no http or https address", "give one like http://localhost:11434/v1")
    if not settings.llm_model:
        raise SettingError("llm_model", "no model is named", "name one that the endpoint serves")
    if min(settings.llm_first_seconds, settings.llm_stall_seconds, settings.llm_timeout_seconds) <= 0:
        raise SettingError("llm_…_seconds", "a time limit must be positive", "correct it")
    if not _installed("openai") or not _installed("llama_index.llms.openai_like"):
        reason = "the package for language models is not installed"
        raise MissingExtra("llm_base_url", reason, 'pip install "libqa[llm]"')


def warm() -> None:
    """Load what the first question to a model needs, some seconds of packages; nobody is asked."""
    from openai import OpenAI

    import_module("llama_index.llms.openai_like")
    with OpenAI(api_key="none", base_url="http://localhost") as client:
        _ = client.chat.completions  # the package loads the rest of itself when it is used
    _certificates()


def _installed(name: str) -> bool:
    try:
        return find_spec(name) is not None
    except ModuleNotFoundError:  # not even what it would be a part of
        return False


def error(kind: Failure) -> EndpointError:
    """Return the error for a kind of failure."""
    return EndpointError("language model", *_MESSAGE[kind], kind)


def stream(settings: Settings, system: str, user: str, unwanted: threading.Event) -> Iterator[str]:
    """Ask the model; yield its words as they come.

    Parameters
    ----------
    settings : where and whom to ask, and how long to wait.
    system, user : the two messages.
    unwanted : set by whoever needs the answer no longer; the connection is then closed.

    Raises
    ------
    EndpointError : there is no answer, or no whole one; ``kind`` is a `Failure`.
    """
    import httpx
    from llama_index.core.base.llms.types import ChatMessage
    from llama_index.llms.openai_like import OpenAILike

    messages = [ChatMessage(role="system", content=system), ChatMessage(role="user", content=user)]
    wait = httpx.Timeout(max(settings.llm_first_seconds, settings.llm_stall_seconds), connect=_CONNECT)
    sent: list[float] = []  # the clock runs from the request on, not while packages are loaded
    hooks = {"request": [lambda _: sent.append(time.monotonic())]}
    client = httpx.Client(timeout=wait, verify=_certificates(), event_hooks=hooks)
    llm = OpenAILike(
        model=settings.llm_model,
        api_base=settings.llm_base_url,
        api_key=settings.llm_api_key or "none",  # never the key of some other service from the environment
        is_chat_model=True,
        max_retries=0,
        max_tokens=settings.llm_max_tokens,
        temperature=0.0,
        timeout=max(settings.llm_first_seconds, settings.llm_stall_seconds),
        http_client=client,
    )
    heard: queue.Queue[str | EndpointError | None] = queue.Queue()
    done = threading.Event()
    threading.Thread(target=_listen, args=(llm, messages, heard, done), daemon=True).start()
    last, patience, length = 0.0, settings.llm_first_seconds, 0
    try:
        while not unwanted.is_set():
            begun = sent[0] if sent else time.monotonic()
            left = min((last or begun) + patience, begun + settings.llm_timeout_seconds) - time.monotonic()
            try:
                word = heard.get(timeout=max(0.0, min(left, _GLANCE)))
            except queue.Empty:
                if left > 0:
                    continue
                raise error("broken" if length else "silent") from None
            if isinstance(word, EndpointError):
                raise word
            if word is None:
                return
            last, patience = time.monotonic(), settings.llm_stall_seconds
            if last > begun + settings.llm_timeout_seconds:
                raise error("endless" if length else "silent")
            length += len(word)
            if length > MOST:
                raise error("endless")
            if word:
                yield word
    finally:
        done.set()
        client.close()


def _listen(
    llm: OpenAILike,
    messages: list[ChatMessage],
    heard: queue.Queue[str | EndpointError | None],
    done: threading.Event,
) -> None:
    """Read the whole stream into ``heard``: words, then ``None`` or what went wrong."""
    finish: object = None
    try:
        for chunk in llm.stream_chat(messages):
            if done.is_set():
                return
            choices = getattr(chunk.raw, "choices", None) or []
            finish = finish or (choices[0].finish_reason if choices else None)
            heard.put(chunk.delta or "")
    except Exception as e:  # whatever the other side provokes in foreign code has to reach the reader
        if not done.is_set():
            kind = _kind(e)
            log.warning("the language model did not answer: %s (%s)", kind, type(e).__name__)
            heard.put(error(kind))
        return
    heard.put(None if finish else error("broken"))  # an end without a reason is a closed connection


def _kind(e: Exception) -> Failure:
    import httpx
    import openai

    if isinstance(e, openai.APITimeoutError):
        return "silent"
    if isinstance(e, openai.APIConnectionError):
        return "unreachable"
    if isinstance(e, openai.APIStatusError):
        return _STATUS.get(e.status_code, "failing")
    if isinstance(e, openai.APIError):  # an error in the middle of a stream
        return "failing"
    return "broken" if isinstance(e, httpx.HTTPError) else "malformed"


@lru_cache(maxsize=1)
def _certificates() -> ssl.SSLContext:
    """Loaded once; it takes longer than all the rest of a client."""
    return ssl.create_default_context()
