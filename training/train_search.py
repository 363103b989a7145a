"""Learn what likeness piece by piece counts in search: ``CHINESE`` and ``ENGLISH`` of ``libqa.answering.interaction``.

    python training/train_embedder.py && python training/train_search.py

An index of the documents written for ranker and calibration, which the embedder has not seen, is asked their
questions. The passages that search finds best are the choices, described by their score and by the measures of
``interaction``; a conditional logit learns from two thirds of the families which of them holds the answer. Prints the
weights, the score by search of Chinese questions being 1 and the last taking away what wrong passages get by likeness;
and for the questions of the other families how often the passage that answers is the first, and among those read.
"""

from __future__ import annotations

import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import written
from common import arguments, conditional_logit
from examples import alike_by, index_written

from libqa.answering import interaction
from libqa.answering.answer import READ
from libqa.answering.dialogue import resolve
from libqa.answering.retrieve import LOOKED, look_closer

PENALTY = 1e-4
THIRD = 3
"""Families whose number divides by it are measured on."""


@dataclass(frozen=True)
class Choices:
    """The passages of a question: score by search and measures (n, 5), which hold the answer (n,), and of what kind
    the question is."""

    rows: np.ndarray
    right: np.ndarray
    english: bool
    paraphrase: bool
    family: int


def look(folder: Path) -> list[Choices]:
    """Search for all questions that have an answer."""
    index, documents, families = index_written("ranker", folder)
    similarity, found = alike_by(index.embedder), []
    with index.view() as view:
        for number, questions in enumerate(families):
            for q in (q for q in questions if q.answers):
                start, _ = written.place(documents[q.document].text, q)
                asked = resolve(q.question, q.history, similarity)
                looked = look_closer(view, f"{asked.text} {asked.context}".strip(), index.embedder, LOOKED)
                right = [p.document_id == q.document and p.start <= start < p.end for p in looked.passages]
                rows = np.concatenate([looked.searched[:, None], looked.near], axis=1)
                kind = q.kind == "paraphrase"
                found.append(Choices(rows, np.array(right, bool), looked.english, kind, number))
    return found


def report(name: str, weights: dict[bool, np.ndarray], held: list[Choices]) -> None:
    """Print how often the passage that answers comes first, and among those that are read."""
    places = defaultdict(list)
    for c in held:
        scores = c.rows @ weights[c.english][:-1]
        place = int((scores > scores[c.right].max()).sum()) if c.right.any() else LOOKED
        places[("English" if c.english else "Chinese") + (", paraphrases" if c.paraphrase else "")].append(place)
    for group, found in sorted(places.items()):
        shares = (float(np.mean(np.array(found) < first)) for first in (1, READ))
        print(f"{name}: {group}: {len(found)} questions, first {next(shares):.3f}, read {next(shares):.3f}")


def main() -> None:
    arguments(__doc__ or "").parse_args()
    with tempfile.TemporaryDirectory() as folder:
        found = look(Path(folder) / "index")
    learnt = {}
    for english in (False, True):
        seen = [c for c in found if c.english == english and c.family % THIRD and 0 < c.right.sum() < len(c.right)]
        weights = conditional_logit([(c.rows, c.right) for c in seen], PENALTY)
        chance = np.mean([c.rows[~c.right, 1:] @ weights[1:] for c in seen if len(c.rows) == LOOKED])
        learnt[english] = np.append(weights, -chance)
        counts = (learnt[english] / learnt[False][0]).round(2).tolist()
        print(f"{'English' if english else 'Chinese'}, {len(seen)} questions: {counts}")
    held = [c for c in found if c.family % THIRD == 0]
    shipped = {False: interaction.CHINESE, True: interaction.ENGLISH}
    report("search alone", {e: np.eye(1, 2 + len(interaction.NAMES))[0] for e in shipped}, held)
    report("shipped", shipped, held)
    report("learnt", learnt, held)


if __name__ == "__main__":
    main()
