"""Measure the reader on cmrc2018/trial and drcd/dev: right sentence, span F1 and exact match, answerability."""

from __future__ import annotations

import random
import re
import time
from pathlib import Path

import common
import numpy as np

from libqa.models import load_reader
from libqa.text.script import fold

MARKS = re.compile(r"[^\w]|_")
SENTENCE = re.compile(r"[^。！？!?；;\n]*[。！？!?；;\n]?")


def f1(found: str, gold: str) -> float:
    """Return character F1 by the longest common substring, as the CMRC 2018 script has it."""
    a, b = MARKS.sub("", found.lower()), MARKS.sub("", gold.lower())
    longest = 0
    row = [0] * (len(b) + 1)
    for x in a:
        above, row = row, [0] * (len(b) + 1)
        for j, y in enumerate(b):
            if x == y:
                row[j + 1] = above[j] + 1
                longest = max(longest, row[j + 1])
    return 2 * longest / (len(a) + len(b)) if longest else 0.0


def auroc(positive: list[float], negative: list[float]) -> float:
    """Return the chance that an answerable passage has the higher score."""
    from sklearn.metrics import roc_auc_score

    return float(roc_auc_score([1] * len(positive) + [0] * len(negative), positive + negative))


def evaluate_reader(data: Path, limit: int = 1000) -> None:
    reader = load_reader()
    for name in ("cmrc2018/trial", "drcd/dev"):
        rows = list(common.rows(data, name, evaluate=True))
        random.Random(0).shuffle(rows)
        rows = rows[:limit]
        contexts = list(dict.fromkeys(r["context"] for r in rows))
        right, scores, exact, yes, no, elsewhere, seconds = [], [], [], [], [], [], 0.0
        bags = [set(fold(c)) for c in contexts]
        for row in rows:
            context, answers = row["context"], row["answers"]
            started = time.perf_counter()
            out = reader.read(row["question"], context)
            seconds += time.perf_counter() - started
            a, b, _ = out.best()
            spans = [m.span() for m in SENTENCE.finditer(context) if m.end() > m.start()]
            sentence = next(s for s in spans if s[0] <= a < s[1])
            right.append(any(sentence[0] <= x["start"] < sentence[1] for x in answers))
            found = context[a:b]
            scores.append(max(f1(found, x["text"]) for x in answers))
            exact.append(max(MARKS.sub("", fold(found)) == MARKS.sub("", fold(x["text"])) for x in answers))
            yes.append(out.answerable)
            rest = "".join(context[s:e] for s, e in spans if not any(x["text"] in context[s:e] for x in answers))
            if len(rest) > 40 and not any(x["text"] in rest for x in answers):
                no.append(reader.read(row["question"], rest).answerable)
            question = set(fold(row["question"]))
            order = np.argsort([-len(question & bag) for bag in bags], kind="stable")
            near = next(contexts[i] for i in order if not any(x["text"] in contexts[i] for x in answers))
            elsewhere.append(reader.read(row["question"], near).answerable)
        print(
            f"reader {name}: sentence {np.mean(right):.3f}  F1 {np.mean(scores):.3f}  EM {np.mean(exact):.3f}  "
            f"AUROC same paragraph less the answer {auroc(yes, no):.3f}, like paragraph {auroc(yes, elsewhere):.3f}  "
            f"{1000 * seconds / len(rows):.1f} ms a paragraph of {np.mean([len(r['context']) for r in rows]):.0f} "
            f"characters  n={len(rows)}",
            flush=True,
        )
