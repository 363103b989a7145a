"""Train the reader of ``libqa.answering.reader`` on windows of cmrc2018/train paragraphs.

    python training/train_words.py && python training/train_reader.py --epochs 8

One question in six (by a hash of the article's title) is left out for the ranker and for calibration. Resumable: a
checkpoint is written after every epoch and continued from; deterministic given the seed and the number of threads.
"""

from __future__ import annotations

import json
import random
import sys
import time
import zlib
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from common import arguments, rows, seed_everything

from libqa.answering import rarity, reader, understand
from libqa.text import segment
from libqa.text.script import fold

WIDTH, CHARACTER, WORD = 96, 48, 64
WINDOW = 320


def held_out(row) -> bool:
    """Whether the ranker, not the reader, learns from this question."""
    return zlib.crc32(row["title"].encode()) % 6 == 0


class Block(nn.Module):
    def __init__(self, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.norm = nn.LayerNorm(WIDTH)
        self.linear = nn.Linear(3 * WIDTH, 2 * WIDTH)

    def forward(self, x, mask):
        y = self.norm(x) * mask
        d, n = self.dilation, x.shape[1]
        y = functional.pad(y, (0, 0, d, d))
        taps = torch.cat([y[:, k * d : k * d + n] for k in range(3)], dim=2)
        out, gate = self.linear(taps).chunk(2, dim=2)
        return x + functional.dropout(out * torch.sigmoid(gate), 0.1, self.training)


class Network(nn.Module):
    def __init__(self, characters: int, vectors: np.ndarray) -> None:
        super().__init__()
        self.characters = nn.Embedding(characters + 1, CHARACTER)
        self.words = nn.Embedding.from_pretrained(
            torch.tensor(np.vstack([np.zeros((1, WORD)), vectors]), dtype=torch.float32), freeze=True
        )
        self.question_in = nn.Linear(CHARACTER + WORD + reader.QUESTION_FEATURES, WIDTH)
        self.passage_in = nn.Linear(CHARACTER + WORD + reader.PASSAGE_FEATURES, WIDTH)
        self.question = nn.ModuleList(Block(1) for _ in range(2))
        self.question_pool = nn.Linear(WIDTH, 1, bias=False)
        self.attend = nn.Linear(WIDTH, WIDTH, bias=False)
        self.merge = nn.Linear(3 * WIDTH, WIDTH)
        self.summary = nn.Linear(WIDTH, WIDTH, bias=False)
        self.blocks = nn.ModuleList(Block(d) for d in reader.DILATIONS)
        self.heads = nn.ModuleDict({k: nn.Linear(WIDTH, 1, bias=False) for k in ("start", "end")})
        self.bilinear = nn.ModuleDict({k: nn.Linear(WIDTH, WIDTH, bias=False) for k in ("start", "end")})
        self.answerable = nn.Sequential(nn.Linear(2 * WIDTH, 64), nn.ReLU(), nn.Linear(64, 1))

    def embed(self, linear, characters, words, features):
        x = torch.cat([self.characters(characters), self.words(words), features], dim=2)
        return torch.relu(linear(functional.dropout(x, 0.15, self.training)))

    def forward(self, q, p):
        (qc, qw, qf, qm), (pc, pw, pf, pm) = q, p
        qs = self.embed(self.question_in, qc, qw, qf) * qm
        for block in self.question:
            qs = block(qs, qm)
        pool = self.question_pool(qs).masked_fill(qm == 0, -1e4)
        summary = (torch.softmax(pool, 1) * qs).sum(1)
        states = self.embed(self.passage_in, pc, pw, pf)
        scores = self.attend(states) @ qs.transpose(1, 2)
        attended = torch.softmax(scores.masked_fill(qm.transpose(1, 2) == 0, -1e4), 2) @ qs
        states = (
            torch.relu(self.merge(torch.cat([states, attended, states * attended], 2))) + self.summary(summary)[:, None]
        )
        for block in self.blocks:
            states = block(states, pm)
        logits = {}
        for k in ("start", "end"):
            logit = self.heads[k](states).squeeze(2) + (states @ self.bilinear[k](summary)[:, :, None]).squeeze(2)
            logits[k] = logit.masked_fill(pm.squeeze(2) == 0, -1e4)
        top = states.masked_fill(pm == 0, -1e4).max(1).values
        return logits["start"], logits["end"], self.answerable(torch.cat([top, summary], 1)).squeeze(1)


def export(net: Network, characters: list[str], words: list[str], folder: Path) -> None:
    """Write the weights under the names and shapes that ``libqa.answering.reader`` reads."""
    w: dict[str, np.ndarray] = {"characters": net.characters.weight, "question_pool": net.question_pool.weight[0]}
    for name, layer in (("question_in", net.question_in), ("passage_in", net.passage_in), ("merge", net.merge)):
        w[f"{name}_w"], w[f"{name}_b"] = layer.weight.T, layer.bias
    for name, blocks in (("question", net.question), ("block", net.blocks)):
        for i, block in enumerate(blocks):
            w[f"{name}_{i}_w"], w[f"{name}_{i}_b"] = block.linear.weight.T, block.linear.bias
            w[f"{name}_{i}_g"], w[f"{name}_{i}_h"] = block.norm.weight, block.norm.bias
    w["attend_w"], w["summary_w"] = net.attend.weight.T, net.summary.weight.T
    for k in ("start", "end"):
        w[f"{k}_w"], w[f"{k}_q"] = net.heads[k].weight[0], net.bilinear[k].weight
    for i, at in ((0, 0), (1, 2)):
        w[f"answerable_{i}_w"], w[f"answerable_{i}_b"] = net.answerable[at].weight.T, net.answerable[at].bias
    out = {k: v.detach().cpu().numpy().astype(np.float16) for k, v in w.items()}
    vectors = net.words.weight.detach().cpu().numpy()
    scale = np.abs(vectors).max() / 127.0
    out["words"], out["words_scale"] = np.round(vectors / scale).astype(np.int8), np.float32(scale)
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / "reader.npz", **out)
    (folder / "vocabulary.json").write_text(
        json.dumps({"characters": "".join(characters), "words": words}, ensure_ascii=False), encoding="utf-8"
    )


def distractors(examples, weigh) -> dict[int, int]:
    """For each question, the paragraph of another article that shares most with it (by idf-weighted words)."""
    from scipy.sparse import csr_matrix

    contexts = list({r["context"]: r["title"] for r in examples}.items())
    index: dict[str, int] = {}

    def matrix(texts):
        data, at, bounds = [], [], [0]
        for text in texts:
            for word in {w for w, _, _ in segment.words(text)}:
                at.append(index.setdefault(word, len(index)))
                data.append(weigh(word))
            bounds.append(len(at))
        return data, at, bounds

    c, q = matrix([c for c, _ in contexts]), matrix([r["question"] for r in examples])
    shape = len(index)
    paragraphs = csr_matrix(c, shape=(len(contexts), shape))
    questions = csr_matrix(q, shape=(len(examples), shape))
    chosen = {}
    for i in range(len(examples)):
        scores = (questions[i] @ paragraphs.T).toarray()[0]
        for j in np.argsort(-scores)[:4]:
            if contexts[j][1] != examples[i]["title"] and examples[i]["answers"][0]["text"] not in contexts[j][0]:
                chosen[i] = int(j)
                break
    return {i: contexts[j][0] for i, j in chosen.items()}


def pack(encoded: reader.Encoded, start: int, end: int):
    return encoded.characters[start:end], encoded.words[start:end], encoded.features[start:end]


def window(row, prepared, rng):
    """Choose whole sentences around the answer, as passages of an index are cut; return (start, end)."""
    n = len(prepared.folded)
    if n <= WINDOW or rng.random() < 0.15:
        return 0, min(n, 900)
    a = row["answers"][0]["start"]
    b = a + len(row["answers"][0]["text"])
    holding = [i for i, (s, e) in enumerate(prepared.sentences) if s < b and e > a]
    if not holding:
        return 0, min(n, 900)
    first, last = holding[0], holding[-1]
    while True:
        options = [(first - 1, last), (first, last + 1)]
        options = [
            (x, y) for x, y in options
            if x >= 0 and y < len(prepared.sentences) and prepared.sentences[y][1] - prepared.sentences[x][0] <= WINDOW
        ]  # fmt: skip
        if not options:
            return prepared.sentences[first][0], prepared.sentences[last][1]
        first, last = rng.choice(options)


def shared_loss(logits, target, first, sizes):
    """Cross-entropy of the answer's place in the first window of each group, normalised over the group's windows."""
    over = torch.logsumexp(logits, 1)
    whole = torch.stack([torch.logsumexp(part, 0) for part in over.split(sizes)])
    return (whole - logits[first, target[first]]).mean()


def batch_of(items, device):
    def pad(parts):
        n = max(len(c) for c, _, _ in parts)
        ids = np.zeros((2, len(parts), n), dtype=np.int64)
        feats = np.zeros((len(parts), n, parts[0][2].shape[1]), dtype=np.float32)
        mask = np.zeros((len(parts), n, 1), dtype=np.float32)
        for i, (c, w, f) in enumerate(parts):
            ids[0, i, : len(c)], ids[1, i, : len(w)], feats[i, : len(f)], mask[i, : len(c)] = c, w, f, 1
        return tuple(torch.from_numpy(x).to(device) for x in (ids[0], ids[1], feats, mask))

    q, p = pad([q for q, _, _ in items]), pad([p for _, p, _ in items])
    targets = torch.tensor([t for _, _, t in items], device=device)
    return q, p, targets


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--anneal", type=int, default=0, help="break the cycle off: so many more epochs down to rate 0")
    parser.add_argument("--limit", type=int, default=0, help="train on so many questions only")
    parser.add_argument("--out", type=Path, default=reader.READER)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    seed_everything(args.seed)
    examples = list(rows(args.data, "cmrc2018/train"))
    texts = list({r["context"] for r in examples})
    df = Counter(w for t in texts for w in {w for w, _, _ in segment.words(t)})
    weigh = rarity.blended(lambda t: df.get(t, 0), len(texts))
    examples = [r for r in examples if not held_out(r)][: args.limit or None]
    loaded = np.load(args.work / "words.npz")
    words = [str(w) for w in loaded["words"]]
    counts = Counter(c for t in texts for c in fold(t))
    characters = [c for c, n in counts.most_common(6000) if n >= 2]
    vocabulary = reader.Vocabulary(
        {c: i + 1 for i, c in enumerate(characters)}, {w: i + 1 for i, w in enumerate(words)}
    )

    started = time.time()
    away = distractors(examples, weigh)
    prepared: dict[str, reader.Prepared] = {}
    encoded = []
    for i, row in enumerate(examples):
        question = understand.understand(row["question"], weigh)
        pair = []
        for context in (row["context"], away.get(i)):
            if context is not None and (context is row["context"] or i % 2 == 0):
                if context not in prepared:
                    prepared[context] = reader.prepare(context)
                e = reader.encode_passage(question, prepared[context], vocabulary)
                pair.append(reader.Encoded(e.characters.astype(np.int16), e.words, e.features.astype(np.float16)))
            else:
                pair.append(None)
        q = reader.encode_question(question, vocabulary)
        encoded.append(((q.characters, q.words, q.features), pair[0], pair[1]))
    print(f"{len(examples)} questions encoded, {time.time() - started:.0f} s", flush=True)

    net = Network(len(characters), loaded["vectors"].astype(np.float32)).to(args.device)
    optimiser = torch.optim.AdamW([p for p in net.parameters() if p.requires_grad], lr=1e-3, weight_decay=1e-2)
    steps = args.epochs * (len(examples) // 24 + 1)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=steps + 10, pct_start=0.15)
    checkpoint = args.work / f"reader-{args.seed}-{args.epochs}-{args.limit}.pt"
    first = 0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        net.load_state_dict(state["net"])
        optimiser.load_state_dict(state["optimiser"])
        schedule.load_state_dict(state["schedule"])
        first = state["epoch"] + 1
    if args.anneal:
        rate = schedule.get_last_lr()[0]
        steps = args.anneal * (len(examples) // 24 + 1)
        for group in optimiser.param_groups:
            group["lr"] = group["initial_lr"] = rate
        schedule = torch.optim.lr_scheduler.LinearLR(optimiser, 1.0, 0.02, total_iters=steps)
        args.epochs = first + args.anneal
    print(f"{sum(p.numel() for p in net.parameters() if p.requires_grad)} trained parameters", flush=True)
    for epoch in range(first, args.epochs):
        rng = random.Random(args.seed * 1000 + epoch)
        torch.manual_seed(args.seed * 1000 + epoch)
        groups = []
        for row, (q, near, far) in zip(examples, encoded, strict=True):
            text, answer = prepared[row["context"]], row["answers"][0]["text"]
            low, high = window(row, text, rng)
            a = row["answers"][0]["start"] - low
            b = a + len(answer) - 1
            if not (a >= 0 and b < high - low):
                continue
            group = [(q, pack(near, low, high), (a, b))]
            if far is not None and rng.random() < 0.5:
                start = rng.randrange(max(1, len(far.characters) - WINDOW))
                group.append((q, pack(far, start, start + WINDOW), (0, 0)))
            s, e = max([(0, low), (high, len(text.folded))], key=lambda x: x[1] - x[0])
            if e - s > 60 and answer not in row["context"][s : min(e, s + WINDOW)] and rng.random() < 0.6:
                group.append((q, pack(near, s, min(e, s + WINDOW)), (0, 0)))
            groups.append(group)
        groups.sort(key=lambda g: max(len(x[1][0]) for x in g) + rng.random() * 60)
        batches = [groups[i : i + 24] for i in range(0, len(groups), 24)]
        rng.shuffle(batches)
        net.train()
        total, began = np.zeros(2), time.time()
        for n, part in enumerate(batches):
            q, p, t = batch_of([item for group in part for item in group], args.device)
            with torch.autocast(args.device, dtype=torch.bfloat16):
                start, end, answerable = net(q, p)
            sizes = [len(group) for group in part]
            first = torch.tensor(np.cumsum([0, *sizes[:-1]]))
            span = shared_loss(start.float(), t[:, 0], first, sizes) + shared_loss(end.float(), t[:, 1], first, sizes)
            label = torch.zeros(len(t)).index_fill(0, first, 1.0)
            null = functional.binary_cross_entropy_with_logits(answerable.float(), label)
            optimiser.zero_grad()
            (span + 0.5 * null).backward()
            nn.utils.clip_grad_norm_(net.parameters(), 2.0)
            optimiser.step()
            schedule.step()
            total += (span.item(), null.item())
            if n % 60 == 59:
                losses = f"span {total[0] / (n + 1):.3f} null {total[1] / (n + 1):.3f}"
                print(f"epoch {epoch} {n + 1}/{len(batches)} {losses} {time.time() - began:.0f} s", flush=True)
        if not args.anneal:
            torch.save(
                {
                    "net": net.state_dict(),
                    "optimiser": optimiser.state_dict(),
                    "schedule": schedule.state_dict(),
                    "epoch": epoch,
                },
                checkpoint,
            )
        net.eval()
        export(net, characters, words, args.out)
        report(args, epoch)


def report(args, epoch: int) -> None:
    """Print sentence accuracy and span F1 on a sample of the development sets, through the shipped inference code."""
    model = reader.load_reader.__wrapped__(args.out)
    for name in ("cmrc2018/trial", "drcd/dev"):
        held = list(rows(args.data, name, evaluate=True))
        sample = random.Random(5).sample(held, 150)
        right = score = 0.0
        for row in sample:
            question = understand.understand(row["question"], rarity.rarity)
            point = model.read(question, [row["context"]])[0]
            start, end = best_span(point)
            sentences = segment.sentences(row["context"])
            gold = [(a["start"], a["start"] + len(a["text"])) for a in row["answers"]]
            right += any(s <= start < e and s <= g < e for s, e in sentences for g, _ in gold)
            score += max(overlap(row["context"][start:end], row["context"][a:b]) for a, b in gold)
        print(f"epoch {epoch} {name}: sentence {right / len(sample):.3f} F1 {score / len(sample):.3f}", flush=True)


def best_span(point, longest: int = 80) -> tuple[int, int]:
    best, at = -1e9, (0, 1)
    for s in np.argsort(-point.start)[:20]:
        e = int(s) + int(np.argmax(point.end[s : s + longest]))
        value = float(point.start[s] + point.end[e])
        if value > best:
            best, at = value, (int(s), e + 1)
    return at


def overlap(a: str, b: str) -> float:
    common = sum((Counter(a) & Counter(b)).values())
    return 2 * common / (len(a) + len(b)) if common else 0.0


if __name__ == "__main__":
    main()
