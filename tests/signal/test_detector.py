"""The compiled parts alone give what sleepecg and SciPy give."""

import numpy as np
import pytest

from einthoven.signal import detector
from einthoven.signal.compiled import part


@pytest.fixture(params=["compiled", "imported"])
def how(request, monkeypatch):
    """Both ways: by compiled parts, and, where a version lacks them, by public functions."""
    if request.param == "imported":
        monkeypatch.setattr(detector, "part", lambda package, name: None)


def walk(n, seed=0):
    return np.cumsum(np.random.default_rng(seed).standard_normal(n)) + 3


@pytest.mark.parametrize("fs_hz", [61.0, 100.0, 128.0, 257.0, 360.0, 1000.0])
def test_the_band_is_that_of_scipy_to_the_bit(how, fs_hz):
    from scipy.signal import butter, sosfiltfilt

    signal = walk(round(5 * fs_hz))
    wanted = sosfiltfilt(butter(2, (5, 30), "bandpass", output="sos", fs=fs_hz), signal)
    np.testing.assert_array_equal(detector.qrs_band(signal, fs_hz), wanted)


@pytest.mark.parametrize("flat", [0, 1, 2, 500])
@pytest.mark.parametrize("fs_hz", [128.0, 360.0])
def test_beats_are_those_of_sleepecg(ecg, how, flat, fs_hz):
    from sleepecg import detect_heartbeats

    signal = ecg[0].astype(np.float32)
    signal[:flat] = signal[0]
    signal[9000:13_000] = signal[9000]
    wanted = detect_heartbeats(signal.astype(float), fs_hz)
    assert len(wanted) > 20
    np.testing.assert_array_equal(detector.detected(signal, fs_hz), wanted)


@pytest.mark.parametrize("moving", [1, 40, 700])
def test_a_lead_that_moves_for_less_than_two_seconds_has_no_beats(moving):
    assert not len(detector.detected(np.r_[np.zeros(3600), walk(moving)], 360.0))


def test_a_rate_below_twice_the_band_is_filtered():
    assert np.isfinite(detector.qrs_band(walk(500), 50.0)).all()


def test_a_part_that_is_not_there_is_none():
    assert part("scipy.signal", "_nowhere") is None and part("nowhere", "at_all") is None


@pytest.mark.parametrize("fs_hz", [10.0, 20.0, 61.0, 128.0])
def test_a_rate_that_is_stated_far_too_low_has_no_more_beats_than_there_is_memory_for(fs_hz):
    """sleepecg 0.6 takes memory for a beat in each refractory period, and writes one place further."""
    n, every = 4000, max(2, int(0.2 * fs_hz))
    signal = np.zeros(n)
    signal[::every] = 1
    assert detector._may_overflow(signal, fs_hz)
    found = detector.detected(signal + 0.01 * walk(n), fs_hz)
    assert (found < n).all()


def test_an_ordinary_lead_cannot_overflow(ecg):
    assert not detector._may_overflow(detector.qrs_band(ecg[0], 360.0), 360.0)


def test_beats_lie_on_the_largest_deflection(ecg):
    lead, beats = ecg
    found = detector.find(lead, 360.0)
    near = np.abs(found[:, None] - beats).min(axis=1)
    assert len(found) > 0.9 * len(beats) and np.median(near) <= 3
    assert not len(detector.find(lead[:1000], 360.0)) and not len(detector.find(np.ones(5000), 360.0))
