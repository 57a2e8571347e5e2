"""What the doctor looks at: physics of the common rate, and pieces of long recordings."""

import numpy as np
import pytest

from einthoven.signal.excerpt import RATE_HZ, excerpts, slowed
from tests.signal.hearts import recording, twelve_leads


@pytest.mark.parametrize("fs_hz", [64.0, 100.0, 128.0, 257.0, 360.0, 500.0, 1000.0])
def test_a_wave_keeps_height_and_time_at_the_common_rate(fs_hz):
    t, slow = np.arange(round(10 * fs_hz)) / fs_hz, np.arange(1000) / RATE_HZ
    got = slowed(np.stack((np.sin(2 * np.pi * 5 * t), 2 * np.cos(2 * np.pi * 17 * t))), fs_hz)
    inside = slice(100, 900)
    assert got.shape == (2, 1000)
    np.testing.assert_allclose(got[0, inside], np.sin(2 * np.pi * 5 * slow)[inside], atol=0.12)
    np.testing.assert_allclose(got[1, inside], 2 * np.cos(2 * np.pi * 17 * slow)[inside], atol=0.8)


def test_drift_offset_and_hum_are_removed():
    t = np.arange(5000) / 500
    disturbed = 3.0 + np.sin(2 * np.pi * 0.1 * t) + 0.5 * np.sin(2 * np.pi * 50 * t)
    assert np.abs(slowed(disturbed[None], 500.0)[0, 200:800]).max() < 0.06


def test_a_short_recording_is_one_piece_and_a_long_one_three():
    short, long = twelve_leads(250, 12), twelve_leads(250, 60)
    assert [piece.signal_mv.shape[1] for piece in excerpts(short)] == [3000]
    assert [piece.signal_mv.shape[1] for piece in excerpts(long)] == [2500] * 3
    assert list(excerpts(twelve_leads(250, 2.5))) == []


def test_a_piece_without_samples_is_left_out():
    long = twelve_leads(250, 60)
    long.signal_mv[:, 5000:10000] = np.nan
    pieces = list(excerpts(long))
    assert len(pieces) == 2 and all(np.isfinite(piece.signal_mv).all() for piece in pieces)


def test_beats_and_their_interval():
    (piece,) = excerpts(twelve_leads(500, 10, rr_s=0.85))
    assert piece.has_beats and piece.rr_s == pytest.approx(0.85, abs=0.03)
    noise = np.random.default_rng(0).standard_normal((2, 5000))
    (noisy,) = excerpts(recording({"I": noise[0], "II": noise[1]}, 500))
    assert not noisy.has_beats
