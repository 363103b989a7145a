"""The reader's network in torch, for training; ``libqa.models.reader`` computes the same with NumPy."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from libqa.models.features import PASSAGE_FEATURES, QUESTION_FEATURES

DILATIONS = (1, 2, 4, 8)
DILATIONS_AFTER = (1, 2, 4)
HEADS = 4


class Block(nn.Module):
    """x + relu(convolution(layer norm(x)))."""

    def __init__(self, width: int, dilation: int, drop: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.conv = nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation)
        self.drop = nn.Dropout(drop)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        y = self.norm(x) * mask[..., None]
        return x + self.drop(functional.relu(self.conv(y.transpose(1, 2)).transpose(1, 2)))


class Attention(nn.Module):
    """x + heads(layer norm(x) over memory)."""

    def __init__(self, width: int, drop: float) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.out = nn.Linear(width, width)
        self.drop = nn.Dropout(drop)

    def forward(self, x: Tensor, memory: Tensor | None, memory_mask: Tensor) -> Tensor:
        y = self.norm(x)
        memory = y if memory is None else memory

        def split(z: Tensor) -> Tensor:
            return z.view(z.shape[0], z.shape[1], HEADS, -1).transpose(1, 2)

        key, value = self.key_value(memory).chunk(2, dim=-1)
        mixed = functional.scaled_dot_product_attention(
            split(self.query(y)), split(key), split(value), attn_mask=memory_mask[:, None, None, :]
        )
        return x + self.drop(self.out(mixed.transpose(1, 2).flatten(2)))


class ReaderNetwork(nn.Module):
    """Question and passage pieces to start and end logits and an answerability logit."""

    def __init__(self, static: Tensor, types: Tensor, width: int = 128, drop: float = 0.15) -> None:
        super().__init__()
        self.register_buffer("static", static, persistent=False)
        self.register_buffer("types", types, persistent=False)
        self.piece = nn.Linear(static.shape[1] + types.shape[1], width)
        self.question_features = nn.Linear(QUESTION_FEATURES, width)
        self.passage_features = nn.Linear(PASSAGE_FEATURES + 1, width)
        self.question_blocks = nn.ModuleList([Block(width, 1, drop), Block(width, 1, drop)])
        self.question_norm = nn.LayerNorm(width)
        self.pool = nn.Linear(width, 1)
        self.align_passage = nn.Linear(width, width)
        self.align_question = nn.Linear(width, width)
        self.merge = nn.Linear(3 * width, width)
        self.summary = nn.Linear(width, width)
        self.blocks = nn.ModuleList([Block(width, d, drop) for d in DILATIONS])
        self.cross = Attention(width, drop)
        self.self_attention = Attention(width, drop)
        self.blocks_after = nn.ModuleList([Block(width, d, drop) for d in DILATIONS_AFTER])
        self.norm = nn.LayerNorm(width)
        self.start = nn.Linear(width, width)
        self.end = nn.Linear(width, width)
        self.start_bias = nn.Linear(width, 1)
        self.end_bias = nn.Linear(width, 1)
        self.answerable_hidden = nn.Linear(3 * width + 3, 64)
        self.answerable = nn.Linear(64, 1)
        self.input_drop = nn.Dropout(2 * drop)

    def forward(self, p: Tensor, pf: Tensor, q: Tensor, qf: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        p_mask, q_mask = p >= 0, q >= 0
        p, q = p.clamp(min=0), q.clamp(min=0)
        p_static, q_static = self.static[p], self.static[q]
        x_p = self.piece(self.input_drop(torch.cat([p_static, self.types[p]], -1)))
        x_q = self.piece(self.input_drop(torch.cat([q_static, self.types[q]], -1))) + self.question_features(qf)
        cosine = (p_static @ q_static.transpose(1, 2)).masked_fill(~q_mask[:, None, :], -1.0)
        x_p = x_p + self.passage_features(torch.cat([pf, cosine.amax(-1, keepdim=True)], -1))
        for block in self.question_blocks:
            x_q = block(x_q, q_mask)
        x_q = self.question_norm(x_q)
        pooled = torch.softmax(self.pool(x_q)[..., 0].masked_fill(~q_mask, -1e4), -1)
        summary = torch.einsum("bm,bmd->bd", pooled, x_q)
        scores = self.align_passage(x_p) @ self.align_question(x_q).transpose(1, 2) / math.sqrt(x_q.shape[-1])
        aligned = torch.softmax(scores.masked_fill(~q_mask[:, None, :], -1e4), -1) @ x_q
        h = functional.relu(self.merge(torch.cat([x_p, aligned, x_p * aligned], -1)) + self.summary(summary)[:, None])
        for block in self.blocks:
            h = block(h, p_mask)
        h = self.cross(h, x_q, q_mask)
        h = self.self_attention(h, None, p_mask)
        for block in self.blocks_after:
            h = block(h, p_mask)
        h = self.norm(h)
        start = (h * self.start(summary)[:, None]).sum(-1) / math.sqrt(h.shape[-1]) + self.start_bias(h)[..., 0]
        end = (h * self.end(summary)[:, None]).sum(-1) / math.sqrt(h.shape[-1]) + self.end_bias(h)[..., 0]
        start, end = start.masked_fill(~p_mask, -1e4), end.masked_fill(~p_mask, -1e4)
        weight = (torch.softmax(start, -1) + torch.softmax(end, -1)) / 2
        best = torch.einsum("bn,bnd->bd", weight, h)
        highest = h.masked_fill(~p_mask[..., None], -1e4).amax(1)
        plain = torch.stack([pf[..., 4].amax(1), start.amax(1) / 10, end.amax(1) / 10], -1)
        hidden = functional.relu(self.answerable_hidden(torch.cat([best, highest, summary, plain], -1)))
        return start, end, self.answerable(hidden)[:, 0]
