"""The attention of the reader's texts to themselves and to the question, against its definition."""

import numpy as np

from libqa.answering import reader

WIDTH, MIXED = 8, 4


def attention(query, key, value):
    scores = query @ key.T / np.sqrt(MIXED)
    shares = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    return shares @ value


def test_a_text_takes_from_all_of_itself_and_from_the_question():
    rng = np.random.default_rng(3)
    shapes = {
        "mix_1_g": (WIDTH,), "mix_1_h": (WIDTH,), "mix_1_own_w": (WIDTH, 4 * MIXED), "mix_1_own_b": (4 * MIXED,),
        "mix_1_asked_w": (WIDTH, 2 * MIXED), "mix_1_asked_b": (2 * MIXED,), "mix_1_out_w": (2 * MIXED, WIDTH),
        "mix_1_out_b": (WIDTH,),
    }  # fmt: skip
    w = {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    text, question = (rng.standard_normal((n, WIDTH)).astype(np.float32) for n in (11, 5))
    centred = text - text.mean(1, keepdims=True)
    normal = centred / np.sqrt((centred**2).mean(1, keepdims=True) + 1e-5) * w["mix_1_g"] + w["mix_1_h"]
    own, key, value, seeks = np.split(normal @ w["mix_1_own_w"] + w["mix_1_own_b"], 4, axis=1)
    asked_key, asked_value = np.split(question @ w["mix_1_asked_w"] + w["mix_1_asked_b"], 2, axis=1)
    found = np.concatenate([attention(own, key, value), attention(seeks, asked_key, asked_value)], 1)
    expected = text + found @ w["mix_1_out_w"] + w["mix_1_out_b"]
    np.testing.assert_allclose(reader._mix(w, "mix_1", text, question), expected, rtol=1e-4, atol=1e-4)
    assert reader._mix(w, "mix_1", text[:0], question).shape == (0, WIDTH)
