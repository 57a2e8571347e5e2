"""Measurements on the rhythm of a window: RR intervals, likeness of its beats, P and T waves, spectrum and noise.

They are what a person looks at who tells fibrillation from other rhythms: intervals and their steps, early beats and pauses,
whether P waves are there and alike, waves that are left when the beats are taken away, and how much of it is noise.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal.typical_beat import correlation

Array = NDArray[Any]

_BEFORE_S, _AFTER_S = 0.3, 0.5
_BANDS_HZ = ((0.5, 1.5), (1.5, 4), (4, 7), (7, 10), (10, 15), (15, 25), (25, 40))
_N_STEPS, _N_RATIOS = 12, 10
_STEADY_S = 0.8
_LIMIT = 8.0
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
_BEAT_NAMES = (
    "mean correlation of beats with the typical one",
    "least correlation of beats with the typical one",
    "spread of the beats' correlations",
    "10 % quantile of the beats' correlations",
    "share of beats with a correlation below 0.8",
    "share of beats with a correlation below 0.5",
    "mean correlation of QRS complexes",
    "least correlation of QRS complexes",
    "spread of the QRS complexes' correlations",
    "share of QRS complexes with a correlation below 0.85",
    "spread of QRS heights",
    "largest QRS height",
    "smallest QRS height",
    "mean correlation of P waves",
    "spread of the P waves' correlations",
    "median correlation of P waves",
    "share of P waves with a correlation over 0.5",
    "height of the typical P wave",
    "highest point of the typical P wave",
    "lowest point of the typical P wave",
    "spread of P waves about the typical one",
    "place of the P wave's highest point",
    "place of the P wave's lowest point",
    "mean correlation of T waves",
    "height of the typical T wave",
    "highest point of the typical T wave",
    "lowest point of the typical T wave",
    "place of the T wave's highest point",
    "share of odd beats",
    "RR ahead of odd beats",
    "RR behind odd beats",
    "width of the QRS complex",
    "share of steep samples of the QRS complex",
    *(f"power {low:g} to {high:g} Hz{what}" for what in (", beats removed", "") for low, high in _BANDS_HZ),
)
_BEAT_UNITS = tuple(
    "QRS height" if at in (17, 18, 19, 20, 24, 25, 26) else "ln" if at >= 33 else "1" for at in range(len(_BEAT_NAMES))
)
_NOISE_NAMES = (
    "kurtosis",
    "skewness",
    "least kurtosis of eight pieces",
    "median kurtosis of eight pieces",
    "how unlike fifteen pieces are in their spread",
    "largest spread of fifteen pieces",
)
RHYTHM_NAMES = (*INTERVAL_NAMES, *_BEAT_NAMES, *_NOISE_NAMES)
RHYTHM_UNITS = (*INTERVAL_UNITS, *_BEAT_UNITS, *("1",) * len(_NOISE_NAMES))


def summary_features(beats_s: Array, similarity: Array, duration_s: float) -> Array:
    """Summarise the rhythm of a window.

    Parameters
    ----------
    beats_s : array [k], s
        Times of its beats.
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
    return np.clip(np.array(found, np.float32), -_SUMMARY_LIMIT, _SUMMARY_LIMIT)


def rhythm_features(signal: Array, beats: Array, fs_hz: float) -> Array:
    """Measure the rhythm of a window in one lead.

    Most numbers are ratios, so that amplitudes do not matter; none changes when the signal is turned upside down.

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
    found = np.concatenate((intervals, _of_beats(signal, beats, fs_hz), _of_noise(signal)))
    return np.clip(np.nan_to_num(found, posinf=_LIMIT, neginf=-_LIMIT), -_LIMIT, _LIMIT).astype(np.float32)


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
        In the order of :data:`INTERVAL_NAMES`. Without three beats those of a steady rhythm, and the first number is one.
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
    """Sample entropy of a series [n] (Richman and Moorman 2000), half a match added to each count; 0 where it is too short."""
    if len(values) < m + 3:
        return 0.0
    counts = []
    for size in (m, m + 1):
        runs = np.lib.stride_tricks.sliding_window_view(values, size)[: len(values) - m]
        apart = np.abs(runs[:, None] - runs[None]).max(axis=2)
        counts.append(((apart < tolerance).sum() - len(runs)) / 2)
    return float(-np.log((counts[1] + 0.5) / (counts[0] + 0.5)))


def _of_beats(signal: Array, beats: Array, fs_hz: float) -> Array:
    """47 numbers on how alike beats are, on QRS, P and T, and on the spectrum with and without the beats."""
    before, after = round(_BEFORE_S * fs_hz), round(_AFTER_S * fs_hz)
    held = np.pad(signal, (before, after), mode="edge")
    each = held[beats[:, None] + np.arange(before + after)]
    own = np.median(each, axis=0)
    if len(each) > 3:
        alike = correlation(each, own)
        own = np.median(each[alike >= np.median(alike)], axis=0)
    alike = correlation(each, own)

    def span(first_s: float, last_s: float) -> slice:
        return slice(before + round(first_s * fs_hz), before + round(last_s * fs_hz))

    qrs, p_wave, t_wave = span(-0.055, 0.06), span(-0.24, -0.06), span(0.1, 0.43)
    level = own - np.median(own)
    if level[qrs].max() < -level[qrs].min():
        signal, each, own, level = -signal, -each, -own, -level
    height = np.ptp(own[qrs]) + 1e-3
    alike_qrs, heights = correlation(each[:, qrs], own[qrs]), np.ptp(each[:, qrs], axis=1) + 1e-6
    odd = np.flatnonzero(alike_qrs < 0.8)
    intervals = np.diff(beats)
    odd = odd[(odd > 0) & (odd < len(intervals))]
    usual = np.median(intervals) if len(intervals) else 1.0
    p_own, p_each = (values - values.mean(axis=-1, keepdims=True) for values in (own[p_wave], each[:, p_wave]))
    p_alike = correlation(p_each, p_own)
    slope = np.abs(np.diff(own))
    steep = slope[span(-0.1, 0.1)] > 0.2 * slope.max()
    peak = np.abs(level[qrs]).max() + 1e-6
    without = signal.copy()
    for beat in beats:
        first, last = max(0, beat - before), min(len(signal), beat + after)
        without[first:last] -= own[first - beat + before : last - beat + before]
    return np.array(
        [
            *(
                alike.mean(),
                alike.min(),
                alike.std(),
                np.quantile(alike, 0.1),
                (alike < 0.8).mean(),
                (alike < 0.5).mean(),
            ),
            *(alike_qrs.mean(), alike_qrs.min(), alike_qrs.std(), (alike_qrs < 0.85).mean()),
            *(heights.std() / heights.mean(), heights.max() / np.median(heights), heights.min() / np.median(heights)),
            *(p_alike.mean(), p_alike.std(), np.median(p_alike), (p_alike > 0.5).mean()),
            *(np.ptp(p_own) / height, p_own.max() / height, p_own.min() / height, (p_each - p_own).std() / height),
            *(p_own.argmax() / len(p_own), p_own.argmin() / len(p_own)),
            correlation(each[:, t_wave], own[t_wave]).mean(),
            *(np.ptp(own[t_wave]) / height, level[t_wave].max() / height, level[t_wave].min() / height),
            own[t_wave].argmax() / len(own[t_wave]),
            len(odd) / len(beats),
            *(
                (intervals[odd - 1] / usual).mean() if len(odd) else 1.0,
                (intervals[odd] / usual).mean() if len(odd) else 1.0,
            ),
            *((np.abs(level[span(-0.1, 0.1)]) > 0.3 * peak).mean(), steep.mean()),
            *_spectrum(signal, without, fs_hz),
        ]
    )


def _spectrum(signal: Array, without: Array, fs_hz: float) -> list[float]:
    """Logarithms of the shares of bands in the signal's power [7], and those of what is left without the beats, beside them [7]."""
    from scipy.fft import rfft

    window = np.hanning(len(signal))
    hz = np.arange(len(signal) // 2 + 1) * fs_hz / len(signal)
    powers = [np.square(np.abs(rfft(values * window))) for values in (without, signal)]
    total = powers[1][(hz > _BANDS_HZ[0][0]) & (hz < _BANDS_HZ[-1][1])].sum() + 1e-9
    bands = [(hz >= low) & (hz < high) for low, high in _BANDS_HZ]
    return [float(np.log(power[band].sum() / total + 1e-6)) / 2 for power in powers for band in bands]


def _of_noise(signal: Array) -> Array:
    """6 numbers: kurtosis and skewness of all, kurtosis of eighths, how unlike fifteenths are in their spread."""
    eighths = [_moment(piece, 4) for piece in np.array_split(signal, 8)]
    spreads = np.array([piece.std() for piece in np.array_split(signal, 15)]) + 1e-6
    return np.array(
        [
            *(_moment(signal, 4) / 5, abs(_moment(signal, 3)), min(eighths) / 5, np.median(eighths) / 5),
            *(spreads.std() / spreads.mean(), spreads.max() / np.median(spreads)),
        ]
    )


def _moment(values: Array, order: int) -> float:
    moved = values - values.mean()
    return float((moved**order).mean() / (moved.std() ** order + 1e-9))


def _longest(good: Array) -> int:
    """Length of the longest run of true values."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], good.astype(np.int8), [0]))))
    return int((edges[1::2] - edges[::2]).max()) if len(edges) else 0
