"""Chinese personal names in pinyin, so that ``Wei Qunyi`` finds 魏群义."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice, product

from libqa.text import dictionary
from libqa.text.entities import _COMPOUND, _SURNAMES
from libqa.text.script import fold
from libqa.text.segment import terms, words

_GIVEN = re.compile(r"[\u4e00-\u9fff]{1,2}")
_NOT_GIVEN = frozenset("的了是在和与及为以等将向并对从由")
_SPELLINGS = 4  # of one name: 曾 zeng or ceng, 吕 lü, lv, lu or lyu
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]+(?:['’\-][A-Za-zÀ-ɏ]+)*")
_MARK = "@"


def passage_terms(text: str) -> list[str]:
    """Return the lexical terms of a passage: ``segment.terms`` and, marked with ``@``, its names in pinyin."""
    return [*terms(text), *name_terms(text)]


def name_terms(text: str) -> list[str]:
    """Return the pinyin of what may be Chinese personal names in ``text``, as in ``@weiqunyi``, family name first.

    Recall counts: whatever begins with a surname that is no part of an ordinary word is taken with the one and the two
    characters after it. A reading that is no name is only found by who types it.
    """
    folded = fold(text)
    found: list[str] = []
    for word, start, _ in words(text):
        size = 2 if folded[start : start + 2] in _COMPOUND else 1 if word[0] in _SURNAMES else 0
        if not size or (len(word) > size and dictionary.part_of_speech(word)[:2] not in ("", "nr")):
            continue
        given = _GIVEN.match(folded, start + size)
        for length in range(1, len(given[0]) + 1 if given else 1):
            name = folded[start : start + size + length]
            if name[-1] in _NOT_GIVEN:
                break
            found.extend(_MARK + spelling for spelling in _spellings(name))
    return found


def query_names(question: str) -> dict[str, frozenset[str]]:
    """Return the terms under which names in a Latin-script ``question`` may be indexed, with the words of each.

    Up to three words in a row are taken, in both orders, with or without capitals, spaces or hyphens: ``Wei Qunyi``,
    ``Qun-yi Wei``, ``wei qun yi``, ``weiqunyi``. Most combinations are in no index.
    """
    found: dict[str, frozenset[str]] = {}
    for run in re.split(r"[^A-Za-zÀ-ɏ'’\- ]+", question):
        latin = [(word.lower(), _plain(word)) for word in _LATIN.findall(run)]
        for size in (1, 2, 3):
            for i in range(len(latin) - size + 1):
                typed, plain = zip(*latin[i : i + size], strict=True)
                for order in (plain, (plain[-1], *plain[:-1])):
                    found[_MARK + "".join(order)] = frozenset(typed)
    return found


def _spellings(name: str) -> Iterator[str]:
    readings = [_readings(char) for char in name]
    if all(readings):
        yield from islice(dict.fromkeys("".join(parts) for parts in product(*readings)), _SPELLINGS)


@lru_cache(maxsize=20_000)
def _readings(char: str) -> tuple[str, ...]:
    from pypinyin import Style, pinyin

    toned = pinyin(char, style=Style.NORMAL, heteronym=True, errors="ignore", v_to_u=True)
    plain = [spelling for reading in (toned[0] if toned else [])[:2] for spelling in _umlauts(reading)]
    return tuple(dict.fromkeys(plain))


def _umlauts(reading: str) -> list[str]:
    return [reading.replace("ü", other) for other in ("v", "u", "yu")] if "ü" in reading else [reading]


def _plain(word: str) -> str:
    bare = unicodedata.normalize("NFD", word.lower().replace("ü", "v"))
    return "".join(char for char in bare if char.isascii() and char.isalpha())
