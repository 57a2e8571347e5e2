"""A rhythm lasts: single windows that differ a little are overruled, stretches and sure windows are not."""

import numpy as np
import pytest

from einthoven.interpretation.smoothing import LASTS_S, smoothed

ALL = np.ones(40, bool)


def windows(inside, sure):
    """Probabilities of two rhythms in forty windows, the second from `inside`."""
    second = np.full(40, 1 - sure)
    second[inside] = sure
    return np.stack((1 - second, second), axis=1)


def test_it_is_the_forward_and_backward_algorithm():
    rng = np.random.default_rng(0)
    told = rng.dirichlet((1, 1, 1), 6)
    changes = 10 / LASTS_S
    step = np.full((3, 3), changes / 2) + np.eye(3) * (1 - 1.5 * changes)
    every = np.stack(np.meshgrid(*[range(3)] * 6, indexing="ij"), axis=-1).reshape(-1, 6)
    weight = np.array([np.prod(told[range(6), way]) * np.prod(step[way[:-1], way[1:]]) for way in every])
    wanted = np.array([[weight[every[:, at] == kind].sum() for kind in range(3)] for at in range(6)]) / weight.sum()
    np.testing.assert_allclose(smoothed(told, np.ones(6, bool), 10.0, 1.0), wanted, atol=1e-3)


def test_a_window_that_differs_is_overruled_and_a_stretch_is_kept():
    alone = smoothed(windows(slice(20, 21), 0.7), ALL, 10.0, 1.0).argmax(axis=1)
    lasting = smoothed(windows(slice(15, 25), 0.9), ALL, 10.0, 1.0).argmax(axis=1)
    assert not alone.any()
    assert lasting.tolist() == [0] * 15 + [1] * 10 + [0] * 15


def test_windows_that_share_samples_count_less():
    shared = windows(slice(19, 22), 0.97)
    assert smoothed(shared, ALL, 10.0, 1.0).argmax(axis=1).sum() == 3
    assert smoothed(shared, ALL, 10.0, 6.0).argmax(axis=1).sum() == 0


def test_windows_that_tell_nothing_take_the_rhythm_around_them():
    told = windows(slice(0, 20), 0.95)
    answered = ALL.copy()
    answered[5:15] = False
    told[5:15] = (1.0, 0.0)
    found = smoothed(told, answered, 10.0, 1.0)
    assert found.argmax(axis=1).tolist() == [1] * 20 + [0] * 20
    assert found.sum(axis=1) == pytest.approx(np.ones(40))


def test_one_window_is_left_as_it_is():
    one = np.array([[0.3, 0.7]])
    np.testing.assert_array_equal(smoothed(one, np.ones(1, bool), 10.0, 3.0), one)
