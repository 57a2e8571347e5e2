"""Change the sampling rate of signals (with an anti-aliasing filter) and of sample numbers."""

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray


def ratio(from_hz: float, to_hz: float) -> Fraction:
    """Return the ratio of two sampling rates as a fraction that a polyphase filter can use.

    Parameters
    ----------
    from_hz : float, Hz
        Sampling rate now.
    to_hz : float, Hz
        Wanted sampling rate.

    Returns
    -------
    Fraction
    """
    return (Fraction(to_hz).limit_denominator(1000) / Fraction(from_hz).limit_denominator(1000)).limit_denominator(5000)


def resample(signal: NDArray[Any], from_hz: float, to_hz: float) -> NDArray[Any]:
    """Resample a signal with SciPy's polyphase anti-aliasing filter; first and last sample are repeated beyond the edges.

    Parameters
    ----------
    signal : array [leads, samples]
        The signal.
    from_hz : float, Hz
        Its sampling rate.
    to_hz : float, Hz
        Wanted sampling rate.

    Returns
    -------
    array [leads, ceil(samples * to_hz / from_hz)], same dtype
        A sample for every target time inside the recording.
    """
    factor = ratio(from_hz, to_hz)
    if factor == 1 or signal.shape[-1] == 0:
        return signal
    from scipy.signal import resample_poly  # SciPy has no types

    return np.asarray(resample_poly(signal, factor.numerator, factor.denominator, axis=-1, padtype="edge"))


def resample_positions(positions: NDArray[Any], from_hz: float, to_hz: float) -> NDArray[np.int64]:
    """Convert sample numbers to another sampling rate.

    Parameters
    ----------
    positions : array [n]
        Sample numbers.
    from_hz : float, Hz
        Their sampling rate.
    to_hz : float, Hz
        Wanted sampling rate.

    Returns
    -------
    array [n], int64
        Nearest sample numbers.
    """
    factor = ratio(from_hz, to_hz)
    return np.rint(np.asarray(positions, np.float64) * float(factor)).astype(np.int64)
