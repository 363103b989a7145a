"""What a question says beyond what its text is about.

Every sentence of an article on a plant is about the plant; asked for its petiole, only one says petiole. So what the
title says already is left out, and what stays is looked for in each sentence, in the same or in like words.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from libqa.answering.comparing import Text
from libqa.answering.features import Floats, Pointers
from libqa.answering.understand import Question

BEGINNING = 30
"""Characters at the beginning of a text that tell what it is about, where it has no title."""
_LEAST = 0.2  # share of the question that counts as the whole rest where less than it stays


def topic(given: Text) -> str:
    """Return what a text is about, folded: the title of its document, or how that begins."""
    return given.title or (given.document or given.text).lstrip()[:BEGINNING]


def said_beside(question: Question, given: Text, points: Pointers, spans: Sequence[tuple[int, int]]) -> Floats:
    """Return how much each span of a text says of what the question says beyond its topic, 0..1, shape (spans,)."""
    about = topic(given)
    told = [max((force for form, force in t.forms if form in about), default=0.0) for t in question.terms]
    left = np.array([t.weight * (1.0 - share) for t, share in zip(question.terms, told, strict=True)], np.float32)
    shares = left / max(float(left.sum()), _LEAST * sum(t.weight for t in question.terms), 1e-6)
    said = [shares @ points.meant[:, start:end].max(axis=1, initial=0.0) for start, end in spans]
    return np.array(said, np.float32)
