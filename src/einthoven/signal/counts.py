"""Turn millivolts into counts of a converter: those of the source where they can be told, else fine enough ones."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_COARSEST = 2000.0
"""Fewest counts per mV where the source's own are not known: 0.5 µV, finer than the converters of electrocardiographs."""
_FINEST = 1e6
_MOST_TOLD = 1e5
_NEAR, _FLOAT32 = 0.02, 1.2e-7


@dataclass(frozen=True, eq=False)
class Counts:
    """A signal in counts."""

    values: Array
    """Counts [leads, samples], int64; 0 where a sample is missing."""
    missing: Array
    """Which samples are missing [leads, samples], bool."""
    per_mv: tuple[float, ...]
    """Counts per mV of each lead."""
    bits: int
    """16, 24 or 32: the smallest size that holds all counts, and one more value for missing samples."""


def counts(signal_mv: Array, most_bits: int = 32) -> Counts:
    """Return a signal in counts.

    Parameters
    ----------
    signal_mv : array [leads, samples], float32, mV
        The signal, NaN where samples are missing.
    most_bits : int
        Largest size of a count: 16, 24 or 32.

    Returns
    -------
    Counts
        Half a count of it is at most half a count of the source.

    Raises
    ------
    OverflowError
        If `most_bits` are too few for that.
    """
    missing = ~np.isfinite(signal_mv)
    filled = np.where(missing, 0.0, signal_mv).astype(np.float64)
    told = [per_mv_of(row[~gone]) for row, gone in zip(filled, missing, strict=True)]
    for bits in (16, 24, 32):
        if bits > most_bits:
            break
        largest = 2 ** (bits - 1) - 1
        per_mv = [_fitting(row, known, largest) for row, known in zip(filled, told, strict=True)]
        if all(per_mv):
            values = np.rint(filled * np.array(per_mv)[:, None]).astype(np.int64)
            return Counts(values, missing, tuple(per_mv), bits)
    raise OverflowError(f"{most_bits} bits are too few for {np.abs(filled).max():g} mV")


def per_mv_of(values_mv: Array) -> float | None:
    """Return the counts per mV of the converter that a lead came from.

    Parameters
    ----------
    values_mv : array [samples], mV
        Finite samples of one lead, in single precision.

    Returns
    -------
    float or None
        None where the values are not whole multiples of one step.

    Examples
    --------
    >>> per_mv_of(np.float32([-0.145, 0.005, 0.1, 0.96])), per_mv_of(np.random.default_rng(0).normal(size=99))
    (200.0, None)
    """
    levels = np.sort(np.append(np.abs(np.asarray(values_mv, np.float64)), 0.0))
    levels = levels[np.append(True, np.diff(levels) > 0)]  # np.unique would import numpy.ma
    if len(levels) < 3:
        return None
    per_mv = 1 / float(np.diff(levels).min())
    reach = 10.0
    while per_mv < _MOST_TOLD:  # a step from small values is rough; larger ones make it exact
        inside = levels[levels * per_mv < reach]
        whole = np.rint(inside * per_mv)
        if whole.any():
            per_mv = float((whole * whole).sum() / (whole * inside).sum())
        if len(inside) == len(levels):
            break
        reach *= 10
    rounded = float(f"{per_mv:.6g}")
    for told in (float(round(per_mv)), rounded, per_mv):
        if 0 < told < _MOST_TOLD and _is_on_grid(levels, told):
            return told
    return None


def _is_on_grid(levels: Array, per_mv: float) -> bool:
    scaled = levels * per_mv
    return bool((np.abs(scaled - np.rint(scaled)) <= np.minimum(0.2, _NEAR + _FLOAT32 * scaled)).all())


def _fitting(row: Array, told: float | None, largest: int) -> float:
    """Return counts per mV that keep a lead within the largest count: those of its source, or fine ones; 0 if there are none."""
    peak = float(np.abs(row).max(initial=0.0))
    if told is not None:
        return told if peak * told <= largest else 0.0
    exponent = np.floor(np.log2(largest / max(peak, largest / _FINEST)))
    finest = float(2.0**exponent)
    return finest if finest >= _COARSEST else 0.0
