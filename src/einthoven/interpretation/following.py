"""Tell which heartbeats follow each other directly, so that the interval between them can be counted."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal.quality import Quality

Array = NDArray[Any]


def follows(at: Array, seen: Quality, chosen: Array | None = None) -> Array:
    """Return whether each beat follows the one before it directly.

    Parameters
    ----------
    at : array of int [n], sample numbers
        All beats.
    seen : Quality
        Quality of the leads.
    chosen : array of bool [n], optional
        The beats that are looked at; all by default.

    Returns
    -------
    array of bool [n_chosen]
        Whether there is neither another beat nor an unreadable stretch between a beat and the chosen one before it.
    """
    numbers = np.arange(len(at)) if chosen is None else np.flatnonzero(chosen)
    is_next = np.zeros(len(numbers), bool)
    if len(numbers) < 2:
        return is_next
    stretch = seen.at(at[numbers])
    unreadable = np.concatenate(([0], np.cumsum(~seen.readable_in_any)))
    clear = unreadable[stretch[1:] + 1] == unreadable[stretch[:-1]]
    is_next[1:] = clear & (np.diff(numbers) == 1)
    return is_next
