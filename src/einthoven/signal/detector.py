"""Find heartbeats by thresholds: the detector of sleepecg by its compiled parts, the same beats without the imports of sleepecg.

Since the heartbeat network came (:mod:`einthoven.signal.heartbeats`), it serves what was trained with it (typical beats), and as a
second opinion.
"""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal.compiled import part

Array = NDArray[Any]

SHORTEST_S = 3.0
"""Shortest signal in which beats are sought, s."""
LEARNING_S = 2.0
"""Length of the signal that the thresholds learn from, s."""

WINDOW_S = 0.15
"""Length of the moving window in which the power of the slope is taken, s."""
_BAND_HZ = (5.0, 30.0)
_REFRACTORY_S = 0.2
_HELD = 15  # samples beyond each edge, as scipy.signal.sosfiltfilt has for two sections


def find(signal_mv: Array, fs_hz: float) -> NDArray[np.int64]:
    """Find the beats of one lead by thresholds, each at the largest deflection within 60 ms.

    Parameters
    ----------
    signal_mv : array [samples], mV
        One lead, without NaN.
    fs_hz : float, Hz
        Sampling rate.

    Returns
    -------
    array [n], int64
        Sample numbers, ascending; none if the signal is shorter than 3 s.
    """
    if len(signal_mv) < SHORTEST_S * fs_hz or np.ptp(signal_mv) == 0:
        return np.zeros(0, np.int64)
    return np.asarray(np.unique(at_largest(detected(signal_mv, fs_hz), signal_mv, fs_hz)))


def at_largest(rough: NDArray[np.int64], signal_mv: Array, fs_hz: float) -> NDArray[np.int64]:
    """Move each beat to the largest deflection of a lead within 60 ms.

    Parameters
    ----------
    rough : array [n]
        Sample numbers of the beats.
    signal_mv : array [samples], mV
        The lead.
    fs_hz : float, Hz
        Sampling rate.

    Returns
    -------
    array [n]
        Sample numbers of the moved beats.
    """
    if len(rough) == 0:
        return rough
    reach = max(1, round(0.06 * fs_hz))
    held = np.pad(signal_mv, reach, mode="edge")
    around = held[rough[:, None] + np.arange(2 * reach + 1)]
    peak = np.abs(around - np.median(around, axis=1, keepdims=True)).argmax(axis=1)
    return np.asarray(np.clip(rough + peak - reach, 0, len(signal_mv) - 1), np.int64)


def detected(signal_mv: Array, fs_hz: float) -> NDArray[np.int64]:
    """Find the beats of one lead, as ``sleepecg.detect_heartbeats`` does.

    Parameters
    ----------
    signal_mv : array [samples], mV
        One lead, without NaN.
    fs_hz : float, Hz
        Sampling rate.

    Returns
    -------
    array [n], int64
        Sample numbers, ascending; none where less than two seconds follow after a flat beginning.
    """
    moved = np.flatnonzero(signal_mv != signal_mv[0])
    begins = int(moved[0]) if len(moved) and signal_mv[1] == signal_mv[0] else 0
    if not len(moved) or len(signal_mv) - begins < LEARNING_S * fs_hz:
        return np.zeros(0, np.int64)
    compiled = part("sleepecg", "_heartbeat_detection")
    if compiled is None:  # installed without its compiled part
        from sleepecg.heartbeats import detect_heartbeats

        return np.asarray(detect_heartbeats(np.asarray(signal_mv, np.float64), fs_hz), np.int64)
    band = qrs_band(signal_mv[begins:], fs_hz)
    power = compiled._squared_moving_integration(slope(band), int(WINDOW_S * fs_hz))
    n = len(band)
    if _may_overflow(band, fs_hz):
        more = np.zeros(3 * _refractory(fs_hz))
        band, power = np.concatenate((band, more)), np.concatenate((power, more))
    found = np.flatnonzero(compiled._thresholding(band, power, fs_hz)[: n - 1])
    return np.asarray(found + begins, np.int64)


def _refractory(fs_hz: float) -> int:
    return max(1, int(_REFRACTORY_S * fs_hz))


def _may_overflow(band: NDArray[np.float64], fs_hz: float) -> bool:
    """Return whether there may be more beats than sleepecg 0.6 takes memory for: a beat in each refractory period.

    That is so at a rate that is stated far too low. The most beats are the peaks that follow each other as soon as they can.
    """
    refractory, n, at = _refractory(fs_hz), 0, 0
    peaks = np.flatnonzero((band[1:-1] > band[:-2]) & (band[1:-1] > band[2:])) + 1
    following = np.searchsorted(peaks, peaks + refractory).tolist()
    while at < len(following):
        n, at = n + 1, following[at]
    return n + 2 >= len(band) // refractory


def qrs_band(signal_mv: Array, fs_hz: float) -> NDArray[np.float64]:
    """Keep the band of QRS complexes, 5 to 30 Hz, as ``scipy.signal.sosfiltfilt`` and ``butter`` do (second order, zero phase).

    Parameters
    ----------
    signal_mv : array [samples], mV
        One lead, without NaN, of at least 16 samples.
    fs_hz : float, Hz
        Sampling rate.

    Returns
    -------
    array [samples], mV
    """
    sections, resting = _sections(fs_hz)
    x = np.asarray(signal_mv, np.float64)
    held = np.concatenate((2 * x[0] - x[_HELD:0:-1], x, 2 * x[-1] - x[-2 : -_HELD - 2 : -1]))
    for _ in range(2):
        held = _filtered(sections, held, resting * held[0])[::-1]
    return np.ascontiguousarray(held[_HELD:-_HELD])


def slope(band: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the five-point derivative of Pan and Tompkins.

    Parameters
    ----------
    band : array [samples], mV
        The band of QRS complexes.

    Returns
    -------
    array [samples]
    """
    return np.correlate(band, np.array([-1.0, -2.0, 0.0, 2.0, 1.0]), mode="same")


def _filtered(sections: Array, signal: Array, state: Array) -> Array:
    """Return a signal [samples] after recursive sections [sections, 6] that begin in a state [sections, 2]."""
    compiled = part("scipy.signal", "_sosfilt")
    if compiled is None:  # a version of SciPy that keeps it elsewhere
        from scipy.signal import sosfilt

        return np.asarray(sosfilt(sections, signal, zi=state)[0])
    filtered = np.array(signal[None])
    compiled._sosfilt(sections, filtered, state[None])
    return np.asarray(filtered[0])


@lru_cache
def _sections(fs_hz: float) -> tuple[Array, Array]:
    """Return the sections of the Butterworth band-pass [2, 6], and their state after a constant signal of one [2, 2]."""
    low, high = 4 * np.tan(
        np.pi * (np.minimum(_BAND_HZ, 0.499 * fs_hz) / (fs_hz / 2)) / 2
    )  # bilinear transform at a rate of 2
    lowpass = -np.exp(1j * np.pi / 4 * np.array([-1, 1])) * (high - low) / 2
    root = np.sqrt(lowpass**2 - np.sqrt(low * high) ** 2)
    analog = np.concatenate((lowpass + root, lowpass - root))
    gain = (high - low) ** 2 * np.real(16 / np.prod(4 - analog))
    poles = (4 + analog) / (4 - analog)
    upper = poles[poles.imag > 0]
    other, last = upper[np.argsort(-np.abs(1 - np.abs(upper)))]  # the one nearest to the unit circle comes last
    zero = np.sign(last.real)
    pairs = ((zero, other), (-zero, last))
    sections = np.array([[1, 2 * side, 1, 1, -2 * pole.real, (pole * pole.conj()).real] for side, pole in pairs])
    sections[0, :3] *= gain
    state, level = [], 1.0
    for b0, b1, b2, _, a1, a2 in sections:
        state.append(level * np.linalg.solve([[1 + a1, -1.0], [a2, 1.0]], [b1 - a1 * b0, b2 - a2 * b0]))
        level *= (b0 + b1 + b2) / (1 + a1 + a2)
    return sections, np.array(state)
