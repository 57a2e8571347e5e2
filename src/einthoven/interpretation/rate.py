"""Measure the heart rate of a recording: mean, lowest and highest."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

TOGETHER = 8
"""Intervals in a row over which the lowest and the highest rate are taken."""


@dataclass(frozen=True)
class Rate:
    """Heart rate, beats a minute."""

    mean: float
    """From the mean of all intervals."""
    min: float
    """Lowest over eight intervals in a row; of a shorter recording the mean."""
    max: float
    """Highest over eight intervals in a row; of a shorter recording the mean."""
    n: int
    """Number of intervals."""


def rate_of(times_s: Array, follows: Array) -> Rate | None:
    """Measure the heart rate.

    Parameters
    ----------
    times_s : array [n], s
        Times of the beats, ascending.
    follows : array of bool [n]
        Whether each beat follows the one before it directly.

    Returns
    -------
    Rate or None
        None where no two beats follow each other.
    """
    linked = np.asarray(follows[1:], bool)
    rr_s = np.diff(times_s)
    if not linked.any():
        return None
    mean = 60 / float(rr_s[linked].mean())
    if len(rr_s) < TOGETHER:
        return Rate(mean, mean, mean, int(linked.sum()))
    together = np.lib.stride_tricks.sliding_window_view(rr_s, TOGETHER).mean(axis=1)
    whole = np.lib.stride_tricks.sliding_window_view(linked, TOGETHER).all(axis=1)
    if not whole.any():
        return Rate(mean, mean, mean, int(linked.sum()))
    rates = 60 / together[whole]
    return Rate(mean, float(rates.min()), float(rates.max()), int(linked.sum()))
