"""Find the missing samples of signals, and fill them by straight lines: of a whole signal, or of pieces as in the whole."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven import on_disk

Array = NDArray[Any]


def interpolated(signal: Array) -> Array:
    """Replace missing samples by a straight line between their neighbours.

    Parameters
    ----------
    signal : array [samples]
        One lead, NaN where samples are missing.

    Returns
    -------
    array [samples], same dtype
        Zeros if all samples are missing.
    """
    gone = ~np.isfinite(signal)
    if not gone.any():
        return signal
    if gone.all():
        return np.zeros_like(signal)
    at = np.arange(len(signal))
    return np.asarray(np.interp(at, at[~gone], signal[~gone]), signal.dtype)


def filled(signal: Array, first: int, end: int) -> Array:
    """Return some samples of leads with their gaps filled as in the whole signal.

    Parameters
    ----------
    signal : array [leads, samples]
        The whole signal, NaN where samples are missing.
    first, end : int
        The first sample, and the one after the last.

    Returns
    -------
    array [leads, end - first], same dtype
    """
    return np.stack([_filled(lead, first, end) for lead in signal])


def _filled(lead: Array, first: int, end: int) -> Array:
    inside = lead[first:end]
    there = np.flatnonzero(np.isfinite(inside))
    if len(there) == len(inside):
        return inside
    at, values = there + first, inside[there]
    if not len(there) or there[0] > 0:
        known = _last_known(lead, first)
        at, values = np.append(known, at), np.append(lead[known], values)
    if not len(there) or there[-1] < len(inside) - 1:
        known = _next_known(lead, end)
        at, values = np.append(at, known), np.append(values, lead[known])
    if not len(at):
        return np.zeros_like(inside)
    return np.asarray(np.interp(np.arange(first, end), at, values), lead.dtype)


def _last_known(lead: Array, before: int) -> Array:
    """Return the last sample number before another with a value [1]; none [0] where there is none."""
    while before > 0:
        first = max(0, before - on_disk.PIECE)
        there = np.flatnonzero(np.isfinite(lead[first:before]))
        if len(there):
            return there[-1:] + first
        before = first
    return np.zeros(0, np.int64)


def _next_known(lead: Array, first: int) -> Array:
    """Return the first sample number from another on with a value [1]; none [0] where there is none."""
    while first < len(lead):
        there = np.flatnonzero(np.isfinite(lead[first : first + on_disk.PIECE]))
        if len(there):
            return there[:1] + first
        first += on_disk.PIECE
    return np.zeros(0, np.int64)


def filled_pieces(signal: Array, size: int) -> Iterator[Array]:
    """Yield a signal piece by piece with its gaps filled as in the whole signal.

    Parameters
    ----------
    signal : array [leads, samples]
        The signal, NaN where samples are missing.
    size : int
        Samples of a piece.

    Yields
    ------
    array [leads, at most size], same dtype
        At least one piece, even of an empty signal.
    """
    for first in range(0, max(1, signal.shape[1]), size):
        yield filled(signal, first, min(first + size, signal.shape[1]))
        on_disk.release(signal)


@dataclass(frozen=True, eq=False)
class Gaps:
    """Runs of samples that are missing in any lead.

    Parameters
    ----------
    starts, ends : array of int [n]
        First sample of each run, and the one after its last; in order.
    """

    starts: NDArray[np.int64]
    ends: NDArray[np.int64]

    @classmethod
    def of(cls, signal: Array) -> "Gaps":
        """Find the gaps of a signal.

        Parameters
        ----------
        signal : array [leads, samples]
            The signal, NaN where samples are missing.

        Returns
        -------
        Gaps
        """
        starts, ends = [], []
        for first, piece in on_disk.pieces(signal):
            gone = ~np.isfinite(piece).all(axis=0)
            if gone.any():
                edges = np.flatnonzero(np.diff(np.concatenate(([False], gone, [False])))) + first
                starts.append(edges[::2])
                ends.append(edges[1::2])
        if not starts:
            return cls(np.zeros(0, np.int64), np.zeros(0, np.int64))
        return cls(np.concatenate(starts), np.concatenate(ends))

    def within(self, starts: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return for each span of samples whether one is missing.

        Parameters
        ----------
        starts, ends : array of int [n], sample numbers
            First sample of each span, and the one after its last; what is outside the signal is not missing.

        Returns
        -------
        array of bool [n]
        """
        after = np.searchsorted(self.ends, starts, side="right")
        following = np.append(self.starts, np.iinfo(np.int64).max)[after]
        return np.asarray((following < ends) & (starts < ends))
