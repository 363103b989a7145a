"""Train the reader on cmrc2018/train and ship it as float16 for NumPy.

Needs the embedder (``train_embedder.py``), its vocabulary, the lexicon and ``train_types.py``. Examples are drawn
anew in each epoch, from the seed and the epoch alone: a resumed run gives what an uninterrupted one gives.
"""

from __future__ import annotations

import json
import random
import time
from pathlib import Path
from typing import Any

import common
import numpy as np
import torch
from reader_data import Example, Source
from reader_network import DILATIONS, DILATIONS_AFTER, HEADS, ReaderNetwork
from torch.nn import functional

from libqa.models.embedder import StaticEmbedder
from libqa.models.features import PASSAGE_FEATURES, QUESTION_FEATURES, Featurizer
from libqa.models.reader import Reader


def batches(examples: list[Example], size: int, rng: random.Random) -> list[list[Example]]:
    """Return batches of examples of like length, in random order."""
    examples = examples[:]
    rng.shuffle(examples)
    out = []
    for i in range(0, len(examples), size * 24):
        chunk = sorted(examples[i : i + size * 24], key=lambda e: len(e.inputs.passage_ids))
        out += [chunk[j : j + size] for j in range(0, len(chunk), size)]
    rng.shuffle(out)
    return out


def collate(batch: list[Example]) -> dict[str, torch.Tensor]:
    """Return the batch as padded tensors; ids are -1 where there is nothing."""
    n = max(len(e.inputs.passage_ids) for e in batch)
    m = max(len(e.inputs.question_ids) for e in batch)
    p, q = torch.full((len(batch), n), -1), torch.full((len(batch), m), -1)
    pf, qf = torch.zeros(len(batch), n, PASSAGE_FEATURES), torch.zeros(len(batch), m, QUESTION_FEATURES)
    for i, e in enumerate(batch):
        k, j = len(e.inputs.passage_ids), len(e.inputs.question_ids)
        p[i, :k], q[i, :j] = torch.from_numpy(e.inputs.passage_ids), torch.from_numpy(e.inputs.question_ids)
        pf[i, :k], qf[i, :j] = torch.from_numpy(e.inputs.passage), torch.from_numpy(e.inputs.question)
    start, end = torch.tensor([e.start for e in batch]), torch.tensor([e.end for e in batch])
    return {"p": p, "pf": pf, "q": q, "qf": qf, "start": start, "end": end}


def loss_of(network: ReaderNetwork, b: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
    """Return the span loss over answerable examples and the answerability loss over all."""
    start, end, answerable = network(b["p"], b["pf"], b["q"], b["qf"])
    has = b["start"] >= 0
    span = torch.zeros(())
    if has.any():
        span = (
            functional.cross_entropy(start[has], b["start"][has]) + functional.cross_entropy(end[has], b["end"][has])
        ) / 2
    return span, functional.binary_cross_entropy_with_logits(answerable, has.float())


def calibrate(network: ReaderNetwork, examples: list[Example]) -> tuple[tuple[float, float], float]:
    """Return Platt scale and shift of the answerability logit on held-out examples, and its AUROC there."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.metrics import roc_auc_score

    network.eval()
    logits, labels = [], []
    with torch.no_grad():
        for i in range(0, len(examples), 64):
            b = collate(examples[i : i + 64])
            logits += network(b["p"], b["pf"], b["q"], b["qf"])[2].tolist()
            labels += (b["start"] >= 0).tolist()
    fit = LogisticRegression(C=100.0).fit(np.array(logits)[:, None], labels)
    return (float(fit.coef_[0, 0]), float(fit.intercept_[0])), float(roc_auc_score(labels, logits))


def export(network: ReaderNetwork, calibration: tuple[float, float], fingerprint: str, folder: Path) -> None:
    """Write the weights as float16, matrices transposed for ``x @ w``, convolutions as one matrix."""
    arrays: dict[str, Any] = {}
    for name, value in network.state_dict().items():
        array = value.detach().cpu().numpy()
        if name.endswith("conv.weight"):
            array = array.transpose(2, 1, 0).reshape(-1, array.shape[0])
        elif array.ndim == 2:
            array = array.T
        arrays[name] = array.astype(np.float16)
    np.savez(folder / "reader.npz", **arrays)
    config = {
        "format": 1, "name": "libqa-reader-1", "embedder": fingerprint, "dilations": DILATIONS,
        "dilations_after": DILATIONS_AFTER, "heads": HEADS, "calibration": calibration,
    }  # fmt: skip
    (folder / "config.json").write_text(json.dumps(config, indent=1) + "\n", encoding="utf-8")


def check(network: ReaderNetwork, question: str, text: str) -> float:
    """Return the largest difference of log probabilities between this network and the shipped one."""
    shipped = Reader()
    inputs = shipped._featurizer.inputs(shipped._featurizer.query(question), text)
    b = collate([Example(inputs, 0, 0)])
    network.eval()
    with torch.no_grad():
        start, end, _ = network(b["p"], b["pf"], b["q"], b["qf"])
    out = shipped.read(question, text)
    pairs = ((start, out.start[inputs.spans[:, 0]]), (end, out.end[inputs.spans[:, 1] - 1]))
    return max(float(np.abs(torch.log_softmax(x[0], -1).clamp(min=-20).numpy() - y).max()) for x, y in pairs)


def main() -> None:
    parser = common.arguments(__doc__ or "")
    parser.add_argument("--epochs", type=int, default=14)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--rate", type=float, default=1e-3)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--drop", type=float, default=0.15)
    parser.add_argument("--held-out", type=int, default=120, help="paragraphs kept for calibration")
    parser.add_argument("--minutes", type=float, default=40, help="stop at the end of the epoch after this long")
    parser.add_argument("--limit", type=int, default=0, help="rows an epoch; 0 is all")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    common.seed_everything(args.seed)
    embedder = StaticEmbedder()
    featurizer = Featurizer(embedder.segmenter)
    folder = common.BUNDLED / "reader"
    types = np.load(folder / "types.npy").astype(np.float32) / 127
    static = embedder.pieces(range(embedder.segmenter.size))
    static /= np.maximum(np.linalg.norm(static, axis=1, keepdims=True), 1e-6)
    lexicon = common.BUNDLED / "lexicon" / "lexicon.tsv"
    source = Source(args.data, featurizer, lexicon, types, seed=args.seed, held_out=args.held_out)
    print(f"{len(source.train)} questions to train on, {len(source.held_out)} held out", flush=True)
    draw = random.Random(args.seed)
    held_out = [e for r in source.held_out for e in [source.draw(r, draw, 0.5, 0.0)] if e]

    network = ReaderNetwork(torch.from_numpy(static), torch.from_numpy(types), args.width, args.drop)
    print(f"{sum(p.numel() for p in network.parameters())} parameters", flush=True)
    average = torch.optim.swa_utils.AveragedModel(
        network, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.998)
    )
    network.to(args.device)
    optimiser = torch.optim.AdamW(network.parameters(), lr=args.rate, weight_decay=0.01)
    steps = args.epochs * (len(source.train) // args.batch)
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimiser, lambda s: min(1.0, (s + 1) / 200) * max(0.02, 1 - s / steps)
    )
    checkpoint = args.work / f"reader_{args.width}.pt"
    first = 0
    if checkpoint.is_file():
        state = torch.load(checkpoint, weights_only=True)
        first = state["epoch"]
        for name, part in (
            ("network", network),
            ("average", average),
            ("optimiser", optimiser),
            ("schedule", schedule),
        ):
            part.load_state_dict(state[name])
    started = time.time()
    for epoch in range(first, args.epochs):
        rng = random.Random(args.seed * 1000 + epoch)
        torch.manual_seed(args.seed * 1000 + epoch)
        source.gloss.random.seed(args.seed * 1000 + epoch)
        rows = rng.sample(source.train, min(args.limit or len(source.train), len(source.train)))
        examples = [e for r in rows for e in [source.draw(r, rng)] if e]
        drawn = time.time() - started
        network.train()
        sums = np.zeros(2)
        todo = batches(examples, args.batch, rng)
        for batch in todo:
            b = {k: v.to(args.device) for k, v in collate(batch).items()}
            span, answerable = loss_of(network, b)
            optimiser.zero_grad()
            (span + answerable).backward()
            torch.nn.utils.clip_grad_norm_(network.parameters(), 2.0)
            optimiser.step()
            schedule.step()
            average.update_parameters(network)
            sums += (float(span.detach()), float(answerable.detach()))
        calibration, auroc = calibrate(average.module, held_out)
        export(average.module, calibration, embedder.fingerprint, folder)
        state = {"epoch": epoch + 1, "network": network.state_dict(), "average": average.state_dict()}
        torch.save(state | {"optimiser": optimiser.state_dict(), "schedule": schedule.state_dict()}, checkpoint)
        row, seconds = source.held_out[0], time.time() - started
        difference = check(average.module, row.question, source.contexts[row.context])
        print(
            f"epoch {epoch + 1}: span {sums[0] / len(todo):.3f} answerable {sums[1] / len(todo):.3f} "
            f"held-out AUROC {auroc:.3f}, NumPy differs by {difference:.3f}, {seconds:.0f} s (drawing {drawn:.0f})",
            flush=True,
        )
        if time.time() - started > 60 * args.minutes:
            return


if __name__ == "__main__":
    main()
