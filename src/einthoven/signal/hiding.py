"""Hide samples of a lead as PulseImpute does, and fill gaps plainly: with the level, or a straight line."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

PACKET_S = 0.05
"""Length of a packet that a transmission loses, s."""
_BINS = 50


def extended(n_samples: int, fs_hz: float, gap_s: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return one gap at a random place.

    Parameters
    ----------
    n_samples : int
        Samples of the lead.
    fs_hz : float, Hz
        Sampling rate.
    gap_s : float, s
        Length of the gap, shorter than the lead.
    rng : Generator
        Source of its place.

    Returns
    -------
    array [samples], bool
        Whether a sample is hidden.
    """
    length = round(gap_s * fs_hz)
    first = int(rng.integers(0, n_samples - length + 1))
    hidden = np.zeros(n_samples, bool)
    hidden[first : first + length] = True
    return hidden


def transient(n_samples: int, fs_hz: float, rate: float, rng: np.random.Generator) -> NDArray[np.bool_]:
    """Return packets of 50 ms that are lost independently of each other.

    Parameters
    ----------
    n_samples : int
        Samples of the lead.
    fs_hz : float, Hz
        Sampling rate.
    rate : float
        Probability that a packet is lost, 0 to 1.
    rng : Generator
        Source of the losses.

    Returns
    -------
    array [samples], bool
        Whether a sample is hidden.
    """
    length = max(1, round(PACKET_S * fs_hz))
    lost = rng.random(-(-n_samples // length)) < rate
    return np.repeat(lost, length)[:n_samples]


def runs(hidden: NDArray[np.bool_]) -> list[tuple[int, int]]:
    """Return first sample and end of each gap.

    Parameters
    ----------
    hidden : array [samples], bool
        Whether a sample is hidden.
    """
    steps = np.flatnonzero(np.diff(np.concatenate(([0], hidden.astype(np.int8), [0]))))
    return [(int(first), int(end)) for first, end in zip(steps[::2], steps[1::2], strict=True)]


def level(lead: Array, hidden: NDArray[np.bool_]) -> float:
    """Return the level of a lead: the middle of the fullest of 50 bins of what is seen.

    Parameters
    ----------
    lead : array [samples]
        The lead.
    hidden : array [samples], bool
        Whether a sample is hidden; one is seen at least.
    """
    counts, edges = np.histogram(lead[~hidden], _BINS)
    fullest = int(counts.argmax())
    return float(edges[fullest : fullest + 2].mean())


def straight(lead: Array, hidden: NDArray[np.bool_]) -> Array:
    """Return a lead whose gaps are filled by straight lines between their neighbours.

    Parameters
    ----------
    lead : array [samples]
        The lead; what is hidden is not looked at.
    hidden : array [samples], bool
        Whether a sample is hidden; one is seen at least.

    Returns
    -------
    array [samples]
        At the ends of the lead its first or last seen sample is held.
    """
    seen = np.flatnonzero(~hidden)
    return np.where(hidden, np.interp(np.arange(len(lead)), seen, lead[seen]), lead)
