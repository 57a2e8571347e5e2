"""Interpolate evenly spaced samples by a cubic spline, without the time that importing SciPy's takes."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def cubic(values: Array, at: Array) -> Array:
    """Interpolate by a cubic spline whose third derivative is continuous next to its ends ("not a knot").

    The same as :class:`scipy.interpolate.CubicSpline` (de Boor 2001, A practical guide to splines, chapter IV).

    Parameters
    ----------
    values : array [rows, samples]
        At least four evenly spaced samples.
    at : array [n], samples
        Where to interpolate, from 0 to the last sample.

    Returns
    -------
    array [rows, n]
    """
    n = values.shape[1]
    steps = np.diff(values, axis=1)
    matrix = 4.0 * np.eye(n) + np.eye(n, k=1) + np.eye(n, k=-1)
    matrix[0, :2], matrix[-1, -2:] = (1.0, 2.0), (2.0, 1.0)
    right = np.empty_like(values, np.float64)
    right[:, 1:-1] = 3 * (steps[:, 1:] + steps[:, :-1])
    right[:, 0] = (5 * steps[:, 0] + steps[:, 1]) / 2
    right[:, -1] = (steps[:, -2] + 5 * steps[:, -1]) / 2
    slopes = np.linalg.solve(matrix, right.T).T
    left = np.minimum(at.astype(int), n - 2)
    t = at - left
    first, step = values[:, left], steps[:, left]
    curve = slopes[:, left] - step
    bend = step - slopes[:, left + 1]
    return np.asarray(first + t * step + t * (1 - t) * (curve * (1 - t) + bend * t))
