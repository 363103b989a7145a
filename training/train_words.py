"""Word vectors for the reader: positive pointwise mutual information, factorised, drawn together for synonyms.

    python training/train_words.py --threads 2

The matrix is that of Levy and Goldberg (NIPS 2014) with their smoothing of contexts; what co-occurrence cannot tell,
that two words mean the same, comes from the English-Chinese lexicon: words with a translation in common are moved
towards each other (retrofitting: Faruqui et al., NAACL 2015).
"""

from __future__ import annotations

import sys
import time
from collections import Counter, defaultdict
from multiprocessing import Pool
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from common import arguments, rows

from libqa.models import lexicon
from libqa.text import segment
from libqa.text.script import to_hans

TEXTS = (  # set, fields, every n-th row
    ("cmrc2018/train", ("context",), 2),
    ("crud_news/text", ("text",), 1),
    ("zhwiki_sample/text", ("text",), 1),
    ("csl/title_abstract", ("positive",), 1),
    ("cn_laws_text/text", ("text",), 5),
    ("tw_laws_text/text", ("text",), 10),
    ("kdconv/travel_text", ("text",), 1),
)
WORDS, WIDTH, WINDOW = 48_000, 96, 5
PULL = 1.0
"""Weight of all synonyms of a word together, that of its own vector being 1."""


def cut(line: str) -> list[str]:
    return [w for w, _, _ in segment.words(line)]


def synonyms(index: dict[str, int]) -> dict[int, dict[int, float]]:
    """Return for each word those with an English translation in common, and how much they share."""
    near: dict[int, dict[int, float]] = defaultdict(lambda: defaultdict(float))
    for line in lexicon.BUNDLED.read_text(encoding="utf-8").splitlines():
        _, _, senses = line.partition("\t")
        pairs = [s.rsplit(":", 1) for s in senses.split(" ")]
        known = [(index[zh], int(p) / 100) for zh, p in pairs if zh in index and int(p) >= 8]
        for a, p in known:
            for b, q in known:
                if a != b:
                    near[a][b] += p * q
    return near


def main() -> None:
    from scipy.sparse import coo_matrix
    from sklearn.utils.extmath import randomized_svd

    args = arguments(__doc__).parse_args()
    started = time.time()
    raw = []
    for name, fields, step in TEXTS:
        for i, row in enumerate(rows(args.data, name)):
            if i % step == 0:
                for field in fields:
                    text = to_hans(row[field]) if name.startswith("tw_") else row[field]
                    raw += [line for line in text.split("\n") if line]
    with Pool(args.threads) as pool:
        lines = list(pool.imap(cut, raw, chunksize=500))
    print(f"{len(lines)} lines, {sum(map(len, lines))} words, {time.time() - started:.0f} s", flush=True)
    count = Counter(w for line in lines for w in line)
    vocabulary = [w for w, c in count.most_common(WORDS) if c >= 4]
    index = {w: i for i, w in enumerate(vocabulary)}
    n = len(vocabulary)
    # One long row of ids, lines apart by WINDOW times -1, so that shifted copies pair words of one line only.
    row_of = np.concatenate(
        [np.array([index.get(w, -1) for w in line] + [-1] * WINDOW, dtype=np.int32) for line in lines]
    )
    pairs = coo_matrix((n, n), dtype=np.float32).tocsr()
    for offset in range(1, WINDOW + 1):
        a, b = row_of[:-offset], row_of[offset:]
        keep = (a >= 0) & (b >= 0)
        pairs += coo_matrix(
            (np.full(keep.sum(), 1.0 / offset**0.5, np.float32), (a[keep], b[keep])), shape=(n, n)
        ).tocsr()
    pairs = pairs + pairs.T
    print(f"{n} words, {pairs.nnz} pairs, {time.time() - started:.0f} s", flush=True)
    row = np.asarray(pairs.sum(1)).ravel() + 1e-9
    col = np.asarray(pairs.sum(0)).ravel() ** 0.75
    pairs = pairs.tocoo()
    pmi = np.log(pairs.data / row[pairs.row] / (col[pairs.col] / col.sum()))
    keep = pmi > 0
    matrix = coo_matrix((pmi[keep], (pairs.row[keep], pairs.col[keep])), shape=(n, n)).tocsr()
    u, s, _ = randomized_svd(matrix, WIDTH, random_state=args.seed, n_iter=3)
    own = u * np.sqrt(s)
    own /= np.linalg.norm(own, axis=1, keepdims=True) + 1e-6
    near = synonyms(index)
    i, j, w = [], [], []
    for a, others in near.items():
        total = sum(others.values())
        best = sorted(others.items(), key=lambda x: -x[1])[:12]
        for b, share in best:
            i.append(a)
            j.append(b)
            w.append(PULL * share / total)
    graph = coo_matrix((np.array(w, np.float32), (i, j)), shape=(n, n)).tocsr()
    pull = np.asarray(graph.sum(1))
    vectors = own
    for _ in range(6):
        vectors = (own + graph @ vectors) / (1.0 + pull)
        vectors = vectors / (np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-6)
    np.savez(args.work / "words.npz", vectors=vectors.astype(np.float16), words=np.array(vocabulary))
    print(f"{time.time() - started:.0f} s", flush=True)
    for word in ("馆长", "成都", "举行", "2023", "公司", "居民", "出资", "比例"):
        if word in index:
            best = np.argsort(-vectors @ vectors[index[word]])[:10]
            print(word, [vocabulary[k] for k in best], flush=True)


if __name__ == "__main__":
    main()
