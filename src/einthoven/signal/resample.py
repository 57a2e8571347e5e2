"""Change the sampling rate of signals (with an anti-aliasing filter) and of sample numbers."""

from fractions import Fraction
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal.compiled import part


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

    The result is that of ``scipy.signal.resample_poly(…, padtype="edge")``.

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
    up, down = factor.numerator, factor.denominator
    compiled = part("scipy.signal", "_upfirdn_apply")
    if compiled is None:
        from scipy.signal import resample_poly  # SciPy has no types

        return np.asarray(resample_poly(signal, up, down, axis=-1, padtype="edge"))
    taps = _low_pass_taps(max(up, down)).astype(signal.dtype) * up
    half, n_samples = len(taps) // 2, signal.shape[-1]
    before = down - half % down  # zeros, so that the first result is at the first sample
    held = np.pad(taps, (before, -(before + len(taps)) % up))
    by_phase = held.reshape(-1, up).T[:, ::-1].ravel()
    result = np.zeros((len(signal), ((n_samples - 1) * up + before + len(taps) - 1) // down + 1), signal.dtype)
    compiled._apply(np.ascontiguousarray(signal), by_phase, result, up, down, 1, compiled.mode_enum("edge"), 0)
    first = (half + before) // down
    return result[:, first : first - (-n_samples * up // down)]


@lru_cache
def _low_pass_taps(rate: int) -> NDArray[np.float64]:
    """Return the taps of a low-pass up to a `rate`-th of all frequencies: a sinc in a Kaiser window (beta 5) [20 rate + 1]."""
    at = np.arange(-10 * rate, 10 * rate + 1)
    taps = np.sinc(at / rate) * np.kaiser(len(at), 5.0)
    return np.asarray(taps / taps.sum())


def aligned(at: int, from_hz: float, to_hz: float) -> int:
    """Return the last sample number up to another from which resampling rounds as from the beginning of the signal.

    Parameters
    ----------
    at : int
        Sample number at `from_hz`.
    from_hz : float, Hz
        Sampling rate of the signal.
    to_hz : float, Hz
        Sampling rate it is resampled to.

    Returns
    -------
    int
        At least 0.
    """
    step = 2 * ratio(from_hz, to_hz).denominator
    return max(0, at // step * step)


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
