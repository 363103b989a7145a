import numpy as np
import pytest

from libqa.answering import convolve

WIDTH = 6


def plain(taps, bias, gain, shift, dilation, x):
    """The same layer as its definition has it, for one text."""
    centred = x - x.mean(1, keepdims=True)
    norm = centred / np.sqrt((centred**2).mean(1, keepdims=True) + 1e-5) * gain + shift
    padded = np.pad(norm, ((dilation, dilation), (0, 0)))
    before, here, after = (padded[at * dilation : at * dilation + len(x)] for at in range(3))
    out = np.concatenate([before, here, after], axis=1) @ taps + bias
    return x + out[:, :WIDTH] / (1.0 + np.exp(-out[:, WIDTH:]))


@pytest.mark.parametrize("sizes", [[1], [33, 0, 7], [40, 1, 64, 5]])
def test_layers_are_convolutions_of_each_text_alone(sizes):
    rng = np.random.default_rng(1)
    shapes = ((3 * WIDTH, 2 * WIDTH), (2 * WIDTH,), (WIDTH,), (WIDTH,))
    parts = [([rng.standard_normal(shape) for shape in shapes], dilation) for dilation in (1, 4, 16, 2)]
    layers = [convolve.layer(*(w.astype(np.float32) for w in weights), dilation) for weights, dilation in parts]
    texts = [rng.standard_normal((size, WIDTH)) for size in sizes]
    found = convolve.apply(layers, [text.astype(np.float32) for text in texts])
    for text, states in zip(texts, found, strict=True):
        expected = text
        for weights, dilation in parts:
            expected = plain(*weights, dilation, expected)
        assert states.dtype == np.float32
        np.testing.assert_allclose(states, expected, rtol=1e-4, atol=1e-4)
