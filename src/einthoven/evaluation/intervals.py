"""Resample whole patients (or rows), and read intervals from the draws."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """A value with its percentile interval.

    Parameters
    ----------
    value : float
        The value.
    low : float
        Lower bound of the middle 95 % of the draws.
    high : float
        Upper bound of the middle 95 % of the draws.
    """

    value: float
    low: float
    high: float

    def as_dict(self) -> dict[str, float | None]:
        """Return ``{value, low, high}``; None where one is undefined."""
        return {name: _plain(getattr(self, name)) for name in ("value", "low", "high")}


def draw_weights(groups: Array, draws: int, seed: int) -> Array:
    """Draw whole groups with replacement, and return how often each row is drawn.

    Parameters
    ----------
    groups : array [n]
        Group of each row (a patient; the row's number, where rows are resampled).
    draws : int
        Number of draws.
    seed : int
        Seed of the draws.

    Returns
    -------
    array [draws, n], uint16
    """
    names, member = np.unique(groups, return_inverse=True)
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=draws)
    return counts.astype(np.uint16)[:, member]


def interval(value: float, drawn: Array) -> Interval:
    """Return the interval of a value.

    Parameters
    ----------
    value : float
        The value over all rows.
    drawn : array [draws]
        The value in each draw; undefined ones (NaN) are skipped.

    Returns
    -------
    Interval
    """
    drawn = drawn[np.isfinite(drawn)]
    if not len(drawn) or not np.isfinite(value):
        return Interval(float(value), float("nan"), float("nan"))
    low, high = np.percentile(drawn, (50 * (1 - LEVEL), 50 * (1 + LEVEL)))
    return Interval(float(value), float(low), float(high))


def _plain(value: float) -> float | None:
    return round(value, 6) if np.isfinite(value) else None
