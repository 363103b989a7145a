"""The recurrent network that judges which text was lost."""

import numpy as np
import pytest

from libqa.errors import ModelError
from libqa.text import network
from libqa.text.language import EDGE, RARE, UNKNOWN, folded, language_model
from libqa.text.ranking import FEATURES, FINAL, LATER


def costs(before: str, *texts: str) -> np.ndarray:
    number = language_model().number
    return network.surprise([EDGE, *number(folded(before))], [number(folded(text)) for text in texts])


def test_what_is_usual_costs_less() -> None:
    usual, strange = costs("四川大学图", "书馆", "书管").sum(axis=1)
    assert usual == pytest.approx(0.829, abs=0.01)
    assert strange > usual + 5


def test_texts_are_judged_by_the_whole_line() -> None:
    """Far back stands what decides: three characters before are the same."""
    person, thing = "小王的妈妈说,她很高兴,因为", "这座桥很重要,因为"
    his, its = costs(person, "她", "它").sum(axis=1)
    assert his < its
    his, its = costs(thing, "她", "它").sum(axis=1)
    assert its < his


def test_shared_beginnings_and_lengths_do_not_matter() -> None:
    together = costs("他们在", "学校里学习", "学校门口", "家")
    assert together.shape == (3, 5)
    for row, text in zip(together, ("学校里学习", "学校门口", "家"), strict=True):
        alone = costs("他们在", text)[0]
        assert row[: len(text)] == pytest.approx(alone, abs=1e-4)
        assert not row[len(text) :].any()


def test_probabilities_of_what_comes_next_sum_to_one() -> None:
    size = len(language_model().cost)
    every = network.surprise([EDGE], [[number] for number in range(size)])[:, 0].astype(float)
    every[UNKNOWN] -= RARE
    assert np.exp(-every).sum() == pytest.approx(1.0, abs=1e-4)


def test_nothing_to_judge() -> None:
    assert network.surprise([EDGE], []).shape == (0, 0)
    assert network.surprise([], [[]]).shape == (1, 0)


def test_missing_weights_are_a_model_error(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    network._network.cache_clear()
    monkeypatch.setattr(network, "files", lambda package: tmp_path)
    with pytest.raises(ModelError, match=r"network\.npz"):
        network._network()


def test_every_number_has_a_weight() -> None:
    assert FINAL.shape == (len(FEATURES) + len(LATER),)
    assert FINAL[len(FEATURES) + LATER.index("network")] > 0
