"""Word vectors for the reader: positive pointwise mutual information, factorised (Levy and Goldberg, NIPS 2014).

python training/train_words.py --data ../shared/data
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from common import arguments, rows

from libqa.text import segment

TEXTS = (  # set, fields, every n-th row
    ("cmrc2018/train", ("context",), 4),
    ("crud_news/text", ("text",), 8),
    ("zhwiki_sample/text", ("text",), 1),
    ("csl/title_abstract", ("positive",), 1),
    ("cn_laws_text/text", ("text",), 12),
    ("tw_laws_text/text", ("text",), 16),
    ("kdconv/travel_text", ("text",), 1),
)
WORDS, WIDTH, WINDOW = 40_000, 64, 5


def main() -> None:
    from scipy.sparse import coo_matrix
    from sklearn.utils.extmath import randomized_svd

    args = arguments(__doc__).parse_args()
    started = time.time()
    lines: list[list[str]] = []
    for name, fields, step in TEXTS:
        for i, row in enumerate(rows(args.data, name)):
            if i % step == 0:
                for field in fields:
                    lines += [[w for w, _, _ in segment.words(line)] for line in row[field].split("\n")]
    print(f"{len(lines)} lines, {sum(map(len, lines))} words, {time.time() - started:.0f} s", flush=True)
    count = Counter(w for line in lines for w in line)
    vocabulary = [w for w, c in count.most_common(WORDS) if c >= 3]
    index = {w: i for i, w in enumerate(vocabulary)}
    left: list[np.ndarray] = []
    right: list[np.ndarray] = []
    for offset in range(1, WINDOW + 1):
        for line in lines:
            ids = np.array([index.get(w, -1) for w in line], dtype=np.int32)
            if len(ids) > offset:
                a, b = ids[:-offset], ids[offset:]
                keep = (a >= 0) & (b >= 0)
                left.append(a[keep])
                right.append(b[keep])
    i, j = np.concatenate(left), np.concatenate(right)
    n = len(vocabulary)
    pairs = coo_matrix((np.ones(len(i), np.float32), (i, j)), shape=(n, n)).tocsr()
    pairs = pairs + pairs.T
    total = pairs.sum()
    row = np.asarray(pairs.sum(1)).ravel() + 1e-9
    col = np.asarray(pairs.sum(0)).ravel() ** 0.75
    pairs = pairs.tocoo()
    pmi = np.log(pairs.data / row[pairs.row] / (col[pairs.col] / col.sum()))
    keep = pmi > 0
    matrix = coo_matrix((pmi[keep], (pairs.row[keep], pairs.col[keep])), shape=(n, n)).tocsr()
    u, s, _ = randomized_svd(matrix, WIDTH, random_state=args.seed, n_iter=4)
    vectors = u * np.sqrt(s)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True) + 1e-6
    np.savez(args.work / "words.npz", vectors=vectors.astype(np.float16), words=np.array(vocabulary))
    print(f"{n} words, {total:.0f} pairs, {time.time() - started:.0f} s", flush=True)
    for word in ("馆长", "成都", "举行", "2023", "公司"):
        if word in index:
            near = np.argsort(-vectors @ vectors[index[word]])[:8]
            print(word, [vocabulary[k] for k in near], flush=True)


if __name__ == "__main__":
    main()
