"""Measure voltages of delineated beats: R and S, ST levels, and the areas that give the axes.

The level of a beat is that just ahead of its QRS complex (IEC 60601-2-25). Samples are the recording's own, unfiltered.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import LeadMismatch
from einthoven.signal.leads import select
from einthoven.signal.preparation import Samples
from einthoven.signal.quality import Quality, interpolated

Array = NDArray[Any]

_LEVEL_S = 0.016
"""Length of the stretch ahead of a QRS complex whose median is the level of the beat, s."""
ST_S = {"st_j": 0.0, "st_60": 0.060, "st_80": 0.080}
"""Where ST is measured: time after the end of the QRS complex, s."""


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
    frontal : dict of array [2, n], optional
        Area of P, QRS and T to the left and downwards, mV s; None without two limb leads.
    """

    by_lead: dict[str, OfLead]
    frontal: dict[str, Array] | None


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
        lead: _of_lead(np.where(np.isfinite(row), row, np.nan), fs_hz, beats, there)
        for lead, row, there in zip(source.leads, source.signal_mv, readable, strict=True)
        if there.any()
    }
    return Amplitudes(by_lead, _frontal(source, beats))


def _of_lead(row_mv: Array, fs_hz: float, beats: dict[str, Array], readable: Array) -> OfLead:
    found = {name: np.full(len(readable), np.nan) for name in ("r", "s", *ST_S)}
    at = np.flatnonzero(readable)
    first, stop = (np.rint(beats[name][at] * fs_hz).astype(np.int64) for name in ("qrs_onset_s", "qrs_offset_s"))
    level = _levels(row_mv, fs_hz, first)
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
    return OfLead(**found)


def _levels(row_mv: Array, fs_hz: float, onsets: Array) -> Array:
    """Return the level of each beat [n], as :func:`_level` does for one."""
    n = max(1, round(_LEVEL_S * fs_hz))
    levels = np.median(row_mv[np.maximum(onsets[:, None] + np.arange(-n, 1), 0)], axis=1)
    for at in np.flatnonzero(onsets < n):
        levels[at] = _level(row_mv, fs_hz, int(onsets[at]))
    return np.asarray(levels)


def _level(row_mv: Array, fs_hz: float, onset: int) -> float:
    """Return the level of a beat: the median of the samples ahead of its QRS complex."""
    ahead = row_mv[max(0, onset - max(1, round(_LEVEL_S * fs_hz))) : onset + 1]
    return float(np.median(ahead)) if len(ahead) else float("nan")


def _frontal(source: Samples, beats: dict[str, Array]) -> dict[str, Array] | None:
    """Return the area of each wave of each beat to the left (lead I) and downwards (lead aVF) [2, n]."""
    try:
        pair, _ = select(source.signal_mv, source.leads, ("I", "aVF"), source.where)
    except LeadMismatch:
        return None
    pair = np.stack([interpolated(row) for row in pair])
    areas = {}
    for name, key in (("P", "p"), ("QRS", "qrs"), ("T", "t")):
        areas[name] = np.full((2, len(beats["qrs"])), np.nan)
        for at, (onset, offset) in enumerate(zip(beats[f"{key}_onset_s"], beats[f"{key}_offset_s"], strict=True)):
            if not np.isfinite(onset + offset):
                continue
            first, stop = round(onset * source.fs_hz), round(offset * source.fs_hz)
            piece = pair[:, max(0, first) : stop + 1]
            if piece.shape[1] > 1:
                level = np.array([_level(row, source.fs_hz, max(0, first)) for row in pair])
                areas[name][:, at] = (piece - level[:, None]).sum(axis=1) / source.fs_hz
        areas[name][1] *= 2 / np.sqrt(3)  # Goldberger's aVF is smaller than a bipolar lead of the same direction
    return areas
