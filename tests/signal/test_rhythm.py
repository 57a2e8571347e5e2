"""Measurements of a stretch: physics by invariance, and rhythms that a person would tell apart."""

import numpy as np
import pytest

from einthoven.signal.preparation import Preparation, SignalSpec, Span, Tiles, prepare
from einthoven.signal.rhythm import (
    INTERVAL_NAMES,
    RHYTHM_NAMES,
    SUMMARY_NAMES,
    interval_features,
    rhythm_features,
    sample_entropy,
    summary_features,
)

FS_HZ = 150.0


def strip(intervals_s: np.ndarray, p_wave: float = 0.15, noise: float = 0.02) -> tuple[np.ndarray, np.ndarray]:
    """Thirty seconds with beats at given intervals, and their sample numbers."""
    rng = np.random.default_rng(1)
    beats = np.round((0.5 + np.cumsum(intervals_s)) * FS_HZ).astype(int)
    beats = beats[beats < 29.5 * FS_HZ]
    time_s = np.arange(round(30 * FS_HZ)) / FS_HZ
    signal = noise * rng.standard_normal(len(time_s))
    for beat in beats / FS_HZ:
        for offset, height, width in ((0, 1.0, 0.015), (0.25, 0.25, 0.05), (-0.15, p_wave, 0.02)):
            signal += height * np.exp(-0.5 * ((time_s - beat - offset) / width) ** 2)
    return signal.astype(np.float32), beats


def named(found: np.ndarray, name: str) -> float:
    return float(found[RHYTHM_NAMES.index(name)])


@pytest.fixture
def steady():
    return strip(np.full(60, 0.8))


@pytest.fixture
def fibrillating():
    return strip(np.random.default_rng(3).uniform(0.45, 1.1, 90), p_wave=0.0)


def test_turned_over_louder_and_slower_sampled_it_measures_the_same(steady):
    signal, beats = steady
    found = rhythm_features(signal, beats, FS_HZ)
    assert found.shape == (len(RHYTHM_NAMES),) and np.isfinite(found).all()
    np.testing.assert_allclose(rhythm_features(-signal, beats, FS_HZ), found, atol=1e-4)
    np.testing.assert_allclose(rhythm_features(3 * signal, beats, FS_HZ), found, atol=0.02)
    slow = rhythm_features(signal[::2], beats // 2, FS_HZ / 2)
    np.testing.assert_allclose(slow[:20], found[:20], atol=0.05)


def test_fibrillation_is_irregular_and_has_no_p_waves(steady, fibrillating):
    calm, wild = (rhythm_features(*strip_, FS_HZ) for strip_ in (steady, fibrillating))
    assert named(wild, "spread of RR intervals") > 5 * named(calm, "spread of RR intervals") + 0.1
    entropy = "sample entropy of RR intervals, m 1, 30 ms"
    assert named(wild, entropy) > named(calm, entropy) + 1
    p_waves = "share of P waves with a correlation over 0.5"
    assert named(calm, p_waves) > 0.9 > named(wild, p_waves)


def test_early_beats_and_pauses_are_counted():
    intervals = np.tile([0.8, 0.8, 0.8, 0.5, 1.1], 10)
    _, beats = strip(intervals)
    calm, early = interval_features(np.arange(1, 30) * 0.8, 30), interval_features(beats / FS_HZ, 30)
    n_early, n_late = (named(early, f"share of {kind} beats") for kind in ("early", "late"))
    assert n_early == pytest.approx(0.2, abs=0.05) == pytest.approx(n_late, abs=0.05)
    followed = named(early, "share of early beats with a late one behind")
    assert followed == pytest.approx(n_early, abs=0.05)
    for kind in ("early", "late"):
        assert named(calm, f"share of {kind} beats") == 0


def test_a_summary_is_what_numpy_says_of_the_intervals():
    """Seven numbers by their names; without two beats those of a steady 75 a minute."""
    intervals = np.array([0.8, 1.0, 0.7, 0.9])
    similarity = np.array([0.9, 0.8, 1.0, 0.95, 0.85])
    found = summary_features(np.cumsum([0.5, *intervals]), similarity, 10.0)
    wanted = (0.85, intervals.std() / 0.85, np.mean([0.2, 0.3, 0.2]) / 0.85, 1.0 / 0.85, 0.5, 0.9, 0.8)
    np.testing.assert_allclose(found, wanted, rtol=1e-5)
    assert found.dtype == np.float32 and len(SUMMARY_NAMES) == len(found)
    alone = summary_features(np.array([4.0]), np.ones(1), 10.0)
    np.testing.assert_allclose(alone, (0.8, 0.0, 0.0, 1.0, 0.1, 1.0, 1.0), rtol=1e-5)
    wild = summary_features(np.array([0.0, 0.1, 0.2, 9.0]), np.ones(4), 10.0)
    assert wild[3] == 4.0, "limited"


def test_intervals_are_measured_by_their_names():
    beats_s = np.cumsum([0.5, 0.8, 1.0, 0.7, 0.9, 0.8])
    found = dict(zip(INTERVAL_NAMES, interval_features(beats_s, 10.0), strict=True))
    assert found["beats per second"] == pytest.approx(0.6)
    assert found["median RR interval"] == pytest.approx(0.8)
    assert found["longest RR interval"] == pytest.approx(1.25)
    assert found["shortest RR interval"] == pytest.approx(0.7 / 0.8)
    assert found["share of steps over 50 ms"] == found["share of steps over 20 ms"] == 1.0
    assert found["share of steps that change direction"] == 1.0


@pytest.mark.parametrize("beats", [[], [100], [100, 200], [100, 200, 320]])
def test_few_beats_are_told_and_break_nothing(beats):
    found = rhythm_features(
        np.random.default_rng(0).standard_normal(4500).astype(np.float32), np.array(beats, int), FS_HZ
    )
    assert np.isfinite(found).all() and found[0] == float(len(beats) < 3)
    assert np.isfinite(rhythm_features(np.zeros(4500, np.float32), np.array(beats, int), FS_HZ)).all()


def test_sample_entropy_is_the_definition():
    rng = np.random.default_rng(0)
    values = rng.standard_normal(60)
    for m, tolerance in ((1, 0.3), (2, 0.4)):
        counts = []
        for size in (m, m + 1):
            runs = [values[at : at + size] for at in range(60 - m)]
            pairs = [(a, b) for a in range(len(runs)) for b in range(a)]
            counts.append(sum(np.abs(runs[a] - runs[b]).max() < tolerance for a, b in pairs))
        assert sample_entropy(values, m, tolerance) == pytest.approx(-np.log((counts[1] + 0.5) / (counts[0] + 0.5)))
    assert sample_entropy(np.ones(3), 2, 0.1) == 0


def test_a_short_recording_is_measured_on_what_there_is(steady):
    signal, _ = steady
    spec = SignalSpec(("I",), FS_HZ, scaling="millivolt")
    wanted = Preparation(spec, Tiles(30.0), ("signal", "beat", "summary", "rhythm"))
    short, whole = (prepare(Span(signal[None, :n], FS_HZ, ("I",), "strip"), wanted) for n in (2250, 4500))
    assert short.signal.shape == whole.signal.shape == (1, 1, 4500) and not short.signal[0, 0, 2250:].any()
    assert short.features.shape == (1, len(SUMMARY_NAMES) + len(RHYTHM_NAMES))
    columns = wanted.columns
    np.testing.assert_allclose(short.features[0, columns["summary"]], whole.features[0, columns["summary"]], atol=0.1)
    first = slice(columns["rhythm"].start, columns["rhythm"].start + 13)
    np.testing.assert_allclose(short.features[0, first], whole.features[0, first], atol=0.1)
    np.testing.assert_allclose(short.beat, whole.beat, atol=0.1)
