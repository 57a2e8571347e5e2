"""Measure the areas of waves to the left and downwards, from limb leads that agree with each other."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import LeadMismatch
from einthoven.signal import limb_leads
from einthoven.signal.excerpt import excerpts
from einthoven.signal.leads import select, turned
from einthoven.signal.preparation import Samples, Span
from einthoven.signal.quality import interpolated

Array = NDArray[Any]

MADE_TO_AGREE = "the limb leads have different gains; they were made to agree with II = I + III"
"""What qualifies an axis whose leads were scaled."""
_CONTRADICT = "the limb leads contradict each other"
_TOO_FEW = "needs two of the limb leads"
_LEVEL_S = 0.016
_ONE_SHAPE = 0.98
"""Correlation of leads I and III from which the gains that make them agree with II cannot be told."""
_WAVES = (("P", "p"), ("QRS", "qrs"), ("T", "t"))


@dataclass(frozen=True, eq=False)
class Frontal:
    """Areas of the waves in the frontal plane."""

    areas: dict[str, Array] | None
    """Area of P, QRS and T of each beat to the left and downwards [2, n], mV s; NaN for a wave that a beat does not have.
    None where the limb leads do not allow it."""
    reason: str = ""
    """Why there is none, or what qualifies it."""


def frontal(source: Samples, beats: dict[str, Array]) -> Frontal:
    """Measure the areas of the waves in the frontal plane.

    An axis depends on the ratio of two leads, so it is wrong where each lead of a file has a gain of its own. Einthoven's law
    then gives the ratio: the gains of I and III with which II = I + III holds. Where no gains do, nothing is measured.

    Parameters
    ----------
    source : Samples
        The record.
    beats : dict of array [n]
        As :func:`einthoven.signal.intervals.of_beats` returns them.

    Returns
    -------
    Frontal
    """
    limb = _limb_leads(source)
    gain = _gain_of_first(limb)
    if gain is None:
        return Frontal(None, _CONTRADICT)
    try:
        pair, _ = select(limb.signal_mv, limb.leads, ("I", "aVF") if gain == 1 else ("I", "II"), source.where)
    except LeadMismatch:
        return Frontal(None, _TOO_FEW)
    pair = np.stack([interpolated(row) for row in pair])
    if gain != 1:
        pair[0] *= gain
        pair[1] -= pair[0] / 2
    areas = {name: _areas(pair, source.fs_hz, beats, key) for name, key in _WAVES}
    return Frontal(areas, MADE_TO_AGREE if gain != 1 else "")


def _limb_leads(source: Samples) -> Span:
    """Return the limb leads of a record, none of them stated upside down."""
    signal_mv, names, _ = turned(source.signal_mv, source.leads)
    rows = [at for at, name in enumerate(names) if name in limb_leads.LIMB]
    return Span(signal_mv[rows], source.fs_hz, tuple(names[at] for at in rows), source.where)


def _gain_of_first(limb: Span) -> float | None:
    """Return the factor that gives lead I the gain of lead II: 1 where the leads agree, None where no gains make them agree."""
    pieces = [piece.slow_mv for piece in excerpts(limb)] if len(limb.leads) > 2 else []
    if not pieces:
        return 1.0
    slow_mv = np.concatenate(pieces, axis=1)
    broken = limb_leads.breach(slow_mv, limb.leads)
    if broken is None:
        return 1.0
    if not broken.by_gains or broken.inverted or not {"I", "II", "III"} <= set(limb.leads):
        return None
    one, three = (slow_mv[limb.leads.index(lead)] for lead in ("I", "III"))
    is_one_shape = abs(np.corrcoef(one, three)[0, 1]) > _ONE_SHAPE
    return None if is_one_shape else limb_leads.gain_of_first(slow_mv, limb.leads)


def _areas(pair: Array, fs_hz: float, beats: dict[str, Array], key: str) -> Array:
    found = np.full((2, len(beats["qrs"])), np.nan)
    for at, (onset, offset) in enumerate(zip(beats[f"{key}_onset_s"], beats[f"{key}_offset_s"], strict=True)):
        if not np.isfinite(onset + offset):
            continue
        first, stop = round(onset * fs_hz), round(offset * fs_hz)
        piece = pair[:, max(0, first) : stop + 1]
        if piece.shape[1] > 1:
            level = np.array([level_ahead(row, fs_hz, max(0, first)) for row in pair])
            found[:, at] = (piece - level[:, None]).sum(axis=1) / fs_hz
    found[1] *= 2 / np.sqrt(3)  # Goldberger's aVF is smaller than a bipolar lead of the same direction
    return found


def level_ahead(row_mv: Array, fs_hz: float, onset: int) -> float:
    """Return the level of a beat: the median of the samples just ahead of its onset (IEC 60601-2-25).

    Parameters
    ----------
    row_mv : array [samples], mV
        A lead.
    fs_hz : float
        Its sampling rate.
    onset : int
        Sample number of the onset.

    Returns
    -------
    float
        mV; NaN without samples.
    """
    ahead = row_mv[max(0, onset - max(1, round(_LEVEL_S * fs_hz))) : onset + 1]
    return float(np.median(ahead)) if len(ahead) else float("nan")


def levels_ahead(row_mv: Array, fs_hz: float, onsets: Array) -> Array:
    """Return the level of each beat, as :func:`level_ahead` does for one.

    Parameters
    ----------
    row_mv : array [samples], mV
        A lead.
    fs_hz : float
        Its sampling rate.
    onsets : array of int [n]
        Sample numbers of the onsets.

    Returns
    -------
    array [n], mV
        NaN without samples.
    """
    n = max(1, round(_LEVEL_S * fs_hz))
    levels = np.median(row_mv[np.maximum(onsets[:, None] + np.arange(-n, 1), 0)], axis=1)
    for at in np.flatnonzero(onsets < n):
        levels[at] = level_ahead(row_mv, fs_hz, int(onsets[at]))
    return np.asarray(levels)
