import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from einthoven.signal import resample as module
from einthoven.signal.resample import resample, resample_positions

RATES = st.sampled_from([100, 125, 128, 180, 250, 257, 300, 360, 500, 1000])


@given(st.integers(1, 3000), RATES, RATES)
def test_length_is_exact(n_samples, from_hz, to_hz):
    got = resample(np.zeros((2, n_samples), np.float32), from_hz, to_hz)
    assert got.shape == (2, -(-n_samples * to_hz // from_hz))


@pytest.mark.parametrize("has_part", [True, False])
@pytest.mark.parametrize("n_samples", [1, 7, 3000])
@pytest.mark.parametrize(
    ("from_hz", "to_hz"), [(360, 180), (128, 180), (500, 100), (257, 180), (976.5625, 180), (100, 250)]
)
def test_the_signal_is_that_of_scipy(from_hz, to_hz, n_samples, has_part, monkeypatch):
    from scipy.signal import resample_poly

    if not has_part:
        monkeypatch.setattr(module, "part", lambda package, name: None)
    signal, factor = np.random.default_rng(0).standard_normal((2, n_samples)), module.ratio(from_hz, to_hz)
    wanted = resample_poly(signal, factor.numerator, factor.denominator, axis=1, padtype="edge")
    np.testing.assert_allclose(resample(signal, from_hz, to_hz), wanted, rtol=0, atol=1e-9)


@pytest.mark.parametrize(("from_hz", "to_hz"), [(360, 180), (128, 180), (500, 100), (257, 360)])
def test_a_sine_keeps_its_time_and_height(from_hz, to_hz):
    t_from, t_to = np.arange(4 * from_hz) / from_hz, np.arange(4 * to_hz) / to_hz
    got = resample(np.sin(2 * np.pi * 7 * t_from)[None], from_hz, to_hz)[0]
    middle = slice(to_hz, 3 * to_hz)
    np.testing.assert_allclose(got[middle], np.sin(2 * np.pi * 7 * t_to)[middle], atol=0.01)


def test_what_the_lower_rate_cannot_hold_is_filtered_out():
    t = np.arange(1000) / 500
    assert np.abs(resample(np.sin(2 * np.pi * 120 * t)[None], 500, 100)[0, 50:-50]).max() < 0.02


def test_positions_follow_the_samples():
    signal = np.zeros((1, 3600))
    signal[0, 1801] = 1
    moved = resample(signal, 360, 180)
    assert abs(int(moved.argmax()) - int(resample_positions(np.array([1801]), 360, 180)[0])) <= 1
