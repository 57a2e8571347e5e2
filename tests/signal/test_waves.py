"""Waves of a typical beat: known ones are found again, physics by invariance, and real ones as cardiologists marked them."""

import numpy as np
import pytest
from bench import waves as against_ludb
from hypothesis import given, settings
from hypothesis import strategies as st

from einthoven.signal import waves
from einthoven.signal.leads import STANDARD
from einthoven.signal.preparation import Preparation, tiles

_TO_LEADS = np.array([1.0, 1.2, 0.2, -1.1, 0.4, 0.7, -0.6, -0.3, 0.5, 1.1, 1.2, 0.9])


def beat(fs_hz: float, pr_s: float = 0.16, qrs_s: float = 0.09, qt_s: float = 0.38, p_mv: float = 0.12) -> np.ndarray:
    """A beat [12, samples]: its P wave begins `pr_s` ahead of a complex of `qrs_s`, its T wave ends `qt_s` behind its onset."""
    time_s = np.arange(round(sum(waves.SPAN_S) * fs_hz)) / fs_hz - waves.SPAN_S[0]
    onset = -qrs_s / 2

    def bump(first: float, last: float) -> np.ndarray:
        inside = (time_s >= first) & (time_s <= last)
        return np.where(inside, 0.5 - 0.5 * np.cos(2 * np.pi * (time_s - first) / (last - first)), 0.0)

    shape = p_mv * bump(onset - pr_s, onset - pr_s + 0.1) + bump(onset, onset + qrs_s)
    shape += 0.3 * bump(onset + qt_s - 0.2, onset + qt_s)
    return _TO_LEADS[:, None] * shape


@pytest.mark.parametrize(("pr_s", "qrs_s", "qt_s"), [(0.14, 0.09, 0.36), (0.2, 0.1, 0.4), (0.3, 0.15, 0.44)])
@pytest.mark.parametrize("fs_hz", [100.0, 250.0, 500.0])
def test_known_intervals_are_found_again(pr_s, qrs_s, qt_s, fs_hz):
    found = waves.delineated(waves.fine(beat(fs_hz, pr_s, qrs_s, qt_s), fs_hz), 0.9)
    assert found.pr_s == pytest.approx(pr_s, abs=0.025)
    assert found.qrs_s == pytest.approx(qrs_s, abs=0.025)
    assert found.qt_s == pytest.approx(qt_s, abs=0.03)


@pytest.mark.parametrize("rr_s", [0.35, 0.42, 0.5, 0.7])
def test_fast_hearts_have_p_waves_too(rr_s):
    """The T wave of the beat ahead ends sooner, and the P wave is sought behind it."""
    beats = beat(100.0, 0.12, 0.08, 0.55 * rr_s)
    ahead = np.zeros_like(beats)
    n = round(rr_s * 100)
    ahead[:, :-n] = beats[:, n:]
    p_wave = np.zeros_like(beats)
    p_wave[:, n:] = beats[:, :-n]
    found = waves.delineated(waves.fine(beats + ahead + p_wave, 100.0), rr_s)
    assert found.pr_s == pytest.approx(0.12, abs=0.03)


@given(st.floats(0.13, 0.32), st.floats(0.2, 3.0))
@settings(max_examples=25, deadline=None)
def test_a_longer_pr_interval_is_measured_longer_and_loudness_moves_no_wave(pr_s, factor):
    fs_hz = 100.0
    quiet, long = (waves.delineated(waves.fine(each, fs_hz), 1.0) for each in (beat(fs_hz), beat(fs_hz, pr_s)))
    assert long.pr_s - quiet.pr_s == pytest.approx(pr_s - 0.16, abs=0.02)
    loud = waves.delineated(waves.fine(factor * beat(fs_hz), fs_hz), 1.0)
    for name in ("pr_s", "qrs_s", "qt_s"):
        assert getattr(loud, name) == pytest.approx(getattr(quiet, name), abs=0.003)
    assert loud.p_height_mv == pytest.approx(factor * quiet.p_height_mv, rel=1e-6)


def test_what_is_measured_has_its_place_and_unit():
    found = waves.measured(beat(250.0), 250.0, 0.8)
    assert found.shape == (waves.N_WAVES,) and found.dtype == np.float32
    assert found[0] == pytest.approx(0.8)
    assert found[11] == pytest.approx(np.arctan2(2 * 0.7, np.sqrt(3) * 1.0), abs=0.02), "the axis, from I and aVF"
    each = found[waves.N_COMMON :].reshape(12, waves.N_LEAD)
    upright = _TO_LEADS > 0
    np.testing.assert_allclose(each[upright, 0], _TO_LEADS[upright], atol=0.04)
    np.testing.assert_allclose(each[~upright, 1], _TO_LEADS[~upright], atol=0.04)
    np.testing.assert_allclose(each[:, 12], 0.3 * _TO_LEADS, atol=0.03)
    np.testing.assert_allclose(each[:, 9:12], 0, atol=0.1), "no ST segment is raised"
    raised = beat(250.0)
    raised[6, round(0.56 * 250) : round(0.66 * 250)] += 0.25
    assert waves.measured(raised, 250.0, 0.8)[waves.N_COMMON + 6 * waves.N_LEAD + 10] > 0.15


@pytest.mark.parametrize("signal", [np.zeros((12, 1000)), np.ones((12, 1000)), np.eye(12, 1000)])
def test_without_a_beat_the_numbers_are_finite(signal):
    prepared = Preparation(STANDARD, 100.0, 0.0, 10.0, scaling="millivolt", cut="tiles", patient=True, waves=True)
    cut, _ = tiles(signal, 100.0, STANDARD, prepared)
    assert cut.shape == (1, 25, 1000) and np.isfinite(cut).all()


def test_they_stand_behind_the_numbers_on_the_rhythm():
    """Through the one door, from beats that follow each other; a changed typical beat is measured again."""
    from einthoven.signal.context import n_numbers, remeasured

    fs_hz, rr = 100.0, 0.9
    signal = np.zeros((12, 1000))
    for start in range(10, 880, round(rr * fs_hz)):
        signal[:, start : start + 120] += beat(fs_hz)[:, : 1000 - start]
    signal += 0.003 * np.random.default_rng(0).standard_normal(signal.shape)
    prepared = Preparation(STANDARD, 100.0, 0.0, 10.0, scaling="millivolt", cut="tiles", patient=True, waves=True)
    window = tiles(signal, fs_hz, STANDARD, prepared)[0][0]
    at = n_numbers(False, False)
    assert n_numbers(False, True) == at + waves.N_WAVES
    assert window[-1, at] == pytest.approx(rr, abs=0.02)
    assert window[-1, at + 1] == pytest.approx(0.16, abs=0.03), "PR"
    assert window[-1, at + 2] == pytest.approx(0.09, abs=0.03), "QRS"
    assert (window[-1, at + waves.N_WAVES :] == 0).all()
    np.testing.assert_array_equal(remeasured(window, fs_hz, False), window)
    without = window.copy()
    without[1:-1:2] = 0
    assert remeasured(without, fs_hz, False)[-1, at + 2] != window[-1, at + 2]


@pytest.mark.parametrize(
    "wrong",
    [
        {"leads": ("I", "II")},
        {"patient": False},
        {"scaling": "local"},
        {"cut": "beats", "before_s": 0.5},
        {"mean_mv": (0.0,) * 12, "sd_mv": (1.0,) * 12},
    ],
)
def test_they_need_the_standard_leads_and_typical_beats(wrong):
    from einthoven.errors import ConfigurationFault

    right = {
        "leads": STANDARD,
        "fs_hz": 100.0,
        "before_s": 0.0,
        "after_s": 10.0,
        "scaling": "millivolt",
        "cut": "tiles",
    }
    right |= {"patient": True, "waves": True}
    Preparation(**right)
    with pytest.raises(ConfigurationFault, match="waves"):
        Preparation(**(right | wrong))


def test_as_cardiologists_marked_them(real_ludb):
    """LUDB's annotations of every tenth record; bench/waves.py has all."""
    found = against_ludb.errors(real_ludb, range(1, 201, 10))
    for name, off_ms, spread_ms in (("PR", 15, 12), ("QRS", 25, 12), ("QT", 50, 20)):
        errors = found[name]
        assert len(errors) > 15 and abs(np.median(errors)) < off_ms
        assert np.median(np.abs(errors - np.median(errors))) < spread_ms
