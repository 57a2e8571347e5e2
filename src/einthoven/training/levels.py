"""Levels of measurements: at most 255 a column, so that trees with weights grow as fast as those without."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
MOST = 255
"""Levels of a column, at most: what scikit-learn's histograms hold."""


def limits_of(measured: Array) -> list[Array]:
    """Return the limits between the levels of each column, so that about as many windows lie in each.

    scikit-learn would find them itself, but many times slower where windows have weights.

    Parameters
    ----------
    measured : array [n, values]
        Measurements; missing ones are NaN.

    Returns
    -------
    list of array
        Limits of each column, rising; one level more than limits.
    """
    return [_limits(column[~np.isnan(column)]) for column in measured.T]


def _limits(column: Array) -> Array:
    """Return the limits of a column: between its values, or at its quantiles where there are too many."""
    distinct = np.unique(column)
    if len(distinct) <= MOST:
        return np.asarray((distinct[:-1] + distinct[1:]) / 2)
    shares = np.linspace(0, 100, MOST + 1)[1:-1]
    return np.unique(np.percentile(column, shares, method="averaged_inverted_cdf"))


def levels(measured: Array, limits: list[Array]) -> Array:
    """Return the level of each measurement.

    Parameters
    ----------
    measured : array [n, values]
        Measurements.
    limits : list of array
        Limits of each column.

    Returns
    -------
    array [n, values]
        How many limits lie below each measurement; NaN where it is missing.
    """
    found = [np.searchsorted(between, column) for column, between in zip(measured.T, limits, strict=True)]
    return np.where(np.isnan(measured), np.nan, np.stack(found, axis=1).astype(np.float64))


def thresholds(columns: Array, levels_at: Array, limits: list[Array]) -> Array:
    """Return the measurements that thresholds between levels stand for.

    Parameters
    ----------
    columns : array of int [nodes]
        Column that each node decides on.
    levels_at : array [nodes]
        Its threshold among the levels.
    limits : list of array
        Limits of each column.

    Returns
    -------
    array [nodes]
        Its threshold among the measurements; 0 where the column has one level only.
    """
    found = [
        limits[column][min(int(level), len(limits[column]) - 1)] if len(limits[column]) else 0.0
        for column, level in zip(columns, np.maximum(levels_at, 0), strict=True)
    ]
    return np.array(found)
