"""Find pinyin notes in damaged text and tell them from the notes of a pinyin lesson."""

from __future__ import annotations

import re
from dataclasses import dataclass

from libqa.text.gbk import forms

_SYLLABLE = "[a-züāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńň]{1,6}"
# A whole note, or one whose opening bracket was swallowed together with half a character.
NOTE = re.compile(rf"[(（]({_SYLLABLE}) ?[)）]")
BROKEN_NOTE = re.compile(rf"\?({_SYLLABLE}) ?[)）]")
# Another converter's notes: no tones, often doubled, after any character.
TONELESS = re.compile(r"(?<=[\u3400-\u9fff])(?:\([a-z]{1,6}\)){2,}")
HAN = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class Census:
    """What the notes of a text say about it.

    ``noted`` are the Traditional characters with a fitting note in order of first sight, ``foreign`` counts notes on
    characters that the damage never annotates, ``bare`` counts noted characters that also occur without their note,
    ``broken`` counts notes without an opening bracket.
    """

    noted: tuple[str, ...]
    fitting: int
    foreign: int
    bare: int
    broken: int


def census(text: str) -> Census:
    """Count the notes of a text or line."""
    readings = forms().readings
    noted: dict[str, int] = {}
    fitting = foreign = 0
    for match in NOTE.finditer(text):
        char = text[match.start() - 1] if match.start() else ""
        if match[1] in readings.get(char, ()):
            fitting += 1
            noted[char] = noted.get(char, 0) + 1
        elif HAN.match(char):
            foreign += 1
    bare = sum(text.count(char) - seen for char, seen in noted.items())
    return Census(tuple(noted), fitting, foreign, bare, len(BROKEN_NOTE.findall(text)))
