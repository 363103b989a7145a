"""The names of authors, taken apart: who is a person with a family name, and what is the name of a body."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]")
_ORIGIN = re.compile(r"^[(（\[〔【][\u4e00-\u9fff]{1,4}[)）\]〕】]\s*")  # （美）, [明] are not told (section 8.1.1)
_BODY = frozenset(
    "academy administration agency alliance association authority board bureau center centre college commission "
    "committee company consortium corporation council department division editors editorial faculty federation "
    "foundation government group inc institute institution international journal laboratory library libraries limited "
    "ltd ministry museum national network news office organisation organization press project publishers publishing "
    "school secretariat section services society staff team trust union university working".split()
)
_PARTICLES = frozenset("al da de del della den der di dos du el la le ten ter van von zu".split())
_SUFFIXES = frozenset(("jr", "sr", "ii", "iii", "iv"))
_WORD = re.compile(r"[^\W\d_](?:[^\W\d_]|['’.\-])*")
_SYLLABLES = re.compile(
    r"(?:(?:zh|ch|sh|[bpmfdtnlgkhjqxrzcsyw])?"
    r"(?:i?ang|i?ong|u?ang|eng|ing|iao|uai|uan|ian|i?an|u?ai|ao|ou|ei|e[rn]|in|un|u[ioe]|i[aeu]|üe?|v|[aeiou])['’\-]?)+"
)


@dataclass(frozen=True, slots=True)
class Name:
    """A name as it is written; ``family`` and ``given`` where they can be told apart for certain, else empty.

    ``spelt`` says that the given name is Chinese in pinyin, and so not shortened to a letter.
    """

    text: str
    family: str = ""
    given: str = ""
    spelt: bool = False


def split_names(text: str) -> tuple[Name, ...]:
    """Return the names in a line of metadata such as ``魏群义, 刘实`` or ``Bawden, David; Alan Hopkinson``.

    Names are kept as they are written where it is not certain what they are: the order of 'Wei Chen', or whether
    'Atlas Research' is a person.
    """
    names: list[Name] = []
    for part in re.split(r"\s*[;；、]\s*", text):
        names += _comma_names(part)
    return tuple(names)


def _comma_names(part: str) -> list[Name]:
    pieces = [piece for piece in re.split(r"\s*[,，]\s*", part) if piece]
    if HAN.search(part):
        return [Name(_ORIGIN.sub("", piece) or piece) for piece in pieces]
    single = [" " not in piece for piece in pieces]
    if len(pieces) == 2 and (single[0] or _family_like(pieces[0])) and not _is_body(part):
        return [Name(part, pieces[0], pieces[1])] if pieces[1].rstrip(".").lower() not in _SUFFIXES else [Name(part)]
    if len(pieces) > 2 and len(pieces) % 2 == 0 and all(single[::2]) and not _is_body(part):
        return [Name(f"{a}, {b}", a, b) for a, b in zip(pieces[::2], pieces[1::2], strict=True)]
    if len(pieces) > 1 and (any(single) or _is_body(part)):  # Online Computer Library Center, Inc.
        return [Name(part)]
    return [name for piece in pieces for name in _joined(piece)]


def _joined(piece: str) -> list[Name]:
    """Names joined by 'and' or '&', if they are persons all; the names of bodies hold such words themselves."""
    names = [_person(half) for half in re.split(r"\s+(?:and|&)\s+", piece)]
    return names if all(name.family for name in names) else [_person(piece)]


def _person(text: str) -> Name:
    words = text.split()
    capital = all(_WORD.fullmatch(w) and (w[0].isupper() or w in _PARTICLES) for w in words)
    shouted = any(len(w.strip(".")) > 1 and w.isupper() and "." not in w for w in words)  # LI Jiangning, OCLC Research
    if (
        not 2 <= len(words) <= 4
        or not capital
        or shouted
        or _is_body(text)
        or words[-1].rstrip(".").lower() in _SUFFIXES
    ):
        return Name(text)
    if len(words) == 2 and _is_surname(words[0]) and _SYLLABLES.fullmatch(words[1].lower()):
        # Pinyin: Li Jiangning has the family name first; Wei Chen may be either.
        return Name(text) if _is_surname(words[1]) else Name(text, words[0], words[1], spelt=True)
    if len(words) == 2 and _is_surname(words[1]) and _SYLLABLES.fullmatch(words[0].lower()):
        return Name(text, words[1], words[0], spelt=True)
    first = next((i for i, w in enumerate(words[1:], 1) if w.lower() in _PARTICLES), len(words) - 1)
    return Name(text, " ".join(words[first:]), " ".join(words[:first]))


def _is_body(text: str) -> bool:
    return any(word.strip(".,").lower() in _BODY for word in text.split())


def _family_like(text: str) -> bool:
    """De Morgan, van der Berg: particles, then one word."""
    return all(word.lower() in _PARTICLES for word in text.split()[:-1])


@lru_cache(maxsize=1)
def _surnames() -> frozenset[str]:
    from pypinyin import lazy_pinyin

    from libqa.text.entities import COMPOUND, SURNAMES

    return frozenset("".join(lazy_pinyin(name)) for name in (*SURNAMES, *COMPOUND))


def _is_surname(word: str) -> bool:
    return word.lower() in _surnames()
