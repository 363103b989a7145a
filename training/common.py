"""What the training scripts share: where the data lies, reading it, folding, and the class of each set."""

from __future__ import annotations

import argparse
import gzip
import json
import os
import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
WORK = Path(__file__).resolve().parent / "work"
BUNDLED = ROOT / "src" / "libqa" / "models" / "bundled"

OPEN = frozenset(
    "cmrc2018/train cmrc2018/trial drcd/dev kdconv/turns kdconv/travel_text csl/title_abstract csl/titles "
    "tw_laws_zh_en/train tatoeba_zh_en/train ntrex/train python_docs_zh_en/train cc_cedict/dict tw_laws_text/text "
    "cn_laws_text/text zhwiki_sample/text".split()
)
"""Sets under an open licence or without copyright (class A): the only ones that supervise shipped weights."""
HELD_OUT = frozenset(("cmrc2018/trial", "drcd/dev", "ntrex/train"))
"""Development data: measured on, never trained on."""
UNSUPERVISED = frozenset(("crud_news/text",))
"""Published under Apache-2.0 by its authors, text of third parties: for objectives without labels only."""


def arguments(description: str) -> argparse.ArgumentParser:
    """Return a parser with the options every training script has."""
    parser = argparse.ArgumentParser(description=description)
    default = os.environ.get("LIBQA_DATA", str(ROOT.parent / "shared" / "data"))
    parser.add_argument("--data", type=Path, default=Path(default), help="folder of the data sets (LIBQA_DATA)")
    parser.add_argument("--work", type=Path, default=WORK, help="folder for caches and checkpoints")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--device", default="cpu", help="torch device, e.g. cpu or cuda")
    parser.add_argument("--threads", type=int, default=1)
    return parser


def rows(data: Path, name: str, evaluate: bool = False) -> Iterator[dict[str, Any]]:
    """Yield the rows of one set; refuses sets that this use is not meant for."""
    if evaluate != (name in HELD_OUT):
        raise ValueError(f"{name} is {'not ' if evaluate else ''}held out for evaluation")
    if not evaluate and name not in OPEN | UNSUPERVISED:
        raise ValueError(f"{name} is not of class A: shipped weights may not be trained on it")
    with gzip.open(data / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)


def conditional_logit(sets: Sequence[tuple[np.ndarray, np.ndarray]], penalty: float) -> np.ndarray:
    """Return weights that make the right ones of each set as likely as possible (McFadden 1974).

    Each set is the rows of its choices, shape (choices, features), and which of them are right; ``penalty`` is on the
    squared weights of features of unit variance.
    """
    from scipy.optimize import minimize

    rows, right = (np.concatenate(parts) for parts in zip(*sets, strict=True))
    sizes = np.array([len(part) for _, part in sets])
    starts, owners = np.cumsum(sizes) - sizes, np.repeat(np.arange(len(sizes)), sizes)
    spread = rows.std(axis=0)
    rows = rows / spread

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        scores = rows @ weights
        shares = np.exp(scores - np.maximum.reduceat(scores, starts)[owners])
        wanted = np.where(right, shares, 0.0)
        total, part = np.add.reduceat(shares, starts), np.add.reduceat(wanted, starts) + 1e-30
        slope = rows.T @ (shares / total[owners] - wanted / part[owners])
        value = float(np.mean(np.log(total) - np.log(part)))
        return value + penalty * float(weights @ weights), slope / len(sizes) + 2 * penalty * weights

    result: np.ndarray = minimize(loss, np.zeros(len(spread)), jac=True, method="L-BFGS-B").x / spread
    return result


def seed_everything(seed: int) -> None:
    """Seed Python, NumPy and torch."""
    import torch

    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)
