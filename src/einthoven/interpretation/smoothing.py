"""Smooth the rhythms of windows that follow each other: rhythms last, and windows that share samples tell less."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

LASTS_S = 300.0
"""How long a rhythm lasts on average, s."""


def smoothed(probabilities: Array, answered: Array, step_s: float, overlap: float) -> Array:
    """Return the probability of each rhythm in each window, given all windows (a hidden Markov model, Rabiner 1989).

    Parameters
    ----------
    probabilities : array [n, classes]
        Probability of each class by the window alone.
    answered : array of bool [n]
        Whether a window tells anything.
    step_s : float, s
        Distance of the windows.
    overlap : float
        How many windows measure each sample; the logarithms of their probabilities count one divided by it.

    Returns
    -------
    array [n, classes]
    """
    told = np.clip(probabilities, 1e-4, None) ** (1 / overlap)
    told = np.where(answered[:, None], told, 1.0)
    n, n_classes = told.shape
    if n < 2 or n_classes < 2:
        return np.asarray(probabilities)
    changes = min(0.5, step_s / LASTS_S)
    other = changes / (n_classes - 1)
    ahead, behind = np.empty((n, n_classes)), np.empty((n, n_classes))
    state = np.full(n_classes, 1 / n_classes)
    for at in range(n):
        state = told[at] * (state * (1 - changes - other) + other)
        state /= state.sum()
        ahead[at] = state
    state = np.ones(n_classes)
    for at in range(n - 1, -1, -1):
        behind[at] = state
        seen = told[at] * state
        state = seen * (1 - changes - other) + other * seen.sum()
        state /= state.sum()
    both = ahead * behind
    return np.asarray(both / both.sum(axis=1, keepdims=True))
