"""Gated convolutions over rows of characters: the layers of the bundled reader, with few multiplications.

A convolution of width 3 is computed two outputs at a time with four products instead of six: the minimal filtering
F(2, 3) of Winograd (Arithmetic Complexity of Computations, 1980), as Lavin and Gray use it (CVPR 2016).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """Layer norm, a convolution of width 3 and a gate.

    ``kernels`` (4, width, 2 * width) are the transformed taps, ``bias`` (2 * width,) what is added, both halved, since
    ``value * sigmoid(gate)`` is taken as ``value / 2 * (1 + tanh(gate / 2))``; ``gain`` and ``shift`` (width,) are the
    norm's.
    """

    kernels: Floats
    bias: Floats
    gain: Floats
    shift: Floats
    dilation: int


def layer(taps: Floats, bias: Floats, gain: Floats, shift: Floats, dilation: int) -> Layer:
    """Return the layer with ``taps`` (3 * width, 2 * width): those of the row before, the row itself, the row after."""
    before, here, after = 0.5 * taps.reshape(3, len(gain), -1)
    kernels = np.stack([before, (before + here + after) / 2, (before - here + after) / 2, after])
    return Layer(kernels, 0.5 * bias, gain, shift, dilation)


def apply(layers: Sequence[Layer], texts: Sequence[Floats]) -> list[Floats]:
    """Return texts (n, width) after all layers: each adds to a row what it makes of it and its two neighbours.

    The texts go through the layers in one long row, apart by as much as the widest convolution reaches.
    """
    width, widest = len(layers[0].gain), max(layer.dilation for layer in layers)
    ends = np.cumsum([len(text) + widest for text in texts])
    long = -(-int(ends[-1]) // (2 * widest)) * 2 * widest  # for every dilation, rows in pairs that far apart
    x = np.zeros((long, width), dtype=np.float32)
    inside = np.zeros(long, dtype=np.bool_)
    places = [slice(end - widest - len(text), end - widest) for end, text in zip(ends, texts, strict=True)]
    for at, text in zip(places, texts, strict=True):
        x[at], inside[at] = text, True
    _add(layers, x, inside, widest)
    return [x[at] for at in places]


def _add(layers: Sequence[Layer], x: Floats, inside: NDArray[np.bool_], edge: int) -> None:
    """Add to ``x`` what each layer in turn makes of it; ``inside`` (n,) is false in the rows between texts."""
    n, width = x.shape
    padded = np.zeros((n + 2 * edge, width), dtype=np.float32)
    normal = padded[edge : edge + n]
    turned = np.empty((4, n // 2, width), dtype=np.float32)
    products = np.empty((4, n // 2, 2 * width), dtype=np.float32)
    out = np.empty((n, 2 * width), dtype=np.float32)
    value, gate = out[:, :width], out[:, width:]
    between = np.flatnonzero(~inside)
    for layer in layers:
        _normalise(layer.gain, layer.shift, x, normal)
        normal[between] = 0.0
        d = layer.dilation
        parts = padded[edge - d : edge + n + d].reshape(-1, d, width)  # rows d apart lie in neighbouring parts
        before, even, odd, after = parts[:-2:2], parts[1:-1:2], parts[2::2], parts[3::2]
        v = turned.reshape(4, -1, d, width)
        np.subtract(before, odd, out=v[0])
        np.add(even, odd, out=v[1])
        np.subtract(odd, even, out=v[2])
        np.subtract(even, after, out=v[3])
        np.matmul(turned, layer.kernels, out=products)
        products[1] += layer.bias
        p, pairs = products.reshape(4, -1, d, 2 * width), out.reshape(-1, 2, d, 2 * width)
        first, second = pairs[:, 0], pairs[:, 1]
        np.add(p[1], p[2], out=first)
        first += p[0]
        np.subtract(p[1], p[2], out=second)
        second -= p[3]
        np.tanh(gate, out=gate)
        gate += 1.0
        gate *= value
        x += gate


def normalised(x: Floats, gain: Floats, shift: Floats) -> Floats:
    """Return the layer norm of the rows of ``x``."""
    out = np.empty_like(x)
    _normalise(gain, shift, x, out)
    return out


def _normalise(gain: Floats, shift: Floats, x: Floats, out: Floats) -> None:
    """Write the layer norm of ``x`` to ``out``."""
    width = x.shape[1]
    np.subtract(x, (x @ np.full(width, 1.0 / width, dtype=np.float32))[:, None], out=out)
    out /= np.sqrt(np.einsum("ij,ij->i", out, out)[:, None] / width + 1e-5)
    out *= gain
    out += shift
