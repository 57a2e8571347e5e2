"""What the heartbeat network reads depends on a bounded past and future, and not on gain or level."""

import numpy as np
import pytest

from einthoven.signal.heartbeat_input import AHEAD_S, BEHIND_S, BLOCK, FS_HZ, scaled

N = 128 * 40


@pytest.fixture(scope="module")
def walk():
    return np.cumsum(np.random.default_rng(0).standard_normal((2, N)), axis=1)


def test_gain_and_level_do_not_count(walk):
    np.testing.assert_allclose(scaled(5 * walk + 3), scaled(walk), atol=1e-5)


def test_the_sign_is_kept(walk):
    np.testing.assert_allclose(scaled(-walk), -scaled(walk), atol=1e-6)


def test_what_is_smaller_than_the_floor_is_not_enlarged(walk):
    small = walk / np.abs(walk).max() * 0.01
    assert np.abs(scaled(small)[:, 0]).max() < 0.25


def test_a_value_depends_on_a_bounded_past_and_future(walk):
    at = 128 * 20 // BLOCK * BLOCK
    before, after = round(BEHIND_S * FS_HZ), round(AHEAD_S * FS_HZ)
    first = (at - before) // BLOCK * BLOCK
    np.testing.assert_allclose(scaled(walk[:, first : at + after])[:, :, at - first], scaled(walk)[:, :, at], atol=1e-6)
    changed = walk.copy()
    changed[:, : at - before] += 100.0 * np.random.default_rng(1).standard_normal(at - before)
    changed[:, at + after :] *= -3
    np.testing.assert_allclose(scaled(changed)[:, :, at], scaled(walk)[:, :, at], atol=1e-6)


def test_both_scales_bound_the_signal(walk):
    near, compressed = np.moveaxis(scaled(walk), 1, 0)
    assert np.abs(near).max() < 1.5 and np.abs(compressed).max() < 8


def test_silence_before_the_signal_does_not_count(walk):
    late = np.concatenate((np.repeat(walk[:, :1], 128 * 20, axis=1), walk), axis=1)
    found, alone = scaled(late)[:, 1, 128 * 23 : 128 * 26], scaled(walk)[:, 1, 128 * 3 : 128 * 6]
    np.testing.assert_allclose(found, alone, atol=0.3)


def test_an_empty_signal_has_no_values():
    assert scaled(np.zeros((2, 0))).shape == (2, 2, 0)
