"""Find exchanged electrodes and single inverted leads of twelve leads, from the typical beat.

A small network reads the shape of each lead and how much each two leads resemble each other during P wave, QRS complex
and T wave. It was trained on correctly recorded beats to which each fault was done: exchanged electrodes change the leads by a
known matrix.
"""

from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

INDEPENDENT = ("I", "II", "V1", "V2", "V3", "V4", "V5", "V6")
"""The leads that the other four follow from, in the order of all arrays here."""
WEIGHTS = "lead_swaps.npz"
_R_AT = 40
"""Sample number of the R peak in a typical beat at 100 Hz."""
_STEPS = ((-28, -8, 2), (-8, 12, 1), (12, 52, 4))
"""Samples from the R peak that are averaged together: P wave, QRS complex, ST segment and T wave."""
_STEP_WEIGHTS = (4.0, 1.0, 2.0)
_WINDOWS = ((-28, -18), (-20, -8), (-8, -2), (-2, 2), (2, 10), (16, 30), (28, 50))
"""Samples from the R peak between which leads are correlated: P wave (two), QRS complex (three), T wave (two)."""
_FAINT = 0.02
"""Added to the sizes of leads, as a share of the size of the QRS complex, so that noise does not correlate."""


def _limb(first: tuple[int, int], second: tuple[int, int]) -> Array:
    matrix = np.eye(8)
    matrix[0, :2], matrix[1, :2] = first, second
    return matrix


def _exchanged(first: int, second: int) -> Array:
    matrix = np.eye(8)
    matrix[[1 + first, 1 + second]] = matrix[[1 + second, 1 + first]]
    return matrix


def _inverted(row: int) -> Array:
    return np.diag(np.where(np.arange(8) == row, -1.0, 1.0))


_PAIRS = ((1, 2), (2, 3), (3, 4), (4, 5), (5, 6), (1, 3), (2, 4), (4, 6))
FAULTS: Mapping[str, Array] = {
    "none": np.eye(8),
    "RA/LA": _limb((-1, 0), (-1, 1)),
    "RA/LL": _limb((1, -1), (0, -1)),
    "LA/LL": _limb((0, 1), (1, 0)),
    **{f"V{a}/V{b}": _exchanged(a, b) for a, b in _PAIRS},
    "V1-V6 reversed": np.eye(8)[[0, 1, 7, 6, 5, 4, 3, 2]],
    **{f"{lead} inverted": _inverted(row) for row, lead in enumerate(INDEPENDENT) if lead.startswith("V")},
    "all inverted": -np.eye(8),
}
"""What each fault does to the independent leads: a matrix [8, 8]."""


def measurements(beats_mv: Array) -> Array:
    """Measure the shape of typical beats and how their leads resemble each other.

    Parameters
    ----------
    beats_mv : array [..., 8, 120], mV
        The independent leads at 100 Hz, the R peak after 40 samples.

    Returns
    -------
    array [..., 628], float32
        The same for any gain.
    """
    beats = beats_mv - np.median(beats_mv, axis=-1, keepdims=True)
    complexes = beats[..., _R_AT - 8 : _R_AT + 12]
    beats = beats / (np.sqrt(np.square(complexes).mean(axis=(-1, -2), keepdims=True)) + 1e-6)
    found = [np.arcsinh(beats @ _averages()).reshape(*beats.shape[:-2], -1)]
    rows, columns = np.triu_indices(len(INDEPENDENT))
    for first, last in _WINDOWS:
        part = beats[..., _R_AT + first : _R_AT + last]
        if last < 0 and first < -8:
            part = part - part.mean(axis=-1, keepdims=True)
        products = part @ np.swapaxes(part, -1, -2)
        size = np.sqrt(np.diagonal(products, axis1=-2, axis2=-1))
        alike = products / (size[..., :, None] * size[..., None, :] + _FAINT)
        found += [alike[..., rows, columns], np.log(size + _FAINT)]
    return np.concatenate(found, axis=-1).astype(np.float32)


@cache
def _averages() -> Array:
    columns = []
    for (first, last, step), weight in zip(_STEPS, _STEP_WEIGHTS, strict=True):
        for start in range(first, last, step):
            column = np.zeros(120)
            column[_R_AT + start : _R_AT + start + step] = weight / step
            columns.append(column)
    return np.stack(columns, axis=1)
