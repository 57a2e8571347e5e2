"""Measure the rhythm of a window: RR intervals, similarity of its beats, P and T waves, spectrum and noise.

These are the criteria by which readers distinguish fibrillation from other rhythms: intervals and their steps, early beats and
pauses, presence and similarity of P waves, waves that remain without the beats, and noise.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal.waveform import BEAT_NAMES, BEAT_UNITS, NOISE_NAMES, beat_features, noise_features

Array = NDArray[Any]

_N_STEPS, _N_RATIOS = 12, 10
_STEADY_S = 0.8
LIMIT = 8.0
"""Measurements are limited to this, either way."""
_SUMMARY_LIMIT = 4.0

SUMMARY_NAMES = (
    "median RR interval",
    "spread of RR intervals",
    "mean step between RR intervals",
    "longest RR interval",
    "beats per second",
    "mean correlation of beats with the typical one",
    "least correlation of beats with the typical one",
)
SUMMARY_UNITS = ("s", "median RR", "median RR", "median RR", "1/s", "1", "1")
_QUANTILES = (0.05, 0.25, 0.75, 0.95)
INTERVAL_NAMES = (
    "fewer than three beats",
    "beats per second",
    "median RR interval",
    "spread of RR intervals",
    *(f"{q:.0%} quantile of RR intervals" for q in _QUANTILES),
    "shortest RR interval",
    "longest RR interval",
    "root mean square step between RR intervals",
    "mean step between RR intervals",
    "median step between RR intervals",
    "share of steps over 50 ms",
    "share of steps over 20 ms",
    "share of steps over 10 % of the median RR",
    "share of steps over 20 % of the median RR",
    "sample entropy of RR intervals, m 1, 30 ms",
    "sample entropy of RR intervals, m 1, 10 %",
    "sample entropy of RR intervals, m 2, 10 %",
    *(f"share of steps in bin {at + 1} of {_N_STEPS}" for at in range(_N_STEPS)),
    "entropy of the steps' distribution",
    *(f"share of RR intervals in bin {at + 1} of {_N_RATIOS}" for at in range(_N_RATIOS)),
    "entropy of the RR intervals' distribution",
    *(f"autocorrelation of RR intervals, lag {lag}" for lag in (1, 2, 3)),
    "share of steps that change direction",
    "share of early beats",
    "share of late beats",
    "share of early beats with a late one behind",
    "shortest RR interval against its neighbours",
    "longest RR interval against its neighbours",
    "mean distance of RR intervals from their neighbours",
    "longest run of steady intervals",
    "trend of RR intervals",
)
_OF_MEDIAN = frozenset(range(3, 13)) | {53, 55}
INTERVAL_UNITS = tuple(
    "median RR" if at in _OF_MEDIAN else {1: "1/s", 2: "s"}.get(at, "1") for at in range(len(INTERVAL_NAMES))
)
RHYTHM_NAMES = (*INTERVAL_NAMES, *BEAT_NAMES, *NOISE_NAMES)
RHYTHM_UNITS = (*INTERVAL_UNITS, *BEAT_UNITS, *("1",) * len(NOISE_NAMES))


def summary_features(beats_s: Array, similarity: Array, duration_s: float) -> Array:
    """Summarise the rhythm of a window.

    Parameters
    ----------
    beats_s : array [k], s
        Times of the beats.
    similarity : array [k]
        Correlation of each beat with the typical one.
    duration_s : float
        Length of the window, s.

    Returns
    -------
    array [7], float32
        In the order of :data:`SUMMARY_NAMES`, limited to ±4. Without two beats the first four are those of a steady 75/min.
    """
    between = np.diff(beats_s)
    if not len(between):
        between = np.array([_STEADY_S])
    middle = float(np.median(between))
    steps = np.diff(between) if len(between) > 1 else np.zeros(1)
    found = (
        *(middle, between.std() / middle, np.abs(steps).mean() / middle, between.max() / middle),
        *(len(beats_s) / duration_s, similarity.mean(), similarity.min()),
    )
    limited: Array = np.clip(np.array(found, np.float32), -_SUMMARY_LIMIT, _SUMMARY_LIMIT)
    return limited


def rhythm_features(signal: Array, beats: Array, fs_hz: float) -> Array:
    """Measure the rhythm of a window in one lead.

    Most measurements are ratios, independent of the amplitude; none changes if the signal is inverted.

    Parameters
    ----------
    signal : array [samples]
        One prepared lead.
    beats : array [k]
        Sample numbers of its R peaks, ascending.
    fs_hz : float
        Sampling rate, Hz.

    Returns
    -------
    array [109], float32
        In the order of :data:`RHYTHM_NAMES`, limited to ±8.
    """
    if not len(beats):
        beats = np.array([len(signal) // 2])
    intervals = interval_features(beats / fs_hz, len(signal) / fs_hz)
    found = np.concatenate((intervals, beat_features(signal, beats, fs_hz), noise_features(signal)))
    limited: Array = np.clip(np.nan_to_num(found, posinf=LIMIT, neginf=-LIMIT), -LIMIT, LIMIT)
    return limited.astype(np.float32)


def waveform_features(signal: Array, beats: Array, fs_hz: float) -> Array:
    """Measure the likeness of beats, P and T waves, and the spectrum of a window at heartbeats that are known.

    Parameters
    ----------
    signal : array [samples]
        One prepared lead.
    beats : array [k]
        Sample numbers of its heartbeats, ascending.
    fs_hz : float
        Sampling rate, Hz.

    Returns
    -------
    array [47], float32
        In the order of :data:`einthoven.signal.waveform.BEAT_NAMES`, limited to ±8.
    """
    at = beats if len(beats) else np.array([len(signal) // 2])
    found = beat_features(signal, at, fs_hz)
    limited: Array = np.clip(np.nan_to_num(found, posinf=LIMIT, neginf=-LIMIT), -LIMIT, LIMIT)
    return limited.astype(np.float32)


def interval_features(beats_s: Array, duration_s: float) -> Array:
    """Measure RR intervals: spread, steps, their distributions, entropies, early beats and pauses, runs and trends.

    Parameters
    ----------
    beats_s : array [k], s
        Times of the beats, ascending.
    duration_s : float
        Length of the window, s.

    Returns
    -------
    array [56]
        In the order of :data:`INTERVAL_NAMES`. Without three beats those of a steady rhythm, and the first measurement is 1.
    """
    intervals = np.diff(beats_s)
    is_poor = len(intervals) < 2
    if is_poor:
        intervals = np.full(3, _STEADY_S)
    middle = float(np.median(intervals))
    steps, ratios = np.diff(intervals), intervals / middle
    sizes = np.abs(steps)
    near = np.clip(np.arange(len(intervals))[:, None] + np.arange(-4, 5), 0, len(intervals) - 1)
    local = np.median(intervals[near], axis=1)
    early, late = intervals < 0.85 * local, intervals > 1.12 * local
    moved = intervals - intervals.mean()
    power = np.square(moved).sum() + 1e-9
    own = [float((moved[lag:] * moved[:-lag]).sum() / power) if len(moved) > lag else 0.0 for lag in (1, 2, 3)]
    shapes = []
    for values, bins, most in ((steps / middle, _N_STEPS, (-0.6, 0.6)), (ratios, _N_RATIOS, (0.4, 1.8))):
        share = np.histogram(np.clip(values, *most), bins, most)[0] / len(values)
        shapes += [*share, -(share * np.log(share + 1e-9)).sum()]
    return np.array(
        [
            *(
                float(is_poor),
                len(beats_s) / duration_s,
                middle,
                ratios.std(),
                *np.quantile(ratios, (0.05, 0.25, 0.75, 0.95)),
            ),
            *(ratios.min(), ratios.max(), np.sqrt(np.square(steps).mean()) / middle, sizes.mean() / middle),
            *(np.median(sizes) / middle, (sizes > 0.05).mean(), (sizes > 0.02).mean()),
            *((sizes > 0.1 * middle).mean(), (sizes > 0.2 * middle).mean()),
            *(sample_entropy(intervals, *how) for how in ((1, 0.03), (1, 0.1 * middle), (2, 0.1 * middle))),
            *shapes,
            *own,
            (steps[1:] * steps[:-1] < 0).mean() if len(steps) > 1 else 0.0,
            *(early.mean(), late.mean(), (early[:-1] & late[1:]).mean()),
            *((intervals / local).min(), (intervals / local).max(), np.abs(intervals - local).mean() / middle),
            _longest(sizes < 0.06 * middle) / len(steps),
            abs(np.polyfit(np.arange(len(ratios)), ratios, 1)[0]) * len(ratios),
        ]
    )


def sample_entropy(values: Array, m: int, tolerance: float) -> float:
    """Compute the sample entropy of a series (Richman and Moorman 2000), half a match added to each count.

    Parameters
    ----------
    values : array [n]
        The series.
    m : int
        Length of the compared runs.
    tolerance : float
        Largest difference of matching values.

    Returns
    -------
    float
        0 if the series is too short.
    """
    if len(values) < m + 3:
        return 0.0
    n = len(values) - m
    close = np.abs(values[:, None] - values) < tolerance
    alike = np.logical_and.reduce([close[at : at + n, at : at + n] for at in range(m)])
    longer = alike & close[m:, m:]
    counts = [(np.count_nonzero(matches) - n) / 2 for matches in (alike, longer)]
    return float(-np.log((counts[1] + 0.5) / (counts[0] + 0.5)))


def _longest(good: Array) -> int:
    """Length of the longest run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], good.astype(np.int8), [0]))))
    return int((edges[1::2] - edges[::2]).max()) if len(edges) else 0
