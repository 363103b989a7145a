"""Learn the weights by which repair ranks texts that fit a broken stretch: those of src/libqa/text/ranking.py.

    python training/train_repair_ranking.py --data ../shared/data [--damaged 1800] [--seed 6]

Sentences that the character model and the network were not trained on are damaged as in eval/bench_repair.py, which
draws its own from other lines (``for_ranking`` divides them). Each stretch with more than one text is one example; the
probability of the right text among them (a conditional logit; McFadden 1974) is made as large as possible, with a
penalty on the squared weights, those of numbers of unit variance. The first draw teaches ``WEIGHTS``; two more, of the
seeds that follow, teach ``FINAL`` on the texts that ``WEIGHTS`` leave to the network. The script prints what the
weights make of a fifth of the sentences that they did not learn from, then those learnt from all.
"""

from __future__ import annotations

import hashlib
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "eval"))

from bench_repair import damaged_cases, sentences_for_ranking
from common import arguments, conditional_logit

from libqa.text import mending, ranking, repair
from libqa.text.inverting import Spot, Step
from libqa.text.language import folded
from libqa.text.ranking import FEATURES, FINAL, LATER, WEIGHTS, features, judged, later

PENALTY = 0.0002
DRAWS = 2  # for FINAL


@dataclass(frozen=True)
class Example:
    """A stretch: one row of features a text, which of the texts are right, and the clean sentence."""

    rows: np.ndarray
    right: np.ndarray
    clean: str

    @property
    def tested(self) -> bool:
        """Whether the sentence is of the fifth that is learnt from only in the end."""
        return hashlib.sha256(self.clean.encode()).digest()[2] < 51


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


def examples(count: int, seed: int, final: bool) -> list[Example]:
    """Damage sentences and collect the stretches that have a right text, ``final``: as the network judges them."""
    found: list[Example] = []
    plain = mending.ranked
    clean = ""

    def teaching(spot: Spot, before: str, after: str) -> list[tuple[tuple[Step, ...], float]]:
        """Rank the right text first, so that what follows in the line is read after the right text."""
        texts = list(spot.texts)
        if len(texts) == 1 or folded(before) != folded(clean)[: len(before)]:
            return plain(spot, before, after)
        right = np.array([fits(steps, before, after, clean) for steps, _ in texts])
        if not right.any():
            return plain(spot, before, after)
        rows = features(spot, before, after)
        if not final:
            found.append(Example(rows, right, clean))
        elif right[chosen := judged(rows)].any():
            rows = np.hstack([rows[chosen], later(spot, chosen, before, after)])
            found.append(Example(rows, right[chosen], clean))
        return [texts[i] for i in [*np.flatnonzero(right).tolist(), *np.flatnonzero(~right).tolist()]]

    mending.ranked = teaching
    try:
        for case in damaged_cases(count, seed, ("lost",), sentences_for_ranking()):
            clean = case.clean
            repair(case.damaged)
    finally:
        mending.ranked = plain
    return found


def learnt(examples: list[Example]) -> np.ndarray:
    """Maximise the penalised likelihood of the right texts; the rows are costs."""
    weights: np.ndarray = np.round(conditional_logit([(-e.rows, e.right) for e in examples], PENALTY), 2)
    return weights


def right_first(rows: list[Example], weights: np.ndarray) -> float:
    """Share of the stretches whose cheapest text is right."""
    return float(np.mean([example.right[np.argmin(example.rows @ weights)] for example in rows]))


def report(title: str, names: tuple[str, ...], shipped: np.ndarray, found: list[Example]) -> np.ndarray:
    """Learn from all stretches but a fifth, tell what that makes of them, and learn from all."""
    train, test = [e for e in found if not e.tested], [e for e in found if e.tested]
    print(f"{title}: {len(train)} and {len(test)} stretches")
    for name, value in (("as they are", shipped), ("learnt", learnt(train))):
        print(f"{name}: right first {right_first(train, value):.3f} (train), {right_first(test, value):.3f} (test)")
    weights = learnt(found)
    print(title, "=", ", ".join(f"{n} {value:.2f}" for n, value in zip(names, weights, strict=True)), flush=True)
    return weights


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument("--damaged", type=int, default=1800, help="sentences a draw")
    parser.set_defaults(seed=6)
    args = parser.parse_args()
    started = time.process_time()
    found = examples(args.damaged, args.seed, final=False)
    ranking.WEIGHTS = report("WEIGHTS", FEATURES, WEIGHTS, found)
    found = [e for i in range(DRAWS) for e in examples(args.damaged, args.seed + 1 + i, final=True)]
    report("FINAL", FEATURES + LATER, FINAL, found)
    print(f"{time.process_time() - started:.0f} s of processor time")


if __name__ == "__main__":
    main()
