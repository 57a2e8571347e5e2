"""The typical beat: what it ignores, how it is scaled, where its R peak lies."""

import numpy as np
import pytest

from einthoven.signal import typical_beat
from einthoven.signal.typical_beat import SPAN_S, beside_beats, correlation, of_window, trimmed_median

FS_HZ = 180.0
RNG = np.random.default_rng(0)


def test_the_typical_beat_ignores_the_odd_ones():
    normal, odd = np.hanning(144), -3 * np.roll(np.hanning(144), 20)
    windows = np.concatenate((np.tile(normal, (70, 1)), np.tile(odd, (30, 1))))
    windows = windows + 0.01 * RNG.standard_normal(windows.shape)
    np.testing.assert_allclose(trimmed_median(windows), normal, atol=0.02)


def test_correlation_is_scipys():
    from scipy.stats import pearsonr

    windows, other = RNG.standard_normal((5, 40)), RNG.standard_normal(40)
    want = [pearsonr(row, other).statistic for row in windows]
    np.testing.assert_allclose(correlation(windows, other), want, atol=1e-6)
    assert correlation(np.zeros((1, 40)), other)[0] == 0


@pytest.mark.parametrize("n", [0, 1, 2, 3])
def test_few_beats(n):
    """One beat has no typical one: it takes its place, its median at zero, and is not scaled."""
    windows = RNG.standard_normal((n, 2, 144)).astype(np.float32)
    scaled, typical = beside_beats(windows, 54, FS_HZ)
    assert scaled.shape == windows.shape and typical.shape == (2, 144)
    assert scaled.dtype == typical.dtype == np.float32
    assert np.isfinite(scaled).all() and np.isfinite(typical).all()
    if n == 1:
        np.testing.assert_array_equal(scaled[0], typical)
        np.testing.assert_allclose(typical, windows[0] - np.median(windows[0], axis=1, keepdims=True), atol=1e-6)


def test_beats_and_the_typical_one_are_scaled_alike_by_the_height_of_its_complex():
    """In each lead by itself, whatever its amplitude and offset."""
    shape = np.exp(-0.5 * ((np.arange(144) - 54) / 3) ** 2)
    windows = np.stack((2 * shape + 7, -0.5 * shape - 1))[None] * np.ones((20, 1, 1))
    scaled, typical = beside_beats(windows, 54, FS_HZ)
    np.testing.assert_allclose(np.ptp(typical, axis=1), (2 / 2.05, 0.5 / 0.55), rtol=1e-3)
    np.testing.assert_allclose(scaled, np.broadcast_to(typical, scaled.shape), atol=1e-6)
    np.testing.assert_allclose(np.median(typical, axis=1), 0, atol=1e-6)


def test_amplitude_and_offset_do_not_matter():
    windows = np.hanning(144) * (1 + 0.1 * RNG.standard_normal((50, 1, 1))) + 0.02 * RNG.standard_normal((50, 1, 144))
    once, typical = beside_beats(windows.astype(np.float32), 54, FS_HZ)
    again, louder = beside_beats((40 * windows + 7).astype(np.float32), 54, FS_HZ)
    np.testing.assert_allclose(once, again, rtol=0.1, atol=0.1)
    np.testing.assert_allclose(typical, louder, rtol=0.1, atol=0.1)


def test_of_a_window_it_is_a_beat_with_its_r_peak_where_it_is_said_to_be(ecg):
    lead, beats = ecg
    window = np.stack((0.4 * lead, -lead))[:, : 10 * 360]
    found = of_window(window, 360.0)
    assert found.beat.shape == (2, round(0.3 * 360) + round(0.6 * 360)) and found.beat.dtype == np.float32
    assert np.abs(np.abs(found.beat).argmax(axis=1) - round(SPAN_S[0] * 360)).max() <= 6, (
        "the steepest sample of a complex"
    )
    assert np.ptp(found.beat[1]) == pytest.approx(1.2, abs=0.3), "a window is not scaled again"
    np.testing.assert_allclose(found.beat[0], -0.4 * found.beat[1], atol=1e-5)
    assert len(found.similarity) == len(found.r_peaks) and found.similarity.max() <= 1 + 1e-6
    inside = beats[beats < 10 * 360]
    assert np.abs(inside[:, None] - found.r_peaks).min(axis=1).max() < 0.1 * 360
    longer = of_window(window, 360.0, (0.5, 0.7))
    assert longer.beat.shape[1] == round(0.5 * 360) + round(0.7 * 360)
    assert np.abs(longer.beat[1]).argmax() == np.abs(found.beat[1]).argmax() + round(0.2 * 360)


def test_without_a_beat_it_is_the_middle_of_the_window():
    window = np.arange(1000, dtype=float)[None] / 1000
    found = of_window(window, 100.0)
    assert found.r_peaks.tolist() == [500] and found.lead == 0
    np.testing.assert_allclose(found.beat[0], window[0, 470:560], atol=1e-6)


def test_odd_beats_of_a_window_do_not_change_it(ecg):
    """The better half of the beats makes it: three odd ones of twelve leave it as it is."""
    time = np.arange(10 * 360)
    clean, peaks = np.zeros(len(time)), np.arange(200, 3500, 290)
    for peak in peaks:
        clean += np.exp(-0.5 * ((time - peak) / 5) ** 2)
    odd = clean.copy()
    for peak in peaks[[2, 6, 9]]:
        odd -= 1.6 * np.exp(-0.5 * ((time - peak - 25) / 12) ** 2)
    first, second = (of_window(signal[None], 360.0).beat for signal in (clean, odd))
    np.testing.assert_allclose(first[0, 80:160], second[0, 80:160], atol=0.05)
    assert typical_beat.correlation(first, second)[0] > 0.99
