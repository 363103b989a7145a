"""Scripts of a text: folding for matching, Simplified and Traditional, and the language of a question."""

from __future__ import annotations

import re
import unicodedata
from functools import cache
from typing import Any, Literal

Language = Literal["zh-Hans", "zh-Hant", "en"]

# Marks that writers use for one another; each is one character, so that offsets stay.
_SAME = str.maketrans("「」『』﹁﹂〝〞＂•‧∙・･●‐‑‒–—―−～﹏", '“”‘’“”“”"······' + "-------~~")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]+(?:['’][A-Za-z]+)?")
_QUOTED = re.compile(r"《[^》]*》|“[^”]*”|「[^」]*」|\"[^\"]*\"")
_ENGLISH = frozenset(
    "a an the who whom whose what which when where why how is are was were do does did of in on at for to by from with "
    "and or not has have had can could will would should list name tell give many much about".split()
)
_CHINESE = re.compile(r"[的了是吗嗎呢吧么麼哪谁誰何几幾请請怎]|什么|什麼|多少|为何|為何|有无|有無|列出|介绍|介紹")


@cache
def _converter(profile: str) -> Any:
    import opencc

    return opencc.OpenCC(profile)


class _Folds(dict[int, str]):
    """Folded form of each character met so far; the rest is worked out when first met."""

    def __missing__(self, code: int) -> str:
        char = chr(code)
        folded = char
        for step in (_compose, str.lower, lambda c: c.translate(_SAME), _simplify):
            changed = step(folded)
            folded = changed if len(changed) == 1 else folded
        self[code] = folded
        return folded


def _compose(char: str) -> str:
    return " " if char.isspace() and char != "\n" else unicodedata.normalize("NFKC", char)


def _simplify(char: str) -> str:
    converted: str = _converter("t2s").convert(char) if _HAN.match(char) else char
    return converted


_folds = _Folds({ord("\n"): "\n"})


def fold(text: str) -> str:
    """Return ``text`` folded for matching, character by character, so that all offsets stay valid.

    Full width becomes half width (NFKC where that is one character), capitals become small, Traditional characters
    become Simplified (OpenCC ``t2s``, single characters), corner brackets become curly quotes, and the many middle dots
    and dashes become ``·`` and ``-``. Never shown to a reader.
    """
    return text if text.isascii() and text.islower() else text.translate(_folds)


def to_hans(text: str) -> str:
    """Return ``text`` in Simplified script (OpenCC ``t2s``, by phrases). The length may change: never for quotes."""
    converted: str = _converter("t2s").convert(text)
    return converted


def to_hant(text: str) -> str:
    """Return ``text`` in Traditional script (OpenCC ``s2tw``, by phrases). The length may change: never for quotes."""
    converted: str = _converter("s2tw").convert(text)
    return converted


def from_taiwan(text: str) -> str:
    """Return ``text`` in Simplified script and mainland terms (OpenCC ``tw2sp``): 資訊網路 becomes 信息网络."""
    converted: str = _converter("tw2sp").convert(text)
    return converted


def language(text: str) -> Language:
    """Return the language and script in which a question is put.

    Quoted names do not count, so ``Who wrote 《…》?`` is English. Without characters that tell the scripts apart,
    Chinese is taken for Simplified.
    """
    frame = _QUOTED.sub(" ", text)
    if not _HAN.search(frame) and not _LATIN.search(frame):
        frame = text
    han = len(_HAN.findall(frame))
    latin = [word.lower() for word in _LATIN.findall(frame)]
    if not han and latin:
        return "en"
    chinese = bool(_CHINESE.search(frame))
    if not chinese and (any(word in _ENGLISH for word in latin) or len(latin) > han):
        return "en"
    return "zh-Hant" if _traditional(text) > _simplified(text) else "zh-Hans"


def _traditional(text: str) -> int:
    convert = _converter("t2s").convert
    return sum(convert(char) != char for char in text if _HAN.match(char))


def _simplified(text: str) -> int:
    convert = _converter("s2t").convert
    return sum(convert(char) != char for char in text if _HAN.match(char))
