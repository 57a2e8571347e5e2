"""Measure voltages of delineated beats: R and S, ST levels, and the areas that give the axes.

The level of a beat is that just ahead of its QRS complex (IEC 60601-2-25). Samples are the recording's own, unfiltered.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven import on_disk
from einthoven.signal.frontal import Frontal, frontal, levels_ahead
from einthoven.signal.preparation import Samples
from einthoven.signal.quality import Quality

Array = NDArray[Any]

ST_S = {"st_j": 0.0, "st_60": 0.060, "st_80": 0.080}
"""Where ST is measured: time after the end of the QRS complex, s."""
_AROUND_S, _AT_ONCE = 0.5, 4096


@dataclass(frozen=True, eq=False)
class OfLead:
    """Voltages of the beats of one lead [n], mV; NaN where they cannot be measured."""

    r: Array
    """Highest sample of the QRS complex above the level; 0 if none is."""
    s: Array
    """Lowest sample of the QRS complex below the level, as a positive number; 0 if none is."""
    st_j: Array
    """Level at the end of the QRS complex."""
    st_60: Array
    """Level 60 ms later."""
    st_80: Array
    """Level 80 ms later."""


@dataclass(frozen=True, eq=False)
class Amplitudes:
    """Voltages of the beats of a record.

    Parameters
    ----------
    by_lead : dict of OfLead
        Of each readable lead.
    frontal : Frontal
        Area of P, QRS and T to the left and downwards.
    """

    by_lead: dict[str, OfLead]
    frontal: Frontal


LVH: dict[str, tuple[tuple[str, ...], Callable[..., Array]]] = {
    "Sokolow-Lyon voltage": (("V1", "V5", "V6"), lambda v1, v5, v6: v1.s + np.maximum(v5.r, v6.r)),
    "Cornell voltage": (("aVL", "V3"), lambda avl, v3: avl.r + v3.s),
}
"""Voltages of left ventricular hypertrophy, by their names: leads, and how they are added."""


def amplitudes(source: Samples, beats: dict[str, Array], quality: Quality) -> Amplitudes:
    """Measure the beats of a record.

    Parameters
    ----------
    source : Samples
        The record.
    beats : dict of array [n]
        As :func:`einthoven.signal.intervals.of_beats` returns them.
    quality : Quality
        Quality of its leads; beats in unreadable stretches are not measured.

    Returns
    -------
    Amplitudes
    """
    fs_hz = source.fs_hz
    peaks = (beats["qrs_peak_s"] * fs_hz).astype(np.int64)
    readable = quality.readable[:, quality.at(peaks)]
    by_lead = {
        lead: _of_lead(row, fs_hz, beats, there)
        for lead, row, there in zip(source.leads, source.signal_mv, readable, strict=True)
        if there.any()
    }
    return Amplitudes(by_lead, frontal(source, beats))


def _of_lead(row_mv: Array, fs_hz: float, beats: dict[str, Array], readable: Array) -> OfLead:
    """Measure the beats of a lead, some at a time."""
    found = {name: np.full(len(readable), np.nan) for name in ("r", "s", *ST_S)}
    at = np.flatnonzero(readable)
    first, stop = (np.rint(beats[name][at] * fs_hz).astype(np.int64) for name in ("qrs_onset_s", "qrs_offset_s"))
    around = round(_AROUND_S * fs_hz)
    for begin in range(0, len(at), _AT_ONCE):
        some = slice(begin, begin + _AT_ONCE)
        origin, end = max(0, int(first[some].min()) - around), max(0, int(stop[some].max())) + around
        piece_mv = on_disk.copied(row_mv, origin, end)
        piece_mv[~np.isfinite(piece_mv)] = np.nan
        _measure(found, at[some], piece_mv, fs_hz, first[some] - origin, stop[some] - origin)
    return OfLead(**found)


def _measure(found: dict[str, Array], at: Array, row_mv: Array, fs_hz: float, first: Array, stop: Array) -> None:
    """Measure beats [k] from the sample numbers of onset and end of their QRS complexes, and put them in their places [k]."""
    level = levels_ahead(row_mv, fs_hz, first)
    held = np.append(row_mv, np.float32(np.nan))
    ends = np.minimum(np.stack((first, stop + 1), axis=1), len(row_mv)).ravel()
    highest, lowest = (extreme.reduceat(held, ends)[::2] - level for extreme in (np.maximum, np.minimum))
    known = np.isfinite(highest)
    at, stop, level = at[known], stop[known], level[known]
    found["r"][at], found["s"][at] = np.maximum(highest[known], 0.0), np.maximum(-lowest[known], 0.0)
    for name, after_s in ST_S.items():
        there = stop + round(after_s * fs_hz)
        inside = there < len(row_mv)
        found[name][at[inside]] = row_mv[there[inside]] - level[inside]
