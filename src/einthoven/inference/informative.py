"""Say whether a map of importance tells anything."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_FIFTH, _LEAST_SHARE = 0.2, 0.3
"""A map is nearly uniform where its most important fifth holds less than this share of all importance; 0.2 is uniform."""


def concentration(importance: NDArray[Any]) -> float:
    """Return the share of the importance that lies in the most important fifth of the samples.

    Parameters
    ----------
    importance : array [samples]
        The map, 0 and more.

    Returns
    -------
    float
        0.2 for a uniform map, 1 for one that lies in a fifth of the samples, 0 for an empty one.

    Examples
    --------
    >>> concentration(np.ones(100)), concentration(np.zeros(100))
    (0.2, 0.0)
    """
    total = float(importance.sum())
    if total <= 0:
        return 0.0
    most = np.sort(importance)[::-1][: max(1, round(_FIFTH * len(importance)))]
    return float(most.sum()) / total


def remark(importance: NDArray[Any]) -> str:
    """Return why a map tells nothing; empty if it tells something.

    Parameters
    ----------
    importance : array [samples]
        The map, 0 and more.

    Returns
    -------
    str

    Examples
    --------
    >>> remark(np.zeros(100))
    'The map is empty: no moment of the signal alone raises the probability of this class.'
    """
    share = concentration(importance)
    if not share:
        return "The map is empty: no moment of the signal alone raises the probability of this class."
    if share < _LEAST_SHARE:
        return (
            f"The map is nearly uniform (its most important fifth holds {share:.0%} of the importance; 20% would be uniform): "
            "it points to no moment."
        )
    return ""
