"""Vectors that tell what kind of word a piece is (a year, a surname, a verb ...), from its close neighbours alone.

Positive pointwise mutual information of each piece with the pieces one and two places to its left and right, then a
truncated SVD (Levy et al. 2015). Unsupervised. Writes ``types.npy`` (int8) for the reader.
"""

from __future__ import annotations

import json

import common
import numpy as np
from scipy import sparse
from sklearn.utils.extmath import randomized_svd

from libqa.models.pieces import Segmenter
from libqa.text.script import fold

TEXTS = (  # set, fields, every n-th row
    ("crud_news/text", ("text",), 3),
    ("cmrc2018/train", ("context", "question"), 2),
    ("zhwiki_sample/text", ("text",), 1),
    ("kdconv/travel_text", ("text",), 1),
    ("csl/title_abstract", ("positive",), 1),
    ("tw_laws_text/text", ("text",), 12),
    ("cn_laws_text/text", ("text",), 12),
    ("python_docs_zh_en/train", ("en",), 4),
    ("tatoeba_zh_en/train", ("en",), 1),
)
PLACES = (-2, -1, 1, 2)


def main() -> None:
    parser = common.arguments(__doc__ or "")
    parser.add_argument("--dimension", type=int, default=64)
    parser.add_argument(
        "--neighbours", type=int, default=4000, help="pieces that count as neighbours: the most frequent"
    )
    args = parser.parse_args()
    segmenter = Segmenter(common.BUNDLED / "embedder" / "pieces.tsv")
    stream: list[np.ndarray] = []
    gap = np.zeros(2, np.int32)
    for name, fields, step in TEXTS:
        for i, row in enumerate(common.rows(args.data, name)):
            if i % step == 0:
                for field in fields:
                    stream += [np.array(segmenter.cut(fold(row[field])).ids, np.int32), gap]
    ids = np.concatenate(stream)
    n, width = segmenter.size, args.neighbours
    print(f"{len(ids)} pieces", flush=True)
    blocks = []
    for place in PLACES:
        a, b = (ids[:-place], ids[place:]) if place > 0 else (ids[-place:], ids[:place])
        keep = (a > 0) & (b > 0) & (b < width)  # ids are ranked by frequency
        counts = sparse.coo_matrix((np.ones(keep.sum(), np.float32), (a[keep], b[keep])), (n, width)).tocsr()
        counts.sum_duplicates()
        row, column = np.asarray(counts.sum(1)).ravel(), np.asarray(counts.sum(0)).ravel() ** 0.75
        coo = counts.tocoo()
        pmi = np.log(coo.data * column.sum() / (row[coo.row] * column[coo.col]))
        pmi *= coo.data / (coo.data + 2)  # rare pairs say little
        good = pmi > 0
        blocks.append(sparse.coo_matrix((pmi[good], (coo.row[good], coo.col[good])), (n, width)).tocsr())
    left, values, _ = randomized_svd(sparse.hstack(blocks).tocsr(), args.dimension, n_iter=3, random_state=args.seed)
    table = left * np.sqrt(values)
    table /= np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-6)
    out = common.BUNDLED / "reader"
    out.mkdir(parents=True, exist_ok=True)
    top = np.abs(table).max()
    np.save(out / "types.npy", np.round(np.clip(table * 254, -127, 127)).astype(np.int8))
    pieces = [
        line.split("\t")[0] for line in (common.BUNDLED / "embedder" / "pieces.tsv").read_text("utf-8").splitlines()
    ]
    at = {p: i for i, p in enumerate(pieces)}
    print(f"largest value {top:.2f}")
    for probe in ("2015", "北京", "图书馆", "张", "研究", "三", "library"):
        near = np.argsort(-(table @ table[at[probe]]))[:8]
        print(probe, json.dumps([pieces[i] for i in near], ensure_ascii=False))


if __name__ == "__main__":
    main()
