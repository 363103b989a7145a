"""jieba with its dictionary read on demand: ready in some 0.05 s instead of 0.6 s, without a cache file on disk."""

from __future__ import annotations

import logging
import math
import re
import sys
import threading
import warnings
from functools import cache
from pathlib import Path
from typing import Any

# Size of dict.txt in bytes -> sum of its frequencies. Other dictionaries are summed when first read (0.1 s).
_KNOWN_TOTALS = {5071852: 60101967}
_RUN = re.compile(r"^(.).*\n?(?:\1.*\n?)*", re.MULTILINE)


@cache
def tokenizer() -> Any:
    """Return the process's own ``jieba.Tokenizer``; it cuts exactly as jieba does, and shares no state with it.

    jieba's dictionary is sorted by first character. Only the entries of characters that really occur are parsed, so a
    question costs milliseconds, and the cache file that jieba keeps in the shared temporary directory (loaded with
    ``marshal``, hence as trusted as code) is neither read nor written.
    """
    with warnings.catch_warnings():  # jieba 0.42.1: pkg_resources and old escape sequences
        warnings.simplefilter("ignore")
        import jieba
    jieba.setLogLevel(logging.WARNING)

    class LazyTokenizer(jieba.Tokenizer):  # type: ignore[misc]
        initialized: bool

        def initialize(self, dictionary: object = None) -> None:
            with self.lock:
                if not self.initialized:
                    self.unread, self.total = _open(Path(jieba.__file__).with_name("dict.txt"))
                    self.tags: dict[str, str] = {}
                    self.logs: dict[str, float] = {}
                    self.read_lock = threading.Lock()
                    self.initialized = True

        def get_DAG(self, sentence: str) -> Any:  # noqa: N802
            self.read(sentence)
            return super().get_DAG(sentence)

        def calc(self, sentence: str, DAG: Any, route: Any) -> None:  # noqa: N803
            # As jieba does it, with the logarithms at hand: a fifth less time for a cut.
            length, logs, log_total = len(sentence), self.logs, math.log(self.total)
            route[length] = (0, 0)
            for start in range(length - 1, -1, -1):
                best, end = -math.inf, start
                for last in DAG[start]:
                    score = logs.get(sentence[start : last + 1], 0.0) - log_total + route[last + 1][0]
                    if score >= best:
                        best, end = score, last
                route[start] = (best, end)

        def read(self, sentence: str) -> None:
            self.check_initialized()
            for char in set(sentence) & self.unread.keys():
                with self.read_lock:
                    words, tags = _parse(self.unread.get(char, ""))
                    self.tags.update(tags)
                    self.logs.update((word, math.log(words[word])) for word in tags if words[word])
                    self.FREQ.update(words)
                    self.unread.pop(char, None)

    return LazyTokenizer()


def frequency(word: str) -> int:
    """Return how often jieba's dictionary counts the folded ``word``; 0 where it is no word."""
    tokenizer().read(word[:1])
    count: int = tokenizer().FREQ.get(word, 0)
    return count


def part_of_speech(word: str) -> str:
    """Return the tag that jieba's dictionary gives the folded ``word`` (``nr`` a person's name ...), ``""`` if none."""
    tokenizer().read(word[:1])
    tag: str = tokenizer().tags.get(word, "")
    return tag


def total() -> int:
    """Return the sum of all frequencies in jieba's dictionary."""
    tokenizer().check_initialized()
    count: int = tokenizer().total
    return count


def _open(path: Path) -> tuple[dict[str, str], int]:
    """Return the dictionary's lines by first character, unparsed, and the sum of its frequencies."""
    text = path.read_text(encoding="utf-8")
    runs: dict[str, str] = {}
    for run in _RUN.finditer(text):
        runs[run[1]] = runs.get(run[1], "") + run[0]
    return runs, _KNOWN_TOTALS.get(path.stat().st_size) or sum(map(int, re.findall(r" (\d+) ", text)))


def _parse(lines: str) -> tuple[dict[str, int], dict[str, str]]:
    """Return the words with their frequencies, and with their tags."""
    words: dict[str, int] = {}
    tags: dict[str, str] = {}
    for line in lines.splitlines():
        word, count, tag = line.split(" ")
        words[word] = int(count)
        tags[word] = sys.intern(tag)
    for word in tags:  # jieba walks from prefix to prefix; those that are no words have frequency 0
        for i in range(1, len(word)):
            words.setdefault(word[:i], 0)
    return words, tags
