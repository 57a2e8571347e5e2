"""Group beats by their shape, so that one of each can be shown."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal.resample import resample

Array = NDArray[Any]

_HZ, _BEFORE_S, _AFTER_S, _SHIFT = 100.0, 0.25, 0.35, 3
"""Rate at which shapes are compared, what is compared of a beat, and by how many samples two may be shifted (30 ms)."""
_ALIKE = 0.9
"""Correlation from which two beats have one shape."""
_COMPARED = 600
"""Beats that are compared with each other, evenly spread over all."""
_LEAST, _LEAST_SHARE = 2, 0.01
"""Beats, and share of the beats that are compared, that a shape needs; one beat is a shape where there are no more."""


@dataclass(frozen=True)
class Shape:
    """Beats that look alike."""

    typical: int
    """The beat that is most like the others, by its number among the beats."""
    share: float
    """Share of the beats that have this shape."""


def shapes_of(lead_mv: Array, fs_hz: float, times_s: Array, most: int = 3) -> tuple[Shape, ...]:
    """Group beats of one class.

    Parameters
    ----------
    lead_mv : array [samples], mV
        The lead; NaN where samples are missing.
    fs_hz : float, Hz
        Its sampling rate.
    times_s : array [n], s
        Times of the beats.
    most : int
        Most shapes that are returned.

    Returns
    -------
    tuple of Shape
        The commonest first; the beats of the others are in none.
    """
    chosen, cuts = _cuts(lead_mv, fs_hz, times_s)
    if not len(chosen):
        return ()
    alike = _correlations(cuts) >= _ALIKE
    left = np.ones(len(chosen), bool)
    found: list[Shape] = []
    least = min(len(chosen), max(_LEAST, round(_LEAST_SHARE * len(chosen))))
    while left.any() and len(found) < most:
        together = alike & left
        typical = int(np.where(left, together.sum(axis=1), -1).argmax())
        members = together[typical]
        if members.sum() < least and found:
            break
        found.append(Shape(int(chosen[typical]), float(members.sum() / len(chosen))))
        left &= ~members
    return tuple(found)


def _cuts(lead_mv: Array, fs_hz: float, times_s: Array) -> tuple[Array, Array]:
    """Return the numbers of up to 600 whole beats, and their samples about their mean [k, samples], with room to shift."""
    chosen = np.unique(np.linspace(0, max(0, len(times_s) - 1), min(_COMPARED, len(times_s))).astype(int))
    before, after = (round((span + _SHIFT / _HZ) * fs_hz) for span in (_BEFORE_S, _AFTER_S))
    at = np.rint(times_s[chosen] * fs_hz).astype(int)
    whole = (at >= before) & (at + after < len(lead_mv))
    chosen, at = chosen[whole], at[whole]
    if not len(at):
        return chosen, np.zeros((0, 0))
    cuts = lead_mv[at[:, None] + np.arange(-before, after)]
    there = np.isfinite(cuts).all(axis=1)
    return chosen[there], np.asarray(resample(cuts[there], fs_hz, _HZ), np.float64)


def _correlations(cuts: Array) -> Array:
    """Return the highest correlation of each two beats [k, k] over shifts of up to 30 ms."""
    length = cuts.shape[1] - 2 * _SHIFT
    still = _scaled(cuts[:, _SHIFT : _SHIFT + length])
    best = np.full((len(cuts), len(cuts)), -1.0)
    for shift in range(2 * _SHIFT + 1):
        best = np.maximum(best, still @ _scaled(cuts[:, shift : shift + length]).T)
    return np.asarray(np.maximum(best, best.T))


def _scaled(cuts: Array) -> Array:
    moved = cuts - cuts.mean(axis=1, keepdims=True)
    return np.asarray(moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), 1e-9))
