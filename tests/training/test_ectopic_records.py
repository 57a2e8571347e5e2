"""Simulated recordings: what is early is labelled so, shapes stay real, and too few normal beats give none."""

import numpy as np
import pytest

from einthoven.signal.beat_rhythm import RR_NAMES
from einthoven.signal.preparation import Preparation, Span, prepare
from einthoven.studies.beats_data import PREPARATIONS
from einthoven.training import ectopic_records
from einthoven.training.ectopic_records import LEAST, ectopic, in_fibrillation, wandering
from einthoven.training.rhythms import sustained_tachycardia

N = 300


@pytest.fixture(scope="module")
def real() -> tuple[Preparation, object]:
    """Windows around the normal beats of a made-up recording."""
    fs_hz = 128.0
    beats = (np.arange(N) * 0.8 * fs_hz + 60).astype(int)
    t = np.arange(beats[-1] + 200) / fs_hz
    signal = sum(
        height * np.exp(-((((t + 0.4) % 0.8 - 0.4 - 60 / fs_hz + 0.8 + at) % 0.8 - 0.4) ** 2) / width**2)
        for at, height, width in ((0.4, 1.0, 0.012), (0.56, 0.15, 0.02), (0.1, 0.3, 0.04))
    )
    preparation = PREPARATIONS["one"]
    return preparation, prepare(Span(signal[None].astype(np.float32), fs_hz, ("MLII",), "made"), preparation, beats)


@pytest.mark.parametrize("kind", [ectopic, in_fibrillation, wandering])
def test_a_simulated_recording_has_all_measurements(kind, real):
    preparation, windows = real
    for seed in range(4):
        made = kind(windows, np.zeros(N, int), preparation, np.random.default_rng(seed))
        assert len(made.windows) == len(made.labels) == N
        assert made.windows.features.shape == (N, preparation.n_features) and np.isfinite(made.windows.features).all()
        assert made.labels.any() == (kind is ectopic)


def test_early_beats_come_early(real):
    preparation, windows = real
    column = preparation.columns["rr"].start + RR_NAMES.index("RR before against the median of the recording")
    for seed in range(5):
        made = ectopic(windows, np.zeros(N, int), preparation, np.random.default_rng(seed))
        early = made.windows.features[:, column]
        assert early[made.labels == 1].mean() < early[made.labels == 0].mean() - 0.1


def test_qrs_complexes_stay_real(real):
    preparation, windows = real
    made = ectopic(windows, np.zeros(N, int), preparation, np.random.default_rng(1))
    around = slice(preparation.before - 4, preparation.before + 5)
    drift = made.windows.signal[:, :, around] - windows.signal[:, :, around]
    assert np.abs(drift - drift.mean(axis=2, keepdims=True)).max() < 0.05


def test_few_normal_beats_or_many_early_ones_simulate_nothing(real):
    preparation, windows = real
    rng = np.random.default_rng(0)
    labels = np.full(N, 2)
    labels[: LEAST - 1] = 0
    assert all(kind(windows, labels, preparation, rng) is None for kind in (ectopic, in_fibrillation, wandering))
    labels = np.zeros(N, int)
    labels[: N // 3] = 1
    assert (
        ectopic(windows, labels, preparation, rng) is None and wandering(windows, labels, preparation, rng) is not None
    )


def test_an_early_beat_falls_on_the_t_wave_before_it(real):
    preparation, windows = real
    beats_s = np.cumsum(np.where(np.arange(N) % 2, 0.42, 1.0))
    changed = ectopic_records._on_t_waves(windows.signal.copy(), windows.signal, beats_s, preparation)
    head = slice(0, preparation.before - 10)
    added = np.abs(changed - windows.signal)[:, 0, head].max(axis=1)
    assert added[1::2].min() > 0.05 > added[2::2].max()


def test_sustained_tachycardia_is_fast_and_long():
    rng = np.random.default_rng(3)
    longest = 0
    for _ in range(10):
        early, beats_s = sustained_tachycardia(600, 0.9, rng)
        intervals = np.diff(beats_s)
        assert np.median(intervals[early[1:]]) < 0.7 if early.any() else True
        edges = np.flatnonzero(np.diff(np.concatenate(([0], early.astype(int), [0]))))
        longest = max(longest, *(edges[1::2] - edges[::2]).tolist(), 0)
    assert longest > 50
