"""Train the recurrent network by which repair judges whole lines: src/libqa/models/bundled/repair/network.npz.

    python training/train_repair_network.py [--threads 1] [--seed 1] [--passes 0.95:0.003 0.45:0.0015]

The text of train_repair_lm.py, without the lines that it holds out, numbered as there: run that first. Pieces of
``LENGTH`` characters from all over the text, each once a pass, in random order, from an empty state: a gated recurrent
unit (Cho and others 2014; bfloat16, the weights kept in single precision) guesses each next character. The softmax is
over the characters of the batch (after Jean and others 2015), at the end over all. Embeddings serve for input and
output (Press and Wolf 2017). Stored with eight bits a weight. Each pass reads a share of the
text, its rate falling from the one given (warm restarts; Loshchilov and Hutter 2017). A run that was stopped goes on
from its checkpoint.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

sys.path.insert(0, str(Path(__file__).resolve().parent))

from common import BUNDLED, arguments, seed_everything
from train_repair_lm import numbered

from libqa.text.language import language_model

TARGET = BUNDLED / "repair" / "network.npz"
EMBEDDING = 160
HIDDEN = 384
LENGTH = 64
BATCH = 128
FULL = 0.04  # share of the steps, at the end, with all characters in the softmax
WARM = 200
PASSES = ("0.95:0.003", "0.45:0.0015")


class Network(nn.Module):
    """Embedding, gated recurrent unit, projection; computed with in bfloat16."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.embedding = nn.Parameter(torch.randn(size, EMBEDDING) * EMBEDDING**-0.5)
        self.unit = nn.GRU(EMBEDDING, HIDDEN, batch_first=True)
        self.projection = nn.Parameter(torch.randn(HIDDEN, EMBEDDING) * HIDDEN**-0.5)
        self.bias = nn.Parameter(torch.zeros(size))

    def states(self, ids: Tensor) -> Tensor:
        """Return what stands for the next character, shape (batch * length, EMBEDDING)."""
        weights = {name: p.to(torch.bfloat16) for name, p in self.unit.named_parameters()}
        inputs = functional.embedding(ids, self.embedding).to(torch.bfloat16)
        hidden, _ = torch.func.functional_call(self.unit, weights, (inputs,))
        return hidden.reshape(-1, HIDDEN) @ self.projection.to(torch.bfloat16)


def loss_over(network: Network, states: Tensor, targets: Tensor, rarity: Tensor | None) -> Tensor:
    """Return the mean negative log probability of the targets.

    With ``rarity``, shape (size,), the softmax is over the targets of the batch alone, whose scores are raised by it:
    the negative logarithm of the probability that a character is among them.
    """
    embedding, bias = network.embedding, network.bias
    if rarity is not None:
        among, targets = torch.unique(targets, return_inverse=True)
        embedding, bias = embedding[among], (bias + rarity)[among]
    return functional.cross_entropy((states @ embedding.to(torch.bfloat16).T).float() + bias, targets)


def main() -> None:
    parser = arguments(__doc__ or "")
    parser.add_argument(
        "--passes", nargs="+", default=["0.95:0.003", "0.45:0.0015"], help="share of the text, and rate"
    )
    args = parser.parse_args()
    seed_everything(args.seed)
    torch.set_num_threads(args.threads)
    ids, vocabulary = numbered()
    if [language_model().ids[c] for c in vocabulary[4:]] != list(range(4, len(vocabulary))):
        raise SystemExit("the data has changed: run train_repair_lm.py first")
    args.work.mkdir(parents=True, exist_ok=True)
    run = Run(Network(len(vocabulary)), args.work / f"repair-network-{args.seed}.pt")
    while run.number < len(args.passes):
        share, rate = map(float, args.passes[run.number].split(":"))
        read(run, ids, args.seed + run.number, share, rate)


class Run:
    """A network in training, where it stands, and the file that keeps both."""

    def __init__(self, network: Network, file: Path) -> None:
        self.network, self.file = network, file
        self.optimizer = torch.optim.Adam(network.parameters(), betas=(0.9, 0.98))
        self.number, self.step = 0, 0  # of the pass, in the pass
        if file.exists():
            state = torch.load(file, weights_only=True)
            network.load_state_dict(state["network"])
            self.optimizer.load_state_dict(state["optimizer"])
            self.number, self.step = state["number"], state["step"]

    def keep(self, number: int, step: int) -> None:
        """Store the checkpoint and the network."""
        self.number, self.step = number, step
        weights = {"network": self.network.state_dict(), "optimizer": self.optimizer.state_dict()}
        torch.save({**weights, "number": number, "step": step}, self.file)
        save(self.network)


def read(run: Run, ids: np.ndarray, seed: int, share: float, rate: float) -> None:
    """Read a share of the text once."""
    frequency = torch.from_numpy(np.maximum(np.bincount(ids, minlength=len(run.network.bias)), 1) / len(ids))
    rarity = -torch.log(-torch.expm1(BATCH * LENGTH * torch.log1p(-frequency))).float()
    draws = np.random.default_rng(seed)
    starts = draws.permutation((len(ids) - 1 - LENGTH) // LENGTH) * LENGTH + int(draws.integers(LENGTH))
    steps = int(len(starts) * share) // BATCH
    first, number, network, optimizer = run.step, run.number, run.network, run.optimizer
    began, mean = time.process_time(), 0.0
    for step in range(first, steps):
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1.0, (step + 1) / WARM, max(0.01, 1.05 * (1 - step / steps)))
        rows = ids[starts[step * BATCH : (step + 1) * BATCH, None] + np.arange(LENGTH + 1)].astype(np.int64)
        batch = torch.from_numpy(rows)
        sampled = rarity if step < steps * (1 - FULL) else None
        loss = loss_over(network, network.states(batch[:, :-1]), batch[:, 1:].reshape(-1), sampled)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimizer.step()
        mean = 0.98 * mean + 0.02 * loss.item() if mean else loss.item()
        if step % 100 == 99:
            speed = (step + 1 - first) * BATCH * LENGTH / (time.process_time() - began)
            print(f"pass {number}, {step + 1} of {steps}: {mean:.3f} nats, {speed:,.0f}/s", flush=True)
        if step % 1000 == 999:
            run.keep(number, step + 1)
    run.keep(number + 1, 0)


def save(network: Network) -> None:
    """Store the weights, eight bits each with a scale a row."""
    arrays: dict[str, np.ndarray] = {"bias": network.bias.detach().numpy().astype(np.float16)}
    matrices = {
        "embedding": network.embedding,
        "input": network.unit.weight_ih_l0,
        "hidden": network.unit.weight_hh_l0,
        "projection": network.projection.T,
    }
    for name, matrix in matrices.items():
        values = matrix.detach().numpy()
        scale = np.abs(values).max(axis=1, keepdims=True) / 127
        arrays[name] = np.round(values / scale).astype(np.int8)
        arrays[f"{name}_scale"] = scale[:, 0].astype(np.float32)
    for name, vector in (("input_bias", network.unit.bias_ih_l0), ("hidden_bias", network.unit.bias_hh_l0)):
        arrays[name] = vector.detach().numpy().astype(np.float32)
    np.savez_compressed(TARGET, **arrays)
    print(f"{TARGET.name}: {TARGET.stat().st_size:,} bytes", flush=True)


if __name__ == "__main__":
    main()
