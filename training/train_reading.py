"""Learn what a sentence that says more of the question counts for where the text is given: ``SAID`` of ``one_text``.

    python training/train_reader.py && python training/train_reading.py

The questions are those of cmrc2018/train that the reader was not trained on, each with its paragraph. Each sentence is
a choice, described by how likely the reader takes it to hold the answer and by what it says beyond the topic; a
conditional logit tells how the two are weighed. Prints the weight of the second in units of the first, nats of the
reader.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from common import arguments, conditional_logit, rows
from examples import held_out

from libqa.answering import extract, one_text, rarity, understand
from libqa.index.passages import split

PENALTY = 0.01


def choices(row) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the sentences of a paragraph, shape (sentences, 2), and which of them hold an answer's start."""
    pieces = [(p.start, p.end) for p in split(row["context"])]
    question = understand.understand(row["question"], rarity.rarity)
    sources = one_text.look(question, row["context"], pieces)
    found, _ = extract.measure_all(question, sources, every=True)
    told = one_text.sentences(found, sources)
    spans = [(s.span[0] + pieces[s.source][0], s.span[1] + pieces[s.source][0]) for s in told]
    right = np.array([any(a <= answer["start"] < b for answer in row["answers"]) for a, b in spans], bool)
    return (np.array([(s.pointed, s.said) for s in told]), right) if right.any() and not right.all() else None


def main() -> None:
    args = arguments(__doc__ or "").parse_args()
    chosen = [row for row in rows(args.data, "cmrc2018/train") if held_out(row)]
    sets = [found for row in chosen if (found := choices(row))]
    reader, said = conditional_logit(sets, PENALTY)
    for name, weight in (("reader alone", 0.0), ("as it is", one_text.SAID), ("learnt", said / reader)):
        right = np.mean([good[np.argmax(x[:, 0] + weight * x[:, 1])] for x, good in sets])
        print(f"{name}: {weight:.1f} nats, right sentence {right:.3f} of {len(sets)}")


if __name__ == "__main__":
    main()
