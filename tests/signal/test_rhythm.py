"""Measurements of a stretch: physics by invariance, and rhythms that a person would tell apart."""

import numpy as np
import pytest

from einthoven.signal.preparation import Preparation, tiles
from einthoven.signal.rhythm import N_RHYTHM, measured, of_intervals, sample_entropy

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


@pytest.fixture
def steady():
    return strip(np.full(60, 0.8))


@pytest.fixture
def fibrillating():
    return strip(np.random.default_rng(3).uniform(0.45, 1.1, 90), p_wave=0.0)


def test_turned_over_louder_and_slower_sampled_it_measures_the_same(steady):
    signal, beats = steady
    found = measured(signal, beats, FS_HZ)
    assert found.shape == (N_RHYTHM,) and np.isfinite(found).all()
    np.testing.assert_allclose(measured(-signal, beats, FS_HZ), found, atol=1e-4)
    np.testing.assert_allclose(measured(3 * signal, beats, FS_HZ), found, atol=0.02)
    slow = measured(signal[::2], beats // 2, FS_HZ / 2)
    np.testing.assert_allclose(slow[:20], found[:20], atol=0.05)


def test_fibrillation_is_irregular_and_has_no_p_waves(steady, fibrillating):
    calm, wild = (measured(*strip_, FS_HZ) for strip_ in (steady, fibrillating))
    assert wild[3] > 5 * calm[3] + 0.1  # spread of the intervals
    assert wild[17] > calm[17] + 1  # sample entropy
    p_wave = slice(69, 79)
    assert calm[p_wave][3] > 0.9 > wild[p_wave][3]  # share of beats whose P wave is the usual one


def test_early_beats_and_pauses_are_counted():
    intervals = np.tile([0.8, 0.8, 0.8, 0.5, 1.1], 10)
    _, beats = strip(intervals)
    calm, early = of_intervals(np.arange(1, 30) * 0.8, 30), of_intervals(beats / FS_HZ, 30)
    assert calm[48] == calm[49] == 0 and early[48] == pytest.approx(0.2, abs=0.05) == pytest.approx(early[50], abs=0.05)


@pytest.mark.parametrize("beats", [[], [100], [100, 200], [100, 200, 320]])
def test_few_beats_are_told_and_break_nothing(beats):
    found = measured(np.random.default_rng(0).standard_normal(4500).astype(np.float32), np.array(beats, int), FS_HZ)
    assert np.isfinite(found).all() and found[0] == float(len(beats) < 3)
    assert np.isfinite(measured(np.zeros(4500, np.float32), np.array(beats, int), FS_HZ)).all()


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
    wanted = Preparation(("I",), FS_HZ, 0.0, 30.0, scaling="millivolt", cut="tiles", patient=True, rhythm=True)
    short, whole = (tiles(signal[None, :n], FS_HZ, ("I",), wanted)[0][0] for n in (2250, 4500))
    assert short.shape == whole.shape == (3, 4500) and not short[0, 2250:].any()
    np.testing.assert_allclose(short[2, :20], whole[2, :20], atol=0.1)
    np.testing.assert_allclose(short[1], whole[1], atol=0.1)
