"""Measure the waveform of a window in one lead: similarity of its beats, P and T waves, spectrum and noise."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal.fourier import rfft
from einthoven.signal.typical_beat import correlation

Array = NDArray[Any]

_BEFORE_S, _AFTER_S = 0.3, 0.5
_BANDS_HZ = ((0.5, 1.5), (1.5, 4), (4, 7), (7, 10), (10, 15), (15, 25), (25, 40))

BEAT_NAMES = (
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
BEAT_UNITS = tuple(
    "QRS height" if at in (17, 18, 19, 20, 24, 25, 26) else "ln" if at >= 33 else "1" for at in range(len(BEAT_NAMES))
)
NOISE_NAMES = (
    "kurtosis",
    "skewness",
    "least kurtosis of eight pieces",
    "median kurtosis of eight pieces",
    "how unlike fifteen pieces are in their spread",
    "largest spread of fifteen pieces",
)


def beat_features(signal: Array, beats: Array, fs_hz: float) -> Array:
    """Measure the similarity of beats, QRS, P and T, and the spectrum with and without the beats.

    Parameters
    ----------
    signal : array [samples]
        One prepared lead.
    beats : array [k]
        Sample numbers of its R peaks, ascending; at least one.
    fs_hz : float
        Sampling rate, Hz.

    Returns
    -------
    array [47]
        In the order of :data:`BEAT_NAMES`.
    """
    before, after = round(_BEFORE_S * fs_hz), round(_AFTER_S * fs_hz)
    held = np.pad(signal, (before, after), mode="edge")
    stacked = held[beats[:, None] + np.arange(before + after)]
    typical = np.median(stacked, axis=0)
    if len(stacked) > 3:
        alike = correlation(stacked, typical)
        typical = np.median(stacked[alike >= np.median(alike)], axis=0)
    alike = correlation(stacked, typical)

    def span(first_s: float, last_s: float) -> slice:
        return slice(before + round(first_s * fs_hz), before + round(last_s * fs_hz))

    qrs, p_wave, t_wave = span(-0.055, 0.06), span(-0.24, -0.06), span(0.1, 0.43)
    level = typical - np.median(typical)
    if level[qrs].max() < -level[qrs].min():
        signal, stacked, typical, level = -signal, -stacked, -typical, -level
    height = np.ptp(typical[qrs]) + 1e-3
    alike_qrs, heights = correlation(stacked[:, qrs], typical[qrs]), np.ptp(stacked[:, qrs], axis=1) + 1e-6
    odd = np.flatnonzero(alike_qrs < 0.8)
    intervals = np.diff(beats)
    odd = odd[(odd > 0) & (odd < len(intervals))]
    usual = np.median(intervals) if len(intervals) else 1.0
    p_typical, p_stacked = (
        values - values.mean(axis=-1, keepdims=True) for values in (typical[p_wave], stacked[:, p_wave])
    )
    p_alike = correlation(p_stacked, p_typical)
    slope = np.abs(np.diff(typical))
    steep = slope[span(-0.1, 0.1)] > 0.2 * slope.max()
    peak = np.abs(level[qrs]).max() + 1e-6
    without = signal.copy()
    for beat in beats:
        first, last = max(0, beat - before), min(len(signal), beat + after)
        without[first:last] -= typical[first - beat + before : last - beat + before]
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
            *(
                np.ptp(p_typical) / height,
                p_typical.max() / height,
                p_typical.min() / height,
                (p_stacked - p_typical).std() / height,
            ),
            *(p_typical.argmax() / len(p_typical), p_typical.argmin() / len(p_typical)),
            correlation(stacked[:, t_wave], typical[t_wave]).mean(),
            *(np.ptp(typical[t_wave]) / height, level[t_wave].max() / height, level[t_wave].min() / height),
            typical[t_wave].argmax() / len(typical[t_wave]),
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
    """Return half the logarithms of the shares of bands in the power [14]: without the beats, and with them."""
    window = np.hanning(len(signal))
    hz = np.arange(len(signal) // 2 + 1) * fs_hz / len(signal)
    powers = [np.square(np.abs(rfft(values * window))) for values in (without, signal)]
    total = powers[1][(hz > _BANDS_HZ[0][0]) & (hz < _BANDS_HZ[-1][1])].sum() + 1e-9
    bands = [(hz >= low) & (hz < high) for low, high in _BANDS_HZ]
    return [float(np.log(power[band].sum() / total + 1e-6)) / 2 for power in powers for band in bands]


def noise_features(signal: Array) -> Array:
    """Measure noise: kurtosis and skewness, kurtosis of eighths, and how the spread of fifteenths varies.

    Parameters
    ----------
    signal : array [samples]
        One prepared lead.

    Returns
    -------
    array [6]
        In the order of :data:`NOISE_NAMES`.
    """
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
