"""The shapes of pinyin notes in damaged text."""

from __future__ import annotations

import re

_SYLLABLE = "[a-züāáǎàēéěèīíǐìōóǒòūúǔùǖǘǚǜńň]{1,6}"
# A whole note, or one whose opening bracket was swallowed together with half a character.
NOTE = re.compile(rf"\(({_SYLLABLE}) ?\)")
BROKEN_NOTE = re.compile(rf"\?({_SYLLABLE}) ?\)")
# Another converter's notes: no tones, after any character, many doubled; those give it away.
DOUBLED = re.compile(r"(?<=[\u3400-\u9fff])(\([a-z]{1,6}\))\1+")
TONELESS = re.compile(r"(?<=[\u3400-\u9fff])(?:\([a-z]{1,6}\))+")
HAN = re.compile(r"[\u3400-\u9fff]")
