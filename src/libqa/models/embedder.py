"""The bundled embedder: texts of either Chinese script and English become vectors in one space, with NumPy alone."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from libqa.errors import ModelError
from libqa.models.pieces import UNKNOWN, Segmenter
from libqa.text.script import fold

BUNDLED = Path(__file__).parent / "bundled" / "embedder"
FILES = ("config.json", "pieces.tsv", "scales.npy", "vectors.npy")
Kind = Literal["query", "passage"]


class Embedder(Protocol):
    """Anything that turns texts into vectors.

    ``name`` is what the model was asked for by, ``fingerprint`` the SHA-256 of its weights in hexadecimal, and
    ``dimension`` the width of its vectors.
    """

    name: str
    dimension: int

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the weights in hexadecimal."""
        ...

    def encode(self, texts: Sequence[str], kind: Kind) -> NDArray[np.float32]:
        """Return unit rows ``(len(texts), dimension)``; a text without content gives a zero row."""
        ...


class StaticEmbedder:
    """A table of piece vectors; a text is the sum of its pieces' vectors, brought to length one.

    The length of a piece's vector is its learnt weight (small for function words), so that the plain sum is the
    weighted mean of Arora et al. (2017) with trained weights. Rows are int8 with one scale each and stay on disk
    (memory-mapped) until a text needs them.

    Parameters
    ----------
    folder : where ``config.json``, ``pieces.tsv``, ``scales.npy`` and ``vectors.npy`` lie.

    Raises
    ------
    ModelError : a file is missing, damaged, or does not fit the others.
    """

    name = "bundled"

    def __init__(self, folder: Path = BUNDLED) -> None:
        self.folder = folder
        remedy = "reinstall libqa, or train the model with training/train_embedder.py"
        try:
            config: dict[str, Any] = json.loads((folder / "config.json").read_text(encoding="utf-8"))
            self._vectors: NDArray[np.int8] = np.load(folder / "vectors.npy", mmap_mode="r", allow_pickle=False)
            self._scales = np.load(folder / "scales.npy", allow_pickle=False).astype(np.float32)
            self.dimension, pieces = int(config["dimension"]), int(config["pieces"])
        except (OSError, ValueError, KeyError) as e:
            raise ModelError(str(folder), f"the bundled embedder cannot be loaded ({e})", remedy) from e
        self.segmenter = Segmenter(folder / "pieces.tsv")
        shapes = (self._vectors.shape, self._scales.shape, self.segmenter.size)
        if shapes != ((pieces, self.dimension), (pieces,), pieces):
            raise ModelError(str(folder), f"the files of the embedder do not belong together: {shapes}", remedy)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 over the model's files, in hexadecimal."""
        digest = hashlib.sha256()
        for name in FILES:
            digest.update(hashlib.sha256((self.folder / name).read_bytes()).digest())
        return digest.hexdigest()

    def pieces(self, ids: Sequence[int] | NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the vectors of pieces, ``(len(ids), dimension)``, weight included."""
        rows = np.asarray(ids, np.intp)
        found: NDArray[np.float32] = self._vectors[rows] * self._scales[rows, None]
        return found

    def encode(self, texts: Sequence[str], kind: Kind = "passage") -> NDArray[np.float32]:
        """Return unit vectors ``(len(texts), dimension)``; a text without a known piece gives a zero row.

        ``kind`` makes no difference to this model.
        """
        out = np.zeros((len(texts), self.dimension), np.float32)
        for row, text in enumerate(texts):
            ids = [i for i in self.segmenter.cut(fold(text)).ids if i != UNKNOWN]
            if ids:
                total = self.pieces(ids).sum(axis=0)
                out[row] = total / max(float(np.linalg.norm(total)), 1e-9)
        return out
