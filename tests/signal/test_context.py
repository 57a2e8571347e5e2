"""The typical beat and the rhythm: what they ignore, and what they must see."""

import numpy as np
import pytest

from einthoven.signal import context

FS_HZ = 180.0
RNG = np.random.default_rng(0)


def beats_of(intervals_s):
    return np.cumsum(intervals_s)


def rhythm(beats_s):
    n = len(beats_s)
    p_waves = np.tile(np.hanning(32), (n, 1))
    return context.rhythm(np.asarray(beats_s), p_waves, np.hanning(32))


def test_the_typical_beat_ignores_the_odd_ones():
    normal, odd = np.hanning(144), -3 * np.roll(np.hanning(144), 20)
    windows = np.concatenate((np.tile(normal, (70, 1)), np.tile(odd, (30, 1))))
    windows = windows + 0.01 * RNG.standard_normal(windows.shape)
    np.testing.assert_allclose(context.typical(windows), normal, atol=0.02)


def test_correlation_is_scipys():
    from scipy.stats import pearsonr

    windows, other = RNG.standard_normal((5, 40)), RNG.standard_normal(40)
    want = [pearsonr(row, other).statistic for row in windows]
    np.testing.assert_allclose(context.correlation(windows, other), want, atol=1e-6)
    assert context.correlation(np.zeros((1, 40)), other)[0] == 0


def test_a_steady_rhythm_is_zero_against_itself():
    numbers = rhythm(beats_of(np.full(100, 0.8)))
    assert numbers.shape == (100, context.N_RHYTHM)
    against_itself = [0, 1, 2, 3, 4, 5, 6, 7, 10, 11, *range(13, 31)]
    np.testing.assert_allclose(numbers[:, against_itself], 0, atol=1e-5)


def test_an_early_beat_stands_out_at_any_heart_rate():
    for rate_s in (0.5, 0.8, 1.1):
        intervals = np.full(100, rate_s)
        intervals[50], intervals[51] = 0.6 * rate_s, 1.4 * rate_s
        early = rhythm(beats_of(intervals))[:, 1]
        assert early.argmin() == 50
        assert early[50] == pytest.approx(np.log(0.6), abs=1e-5)


def test_a_faster_clock_changes_only_what_is_absolute():
    intervals = 0.8 + 0.05 * RNG.standard_normal(200)
    slow, fast = rhythm(beats_of(intervals)), rhythm(beats_of(0.8 * intervals))
    changed = np.flatnonzero(np.abs(slow - fast).max(axis=0) > 1e-4)
    assert set(changed) == {8, 9}


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_few_beats(n):
    windows = RNG.standard_normal((n, 2, 144)).astype(np.float32)
    out = context.with_context(windows, np.arange(n) * 0.8, 54, FS_HZ)
    assert out.shape == (n, 5, 144)
    assert np.isfinite(out).all()


def test_an_odd_beat_resembles_no_neighbour():
    complexes = np.tile(np.hanning(36), (40, 1)) + 0.01 * RNG.standard_normal((40, 36))
    complexes[20] = -np.hanning(36)
    numbers = context.alike(complexes)
    assert numbers.shape == (40, context.N_ALIKE)
    assert numbers[20].max() < -0.9
    assert np.median(numbers[10]) > 0.95


def test_amplitude_and_offset_do_not_matter():
    windows = np.hanning(144) * (1 + 0.1 * RNG.standard_normal((50, 1, 1))) + 0.02 * RNG.standard_normal((50, 1, 144))
    beats_s = beats_of(0.8 + 0.05 * RNG.standard_normal(50))
    once = context.with_context(windows.astype(np.float32), beats_s, 54, FS_HZ)
    again = context.with_context((40 * windows + 7).astype(np.float32), beats_s, 54, FS_HZ)
    np.testing.assert_allclose(once, again, rtol=0.1, atol=0.1)
