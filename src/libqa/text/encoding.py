"""Turn the bytes of a file into text: find the encoding, refuse what is no text, mend UTF-8 read as something else."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass

import numpy as np

from libqa.errors import ReadError
from libqa.text.language import EDGE, folded, language_model

REMEDY = "save it as UTF-8 text"
SAMPLE = 4000  # characters that are looked at where statistics decide
STRANGE = 8.0  # nats a character beyond ASCII: above it a long text is neither Chinese nor English
LENIENT = 40.0  # divided by the length it is added, because a short text may hold a few rare characters
_MARKS = (  # longest first: the mark of UTF-32-LE begins with that of UTF-16-LE
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
# Usual in written Cantonese, hardly ever in the texts that the model was trained on.
_CANTONESE = set("嘅係咁啲哋冇唔嚟喺咗嘢噉咩嗰睇乜嗌攞佢仔俾畀佬靚瞓嘥搵掂諗揾嗱㗎喎啫咪嘞喇")
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f\x7f]")
# UTF-8 bytes read as Windows-1252 or Latin-1: a lead byte's character and at least one continuation's.
_MOJIBAKE = re.compile("[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u0192\u02c6-\u02dc\u2013-\u203a\u20ac\u2122]")


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text and the encoding it was in, by Python's name (``utf-8``, ``gb18030``, ``big5hkscs`` ...)."""

    text: str
    encoding: str


def decode(data: bytes, name: str) -> Decoded:
    """Decode the bytes of a text file.

    A byte order mark decides; then valid UTF-8; then, among the encodings that decode without error (GB18030,
    Big5-HKSCS, UTF-16), the one whose characters are the most usual. Nothing is ever replaced or left out. UTF-8 that
    was read as Latin-1 or Windows-1252 and written again is mended line by line where ftfy is sure.

    Raises
    ------
    ReadError
        If the file is empty, binary, or in none of these encodings; ``name`` is what the message calls it.
    """
    if not data.strip(b" \t\r\n\x0b\x0c"):
        raise ReadError(name, "is empty", "give a file with text in it")
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            text = _strict(data[len(mark) :], encoding)
            if text is None:
                raise ReadError(name, f"begins like {encoding} but is not", REMEDY)
            return Decoded(_checked(text, name), encoding)
    tried: tuple[str, ...] = ("utf-16-le", "utf-16-be")
    if b"\0" not in data:
        text = _strict(data, "utf-8")
        if text is not None:
            return Decoded(_unmixed(_checked(text, name)), "utf-8")
        tried = ("gb18030", "big5hkscs", *tried)
    scored = [
        (strangeness(text), encoding, text) for encoding in tried if (text := _strict(data, encoding)) is not None
    ]
    if not scored or min(scored)[0] > 0:
        reason = "is binary, not text" if b"\0" in data else "is in an unknown encoding"
        raise ReadError(name, reason, REMEDY)
    _, encoding, text = min(scored)
    return Decoded(_checked(text, name), encoding)


def _strict(data: bytes, encoding: str) -> str | None:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        return None


def _checked(text: str, name: str) -> str:
    """Refuse text with more than a stray control character."""
    if "\0" in text or len(_CONTROL.findall(text)) * 200 > len(text):
        raise ReadError(name, "is binary, not text", REMEDY)
    if not text.strip():
        raise ReadError(name, "is empty", "give a file with text in it")
    return text


def strangeness(text: str) -> float:
    """Return by how many nats a character a text's characters are too unusual; usual text is below 0."""
    model = language_model()
    sample = folded(text[:SAMPLE])
    numbers = np.array([EDGE, *model.number(sample)], np.int64)
    contexts = np.stack([np.full_like(numbers, EDGE), np.full_like(numbers, EDGE), numbers], axis=1)[:-1]
    costs = model.costs(contexts, np.arange(len(sample)), numbers[1:])
    costs = np.where([c in _CANTONESE for c in text[:SAMPLE]], np.float32(STRANGE), costs)
    beyond = np.array([c > "\x7f" for c in sample], np.bool_)
    if beyond.any():
        costs = costs[beyond]
    return float(costs.mean()) - STRANGE - LENIENT / (len(costs) + 8)


def _unmixed(text: str) -> str:
    """Mend lines of UTF-8 that were decoded as Latin-1 or Windows-1252; everything else stays as it is."""
    if not _MOJIBAKE.search(text):
        return text
    import ftfy
    from ftfy.badness import badness

    settings = ftfy.TextFixerConfig(
        unescape_html=False,
        remove_terminal_escapes=False,
        restore_byte_a0=True,
        replace_lossy_sequences=False,
        decode_inconsistent_utf8=False,
        fix_c1_controls=False,
        fix_latin_ligatures=False,
        fix_character_width=False,
        uncurl_quotes=False,
        fix_line_breaks=False,
        fix_surrogates=False,
        remove_control_chars=False,
        normalization=None,
    )
    lines = text.split("\n")
    for i, line in enumerate(lines):
        if _MOJIBAKE.search(line):
            fixed = ftfy.fix_encoding(line, settings)
            if fixed != line and badness(fixed) < badness(line):
                lines[i] = fixed
    return "\n".join(lines)
