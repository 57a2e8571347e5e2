"""Decide where the windows of a live signal start: one after the other, the last where the signal ends."""

from collections.abc import Iterator
from itertools import count

import numpy as np


def certain_starts(n_classified: int, size: int, factor: float, n_certain: int) -> Iterator[int]:
    """Yield where windows start that lie within the certain part of a signal that goes on.

    Parameters
    ----------
    n_classified : int
        Windows that were classified before.
    size : int
        Length of a window, samples at the model's sampling rate.
    factor : float
        The model's sampling rate over the signal's.
    n_certain : int
        Samples of the signal that will not change any more, without those that filters reach beyond a window.

    Yields
    ------
    int
        Sample number at the model's sampling rate.
    """
    for number in count(n_classified):
        if int(np.ceil((number + 1) * size / factor)) > n_certain:
            return
        yield number * size


def last_starts(n_classified: int, size: int, n_samples: int) -> Iterator[int]:
    """Yield where the remaining windows of a signal start that has ended.

    The last window is moved back to end where the signal ends; less than half a window at the end is skipped.

    Parameters
    ----------
    n_classified : int
        Windows that were classified before.
    size : int
        Length of a window, samples at the model's sampling rate.
    n_samples : int
        Length of the signal, samples at the model's sampling rate.

    Yields
    ------
    int
        Sample number at the model's sampling rate.
    """
    for number in count(n_classified):
        start = number * size
        left = n_samples - start
        if left >= size:
            yield start
        elif n_samples and (not number or left >= size / 2):
            yield max(0, n_samples - size)
        else:
            return
