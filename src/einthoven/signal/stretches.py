"""Hold the verdicts on the stretches of some leads."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal import quality_index

Array = NDArray[Any]

FLAT_MV = 0.03  # a second with a smaller range has no beat; the smallest QRS complex in diagnostic criteria is 0.5 mV
VERDICTS = ("good", "noisy", "clipped", "unreadable", "missing", "flat")
"""Verdicts on a stretch, the best first. ``good``, ``noisy`` and ``clipped`` stretches are classified, the others are not."""
_WORST_READABLE = VERDICTS.index("clipped")
_GOOD, _NOISY, _CLIPPED, _UNREADABLE, _MISSING, _FLAT = range(len(VERDICTS))


@dataclass(frozen=True)
class Stretch:
    """A stretch of one lead with the same verdict throughout."""

    lead: str
    """Name of the lead."""
    start_s: float
    """Beginning, s."""
    end_s: float
    """End, s."""
    verdict: str
    """One of :data:`VERDICTS`."""
    reason: str
    """The number that decided it."""
    index: float
    """Least index of quality of its five-second stretches, from 0 to 1: the probability that they are readable."""

    @property
    def is_readable(self) -> bool:
        """Whether beats in it are classified."""
        return VERDICTS.index(self.verdict) <= _WORST_READABLE


@dataclass(frozen=True, eq=False)
class Quality:
    """The quality of some leads, stretch by stretch.

    Parameters
    ----------
    leads : tuple of str
        Names of the leads.
    fs_hz : float, Hz
        Sampling rate.
    bounds : array of int [n + 1]
        Sample number where each stretch begins, and the end of the last.
    verdicts : array of int [leads, n]
        Numbers in :data:`VERDICTS`.
    numbers : array [leads, n]
        The number that decided each: a share, or the index of quality.
    features : array [leads, n, k]
        Measurements of each (:data:`einthoven.signal.quality_features.FEATURES`).
    scores : array [leads, n]
        Log-odds that each is readable, by itself.
    """

    leads: tuple[str, ...]
    fs_hz: float
    bounds: Array
    verdicts: Array
    numbers: Array
    features: Array
    scores: Array

    @cached_property
    def readable(self) -> NDArray[np.bool_]:
        """Which stretches of which leads are readable [leads, n]."""
        return np.asarray(self.verdicts <= _WORST_READABLE)

    @cached_property
    def readable_in_any(self) -> NDArray[np.bool_]:
        """Which stretches are readable in at least one lead [n]."""
        return np.asarray(self.readable.any(axis=0))

    @cached_property
    def silent(self) -> NDArray[np.bool_]:
        """Which stretches are missing or flat in all leads [n]."""
        return np.asarray((self.verdicts >= VERDICTS.index("missing")).all(axis=0))

    @cached_property
    def typical(self) -> Array:
        """Median measurements of the readable stretches of each lead [leads, k]; NaN for a lead without one."""
        rows = [
            np.median(row[there], axis=0) if there.any() else np.full(row.shape[1], np.nan)
            for row, there in zip(self.features, self.readable, strict=True)
        ]
        return np.stack(rows)

    @cached_property
    def index(self) -> Array:
        """Index of quality of each stretch [leads, n], from 0 to 1: the probability that it is readable."""
        return np.stack([quality_index.index(quality_index.after(row)) for row in self.scores])

    @property
    def worst_index(self) -> float:
        """Least index of any stretch in any lead: near 0 where a lead is not acceptable."""
        return float(self.index.min())

    @property
    def readable_share(self) -> float:
        """Share of the time in which at least one lead is readable."""
        return float(np.average(self.readable_in_any, weights=np.maximum(np.diff(self.bounds), 1)))

    def of(self, leads: tuple[str, ...]) -> "Quality":
        """Return the quality of some of the leads.

        Parameters
        ----------
        leads : tuple of str
            Names, each one of these leads.

        Returns
        -------
        Quality
        """
        rows = [self.leads.index(lead) for lead in leads]
        parts = (part[rows] for part in (self.verdicts, self.numbers, self.features, self.scores))
        return Quality(leads, self.fs_hz, self.bounds, *parts)

    def seconds(self, lead: str) -> dict[str, float]:
        """Return how many seconds of a lead have each verdict.

        Parameters
        ----------
        lead : str
            One of these leads.

        Returns
        -------
        dict of str to float
            By those of :data:`VERDICTS` that it has, in their order.
        """
        lasting = np.bincount(self.verdicts[self.leads.index(lead)], np.diff(self.bounds), len(VERDICTS)) / self.fs_hz
        return {name: float(value) for name, value in zip(VERDICTS, lasting, strict=True) if value}

    def at(self, samples: Array) -> Array:
        """Return the number of the stretch in which samples are.

        Parameters
        ----------
        samples : array of int [k]
            Sample numbers.

        Returns
        -------
        array of int [k]
        """
        found = np.searchsorted(self.bounds, samples, side="right") - 1
        return np.clip(found, 0, len(self.bounds) - 2)

    def share_in(self, starts: Array, ends: Array) -> Array:
        """Return for each lead and span of samples the share of the span that is readable.

        Parameters
        ----------
        starts, ends : array of int [k]
            First sample of each span, and the one after its last.

        Returns
        -------
        array [leads, k]
        """
        edges = np.concatenate(
            (np.zeros((len(self.leads), 1)), np.cumsum(self.readable * np.diff(self.bounds), axis=1)), axis=1
        )
        inside = [
            (np.interp(ends, self.bounds, row) - np.interp(starts, self.bounds, row)) / np.maximum(ends - starts, 1)
            for row in edges
        ]
        return np.stack(inside)

    @cached_property
    def stretches(self) -> tuple[Stretch, ...]:
        """Stretches with the same verdict throughout, lead by lead."""
        found = []
        for lead, verdicts, numbers, index in zip(self.leads, self.verdicts, self.numbers, self.index, strict=True):
            first = [0, *(np.flatnonzero(np.diff(verdicts)) + 1).tolist()]
            for begin, end in zip(first, [*first[1:], len(verdicts)], strict=True):
                start_s, end_s = (float(self.bounds[at] / self.fs_hz) for at in (begin, end))
                worst = numbers[begin:end]
                number = float(worst.min() if verdicts[begin] in (_GOOD, _NOISY, _UNREADABLE) else worst.max())
                found.append(
                    Stretch(
                        lead,
                        start_s,
                        end_s,
                        VERDICTS[verdicts[begin]],
                        _reason(verdicts[begin], number),
                        float(index[begin:end].min()),
                    )
                )
        return tuple(found)


def _reason(verdict: int, number: float) -> str:
    """Return the number that decided a verdict in words."""
    return {
        _MISSING: f"{number:.0%} of the samples are missing",
        _FLAT: f"{number:.0%} of the seconds have a range below {FLAT_MV} mV",
        _CLIPPED: f"{number:.1%} of the samples are stuck at the largest or smallest value",
    }.get(verdict, f"quality index {number:.2f} of 1")
