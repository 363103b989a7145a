"""How many questions on quite other things the bundled corpus answers, which it should refuse.

    python eval/bench_elsewhere.py [--questions 300] [--seed 1]

The questions were written for training on texts about invented places and matters of general knowledge
(``training/written``: the families that serve the reader; of the others, the calibration learns to refuse questions),
of which the corpus says nothing but by chance: a few are so general that they fit it too. As many English as Chinese
ones are drawn. Prints how many are answered, of what kind, and the surest answers. The own question sets do not show
this: what has no answer there is asked in the documents' own words.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "training"))

import written

from libqa import LibQA
from libqa.text.script import language

ROOT = Path(__file__).parents[1]
SHOWN = 5


def asked() -> dict[str, list[written.Written]]:
    """Return the questions that stand alone, by language: English or Chinese."""
    found: dict[str, list[written.Written]] = {"English": [], "Chinese": []}
    for path in written.families("reader"):
        for question in written.load(path)[1]:
            if not question.history:
                found["English" if language(question.question) == "en" else "Chinese"].append(question)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--questions", type=int, default=300, help="in each language")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    with tempfile.TemporaryDirectory() as scratch:
        qa = LibQA.build(ROOT / "corpus", Path(scratch) / "index")
        for name, questions in asked().items():
            chosen = rng.sample(questions, min(options.questions, len(questions)))
            said = [(qa.ask(q.question), q.kind) for q in chosen]
            answered = [(answer, kind) for answer, kind in said if not answer.abstained]
            print(f"{name}: {len(answered)} of {len(said)} answered ({len(answered) / len(said):.3f})")
            kinds, wrong = Counter(kind for _, kind in said), Counter(kind for _, kind in answered)
            print("  " + ", ".join(f"{kind} {wrong[kind]}/{count}" for kind, count in kinds.most_common()))
            for answer, _ in sorted(answered, key=lambda pair: -pair[0].confidence)[:SHOWN]:
                print(f"  {answer.confidence:.2f} {answer.question} → {answer.text.splitlines()[0]}")


if __name__ == "__main__":
    main()
