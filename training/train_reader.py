"""Train the reader of ``libqa.answering.reader`` on the windows of ``examples``.

    python training/train_words.py && python training/train_reader.py --chunks 200 --processes 2

The number of chunks (of 480 questions for each process) fixes the schedule of rates. ``--minutes`` stops earlier, at a
checkpoint from which the next run goes on. Deterministic given the seed and the numbers of threads and processes.
"""

from __future__ import annotations

import argparse
import json
import math
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "src"))
sys.path.insert(0, str(Path(__file__).resolve().parent))

from common import arguments, rows, seed_everything
from examples import BATCHES, Examples

from libqa.answering import comparing, rarity, reader, understand
from libqa.text import segment
from libqa.text.script import fold

WIDTH, CHARACTER, MIXED = 128, 48, 64
RATE, WARM = 2e-3, 400
DROP = 0.1
DECAY = 0.998
"""What ships is the mean of the weights along the way, each step counting so much less than the next."""


def dropped(x: torch.Tensor, training: bool) -> torch.Tensor:
    """Drop one channel in ten of each text whole (Tompson et al., CVPR 2015); to drop single numbers takes longer."""
    if not training:
        return x
    kept = torch.rand(len(x), 1, x.shape[2], device=x.device) >= DROP
    return x * (kept.to(x) / (1.0 - DROP))


class Block(nn.Module):
    """A gated convolution added to its input; it starts as nothing, so that layers can be added to a trained reader."""

    def __init__(self, dilation: int) -> None:
        super().__init__()
        self.dilation = dilation
        self.norm = nn.LayerNorm(WIDTH)
        self.linear = nn.Linear(3 * WIDTH, 2 * WIDTH)
        with torch.no_grad():
            self.linear.weight[:WIDTH] = 0.0
            self.linear.bias[:WIDTH] = 0.0

    def forward(self, x, mask):
        y = self.norm(x)
        y = y * mask.to(y)
        d, n = self.dilation, x.shape[1]
        y = functional.pad(y, (0, 0, d, d))
        taps = torch.cat([y[:, k * d : k * d + n] for k in range(3)], dim=2)
        out, gate = self.linear(taps).chunk(2, dim=2)
        return x + dropped(out * torch.sigmoid(gate), self.training)


class Mix(nn.Module):
    """Attention of a text to all of itself and to the question, added to its states; it starts as nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(WIDTH)
        self.own = nn.Linear(WIDTH, 4 * MIXED)
        self.asked = nn.Linear(WIDTH, 2 * MIXED)
        self.out = nn.Linear(2 * MIXED, WIDTH)
        nn.init.zeros_(self.out.weight)
        nn.init.zeros_(self.out.bias)

    def forward(self, x, mask, question, question_mask):
        own, key, value, seeks = self.own(self.norm(x)).chunk(4, dim=2)
        asked_key, asked_value = self.asked(question).chunk(2, dim=2)
        found = [
            torch.softmax((a @ k.transpose(1, 2) / MIXED**0.5).masked_fill(m.transpose(1, 2) == 0, -1e4), 2) @ v
            for a, k, v, m in ((own, key, value, mask), (seeks, asked_key, asked_value, question_mask))
        ]
        return x + dropped(self.out(torch.cat(found, 2)), self.training)


class Network(nn.Module):
    def __init__(self, characters: int, vectors: np.ndarray) -> None:
        super().__init__()
        self.characters = nn.Embedding(characters + 1, CHARACTER)
        self.words = nn.Embedding.from_pretrained(torch.tensor(vectors, dtype=torch.float32), freeze=True)
        word = vectors.shape[1]
        self.question_in = nn.Linear(CHARACTER + word + comparing.QUESTION_FEATURES, WIDTH)
        self.passage_in = nn.Linear(CHARACTER + word + comparing.PASSAGE_FEATURES, WIDTH)
        self.question = nn.ModuleList(Block(1) for _ in range(2))
        self.question_pool = nn.Linear(WIDTH, 1, bias=False)
        self.attend = nn.Linear(WIDTH, WIDTH, bias=False)
        self.merge = nn.Linear(3 * WIDTH, WIDTH)
        self.summary = nn.Linear(WIDTH, WIDTH, bias=False)
        self.blocks = nn.ModuleList(Block(d) for d in reader.DILATIONS)
        self.mixes = nn.ModuleList(Mix() for _ in reader.MIXED_BEFORE)
        self.heads = nn.ModuleDict({k: nn.Linear(WIDTH, 1, bias=False) for k in ("start", "end")})
        self.bilinear = nn.ModuleDict({k: nn.Linear(WIDTH, WIDTH, bias=False) for k in ("start", "end")})
        self.answerable = nn.Sequential(nn.Linear(5 * WIDTH, 64), nn.ReLU(), nn.Linear(64, 1))

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
        for i, block in enumerate(self.blocks):
            if i in reader.MIXED_BEFORE:
                states = self.mixes[reader.MIXED_BEFORE.index(i)](states, pm, qs, qm)
            states = block(states, pm)
        logits = {}
        for k in ("start", "end"):
            logit = self.heads[k](states).squeeze(2) + (states @ self.bilinear[k](summary)[:, :, None]).squeeze(2)
            logits[k] = logit.masked_fill(pm.squeeze(2) == 0, -1e4)
        top = states.masked_fill(pm == 0, -1e4).max(1).values
        lacking = qs.masked_fill(qm == 0, -1e4).max(1).values
        pointed = [
            (torch.softmax(logits[k].float(), 1).to(states.dtype)[:, None] @ states).squeeze(1)
            for k in ("start", "end")
        ]
        told = self.answerable(torch.cat([top, summary, lacking, *pointed], 1)).squeeze(1)
        return logits["start"], logits["end"], told


def weights(net: Network) -> dict[str, torch.Tensor]:
    """Return views of the trained weights under the names and shapes that ``libqa.answering.reader`` reads."""
    w: dict[str, torch.Tensor] = {"characters": net.characters.weight, "question_pool": net.question_pool.weight[0]}
    affine = {
        "question_in": net.question_in, "passage_in": net.passage_in, "merge": net.merge,
        "answerable_0": net.answerable[0], "answerable_1": net.answerable[2],
    }  # fmt: skip
    norms = {}
    for i, mix in enumerate(net.mixes):
        affine |= {f"mix_{i}_own": mix.own, f"mix_{i}_asked": mix.asked, f"mix_{i}_out": mix.out}
        norms[f"mix_{i}"] = mix.norm
    for name, blocks in (("question", net.question), ("block", net.blocks)):
        affine |= {f"{name}_{i}": block.linear for i, block in enumerate(blocks)}
        norms |= {f"{name}_{i}": block.norm for i, block in enumerate(blocks)}
    for name, layer in affine.items():
        w[f"{name}_w"], w[f"{name}_b"] = layer.weight.T, layer.bias
    for name, norm in norms.items():
        w[f"{name}_g"], w[f"{name}_h"] = norm.weight, norm.bias
    w["attend_w"], w["summary_w"] = net.attend.weight.T, net.summary.weight.T
    for k in ("start", "end"):
        w[f"{k}_w"], w[f"{k}_q"] = net.heads[k].weight[0], net.bilinear[k].weight
    return {name: tensor.detach() for name, tensor in w.items()}


def export(net: Network, characters: list[str], words: list[str], folder: Path) -> None:
    """Write the weights and the vocabulary of the reader."""
    out = {name: tensor.cpu().numpy().astype(np.float16) for name, tensor in weights(net).items()}
    vectors = net.words.weight.detach().cpu().numpy()
    scale = np.abs(vectors).max() / 127.0
    out["words"], out["words_scale"] = np.round(vectors / scale).astype(np.int8), np.float32(scale)
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(folder / "reader.npz", **out)
    (folder / "vocabulary.json").write_text(
        json.dumps({"characters": "".join(characters), "words": words}, ensure_ascii=False), encoding="utf-8"
    )


def take_over(net: Network, folder: Path) -> None:
    """Start from the weights of an exported reader; parts that it lacks stay as they are."""
    with np.load(folder / "reader.npz") as file:
        for name, tensor in weights(net).items():
            if name in file:
                tensor.copy_(torch.tensor(file[name].astype(np.float32)))


class Chunks(torch.utils.data.Dataset):
    """The chunks by their numbers, made in a process of their own."""

    def __init__(self, examples: Examples, numbers: range) -> None:
        self.examples, self.numbers = examples, numbers  # those of a step have batches of like length in like order

    def __len__(self) -> int:
        return len(self.numbers)

    def __getitem__(self, i: int):
        return self.examples.chunk(self.numbers[i], self.numbers[i] // self.numbers.step)


def shared_loss(logits, target, first, sizes):
    """Cross-entropy of the answer's place in the first window of each group, normalised over the group's windows.

    Groups without an answer (target -1) count nothing.
    """
    over = torch.logsumexp(logits, 1)
    whole = torch.stack([torch.logsumexp(part, 0) for part in over.split(sizes)])
    place = target[first]
    loss = whole - logits[first, place.clamp(min=0)]
    return loss[place >= 0].mean()


def rate(step: int, steps: int) -> float:
    """Warm up, then fall along a cosine."""
    if step < WARM:
        return (step + 1) / WARM
    return 0.5 * (1.0 + math.cos(math.pi * min(1.0, (step - WARM) / max(1, steps - WARM)))) + 0.005


def main() -> None:
    parser = arguments(__doc__)
    parser.add_argument("--chunks", type=int, default=400)
    parser.add_argument("--minutes", type=float, default=1e9, help="stop at a checkpoint after so many minutes")
    parser.add_argument("--every", type=int, default=40, help="chunks between checkpoints and reports")
    parser.add_argument("--name", default="reader", help="name of the checkpoint")
    parser.add_argument("--out", type=Path, default=reader.READER)
    parser.add_argument("--start", type=Path, help="folder of a reader to start from")
    parser.add_argument("--rate", type=float, default=RATE, help="highest rate")
    parser.add_argument("--processes", type=int, default=1, help="each takes a chunk of its own in every step")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    seed_everything(args.seed)
    started = time.time()
    known = json.loads((args.start / "vocabulary.json").read_text(encoding="utf-8")) if args.start else {}
    examples = Examples(args.data, args.work, args.seed, known.get("characters", ""))
    print(f"examples read in {time.time() - started:.0f} s", flush=True)
    if args.processes == 1:
        train(0, args, examples, started)
    else:
        with tempfile.TemporaryDirectory() as folder:
            where = (args, examples, started, f"file://{folder}/meeting")
            torch.multiprocessing.start_processes(train, where, args.processes, start_method="fork")


def train(rank: int, args: argparse.Namespace, examples: Examples, started: float, meeting: str = "") -> None:
    """Train one network, in step with the other processes where a ``meeting`` is named."""
    count = args.processes
    if meeting:
        torch.distributed.init_process_group("gloo", init_method=meeting, rank=rank, world_size=count)
    seed_everything(args.seed)
    net = Network(len(examples.characters), examples.vectors).to(args.device)
    if args.start:
        take_over(net, args.start)
    mean = torch.optim.swa_utils.AveragedModel(net, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(DECAY))
    trained = [p for p in net.parameters() if p.requires_grad]
    optimiser = torch.optim.AdamW(trained, lr=args.rate, weight_decay=1e-2)
    checkpoint = args.work / f"{args.name}-{args.seed}.pt"
    first = 0
    if checkpoint.exists():
        state = torch.load(checkpoint, weights_only=True)
        net.load_state_dict(state["net"])
        mean.load_state_dict(state["mean"])
        optimiser.load_state_dict(state["optimiser"])
        first = state["chunk"]
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda n: rate(first * BATCHES + n, args.chunks * BATCHES))
    if rank == 0:
        print(f"{sum(p.numel() for p in trained)} trained parameters, from chunk {first}", flush=True)
    numbers = range(first * count + rank, args.chunks * count, count)
    chunks = torch.utils.data.DataLoader(Chunks(examples, numbers), batch_size=None, num_workers=1, prefetch_factor=3)
    total, began, seen = np.zeros(2), time.time(), 0
    for number, chunk in enumerate(chunks, first + 1):
        torch.manual_seed((args.seed * 100_003 + number) * count + rank)
        net.train()
        for arrays, sizes in chunk:
            loss = step(net, arrays, sizes, args.device)
            optimiser.zero_grad()
            (loss[0] + 0.5 * loss[1]).backward()
            if meeting:
                share(trained, count)
            nn.utils.clip_grad_norm_(net.parameters(), 2.0)
            optimiser.step()
            schedule.step()
            mean.update_parameters(net)
            total += (loss[0].item(), loss[1].item())
            seen += 1
        late = torch.tensor(float(time.time() - started > args.minutes * 60))
        if meeting:
            torch.distributed.broadcast(late, 0)
        if rank == 0 and number % 10 == 0:
            speed = seen / (time.time() - began)
            print(
                f"chunk {number} span {total[0] / seen:.3f} null {total[1] / seen:.3f} {speed:.2f} batches/s",
                flush=True,
            )
            total, began, seen = np.zeros(2), time.time(), 0
        if rank == 0 and (number % args.every == 0 or late or number == args.chunks):
            state = {
                "net": net.state_dict(),
                "mean": mean.state_dict(),
                "optimiser": optimiser.state_dict(),
                "chunk": number,
            }
            torch.save(state, checkpoint)
            export(mean.module, examples.characters, examples.words, args.out)
            report(args, number)
        if late:
            break


def share(parameters: list[nn.Parameter], count: int) -> None:
    """Replace the gradients by their mean over the processes."""
    together = torch.cat([p.grad.flatten() for p in parameters])
    torch.distributed.all_reduce(together)
    for p, part in zip(parameters, together.div_(count).split([p.numel() for p in parameters]), strict=True):
        p.grad.copy_(part.view_as(p))


def step(net, arrays, sizes, device):
    """Return the loss of the spans and of answerability for one batch."""
    qi, qf, qm, pi, pf, pm, target = (torch.as_tensor(a).to(device) for a in arrays)
    with torch.autocast(device, dtype=torch.bfloat16):
        start, end, answerable = net(
            (qi[0].long(), qi[1].long(), qf.float(), qm), (pi[0].long(), pi[1].long(), pf.float(), pm)
        )
    first = torch.tensor(np.cumsum([0, *sizes[:-1]]), device=device)
    span = shared_loss(start.float(), target[:, 0], first, sizes) + shared_loss(end.float(), target[:, 1], first, sizes)
    label = torch.zeros(len(target), device=device)
    label[first] = (target[first, 0] >= 0).float()
    return span, functional.binary_cross_entropy_with_logits(answerable.float(), label)


def report(args: argparse.Namespace, number: int) -> None:
    """Print sentence accuracy and span F1 on a sample of the development sets, through the shipped inference code."""
    model = reader.load_reader.__wrapped__(args.out)
    for name in ("cmrc2018/trial", "drcd/dev"):
        held = list(rows(args.data, name, evaluate=True))
        sample = random.Random(5).sample(held, 200)
        right = score = 0.0
        for row in sample:
            question = understand.understand(row["question"], rarity.rarity)
            text = comparing.Text(row["context"], fold(row["title"]), fold(row["context"]))
            point = model.read(question, [text])[0]
            start, end = best_span(point)
            sentences = segment.sentences(row["context"])
            gold = [(a["start"], a["start"] + len(a["text"])) for a in row["answers"]]
            right += any(s <= start < e and s <= g < e for s, e in sentences for g, _ in gold)
            score += max(overlap(row["context"][start:end], row["context"][a:b]) for a, b in gold)
        print(f"chunk {number} {name}: sentence {right / len(sample):.3f} F1 {score / len(sample):.3f}", flush=True)


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
