"""Lay a person's own typical beat over the gaps of a lead, where the rhythm leads one to expect beats."""

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal import heartbeats
from einthoven.signal.hiding import runs, straight

Array = NDArray[Any]

_BEFORE = 0.4  # share of an RR interval that a beat lasts ahead of its R peak
_UNSEEN_S = 0.12  # a gap of this length hides a QRS complex
_BESIDE_S = 0.2
_STEADY = 5.0


@dataclass(frozen=True, eq=False)
class BeatPrior:
    """What the person's own beats lead one to expect of a lead."""

    lead: Array
    """The lead, its gaps filled by the typical beat, [samples]; by straight lines where fewer than three beats are seen."""
    confidence: float
    """1 for a steady rhythm; falls towards 0 as RR intervals vary; 0 where fewer than three beats are seen."""
    r_peaks: NDArray[np.int64]
    """Sample numbers of the beats, seen or expected."""
    has_beats: bool = True
    """Whether enough beats are seen for a typical one."""


def beat_prior(
    lead: Array,
    hidden: NDArray[np.bool_],
    fs_hz: float,
    r_peaks: NDArray[np.int64] | None = None,
    rng: np.random.Generator | None = None,
) -> BeatPrior:
    """Fill the gaps of a lead with its typical beat.

    Beats are expected at even steps between the beats around a gap, and at the median RR interval beyond the last one. The typical
    beat is the median of the beats that are seen. Each gap is moved to the level of its neighbours.

    Parameters
    ----------
    lead : array [samples]
        The lead; what is hidden is not looked at.
    hidden : array [samples], bool
        Whether a sample is hidden.
    fs_hz : float, Hz
        Sampling rate.
    r_peaks : array, optional
        Beats that are known already; those in gaps are not used (default: they are sought).
    rng : Generator, optional
        Moves and scales expected beats at random, for training.

    Returns
    -------
    BeatPrior
    """
    plain = straight(lead, hidden)
    found = heartbeats.find(plain, fs_hz) if r_peaks is None else r_peaks
    unseen = [(first, end) for first, end in runs(hidden) if end - first >= _UNSEEN_S * fs_hz]
    seen = np.array([at for at in found if not any(first <= at < end for first, end in unseen)], np.int64)
    if len(seen) < 3:
        return BeatPrior(plain, 0.0, seen, False)
    intervals = np.diff(seen)
    rr = float(np.median(intervals))
    steady = intervals[intervals < 1.5 * rr]
    confidence = float(np.exp(-_STEADY * steady.std() / steady.mean())) if len(steady) > 1 else 0.0
    beats, expected = _with_expected(seen, rr, unseen, len(lead))
    typical, before = _typical(lead, hidden, seen, rr)
    strength = np.ones(len(beats))
    if rng is not None:
        moved = beats + np.where(expected, rng.normal(0, 0.02 * rr, len(beats)), 0)
        beats = np.sort(np.rint(moved).astype(np.int64))
        strength = rng.normal(1, 0.08, len(beats))
    laid = _laid(typical, before, beats, strength, len(lead))
    return BeatPrior(np.where(hidden, laid + _offset(lead - laid, hidden, fs_hz), lead), confidence, beats)


def _with_expected(
    seen: NDArray[np.int64], rr: float, unseen: list[tuple[int, int]], n_samples: int
) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Return the beats that are seen and those that are expected in gaps, and which are expected."""
    expected: list[int] = []
    for one, other in pairwise(seen):
        if any(first < other and end > one for first, end in unseen):
            n = max(1, round((other - one) / rr))
            expected += [round(one + (other - one) * k / n) for k in range(1, n)]
    for first, end in unseen:
        if end > seen[-1]:
            expected += [round(at) for at in np.arange(seen[-1] + rr, min(end + rr / 2, n_samples), rr)]
        if first < seen[0]:
            expected += [round(at) for at in np.arange(seen[0] - rr, max(first - rr / 2, -1), -rr)]
    beats = np.unique(np.concatenate((seen, np.array(expected, np.int64))))
    return beats, ~np.isin(beats, seen)


def _typical(lead: Array, hidden: NDArray[np.bool_], seen: NDArray[np.int64], rr: float) -> tuple[Array, int]:
    """Return the median of the beats that are seen [samples], about zero, and how many samples are ahead of its R peak."""
    before, after = round(_BEFORE * rr), round((1 - _BEFORE) * rr)
    padded = np.pad(np.where(hidden, np.nan, lead), (before, after), constant_values=np.nan)
    beats = padded[seen[:, None] + np.arange(before + after)]
    known = np.isfinite(beats)
    middle = np.array([np.median(row[there]) if there.any() else 0.0 for row, there in zip(beats, known, strict=True)])
    beats = beats - middle[:, None]
    there = known.any(0)
    if not there.any():
        return np.zeros(before + after), before
    typical = np.zeros(before + after)
    typical[there] = np.nanmedian(beats[:, there], axis=0)
    return straight(typical, ~there), before


def _laid(typical: Array, before: int, beats: NDArray[np.int64], strength: Array, n_samples: int) -> Array:
    """Return the typical beat at each place; each sample belongs to the beat that is nearest by its share of the interval."""
    at = np.arange(n_samples)
    ends = beats[:-1] + np.rint((1 - _BEFORE) * np.diff(beats)).astype(np.int64)
    owner = np.searchsorted(ends, at, side="right")
    offset = np.clip(at - beats[owner] + before, 0, len(typical) - 1)
    laid: Array = typical[offset] * strength[owner]
    return laid


def _offset(differ: Array, hidden: NDArray[np.bool_], fs_hz: float) -> Array:
    """Return how far each gap is moved, in a straight line between the median differences beside it."""
    moved = np.zeros(len(differ))
    for first, end in runs(hidden):
        reach = max(2, min(end - first, round(_BESIDE_S * fs_hz)))
        sides = []
        for side in (slice(max(0, first - reach), first), slice(end, end + reach)):
            there = ~hidden[side]
            sides.append(float(np.median(differ[side][there])) if there.any() else np.nan)
        known = [one for one in sides if np.isfinite(one)] or [0.0]
        left, right = (one if np.isfinite(one) else known[0] for one in sides)
        moved[first:end] = np.linspace(left, right, end - first + 2)[1:-1]
    return moved
