"""Compare each beat with all beats of its recording that look alike: how many there are, and what they have in common."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal import beat_shapes

Array = NDArray[Any]

LEVELS = (0.95, 0.88)
"""Correlations from which on beats are alike: closely, and roughly."""
_PART = 3000
"""Beats that are compared with each other at most; longer recordings are compared in parts, in their order."""
_SPAN_S = (-0.125, 0.3125)
_LIMIT = 8.0

AVERAGED = (
    "RR before against the median of 41 beats",
    "RR after against the median of 41 beats",
    "RR before against the 90 quantile of 61 beats",
    "width of the QRS complex against the median",
    "correlation of the QRS complex with the typical one",
    "correlation of the QRS complex with that of 31 beats",
    "correlation of the P wave with that of 31 beats",
)
"""Measurements that are averaged over alike beats."""
_UNITS = ("ln", "ln", "ln", "s", "1", "1", "1")
NAMES = tuple(
    name
    for level in LEVELS
    for name in (
        f"share of beats alike ({level})",
        *(f"{averaged}, mean of beats alike ({level})" for averaged in AVERAGED),
    )
)
UNITS = ("1", *_UNITS) * len(LEVELS)


def parts(n: int) -> Iterator[tuple[int, int]]:
    """Yield the parts of a recording within which beats are compared.

    Parameters
    ----------
    n : int
        Number of beats.

    Yields
    ------
    first, end : int
        Number of the first beat of a part, and of that after its last.
    """
    edges = np.linspace(0, n, max(1, -(-n // _PART)) + 1).round().astype(int)
    yield from pairwise(edges.tolist())


def alike(beats: Array, fs_hz: float) -> Iterator[tuple[slice, Array]]:
    """Correlate the beats of a recording with each other, all leads together.

    Parameters
    ----------
    beats : array [n, leads, span]
        Beats as :func:`einthoven.signal.beat_shapes.centred` cuts them.
    fs_hz : float, Hz
        Sampling rate.

    Yields
    ------
    tuple of slice and array [m, m]
        A part of the beats, and the mean of their correlations over the leads.
    """
    middle = round(beat_shapes.SPAN_S[0] * fs_hz)
    span = slice(middle + round(_SPAN_S[0] * fs_hz), middle + round(_SPAN_S[1] * fs_hz))
    moved = beats[:, :, span] - beats[:, :, span].mean(axis=2, keepdims=True)
    moved = moved / (np.sqrt(np.square(moved).sum(axis=2, keepdims=True)) + 1e-6)
    flat = (moved / np.sqrt(beats.shape[1])).reshape(len(beats), moved.shape[1] * moved.shape[2]).astype(np.float32)
    for first, last in parts(len(flat)):
        part = flat[first:last]
        yield slice(first, last), part @ part.T


def likeness_features(beats: Array, averaged: Array, fs_hz: float) -> Array:
    """Average measurements over the beats that look alike.

    Parameters
    ----------
    beats : array [n, leads, span]
        Beats as :func:`einthoven.signal.beat_shapes.centred` cuts them.
    averaged : array [n, 7]
        Measurements of each beat.
    fs_hz : float, Hz
        Sampling rate.

    Returns
    -------
    array [n, 16], float32
        In the order of :data:`NAMES`.
    """
    found = np.zeros((len(beats), len(NAMES)), np.float32)
    limited = np.clip(averaged, -_LIMIT, _LIMIT).astype(np.float32)
    width = 1 + len(AVERAGED)
    for here, correlation in alike(beats, fs_hz):
        for at, level in enumerate(LEVELS):
            weights = (correlation > level).astype(np.float32)
            np.fill_diagonal(weights, 1.0)
            count = weights.sum(axis=1, keepdims=True)
            found[here, at * width] = count[:, 0] / len(weights)
            found[here, at * width + 1 : (at + 1) * width] = weights @ limited[here] / count
    return found
