"""English words and phrases to Chinese terms, from a bundled lexicon, so that English questions find Chinese text.

The file is one sorted text table that is memory-mapped and searched by bisection: nothing is parsed at start.
"""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from libqa.errors import ModelError

BUNDLED = Path(__file__).parent / "bundled" / "lexicon" / "lexicon.tsv"
MAX_WORDS = 4
"""Longest phrase in the lexicon, in words."""
WORD = re.compile(r"[a-z]+(?:['-][a-z]+)*|[0-9]+")


def base_forms(word: str) -> Iterator[str]:
    """Yield the word and then the forms it may be inflected from, likeliest first (English spelling rules)."""
    yield word
    if word.endswith("'s"):
        yield word[:-2]
    for ending, base in (
        ("ies", "y"),
        ("ied", "y"),
        ("es", ""),
        ("s", ""),
        ("ing", ""),
        ("ing", "e"),
        ("ed", ""),
        ("ed", "e"),
    ):
        stem = word[: -len(ending)]
        if word.endswith(ending) and len(stem) > 2 - (ending == "s"):
            yield stem + base
            if ending in ("ing", "ed") and not base and stem[-1] == stem[-2]:
                yield stem[:-1]


@lru_cache(maxsize=1)
def _table(path: Path) -> mmap.mmap:
    try:
        with path.open("rb") as file:
            return mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
    except (OSError, ValueError) as e:
        raise ModelError(str(path), f"the English–Chinese lexicon cannot be read ({e})", "reinstall libqa") from e


def _line(table: mmap.mmap, key: bytes) -> bytes | None:
    low, high = 0, len(table)
    while low < high:
        middle = (low + high) // 2
        start = table.rfind(b"\n", 0, middle) + 1
        end = table.find(b"\n", start)
        if end < 0:
            end = len(table)
        found, _, rest = table[start:end].partition(b"\t")
        if found == key:
            return rest
        if found < key:
            low = end + 1
        else:
            high = start
    return None


@lru_cache(maxsize=4096)
def _lookup(key: str) -> tuple[tuple[str, float], ...]:
    rest = _line(_table(BUNDLED), key.encode())
    if rest is None:
        return ()
    pairs = (item.rsplit(":", 1) for item in rest.decode().split(" "))
    return tuple((term, int(percent) / 100) for term, percent in pairs)


def translations(word: str) -> list[tuple[str, float]]:
    """Return the Chinese terms of an English word or phrase with p(term | word), likeliest first.

    Parameters
    ----------
    word : one word, or up to four words with single spaces; case is ignored. An inflected form that is not in the
        lexicon itself is looked up by its base form.

    Returns
    -------
    pairs of a Simplified Chinese term and its probability (0..1); empty for unknown and for function words.

    Raises
    ------
    ModelError : the lexicon file is missing.

    Notes
    -----
    Probabilities come from IBM Model 1 (Brown et al. 1993) on parallel text and from CC-CEDICT senses weighted by
    the frequency of the headword.
    """
    head, _, last = word.lower().strip().rpartition(" ")
    for form in base_forms(last):
        found = _lookup(f"{head} {form}" if head else form)
        if found:
            return list(found)
    return []


def translate(text: str) -> list[tuple[str, list[tuple[str, float]]]]:
    """Return the words and phrases of an English text that have translations, longest match first, in text order.

    Examples
    --------
    >>> [english for english, _ in translate("Who leads the National Library?")]
    ['leads', 'national library']
    """
    words = WORD.findall(text.lower())
    out: list[tuple[str, list[tuple[str, float]]]] = []
    i = 0
    while i < len(words):
        for n in range(min(MAX_WORDS, len(words) - i), 0, -1):
            phrase = " ".join(words[i : i + n])
            found = translations(phrase)
            if found:
                out.append((phrase, found))
                i += n
                break
        else:
            i += 1
    return out


@lru_cache(maxsize=4096)
def alike(term: str, least: float = 0.1) -> tuple[str, ...]:
    """Return Chinese terms that share an English word with ``term`` (folded), likeliest first: 举行 for 召开.

    Parameters
    ----------
    term : a Simplified Chinese word.
    least : probability from which both must translate the shared word.

    Notes
    -----
    Paraphrases by pivoting through another language: Bannard and Callison-Burch, ACL 2005.
    """
    table = _table(BUNDLED)
    found: dict[str, float] = {}
    for before in (b"\t", b" "):
        key = before + term.encode() + b":"
        at = table.find(key)
        while at >= 0:
            start, end = table.rfind(b"\n", 0, at) + 1, table.find(b"\n", at)
            pairs = dict(_lookup(table[start : table.find(b"\t", start)].decode()))
            for other, probability in pairs.items():
                shared = min(probability, pairs.get(term, 0.0))
                if other != term and shared >= least:
                    found[other] = max(found.get(other, 0.0), shared)
            at = table.find(key, end)
    return tuple(sorted(found, key=lambda other: -found[other]))
