"""Waves of a typical beat: known ones are found again, physics by invariance, and real ones as cardiologists marked them."""

import numpy as np
import pytest
from bench import waves as against_ludb
from hypothesis import given, settings
from hypothesis import strategies as st

from einthoven.signal import waves
from einthoven.signal.leads import STANDARD
from einthoven.signal.preparation import Preparation, SignalSpec, Span, Tiles, prepare, waves_measured_again
from einthoven.signal.windows import Windows

PREPARED = Preparation(
    SignalSpec(STANDARD, 100.0, scaling="millivolt"), Tiles(10.0), ("signal", "beat", "summary", "waves")
)
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
    found = waves.delineate(waves.upsampled(beat(fs_hz, pr_s, qrs_s, qt_s), fs_hz), 0.9)
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
    found = waves.delineate(waves.upsampled(beats + ahead + p_wave, 100.0), rr_s)
    assert found.pr_s == pytest.approx(0.12, abs=0.03)


@given(st.floats(0.13, 0.32), st.floats(0.2, 3.0))
@settings(max_examples=25, deadline=None)
def test_a_longer_pr_interval_is_measured_longer_and_loudness_moves_no_wave(pr_s, factor):
    fs_hz = 100.0
    quiet, long = (waves.delineate(waves.upsampled(each, fs_hz), 1.0) for each in (beat(fs_hz), beat(fs_hz, pr_s)))
    assert long.pr_s - quiet.pr_s == pytest.approx(pr_s - 0.16, abs=0.02)
    loud = waves.delineate(waves.upsampled(factor * beat(fs_hz), fs_hz), 1.0)
    for name in ("pr_s", "qrs_s", "qt_s"):
        assert getattr(loud, name) == pytest.approx(getattr(quiet, name), abs=0.003)
    assert loud.p_height_mv == pytest.approx(factor * quiet.p_height_mv, rel=1e-6)


def test_what_is_measured_has_its_name_place_and_unit():
    found = waves.wave_features(beat(250.0), 250.0, 0.8)
    assert found.shape == (len(waves.WAVE_NAMES),) and found.dtype == np.float32
    named = dict(zip(waves.WAVE_NAMES, found, strict=True))
    assert named["RR interval"] == pytest.approx(0.8)
    assert named["PR interval"] == pytest.approx(0.16, abs=0.025)
    assert named["QRS axis"] == pytest.approx(np.arctan2(2 * 0.7, np.sqrt(3) * 1.0), abs=0.02), "from I and aVF"
    for lead, factor in zip(STANDARD, _TO_LEADS, strict=True):
        assert named[f"{'R' if factor > 0 else 'S'} wave in {lead}"] == pytest.approx(factor, abs=0.04)
        assert named[f"T wave in {lead}"] == pytest.approx(0.3 * factor, abs=0.03)
        for at in ("J", "J+40 ms", "J+80 ms"):
            assert named[f"ST at {at} in {lead}"] == pytest.approx(0, abs=0.1), "no ST segment is raised"
    raised = beat(250.0)
    raised[6, round(0.56 * 250) : round(0.66 * 250)] += 0.25
    again = waves.wave_features(raised, 250.0, 0.8)
    assert again[waves.WAVE_NAMES.index("ST at J+40 ms in V1")] > 0.15


@pytest.mark.parametrize("signal", [np.zeros((12, 1000)), np.ones((12, 1000)), np.eye(12, 1000)])
def test_without_a_beat_the_numbers_are_finite(signal):
    windows = prepare(Span(signal, 100.0, STANDARD, "strip"), PREPARED)
    assert {name: part.shape for name, part in windows.parts.items()} == {
        "signal": (1, 12, 1000),
        "beat": (1, 12, 120),
        "features": (1, 7 + 204),
    }
    assert all(np.isfinite(part).all() for part in windows.parts.values())


def beats_in_a_row(rr_s: float = 0.9) -> Windows:
    """Ten seconds of beats that follow each other, through the one door."""
    signal = np.zeros((12, 1000))
    for start in range(10, 880, round(rr_s * 100)):
        signal[:, start : start + 120] += beat(100.0)[:, : 1000 - start]
    signal += 0.003 * np.random.default_rng(0).standard_normal(signal.shape)
    return prepare(Span(signal, 100.0, STANDARD, "strip"), PREPARED)


def test_they_stand_behind_the_numbers_on_the_rhythm():
    windows = beats_in_a_row(0.9)
    named = dict(zip(waves.WAVE_NAMES, windows.features[0, PREPARED.columns["waves"]], strict=True))
    assert PREPARED.columns["waves"] == slice(7, 211)
    assert named["RR interval"] == pytest.approx(0.9, abs=0.02)
    assert named["PR interval"] == pytest.approx(0.16, abs=0.03)
    assert named["QRS duration"] == pytest.approx(0.09, abs=0.03)


def test_a_changed_typical_beat_is_measured_again():
    """Its waves alone, in a copy: neither the summary of the rhythm nor the interval to the next beat is another."""
    windows = beats_in_a_row()
    again = waves_measured_again(windows, PREPARED)
    np.testing.assert_allclose(again.features, windows.features, atol=1e-6)
    changed = Windows(windows.signal, np.zeros_like(windows.beat), windows.features, windows.position)
    found = waves_measured_again(changed, PREPARED)
    summary, of_waves = PREPARED.columns["summary"], PREPARED.columns["waves"]
    np.testing.assert_array_equal(found.features[:, summary], windows.features[:, summary])
    wanted = waves.wave_features(np.zeros((12, 120)), 100.0, float(windows.features[0, of_waves.start]))
    np.testing.assert_array_equal(found.features[0, of_waves], wanted)
    assert found.features[0, of_waves.start + 2] != windows.features[0, of_waves.start + 2], "QRS duration"
    assert found.beat is changed.beat and found.signal is changed.signal
    assert changed.features is windows.features, "what was measured before is left alone"
    without = PREPARED.with_settings(inputs=("signal", "beat", "summary"))
    unmeasured = Windows(windows.signal, changed.beat, windows.features[:, summary])
    assert waves_measured_again(unmeasured, without) is unmeasured


def test_as_cardiologists_marked_them(real_ludb):
    """LUDB's annotations of every tenth record; bench/waves.py has all."""
    found = against_ludb.errors(real_ludb, range(1, 201, 10))
    for name, off_ms, spread_ms in (("PR", 15, 12), ("QRS", 25, 12), ("QT", 50, 20)):
        errors = found[name]
        assert len(errors) > 15 and abs(np.median(errors)) < off_ms
        assert np.median(np.abs(errors - np.median(errors))) < spread_ms
