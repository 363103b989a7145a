"""Other spellings of names: people in pinyin, so that ``Wei Qunyi`` finds 魏群义, and universities in short (川大)."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice, product

from libqa.text import dictionary
from libqa.text.entities import COMPOUND, SURNAMES
from libqa.text.segment import run_terms, runs

_NOT_GIVEN = frozenset("的了是在和与及为以等将向并对从由")
_LOOSE = _NOT_GIVEN | frozenset(
    "一二三四五六七八九十百千万两几不有也就都而但又或被把让给到至于其之此该各每某这那个位名所家场次届年月日时分"
    "人中上下里内外前后大小新老多少可能会要应须已曾正再还更最很均约共余我你他她它们设建办做作用使由按凭据经"
)
"""Single characters that are words by themselves rather than parts of a name that jieba does not know."""
_SPELLINGS = 4  # of one name: 曾 zeng or ceng, 吕 lü, lv, lu or lyu
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]+(?:['’\-][A-Za-zÀ-ɏ]+)*")
_POSSESSIVE = re.compile(r"['’]s(?![A-Za-z])", re.IGNORECASE)
_MARK, _UNIVERSITY = "@", "大学"
_RARE = 50  # count in jieba's dictionary (of 60 million) up to which a word may be a part of a name (兰利 in 兰利琼)


def passage_terms(text: str) -> list[str]:
    """Return the lexical terms of a passage: ``segment.terms``, and further terms under which its names are asked for.

    People stand in pinyin, marked with ``@``, as in ``@weiqunyi``: whatever begins with a surname that is no part of an
    ordinary word is taken with the one and the two characters after it; and so do words that hardly any dictionary
    holds, as names of bodies and places have them (``@chulan`` for 楚澜). A reading that is no name is only found by
    who types it. Universities stand in their short forms, as bigrams: 兰州大学 gives ``~兰大``.
    """
    found: list[str] = []
    for run, cut in runs(text):
        found.extend(run_terms(run, cut))
        found.extend(_people(run, cut))
        found.extend(_unheard(cut))
        found.extend(_universities(cut))
    return found


def _people(run: str, cut: list[str]) -> Iterator[str]:
    start = 0
    for word in cut:
        size = 2 if run[start : start + 2] in COMPOUND else 1 if word[0] in SURNAMES else 0
        if size and (len(word) <= size or (len(word) <= size + 2 and not _ordinary(word))):
            for length in range(size + 1, size + 3):
                name = run[start : start + length]
                if len(name) < length or name[-1] in _NOT_GIVEN:
                    break
                yield from (_MARK + spelling for spelling in _spellings(name))
        start += len(word)


def _unheard(cut: list[str]) -> Iterator[str]:
    """Yield words of two or three characters that are rare or in no dictionary, and pairs of loose characters."""
    loose = [len(word) == 1 and "\u4e00" <= word <= "\u9fff" and word not in _LOOSE for word in cut]
    for i, word in enumerate(cut):
        if len(word) in (2, 3) and dictionary.frequency(word) <= _RARE:
            name = word[1:] if len(word) == 3 and word[0] in _LOOSE else word  # jieba takes 由夷江 for one
            if name[0] not in SURNAMES:
                yield from (_MARK + spelling for spelling in _spellings(name))
        elif loose[i] and word not in SURNAMES and i + 1 < len(cut) and loose[i + 1]:
            yield from (_MARK + spelling for spelling in _spellings(word + cut[i + 1]))


def _universities(cut: list[str]) -> Iterator[str]:
    """Put 大 after the first character of each word of two in the name; 川大 is a bigram of 四川大学 anyway."""
    for before, word in zip(["", *cut], cut, strict=False):
        if word.endswith(_UNIVERSITY):
            name = word.removesuffix(_UNIVERSITY) or before
            yield from (f"~{char}{_UNIVERSITY[0]}" for char in name[::2])


def _ordinary(word: str) -> bool:
    return dictionary.frequency(word) > _RARE and not dictionary.part_of_speech(word).startswith("nr")


def query_names(question: str) -> dict[str, frozenset[str]]:
    """Return the terms under which names in a Latin-script ``question`` may be indexed, with the words of each.

    Up to three words in a row are taken, in both orders, with or without capitals, spaces or hyphens: ``Wei Qunyi``,
    ``Qun-yi Wei``, ``wei qun yi``, ``weiqunyi``. Most combinations are in no index.
    """
    found: dict[str, frozenset[str]] = {}
    for run in re.split(r"[^A-Za-zÀ-ɏ'’\- ]+", question):
        latin = [(word.lower(), _plain(word)) for word in _LATIN.findall(_POSSESSIVE.sub("", run))]
        for size in (1, 2, 3):
            for i in range(len(latin) - size + 1):
                typed, plain = zip(*latin[i : i + size], strict=True)
                for order in (plain, (plain[-1], *plain[:-1])):
                    found[_MARK + "".join(order)] = frozenset(typed)
    return found


def spelt(name: str, text: str) -> list[tuple[int, int]]:
    """Return where ``text`` says a name that is given in Latin letters (``wei qunyi``) in Chinese characters.

    The characters, two to six, must read as the whole name, in either order of its words. One character is no match:
    too many words read alike.
    """
    words = [_plain(word) for word in _LATIN.findall(name)]
    keys = {"".join(order) for order in (words, [*words[-1:], *words[:-1]])} - {""}
    found = []
    for start in range(len(text)):
        for key in keys:
            end = _reads(key, text, start)
            if end - start >= 2:
                found.append((start, end))
                break
    return found


def _reads(key: str, text: str, start: int) -> int:
    """Where the characters from ``start`` on have been read as the whole of ``key``; ``start`` if they are not."""
    ends = {0: start}  # how much of the key is read, and the character that comes next
    for at in range(start, min(len(text), start + 6)):
        if not "\u4e00" <= text[at] <= "\u9fff":
            break
        ends = {
            done + len(reading): at + 1
            for done in ends
            for reading in _readings(text[at])
            if key.startswith(reading, done)
        }
        if len(key) in ends:
            return ends[len(key)]
        if not ends:
            break
    return start


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
