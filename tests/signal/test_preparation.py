"""Physics by invariance: lead order, gain, offset, rate, place in the record."""

import dataclasses

import numpy as np
import pytest

from einthoven.errors import ConfigurationFault, LeadMismatch
from einthoven.signal.preparation import Preparation, beat_windows, prepare

TWO = Preparation(leads=("MLII", "V1"), fs_hz=180, before_s=1.2, after_s=0.8)
MV = dataclasses.replace(TWO, scaling="millivolt")


@pytest.fixture(scope="module")
def signal(ecg):
    lead, _ = ecg
    return np.stack((lead, -0.5 * lead[::-1])).astype(np.float32)


def test_order_of_leads_in_the_file_does_not_matter(signal):
    straight = prepare(signal, 360, ("MLII", "V1"), TWO)
    np.testing.assert_array_equal(straight, prepare(signal[::-1], 360, ("V1", "MLII"), TWO))


def test_an_offset_does_not_matter(signal):
    np.testing.assert_allclose(
        prepare(signal, 360, ("MLII", "V1"), MV), prepare(signal + 3, 360, ("MLII", "V1"), MV), atol=1e-4
    )


def test_local_scaling_takes_the_gain_out(signal):
    once, thrice = (prepare(factor * signal, 360, ("MLII", "V1"), TWO) for factor in (1, 3))
    assert np.abs(once - thrice).max() < 0.25 * np.abs(once).max()


def test_millivolts_stay_millivolts(signal):
    assert prepare(signal, 360, ("MLII", "V1"), MV)[0].max() == pytest.approx(1.2, abs=0.4)


def test_another_rate_gives_the_same_input(signal):
    from scipy.signal import resample_poly

    faster = resample_poly(signal, 25, 18, axis=1, padtype="edge")
    a, b = (prepare(x, fs, ("MLII", "V1"), MV) for x, fs in ((signal, 360), (faster, 500)))
    n = min(a.shape[1], b.shape[1])
    np.testing.assert_allclose(a[:, 200 : n - 200], b[:, 200 : n - 200], atol=0.03)


def test_a_slice_with_a_margin_gives_what_the_whole_gives(signal):
    """The filters are finite: this is what lets a stream equal the record."""
    whole = prepare(signal, 360, ("MLII", "V1"), TWO)
    start, stop, margin = 7200, 14400, 3600
    part = prepare(signal[:, start - margin : stop + margin], 360, ("MLII", "V1"), TWO)
    np.testing.assert_allclose(part[:, margin // 2 : -margin // 2], whole[:, start // 2 : stop // 2], atol=2e-4)


def test_missing_samples_leave_no_nan(signal):
    holed = signal.copy()
    holed[0, 5000:5400] = np.nan
    assert np.isfinite(prepare(holed, 360, ("MLII", "V1"), TWO)).all()


def test_windows_are_centred_on_their_beats(ecg):
    lead, beats = ecg
    windows = beat_windows(
        lead[None].astype(np.float32), 360, ("MLII",), beats, dataclasses.replace(MV, leads=("MLII",))
    )
    assert windows.shape == (len(beats), 1, 360)
    peak = np.abs(windows[3:-3, 0, 196:236]).argmax(axis=1) + 196
    assert np.abs(peak - TWO.before).max() <= 2


def test_a_missing_lead_is_named(signal):
    with pytest.raises(LeadMismatch, match="V1"):
        prepare(signal[:1], 360, ("MLII",), TWO, "strip.csv")


def test_all_faults_are_named_at_once():
    with pytest.raises(ConfigurationFault) as caught:
        Preparation(leads=(), fs_hz=0, before_s=-1, after_s=0, scaling="x")
    assert caught.value.found.count(";") == 3


def test_round_trip():
    assert Preparation.from_dict(TWO.as_dict()) == TWO


@pytest.mark.parametrize(("fs_hz", "low_hz", "high_hz"), [(100.0, 0.5, 40.0), (360.0, 0.5, 40.0), (128.0, 1.0, 200.0)])
def test_the_band_pass_is_scipy_s(fs_hz, low_hz, high_hz):
    from scipy.signal import firwin, oaconvolve

    from einthoven.signal import filters

    n_taps = 2 * int(fs_hz / low_hz) + 1
    theirs = firwin(n_taps, (low_hz, min(high_hz, 0.49 * fs_hz)), pass_zero=False, fs=fs_hz)
    window = np.hamming(n_taps)
    theirs -= window * theirs.sum() / window.sum()
    ours = filters.band_pass_taps(fs_hz, low_hz, high_hz)
    np.testing.assert_allclose(ours, theirs, atol=1e-12)
    rng = np.random.default_rng(0)
    for n in (300, 30_000):
        signal = rng.standard_normal((2, n)).astype(np.float32)
        held = np.pad(signal - np.median(signal, axis=1, keepdims=True), ((0, 0), (n_taps // 2,) * 2), mode="edge")
        wanted = oaconvolve(held.astype(float), theirs[None], mode="valid", axes=-1)
        np.testing.assert_allclose(filters.band_pass(signal, fs_hz, low_hz, high_hz), wanted, atol=2e-5)
