"""How likely it is that the best candidate answers the question: a calibrated probability, the basis of refusals."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from libqa.answering import extract, features, givens, interaction
from libqa.answering.admissible import admissible
from libqa.answering.extract import RANKER, Found
from libqa.answering.features import Floats
from libqa.answering.understand import Question
from libqa.errors import ModelError

CALIBRATION = RANKER.with_name("abstention.npz")
READ = ("score", "best_answerable", "margin", "cover_context", "nothing_shared", "agreed_share", "score_besides")
"""What the search and the reader say; weighed against each other on questions to other texts."""
ALIKE = ("sentence", "said_pieces", "said_pieces_squared", "pieces", "pieces_squared")
"""How like the question the sentence is, with title and section and alone: what speaks of other things comes near it
in no other words either."""
NAMES = (*READ, "contradicted", *ALIKE)
_STRICT = ("date", "person", "organisation", "number", "title", "word")
_STRICT_RIVALS = [givens.KINDS.index(kind) + half for kind in _STRICT for half in (0, len(givens.KINDS))]
_LACKING = ("year", "person", "organisation", "number", "title")
_SHARE, _CONTEXT = features.NAMES.index("share"), features.NAMES.index("cover_context")


def measure(question: Question, found: Sequence[Found]) -> Floats:
    """Return the features of an answer, shape ``(len(NAMES),)``; ``found`` is sorted, best first, and not empty.

    An answer has ``nothing_shared`` with the question where text, title and section hold none of its words, nor their
    synonyms or translations: so it is with most questions on quite other things.
    It is ``contradicted`` where its sentence speaks of another name, date, ordinal or title than the question, or text,
    title and section do not say the question's at all; twice as much where no text holds the kind of thing asked for.
    Places do not count: texts leave them out, or speak of a city and of its province.
    """
    top = found[0]
    same = [extract.agree(f, top) for f in found]
    rival = next((f.score for f, ok in zip(found, same, strict=True) if not ok), top.score - 5.0)
    sentence = top.cover.rivals[0][top.laid.sentence_of[top.candidate.first]]
    lacking = {a.kind for a, held in zip(question.anchors, top.cover.named, strict=True) if not held}
    unfit = not admissible(question, top.laid, [top.candidate])
    share = max(float(f.row[_SHARE]) for f, ok in zip(found, same, strict=True) if ok)
    told = np.array(
        [
            top.score / 5.0,
            max(f.answerable for f in found),
            min(top.score - rival, 5.0) / 5.0,
            float(top.row[_CONTEXT]),
            float(top.row[_CONTEXT] <= 0.0),
            share,
            (1.0 - share) * max(top.score, 0.0) / 5.0,  # what is no good hit has to convince by what it says
            max(float(sentence[_STRICT_RIVALS].max() > 0), float(bool(lacking.intersection(_LACKING))), 2.0 * unfit),
        ],
        dtype=np.float32,
    )
    return np.concatenate([told, _alike(question, top)])


def _alike(question: Question, top: Found) -> Floats:
    """Return the features `ALIKE` of the best candidate."""
    said = top.laid.text[slice(*top.laid.sentences[top.laid.sentence_of[top.candidate.first]])]
    near = interaction.measure(question.text, [(top.context, said), ("", said)])
    return np.append(near[0, :3], near[1, 1:3])


@dataclass(frozen=True, slots=True)
class Calibration:
    """Logistic regression over `NAMES`: few weights carry over to texts of other kinds better than a network's."""

    weights: Floats
    bias: float

    def confidence(self, question: Question, found: Sequence[Found]) -> float:
        """Return the probability (0..1) that the best candidate answers the question; 0 without candidates."""
        if not found:
            return 0.0
        return float(1.0 / (1.0 + np.exp(-(measure(question, found) @ self.weights + self.bias))))


@cache
def load_calibration(path: Path = CALIBRATION) -> Calibration:
    """Load the bundled calibration.

    Raises
    ------
    ModelError : the file is missing or was made for other features.
    """
    try:
        with np.load(path) as file:
            calibration = Calibration(file["weights"].astype(np.float32), float(file["bias"]))
    except (OSError, KeyError, ValueError) as e:
        raise ModelError(str(path), f"the calibration cannot be read ({e})", "reinstall libqa") from e
    if calibration.weights.shape != (len(NAMES),):
        raise ModelError(str(path), "the calibration was made for other features", "reinstall libqa")
    return calibration
