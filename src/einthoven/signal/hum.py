"""Find the hum of the mains: a line at 50 or 60 Hz that stands out of its neighbourhood, with its harmonics."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal.fourier import rfft

Array = NDArray[Any]

MAINS_HZ = (50.0, 60.0)
_OFF_HZ = 0.7
"""How far a mains frequency may be off, or the stated sampling rate wrong, Hz."""
_LINE_HZ = 0.5
_BESIDE_HZ = (1.0, 4.0)
_STANDS_OUT = 6.0
"""Amplitude of a line over that of the spectrum beside it."""
_SMALLEST_MV = 0.02


@dataclass(frozen=True)
class Hum:
    """Mains hum.

    Parameters
    ----------
    frequency_hz : float, Hz
        50 or 60.
    amplitudes_mv : array [leads], mV
        Amplitude of line and harmonics in each lead (half of peak to peak); 0 where it does not stand out.
    harmonics : tuple of int
        The harmonics that stand out besides the line itself.
    """

    frequency_hz: float
    amplitudes_mv: Array
    harmonics: tuple[int, ...]


def hum(signal_mv: Array, fs_hz: float) -> Hum | None:
    """Find the stronger of the two mains frequencies.

    Parameters
    ----------
    signal_mv : array [leads, samples], mV
        A few seconds of a recording at its own rate, without gaps.
    fs_hz : float, Hz
        Its sampling rate.

    Returns
    -------
    Hum or None
        None if neither stands out by at least 0.02 mV, or the sampling rate is too low to see it.
    """
    n_samples = signal_mv.shape[1]
    window = np.hanning(n_samples)
    level = signal_mv.mean(axis=1, keepdims=True)
    size = np.abs(rfft((signal_mv - level) * window)) * 2 / window.sum()
    power = np.square(size) / 1.5  # a line is spread over neighbours: their squares sum to 1.5 times its own
    step_hz = fs_hz / n_samples
    found = []
    for mains in MAINS_HZ:
        lines = [_line(power, step_hz, mains * n) for n in range(1, int((fs_hz / 2 - 1) / mains) + 1)]
        if lines and (lines[0] >= _SMALLEST_MV).any():
            harmonics = tuple(n for n, line in enumerate(lines[1:], 2) if (line >= _SMALLEST_MV).any())
            found.append(Hum(mains, np.sqrt(np.square(lines).sum(axis=0)), harmonics))
    return max(found, key=lambda one: float(one.amplitudes_mv.max()), default=None)


def _line(power: Array, step_hz: float, frequency_hz: float) -> Array:
    """Return the amplitude of a line in each lead, 0 where it does not stand out."""
    hz = np.arange(power.shape[1]) * step_hz
    near = np.flatnonzero(np.abs(hz - frequency_hz) <= _OFF_HZ)
    if not len(near):
        return np.zeros(len(power))
    peak = near[power[:, near].sum(axis=0).argmax()]
    off = np.abs(hz - hz[peak])
    inside, beside = off <= max(_LINE_HZ, 2 * step_hz), (off >= _BESIDE_HZ[0]) & (off <= _BESIDE_HZ[1])
    line = np.sqrt(power[:, inside].sum(axis=1))
    level = np.sqrt(np.median(power[:, beside], axis=1) * inside.sum())
    return np.asarray(np.where(line > _STANDS_OUT * level, line, 0.0))
