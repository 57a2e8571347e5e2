"""Knows how to resample whole patients (or rows) and read an interval off the draws. Does not know a metric."""

from dataclasses import dataclass

import numpy as np

LEVEL = 0.95


@dataclass(frozen=True)
class Interval:
    """A value with its percentile interval: `low` and `high` bound the middle 95 % of the draws."""

    value: float
    low: float
    high: float

    def as_dict(self) -> dict[str, float]:
        """``{value, low, high}``; None where it is undefined."""
        return {name: _plain(getattr(self, name)) for name in ("value", "low", "high")}


def draw_weights(groups: np.ndarray, draws: int, seed: int) -> np.ndarray:
    """How often each row is drawn when whole groups are drawn with replacement.

    Parameters
    ----------
    groups : group of each row [n], any values (patients; row numbers, where rows are the unit)

    Returns
    -------
    array [draws, n], uint16
    """
    names, member = np.unique(groups, return_inverse=True)
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(len(names), np.full(len(names), 1 / len(names)), size=draws)
    return counts.astype(np.uint16)[:, member]


def interval(value: float, drawn: np.ndarray) -> Interval:
    """The interval of a value from its draws; undefined draws are left out."""
    drawn = drawn[np.isfinite(drawn)]
    if not len(drawn) or not np.isfinite(value):
        return Interval(float(value), float("nan"), float("nan"))
    low, high = np.percentile(drawn, (50 * (1 - LEVEL), 50 * (1 + LEVEL)))
    return Interval(float(value), float(low), float(high))


def _plain(value: float) -> float | None:
    return round(value, 6) if np.isfinite(value) else None
