"""Learn the weights by which repair ranks texts that fit a broken stretch: ``WEIGHTS`` of src/libqa/text/ranking.py.

    python training/train_repair_ranking.py --data ../shared/data [--damaged 1800] [--seed 6]

Sentences that the character model was not trained on are damaged as in eval/bench_repair.py, which draws its own from
other lines (``for_ranking`` divides them). Each stretch with more than one text is one example; the probability of the
right text among them (a conditional logit; McFadden 1974) is made as large as possible, with a penalty on the squared
weights. The script prints what the weights make of a fifth of the sentences that they did not learn from, then those
learnt from all. ``--seed 6`` drew the sentences that the shipped ones come from.
"""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "eval"))

from bench_repair import damaged_cases, sentences_for_ranking
from common import arguments

from libqa.text import mending, repair
from libqa.text.inverting import Spot, Step
from libqa.text.language import folded
from libqa.text.ranking import FEATURES, WEIGHTS, features

PENALTY = 0.001


@dataclass(frozen=True)
class Example:
    """A stretch: one row of features a text, and which of the texts are right."""

    rows: np.ndarray
    right: np.ndarray


def fits(steps: tuple[Step, ...], before: str, after: str, clean: str) -> bool:
    """Whether a text is what stands in the clean sentence after ``before``; a swallowed digit may be any."""
    text, truth = folded("".join(step.char for step in steps)), folded(clean)[len(before) :]
    if len(truth) < len(text) or (not after and len(truth) > len(text)):
        return False
    same = (
        a == b or (a == "?" and step.flag == "lost" and b.isdigit())
        for a, b, step in zip(text, truth, steps, strict=False)
    )
    return all(same) and (after[:1] == "?" or truth[len(text) :].startswith(folded(after[:1])))


def examples(count: int, seed: int) -> list[list[Example]]:
    """Damage sentences and collect, sentence by sentence, the stretches that have a right text."""
    found: list[Example] = []
    plain = mending.ranked
    clean = ""

    def teaching(spot: Spot, before: str, after: str) -> list[tuple[tuple[Step, ...], float]]:
        """Rank the right text first, so that what follows in the line is read after the right text."""
        texts = plain(spot, before, after)
        if len(texts) == 1 or folded(before) != folded(clean)[: len(before)]:
            return texts
        right = np.array([fits(steps, before, after, clean) for steps, _ in spot.texts])
        if not right.any():
            return texts
        found.append(Example(features(spot, before, after), right))
        best = min(cost for _, cost in texts) - 100.0
        rest = [text for text in texts if not fits(text[0], before, after, clean)]
        return [(spot.texts[i][0], best) for i in np.flatnonzero(right).tolist()] + rest

    result: list[list[Example]] = []
    mending.ranked = teaching
    try:
        for case in damaged_cases(count, seed, ("lost",), sentences_for_ranking()):
            found, clean = [], case.clean
            repair(case.damaged)
            result.append(found)
    finally:
        mending.ranked = plain
    return result


def learnt(rows: list[Example]) -> np.ndarray:
    """Maximise the penalised likelihood of the right texts."""
    from scipy.optimize import minimize

    def loss(weights: np.ndarray) -> tuple[float, np.ndarray]:
        total, slope = 0.0, np.zeros(len(weights))
        for example in rows:
            scores = -(example.rows @ weights)
            shares = np.exp(scores - scores.max())
            shares /= shares.sum()
            right = shares[example.right].sum() + 1e-30
            total -= float(np.log(right))
            slope += example.rows.T @ (np.where(example.right, shares / right, 0.0) - shares)
        size = max(1, len(rows))
        return total / size + PENALTY * float(weights @ weights), slope / size + 2 * PENALTY * weights

    start = np.where(np.array(FEATURES) == "characters", 0.5, 0.0)
    result: np.ndarray = minimize(loss, start, jac=True, method="L-BFGS-B").x
    return result


def right_first(rows: list[Example], weights: np.ndarray) -> float:
    """Share of the stretches whose cheapest text is right."""
    return float(np.mean([example.right[np.argmin(example.rows @ weights)] for example in rows]))


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("--damaged", type=int, default=1800)
    args = parser.parse_args()
    started = time.process_time()
    collected = examples(args.damaged, args.seed)
    kept = len(collected) // 5
    test, train = ([e for found in part for e in found] for part in (collected[:kept], collected[kept:]))
    print(f"{len(train)} and {len(test)} stretches, {time.process_time() - started:.0f} s of processor time")
    weights = learnt(train)
    for name, value in (("as they are", WEIGHTS), ("learnt", weights)):
        print(f"{name}: right first {right_first(train, value):.3f} (train), {right_first(test, value):.3f} (test)")
    final = zip(FEATURES, learnt(train + test), strict=True)
    print("WEIGHTS =", ", ".join(f"{name} {value:.2f}" for name, value in final))


if __name__ == "__main__":
    main()
