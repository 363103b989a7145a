"""The bundled embedder as an ordinary sentence-transformers model: a folder that `SentenceTransformer` loads.

Its vectors are those of `StaticEmbedder`. What that does in Python is said here in the terms of the tokenizers library:
folding as a character map, the unigram segmentation with the same costs, and the sum of vectors as their mean, which
has the same direction.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from libqa.errors import MissingExtra, SettingError
from libqa.models.charsmap import charsmap
from libqa.models.embedder import StaticEmbedder
from libqa.models.pieces import UNKNOWN, Segmenter
from libqa.text.script import fold

_EDGE = "▁"
"""Put at both ends of a run of letters or digits, so that a known word can be told from a part of a longer one."""
_LETTERS, _DIGITS, _HAN = "a-z\u00df-\u024f", "0-9", "\u3400-\u9fff"
_EXTENDS = "[\\p{M}\u0e33\u0eb3\u200c\u200d\uff9e\uff9f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]"
"""Characters that join the one before them: the library would drop them with it. No piece holds any."""
_UNKNOWN = "\N{REPLACEMENT CHARACTER}"
_NEVER = -1000.0
"""Score of an edge that stands alone: a whole word, whose score is 0, is always better."""
_ABOVE_UNKNOWN = 10.0  # the tokenizers library puts an unknown character so far below the lowest score


def export_embedder(folder: Path) -> None:
    """Write the bundled embedder to ``folder`` as a sentence-transformers model (about 65 MB).

    ``SentenceTransformer(str(folder)).encode(texts)`` gives the vectors of ``load_embedder().encode(texts)``.

    Raises
    ------
    MissingExtra : sentence-transformers is not installed.
    SettingError : something is at ``folder`` already, or it cannot be written.
    """
    try:
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.sentence_transformer.modules import Normalize, StaticEmbedding
        from tokenizers import Tokenizer
    except ImportError as e:
        raise MissingExtra(
            str(folder), "sentence-transformers is not installed", 'run: pip install "libqa[hub]"'
        ) from e
    if folder.exists():
        raise SettingError(str(folder), "there is something at this place", "give a folder that does not exist")
    embedder = StaticEmbedder()
    words = list(_indivisible(embedder.segmenter))
    vectors = embedder.pieces(range(embedder.segmenter.size))
    vectors[UNKNOWN] = 0.0
    known = {name: number for number, name in enumerate(embedder.segmenter.names())}
    whole = vectors[[known[word] for word in words]]
    table = np.concatenate([vectors, np.zeros((1, embedder.dimension), np.float32), whole])
    tokenizer = Tokenizer.from_str(json.dumps(_tokenizer(embedder.segmenter, words)))
    model = SentenceTransformer(
        modules=[StaticEmbedding(tokenizer, embedding_weights=table), Normalize()], device="cpu"
    )
    try:
        model.save(str(folder))
        shutil.copyfile(embedder.folder / "MODEL_CARD.md", folder / "README.md")
    except OSError as e:
        raise SettingError(str(folder), f"it cannot be written ({e.strerror})", "give another folder") from None


def _indivisible(segmenter: Segmenter) -> Iterator[str]:
    """Yield the known words and numbers that the segmentation alone would take apart."""
    for name in segmenter.names():
        if len(name) > 1 and re.fullmatch(f"[{_LETTERS}]+|[{_DIGITS}]+", name):
            best = segmenter.cheapest(name, han=False)
            if len(best) > 1:
                yield name


def _tokenizer(segmenter: Segmenter, words: list[str]) -> dict[str, Any]:
    """Return the tokenizer as the library stores it (tokenizer.json)."""
    scores = [-100 * cost for cost in segmenter.costs()]
    scores[UNKNOWN] += _ABOVE_UNKNOWN
    pieces = ["[UNK]", *segmenter.names()[1:], _EDGE, *(f"{_EDGE}{word}{_EDGE}" for word in words)]
    edges = [
        {
            "type": "Replace",
            "pattern": {"Regex": f"(?<![{kind}])(?=[{kind}])|(?<=[{kind}])(?![{kind}])"},
            "content": _EDGE,
        }
        for kind in (_LETTERS, _DIGITS)
    ]
    runs = f"[{_HAN}]+|{_EDGE}[{_LETTERS}]+{_EDGE}|{_EDGE}[{_DIGITS}]+{_EDGE}|\\S"
    return {
        "version": "1.0",
        "truncation": None,
        "padding": None,
        "added_tokens": [],
        "normalizer": {
            "type": "Sequence",
            "normalizers": [
                {"type": "Replace", "pattern": {"Regex": _EXTENDS}, "content": _UNKNOWN},
                {"type": "Precompiled", "precompiled_charsmap": charsmap(_folds(segmenter))},
                *edges,
            ],
        },
        "pre_tokenizer": {"type": "Split", "pattern": {"Regex": runs}, "behavior": "Removed", "invert": True},
        "post_processor": None,
        "decoder": None,
        "model": {
            "type": "Unigram",
            "unk_id": UNKNOWN,
            "vocab": list(zip(pieces, [*map(float, scores), _NEVER, *(0.0 for _ in words)], strict=True)),
            "byte_fallback": False,
        },
    }


def _folds(segmenter: Segmenter) -> Mapping[str, str]:
    """Return the folded form of each character that folding makes a piece's character, a run's, or white space."""
    alphabet = frozenset("".join(segmenter.names()))
    runs = re.compile(f"[{_HAN}{_LETTERS}{_DIGITS}\\s]")
    found = {}
    for code in (*range(0xD800), *range(0xE000, 0x30000)):
        char = chr(code)
        folded = fold(char)
        if folded != char and (folded in alphabet or runs.match(folded)):
            found[char] = folded
    return found
