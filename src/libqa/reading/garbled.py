"""Text that is no language: what a PDF gives whose fonts name other characters than they show."""

from __future__ import annotations

import re

_SAMPLE = 20_000  # characters that are looked at
_LETTERS, _HAN = 200, 100  # fewer say nothing
_VOWELS = 0.22  # share of the letters; in languages written in Latin letters it is 0.33 to 0.5
_IS_HAN = re.compile("[\u3400-\u9fff]")


def is_garbled(text: str) -> bool:
    """Whether the letters have hardly a vowel, or the Chinese characters follow each other as in no text."""
    sample = text[:_SAMPLE]
    letters = re.findall("[a-z]", sample.lower())
    if len(letters) >= _LETTERS and sum(letter in "aeiouy" for letter in letters) < _VOWELS * len(letters):
        return True
    han = "".join(_IS_HAN.findall(sample))
    if len(han) < _HAN:
        return False
    from libqa.text.encoding import strangeness

    return strangeness(han) > 0
