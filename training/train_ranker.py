"""Train the ranker of candidate answers: a small network over the features of ``libqa.answering.features``.

    python training/train_ranker.py --data ../shared/data

Trained on cmrc2018/train; the targets are soft: each candidate's share of the character F1 with the given answer.
"""

from __future__ import annotations

import json
import random
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from common import BUNDLED, arguments, rows, seed_everything  # noqa: E402

from libqa.answering import candidates, features, rarity, understand  # noqa: E402
from libqa.text import segment  # noqa: E402
from libqa.text.script import fold  # noqa: E402


def f1(a: str, b: str) -> float:
    common = sum((Counter(a) & Counter(b)).values())
    return 2 * common / (len(a) + len(b)) if common else 0.0


def prepare(examples, weigh, reader=None):
    """Yield per question: features, character F1 of each candidate at the answer's place, the sentence flags."""
    laid_of: dict[str, tuple] = {}
    for row in examples:
        context = row["context"]
        if context not in laid_of:
            laid_of = (
                {context: candidates.lay_out(context)}
                if len(laid_of) > 200
                else {**laid_of, context: candidates.lay_out(context)}
            )
        laid = laid_of[context]
        question = understand.understand(row["question"], weigh)
        pointers, pointed = None, []
        if reader is not None:
            pointers, pointed = reader(row["question"], context)
        found = candidates.propose(laid, pointed)
        if not found:
            continue
        cover = features.locate(question, laid, fold(row["title"]))
        x = features.measure(question, laid, found, cover, pointers)
        y = np.zeros(len(found), dtype=np.float32)
        right = np.zeros(len(found), dtype=bool)
        for answer in row["answers"]:
            start, end = answer["start"], answer["start"] + len(answer["text"])
            for i, c in enumerate(found):
                low, high = laid.sentences[laid.sentence_of[c.first]]
                right[i] |= low <= start < high
                if c.start < end and start < c.end:
                    y[i] = max(y[i], f1(context[c.start : c.end], context[start:end]))
        yield x, y, right


def document_frequency(texts):
    seen = Counter()
    for text in texts:
        seen.update({w for w, _, _ in segment.words(text)})
    return seen


class Data:
    def __init__(self, items):
        items = list(items)
        self.x = np.concatenate([x for x, _, _ in items])
        self.y = np.concatenate([y for _, y, _ in items])
        self.right = np.concatenate([r for _, _, r in items])
        self.bounds = np.cumsum([0] + [len(y) for _, y, _ in items])


def evaluate(score, data, name):
    """Print sentence accuracy, mean character F1, share with F1 >= .8, and the best F1 that the candidates allow."""
    right = total_f1 = near = best = 0.0
    n = len(data.bounds) - 1
    for a, b in zip(data.bounds[:-1], data.bounds[1:]):
        i = int(np.argmax(score[a:b]))
        right += data.right[a + i]
        total_f1 += data.y[a + i]
        near += data.y[a + i] >= 0.8
        best += data.y[a:b].max()
    print(
        f"{name}: n {n} sentence {right / n:.3f} F1 {total_f1 / n:.3f} F1>=.8 {near / n:.3f} (ceiling F1 {best / n:.3f})",
        flush=True,
    )


def train(data, seed, hidden=64, epochs=14):
    import torch

    seed_everything(seed)
    mean, std = data.x.mean(0), data.x.std(0) + 1e-3
    x = torch.tensor((data.x - mean) / std)
    y = torch.tensor(data.y)
    net = torch.nn.Sequential(
        torch.nn.Linear(x.shape[1], hidden), torch.nn.ReLU(), torch.nn.Dropout(0.1), torch.nn.Linear(hidden, 1)
    )
    optimiser = torch.optim.AdamW(net.parameters(), lr=3e-3, weight_decay=1e-3)
    spans = [(a, b) for a, b in zip(data.bounds[:-1], data.bounds[1:]) if data.y[a:b].max() >= 0.5]
    steps = epochs * (len(spans) // 64 + 1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 3e-3, total_steps=steps + 1)
    for epoch in range(epochs):
        random.shuffle(spans)
        net.train()
        total = 0.0
        for i in range(0, len(spans), 64):
            batch = spans[i : i + 64]
            index = torch.cat([torch.arange(a, b) for a, b in batch])
            scores = net(x[index]).squeeze(1)
            loss, at = 0.0, 0
            for a, b in batch:
                target = y[a:b] ** 6
                loss = loss - (target / target.sum() * torch.log_softmax(scores[at : at + b - a], 0)).sum()
                at += b - a
            loss = loss / len(batch)
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
            schedule.step()
            total += loss.item() * len(batch)
        print(f"epoch {epoch} loss {total / len(spans):.4f}", flush=True)
    net.eval()
    weights = [p.detach().numpy().astype(np.float32) for p in net.parameters()]
    w1, b1 = weights[0] / std, weights[1] - weights[0] @ (mean / std)
    return {"w1": w1.T.astype(np.float32), "b1": b1.astype(np.float32), "w2": weights[2][0], "b2": weights[3]}


def scores(model, x):
    return np.maximum(x @ model["w1"] + model["b1"], 0) @ model["w2"] + model["b2"]


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--questions", type=int, default=5000)
    parser.add_argument("--out", type=Path, default=BUNDLED / "ranker" / "ranker.npz")
    args = parser.parse_args()
    random.seed(args.seed)
    everything = list(rows(args.data, "cmrc2018/train"))
    texts = list({r["context"] for r in everything})
    df = document_frequency(texts)
    weigh = rarity.blended(lambda t: df.get(t, 0), len(texts))
    chosen = random.sample(everything, min(args.questions, len(everything)))
    cache = args.work / f"ranker-{args.questions}-{args.seed}.npz"
    started = time.time()
    data = Data(prepare(chosen, weigh))
    print(f"{len(chosen)} questions, {len(data.y)} candidates, {time.time() - started:.0f} s", flush=True)
    np.savez(cache, x=data.x, y=data.y, right=data.right, bounds=data.bounds)
    model = train(data, args.seed)
    evaluate(scores(model, data.x), data, "cmrc2018/train")
    for name, size in (("cmrc2018/trial", 1001), ("drcd/dev", 800)):
        held = list(rows(args.data, name, evaluate=True))
        part = Data(prepare(random.sample(held, min(size, len(held))), weigh))
        evaluate(scores(model, part.x), part, name)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    np.savez(args.out, **model)
    (args.out.parent / "features.json").write_text(json.dumps(list(features.NAMES)))


if __name__ == "__main__":
    main()
