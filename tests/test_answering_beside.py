"""Clauses and items of lists beside a candidate that say what the question does."""

import numpy as np
import pytest

from libqa.answering import beside, candidates, features, rarity
from libqa.answering.understand import understand

STAFF = "馆长由李华担任，分管资源建设的副馆长是罗静。"
PRIZES = "征文比赛评出一等奖3名、二等奖8名、三等奖15名。"
RANKS = "其中研究馆员5人、副研究馆员19人。"


@pytest.mark.parametrize(
    ("question", "text", "span", "elsewhere"),
    [
        ("谁分管资源建设？", STAFF, "李华", 0.6),
        ("谁分管资源建设？", STAFF, "罗静", 0.0),
        ("馆长是谁？", STAFF, "李华", 0.0),
        ("一等奖有几名？", PRIZES, "3名", 0.0),
        ("一等奖有几名？", PRIZES, "15名", 1.0),
        ("三等奖有几名？", PRIZES, "15名", 0.0),
        ("征文比赛评出多少名获奖者？", PRIZES, "8名", 1.0),
        ("有几名研究馆员？", RANKS, "19人", 1.0),
        ("有几名副研究馆员？", RANKS, "5人", 1.0),
        ("有几名副研究馆员？", RANKS, "19人", 0.0),
    ],
)
def test_where_the_question_is_told_of(question: str, text: str, span: str, elsewhere: float) -> None:
    asked, laid = understand(question, rarity.rarity), candidates.lay_out(text)
    found = [c for c in candidates.propose(laid) if text[c.start : c.end] == span]
    assert found
    both = [*found, *(c for c in candidates.propose(laid) if c.kind in features.FITTING[asked.kind])]
    cover = features.locate(asked, laid, "")
    said = np.array(
        [
            sum(
                float(w)
                for w, at in zip(cover.weight, cover.at, strict=True)
                if any(laid.clauses[c.first][0] <= a < laid.clauses[c.last][1] for a in at)
            )
            for c in both
        ],
        np.float32,
    )
    fitting = np.array([c.kind in features.FITTING[asked.kind] for c in both])
    words = list(zip(cover.weight.tolist(), cover.at, strict=True))
    told = beside.told_elsewhere(asked.folded, laid, both, said, fitting, words)
    assert told[0] == pytest.approx(elsewhere)
