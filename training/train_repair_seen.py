"""Collect the strings of four characters that repair knows as seen: src/libqa/models/bundled/repair/seen.npz.

From the text that train_repair_lm.py reads, without the lines that it holds out: the strings that ``eligible`` tells,
that occur at least twice, are not in the character model itself, and whose last character that model does not expect.
Run train_repair_lm.py first.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))

from train_repair_lm import ROOT, numbered

from libqa.text.language import BITS, language_model
from libqa.text.seen import EXPECTED, LENGTH, eligible, fingerprints, held

TARGET = ROOT / "src/libqa/models/bundled/repair/seen.npz"
LEAST = 2
CHUNK = 1 << 20


def repeated(ids: np.ndarray) -> np.ndarray:
    """Return the eligible strings that occur at least ``LEAST`` times, shape (n, LENGTH)."""
    parts = []
    for i in range(0, len(ids) - LENGTH, CHUNK):
        part = ids[i : i + CHUNK + LENGTH].astype(np.int64)
        windows = np.lib.stride_tricks.sliding_window_view(part, LENGTH + 1)
        strings = windows[eligible(windows)][:, 1:].astype(np.uint64)
        keys = np.zeros(len(strings), np.uint64)
        for column in strings.T:
            keys = keys << np.uint64(BITS) | column
        parts.append(keys)
    keys = np.sort(np.concatenate(parts))
    starts = np.flatnonzero(np.r_[True, keys[1:] != keys[:-1]])
    often = keys[starts[np.diff(np.r_[starts, len(keys)]) >= LEAST]]
    mask = np.uint64((1 << BITS) - 1)
    return np.stack([often >> np.uint64(BITS * i) & mask for i in reversed(range(LENGTH))], axis=1).astype(np.int64)


def unexpected(strings: np.ndarray) -> np.ndarray:
    """Keep the strings that the character model neither holds nor expects."""
    costs = language_model().costs(strings[:, :-1], np.arange(len(strings)), strings[:, -1])
    result: np.ndarray = strings[~held(strings) & (costs >= EXPECTED)]
    return result


def main() -> None:
    model = language_model()
    ids, vocabulary = numbered()
    if [model.ids[c] for c in vocabulary[4:]] != list(range(4, len(vocabulary))):
        raise SystemExit("the data has changed: run train_repair_lm.py first")
    strings = repeated(ids)
    print(f"{len(strings):,} strings occur at least {LEAST} times")
    kept = np.concatenate([unexpected(strings[i : i + CHUNK]) for i in range(0, len(strings), CHUNK)])
    print(f"{len(kept):,} of them not in the character model and not expected by it")
    steps = np.diff(np.unique(fingerprints(kept)).astype(np.int64), prepend=0)
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(TARGET, high=(steps >> 8).astype(np.uint16), low=(steps & 255).astype(np.uint8))
    print(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes, steps up to {steps.max():,}")


if __name__ == "__main__":
    main()
