"""From a stream of a model's words to plain sentences with the numbers of the passages that they cite.

What comes is not trusted: markers are parsed and taken out, Markdown and HTML are reduced to their text, pictures,
link targets and invisible characters are dropped, thinking aloud is passed over.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

from libqa.text import segment

_NUMBERS = r"\d{1,4}(?:\s*[-–—~,，、;；]\s*\d{1,4})*"
_WORD = (
    r"(?:passages?|sources?|citations?|documents?|no\.?"
    r"|资料|資料|文献|文獻|段落|来源|來源|出处|出處|引用|参考|參考)?"
)
_MARKER = re.compile(
    rf"\s*[\[［【〖]\s*\^?{_WORD}\s*[:：#]?\s*(?P<numbers>{_NUMBERS})\s*(?:†[^\]］】〗\n]{{0,80}})?[\]］】〗](?!\()",
    re.IGNORECASE,
)
_UNFINISHED = re.compile(r"[\[［【〖][^\]］】〗\n]{0,24}$")
_PICTURE = re.compile(r"!\[[^\]\n]*\]\s*(?:\([^)\n]*\)|\[[^\]\n]*\])?")
_LINK = re.compile(r"\[([^\]\n]*)\]\s*\((?:[^()\n]|\([^()\n]*\))*\)")
_TAG = re.compile(r"<!--.*?-->|</?[a-zA-Z!][^<>\n]*>", re.DOTALL)
_ADDRESS = re.compile(
    r"(?:https?|ftp|data|javascript|file|mailto):[^\s<>\"'）)】\]，。；]*|\bwww\.[^\s，。；]+", re.IGNORECASE
)
_LINE_MARK = re.compile(r"^\s*(?:#{1,6}\s+|>\s?|[-*+•·]\s+|\d{1,2}[.)、．]\s*(?!\d)|```\w*|\|)")
_EMPHASIS = re.compile(r"\*{1,3}|_{2,3}|`+|~~")
_THINKING = re.compile(r"<think(?:ing)?>.*?(?:</think(?:ing)?>|\Z)", re.DOTALL | re.IGNORECASE)
_HALF = re.compile(  # a tag or a picture
    r"<[a-zA-Z/!]?[^<>\n]{0,12}$|!(?:\[[^\]\n]{0,2000}(?:\](?:\([^)\n]{0,2000})?)?)?$"
)
_END = re.compile(r"[。！？!?.．｡…\n\]］】〗>]")
LONG = 1_000
"""Characters after which a sentence is taken as it is: what has not ended by then is none."""


@dataclass(frozen=True, slots=True)
class Said:
    """A sentence of the model: ``text`` is plain, ``numbers`` are those that it cites, as written.

    ``addresses`` are link targets and web addresses that were taken out or stand in it.
    """

    text: str
    numbers: tuple[int, ...]
    addresses: tuple[str, ...] = ()


@dataclass(slots=True)
class Splitter:
    """Takes a stream in pieces and gives each sentence once it is whole, its markers included."""

    _text: str = ""
    _ended: bool = False  # whether there is anything that may end a sentence

    def feed(self, piece: str) -> list[Said]:
        """Take the next piece; return the sentences that it completes."""
        self._text += piece
        self._ended = self._ended or bool(_END.search(piece)) or len(self._text) > LONG
        text = self._plain() if self._ended else None
        if text is None:
            return []
        ends = self._ends(text)
        if len(ends) < 2 and len(text) > LONG:
            ends = [len(text)] * 2
        if len(ends) < 2:
            return []
        last = ends[-2]
        self._text = text[last:]
        return [said for a, b in zip([0, *ends[:-2]], ends[:-1], strict=True) if (said := parse(text[a:b]))]

    def rest(self) -> list[Said]:
        """Return what is left when the stream has ended."""
        text = _PICTURE.sub("", _THINKING.sub("", self._text))
        self._text = ""
        ends = self._ends(text)
        return [said for a, b in zip([0, *ends], ends, strict=False) if (said := parse(text[a:b]))]

    def _plain(self) -> str | None:
        """The text without thinking and pictures; ``None`` while one of them, or a tag, has not ended."""
        text = self._text
        opened = re.search(r"<think(?:ing)?>", text, re.IGNORECASE)
        if opened and not re.search(r"</think(?:ing)?>", text[opened.end() :], re.IGNORECASE):
            return None
        if _HALF.search(text):
            return None
        return _PICTURE.sub("", _THINKING.sub("", text))

    @staticmethod
    def _ends(text: str) -> list[int]:
        """Where sentences end, the markers after each included; the last may still grow."""
        cuts: list[int] = []
        for start, end in segment.sentences(text):
            at, first = start, not cuts
            while not first and (m := _MARKER.match(text, at)):  # markers after the full stop of the one before
                at = m.end()
                cuts[-1] = at
            if _UNFINISHED.fullmatch(text[at:end]) and cuts:
                cuts[-1] = end
            elif text[at:end].strip():
                cuts.append(end)
        return cuts


def parse(sentence: str) -> Said | None:
    """Return a sentence of the model without markers and markup; ``None`` where nothing is left of it."""
    numbers: list[int] = []
    for m in _MARKER.finditer(sentence):
        numbers += _expanded(m["numbers"])
    addresses = _ADDRESS.findall(sentence)
    text = _TAG.sub("", _LINK.sub(r"\1", _MARKER.sub("", sentence)))
    text = _EMPHASIS.sub("", _LINE_MARK.sub("", visible(text)))
    text = re.sub(r"\s+", " ", text).strip()
    text = re.sub(r"\s+([。，；！？,.;!?])", r"\1", text)
    if not re.search(r"\w", text):
        return None
    return Said(text, tuple(dict.fromkeys(numbers)), tuple(addresses))


def without_addresses(said: Said) -> str:
    """Return the sentence with the web addresses in it taken out."""
    return re.sub(r"\s+", " ", _ADDRESS.sub("…", said.text)).strip()


def visible(text: str) -> str:
    """Return ``text`` without control characters and invisible ones that could hide or turn round other text."""
    return "".join(c if c.isspace() or unicodedata.category(c) not in ("Cc", "Cf", "Co", "Cs") else "" for c in text)


def _expanded(numbers: str) -> list[int]:
    found: list[int] = []
    for part in re.split(r"[,，、;；]", numbers):
        ends = [int(n) for n in re.findall(r"\d+", part)]
        if len(ends) == 2 and ends[0] < ends[1] <= ends[0] + 20:
            found += range(ends[0], ends[1] + 1)
        else:
            found += ends
    return found
