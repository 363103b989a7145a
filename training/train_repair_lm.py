"""Train the character model that repair uses where bytes were lost: src/libqa/models/repair_lm.npz.

Data: texts of class A in the shared data (statutes of both scripts, encyclopaedia, papers, travel, documentation,
sentences) and the news of crud_news for their statistics. Lines chosen by ``held_out`` are kept from it, for the
weights of the ranking and for eval/bench_repair.py. Kneser-Ney with absolute discount, pruned by loss of likelihood,
eight bits a number.
"""

import gzip
import hashlib
import json
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import numpy as np

from libqa.text.language import BITS, DIGIT, EDGE, LATIN, ORDER, STEP, folded, language_model

ROOT = Path(__file__).resolve().parent.parent
DATA = Path(os.environ.get("LIBQA_DATA", ROOT / "../shared/data"))
TARGET = ROOT / "src/libqa/models/repair_lm.npz"
SOURCES = {
    "crud_news/text": ("text",),
    "cn_laws_text/text": ("title", "text"),
    "tw_laws_text/text": ("text",),
    "csl/title_abstract": ("query", "positive"),
    "csl/titles": ("title",),
    "cmrc2018/train": ("context",),
    "cmrc2018/trial": ("context",),
    "drcd/dev": ("context",),
    "zhwiki_sample/text": ("text",),
    "kdconv/travel_text": ("text",),
    "kdconv/turns": ("positive",),
    "ntrex/train": ("zh", "zh_hant"),
    "python_docs_zh_en/train": ("zh",),
    "tatoeba_zh_en/train": ("zh",),
    "cc_cedict/dict": ("zh",),
}
KEEP = 2_200_000  # n-grams; less than three bytes each when compressed
VOCABULARY = 8000


def held_out(line: str) -> bool:
    """Whether a line (paragraph) is kept from training: one in twenty, whatever its script and widths."""
    return _digest(line)[0] < 13


def for_ranking(line: str) -> bool:
    """Whether a line that is held out serves train_repair_ranking.py; the others serve eval/bench_repair.py."""
    return _digest(line)[1] < 128


def _digest(line: str) -> bytes:
    return hashlib.sha256("".join(folded(line).split()).encode()).digest()


def lines() -> Iterator[str]:
    seen: set[bytes] = set()
    for name, fields in SOURCES.items():
        for line in raw_lines(name, fields):
            key = hashlib.md5(line.encode()).digest()
            if key not in seen and not held_out(line):
                seen.add(key)
                yield folded(line)


def raw_lines(name: str, fields: tuple[str, ...]) -> Iterator[str]:
    with gzip.open(DATA / f"{name}.jsonl.gz", "rt", encoding="utf-8") as rows:
        for row in rows:
            item = json.loads(row)
            for field in fields:
                yield from filter(None, str(item.get(field) or "").split("\n"))


def numbered() -> tuple[np.ndarray, str]:
    """Return all text as numbers, lines separated by the start sign, and the vocabulary."""
    text = "\x01".join(lines())
    codes = np.frombuffer(text.encode("utf-32-le"), np.uint32)
    print(f"{len(codes):,} characters")
    counts = np.bincount(np.minimum(codes, 0x10000), minlength=0x10001)
    for c in range(128):
        if chr(c).isalnum() or c < 0x20:
            counts[c] = 0
    best = [int(c) for c in np.argsort(-counts, kind="stable")[: VOCABULARY - 4] if counts[c] >= 5 and c < 0x10000]
    vocabulary = "\x00\x01\x02\x03" + "".join(map(chr, best))
    lookup = np.zeros(0x10001, np.uint16)
    lookup[1] = EDGE
    lookup[ord("0") : ord("9") + 1] = DIGIT
    lookup[ord("a") : ord("z") + 1] = lookup[ord("A") : ord("Z") + 1] = LATIN
    lookup[best] = np.arange(4, len(vocabulary))
    return lookup[np.minimum(codes, 0x10000)], vocabulary


def counted(ids: np.ndarray) -> dict[int, tuple[np.ndarray, np.ndarray]]:
    """Count n-grams: raw counts for the longest, numbers of distinct left neighbours for the shorter ones."""
    wide = ids.astype(np.uint64)
    result: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    padded = np.concatenate([np.full(ORDER - 1, EDGE, np.uint64), wide])
    keys = np.zeros(len(wide), np.uint64)
    for i in range(ORDER):
        keys = keys << np.uint64(BITS) | padded[i : i + len(wide)]
    # an edge in the middle hides what stands before it
    middle = np.uint64((1 << BITS) - 1)
    for i in range(1, ORDER - 1):
        cut = (keys >> np.uint64(BITS * i) & middle) == EDGE
        low = np.uint64((1 << BITS * (i + 1)) - 1)
        filler = np.uint64(sum(EDGE << BITS * j for j in range(i + 1, ORDER)))
        keys[cut] = keys[cut] & low | filler
    keys, counts = np.unique(keys, return_counts=True)
    result[ORDER] = keys, counts
    for n in range(ORDER - 1, 0, -1):
        mask = np.uint64((1 << BITS * n) - 1)
        result[n] = np.unique(result[n + 1][0] & mask, return_counts=True)
        print(f"{n}-grams: {len(result[n][0]):,}")
    return result


def estimated() -> tuple[dict[int, tuple[np.ndarray, ...]], np.ndarray, str]:
    """Count all text and estimate every n-gram: keys, counts, probabilities, log gain over backing off."""
    ids, vocabulary = numbered()
    grams = counted(ids)
    print(f"{ORDER}-grams: {len(grams[ORDER][0]):,}")
    size = len(vocabulary)
    single = np.zeros(size)
    single[grams[1][0].astype(int)] = grams[1][1]
    probability = (single + 0.5) / (single + 0.5).sum()
    full: dict[int, tuple[np.ndarray, ...]] = {}
    lower_keys, lower_p = np.arange(size, dtype=np.uint64), probability
    for n in range(2, ORDER + 1):
        keys, counts = grams[n]
        ones, twos = (counts == 1).sum(), (counts == 2).sum()
        discount = ones / (ones + 2 * twos)
        context = keys >> np.uint64(BITS)
        starts = np.flatnonzero(np.r_[True, context[1:] != context[:-1]])
        group = np.repeat(np.arange(len(starts)), np.diff(np.r_[starts, len(keys)]))
        total = np.add.reduceat(counts, starts)
        types = np.diff(np.r_[starts, len(keys)])
        gamma = (discount * types / total)[group]
        below = lower_p[np.searchsorted(lower_keys, keys & np.uint64((1 << BITS * (n - 1)) - 1))]
        p = np.maximum(counts - discount, 0) / total[group] + gamma * below
        full[n] = keys, counts, p, np.log(p) - np.log(gamma * below)
        lower_keys, lower_p = keys, p
        print(f"order {n}: discount {discount:.2f}")
    return full, probability, vocabulary


def save(full: dict[int, tuple[np.ndarray, ...]], probability: np.ndarray, vocabulary: str) -> None:
    """Prune, weigh again what is backed off to, quantise and write the model."""
    size = len(vocabulary)
    # gain in log likelihood, weighted by how often the n-gram itself is used
    gains = {n: full[n][1] * full[n][3] for n in full}
    gains = {n: np.where(full[n][1] >= (2 if n == 2 else 3), g, 0) for n, g in gains.items()}
    kept = chosen(full, gains)
    arrays: dict[str, np.ndarray] = {"vocabulary": np.array(vocabulary)}
    arrays["c1"] = (-np.log(probability)).astype(np.float16)
    model: dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]] = {
        1: (np.arange(size, dtype=np.uint64), probability, np.ones(size))
    }
    for n in range(2, ORDER + 1):
        keys, p = full[n][0][kept[n]], full[n][2][kept[n]]
        model[n] = keys, p, np.ones(len(keys))
        context, rest = keys >> np.uint64(BITS), keys & np.uint64((1 << BITS * (n - 1)) - 1)
        below = pruned(model, n - 1, rest)
        starts = np.flatnonzero(np.r_[True, context[1:] != context[:-1]])
        used, under = np.add.reduceat(p, starts), np.add.reduceat(below, starts)
        weight = np.clip((1 - used) / np.maximum(1 - under, 1e-6), 1e-4, 1.0)
        owner_keys = model[n - 1][0]
        at = np.minimum(np.searchsorted(owner_keys, context[starts]), len(owner_keys) - 1)
        found = owner_keys[at] == context[starts]
        model[n - 1][2][at[found]] = weight[found]
        print(f"order {n}: kept {len(keys):,}, contexts with a place for their weight {found.mean():.2f}")
    arrays["b1"] = (-np.log(model[1][2])).astype(np.float16)
    for n in range(2, ORDER + 1):
        keys, p, weight = model[n]
        places = np.searchsorted(model[n - 1][0], keys >> np.uint64(BITS))
        arrays[f"n{n}"] = np.bincount(places, minlength=len(model[n - 1][0])).astype(np.uint16)
        arrays[f"w{n}"] = (keys & np.uint64((1 << BITS) - 1)).astype(np.uint16)
        arrays[f"c{n}"] = np.minimum(np.round(-np.log(p) / STEP), 255).astype(np.uint8)
        backs = np.minimum(np.round(-np.log(weight) / STEP), 255).astype(np.uint8)
        arrays[f"b{n}"] = backs if n < ORDER else backs[:0]
    np.savez_compressed(TARGET, **arrays)
    print(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes")


def main() -> None:
    save(*estimated())
    perplexity()


def chosen(full: dict[int, tuple[np.ndarray, ...]], gains: dict[int, np.ndarray]) -> dict[int, np.ndarray]:
    """Choose the n-grams of highest gain together with their contexts, which hold the back-off weights."""
    pool = np.sort(np.concatenate(list(gains.values())))
    low, high = 1000, KEEP
    while high - low > 2000:
        middle = (low + high) // 2
        kept = {n: gains[n] >= max(pool[-middle], 1e-9) for n in gains}
        for n in range(ORDER, 2, -1):
            contexts = np.unique(full[n][0][kept[n]] >> np.uint64(BITS))
            at = np.minimum(np.searchsorted(full[n - 1][0], contexts), len(full[n - 1][0]) - 1)
            kept[n - 1][at[full[n - 1][0][at] == contexts]] = True
        low, high = (middle, high) if sum(k.sum() for k in kept.values()) <= KEEP else (low, middle)
    return kept


def perplexity() -> None:
    """Print the held-out perplexity per source."""
    language_model.cache_clear()
    model = language_model()
    for name, fields in SOURCES.items():
        total, size = 0.0, 0
        for line in islice((x for x in raw_lines(name, fields) if held_out(x)), 300):
            ids = model.number(folded(line))
            wide = np.array([EDGE] * (ORDER - 1) + ids, np.int64)
            contexts = np.stack([wide[i : i + len(ids)] for i in range(ORDER - 1)], axis=1)
            total += float(model.costs(contexts, np.arange(len(ids)), wide[ORDER - 1 :]).sum())
            size += len(ids)
        print(f"{name}: {size:,} held-out characters, perplexity {np.exp(total / size):.1f}")


def pruned(model: dict[int, tuple[np.ndarray, np.ndarray, np.ndarray]], n: int, keys: np.ndarray) -> np.ndarray:
    """Return probabilities of n-grams by the pruned model so far."""
    own, p, _ = model[n]
    at = np.minimum(np.searchsorted(own, keys), len(own) - 1)
    found = own[at] == keys
    if n == 1:
        return p[at]
    below = pruned(model, n - 1, keys & np.uint64((1 << BITS * (n - 1)) - 1))
    context = keys >> np.uint64(BITS)
    owners, _, weights = model[n - 1]
    where = np.minimum(np.searchsorted(owners, context), len(owners) - 1)
    weight = np.where(owners[where] == context, weights[where], 1.0)
    return np.where(found, p[at], weight * below)


if __name__ == "__main__":
    main()
