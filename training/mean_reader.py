"""Average the weights of readers that were trained from one start with other seeds, and report on the mean.

    python training/mean_reader.py training/work/reader-1 training/work/reader-2

The mean of such weights is about as good as asking each and averaging what they say, at the cost of one: model soups
(Wortsman et al., ICML 2022).
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from common import arguments
from train_reader import report

from libqa.answering import reader


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("readers", type=Path, nargs="+", help="folders of exported readers")
    parser.add_argument("--out", type=Path, default=reader.READER)
    args = parser.parse_args()
    loaded = [np.load(folder / "reader.npz") for folder in args.readers]
    out = {}
    for name in loaded[0].files:
        parts = [file[name] for file in loaded]
        kept = name in ("words", "words_scale")  # fixed in training
        out[name] = parts[0] if kept else np.mean(parts, axis=0, dtype=np.float32).astype(parts[0].dtype)
    args.out.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(args.out / "reader.npz", **out)
    shutil.copy(args.readers[0] / "vocabulary.json", args.out / "vocabulary.json")
    report(args, 0)


if __name__ == "__main__":
    main()
