"""Knows how to change a sampling rate, and where a sample went. Never lowers a rate without a filter."""

from fractions import Fraction

import numpy as np


def ratio(from_hz: float, to_hz: float) -> Fraction:
    """Ratio of the rates as a fraction that a polyphase filter can use."""
    return (Fraction(to_hz).limit_denominator(1000) / Fraction(from_hz).limit_denominator(1000)).limit_denominator(5000)


def resample(signal: np.ndarray, from_hz: float, to_hz: float) -> np.ndarray:
    """Polyphase resampling with an anti-aliasing filter (SciPy's), the edges held.

    Parameters
    ----------
    signal : array [leads, samples]
    from_hz, to_hz : rates

    Returns
    -------
    array [leads, ceil(samples * to_hz / from_hz)], same dtype: every target instant inside the recording
    """
    factor = ratio(from_hz, to_hz)
    if factor == 1 or signal.shape[-1] == 0:
        return signal
    from scipy.signal import resample_poly

    return resample_poly(signal, factor.numerator, factor.denominator, axis=-1, padtype="edge")


def resample_positions(positions: np.ndarray, from_hz: float, to_hz: float) -> np.ndarray:
    """The same map for sample numbers (annotations): nearest target sample, int64."""
    factor = ratio(from_hz, to_hz)
    return np.rint(np.asarray(positions, np.float64) * float(factor)).astype(np.int64)
