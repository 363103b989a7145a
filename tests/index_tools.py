"""What the tests of the index share: an embedder without a model, and small documents."""

import hashlib

import numpy as np

from libqa.config import Settings
from libqa.index import Index
from libqa.types import Document

SETTINGS = Settings(lock_seconds=5, embedder="hash")


class HashEmbedder:
    """Character bigrams hashed to random signs: deterministic, and texts that share words are near each other."""

    name, fingerprint, dimension = "hash", "0" * 64, 32

    def encode(self, texts, kind):
        out = np.zeros((len(texts), self.dimension), np.float32)
        for number, text in enumerate(texts):
            for i in range(len(text) - 1):
                digest = hashlib.blake2b(text[i : i + 2].encode(), digest_size=4).digest()
                out[number] += np.unpackbits(np.frombuffer(digest, np.uint8)).astype(np.float32) * 2 - 1
        return out / np.maximum(np.linalg.norm(out, axis=1, keepdims=True), 1e-9)


EMBEDDER = HashEmbedder()


def load(name):
    return EMBEDDER


def create(path, documents=()):
    return Index.create(path, EMBEDDER, SETTINGS, documents)


def reopen(path):
    return Index.open(path, load, SETTINGS)


def note(identity, text, title=""):
    return Document(identity, text, title)


def found(index, term, k=10):
    """Ids of the documents that a lexical search for one term finds."""
    with index.view() as view:
        return [view.passage(number).document_id for number, _ in view.lexical({term: 1.0}, k)]
