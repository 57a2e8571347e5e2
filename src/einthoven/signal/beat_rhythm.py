"""Measure the rhythm around each beat of a recording: RR intervals, P waves, similarity to its neighbours."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal.typical_beat import correlation

Array = NDArray[Any]

_REACH = 7
_RR_S = (0.15, 4.0)
_P_WAVE_S = (-0.26, -0.08)
_QRS_S = 0.1
_LIMIT = 8.0
_BLOCK = 4096

RR_NAMES = (
    "RR before against the median of 11 beats",
    "RR before against the median of 41 beats",
    "RR before against the median of 121 beats",
    "RR before against the median of the recording",
    "RR after against the median of 11 beats",
    "RR after against the median of 41 beats",
    "RR after against the median of the recording",
    "RR after against RR before",
    "RR before",
    "RR after",
    "median RR of 41 beats against that of the recording",
    "mean step between RR intervals of 21 beats",
    "rank of RR before in the recording",
    *(f"RR of beat {at:+d} against the median of 41 beats" for at in range(-_REACH, _REACH + 2)),
    "RR before in units of the local spread",
    "RR after in units of the local spread",
    "logarithm of the local spread",
    "logarithm of the local step",
    "share of 41 beats with a shorter RR",
    "share of 41 beats with an RR step over 12 %",
    "RR before against the lower quartile of 41 beats",
    "RR before against the upper quartile of 41 beats",
    "RR before in units of the local step",
    "mean of RR before and after against the median of 41 beats",
)
RR_UNITS = tuple(
    "1"
    if "rank" in name or "share" in name or "units" in name
    else "ln s"
    if name in ("RR before", "RR after")
    else "ln"
    for name in RR_NAMES
)
P_WAVE_NAMES = (
    "correlation of P waves with the typical one, 41 beats",
    "distance of P waves from the typical one, 41 beats",
)
P_WAVE_UNITS = ("1", "QRS height")
SIMILARITY_NAMES = tuple(
    f"correlation of the QRS complex with that of beat {at:+d}" for at in range(-_REACH, _REACH + 2) if at
)
SIMILARITY_UNITS = ("1",) * len(SIMILARITY_NAMES)


def rr_features(beats_s: Array) -> Array:
    """Measure the RR intervals around each beat: logarithms relative to medians, and how steady they are.

    Parameters
    ----------
    beats_s : array [n], s
        Times of the beats, ascending.

    Returns
    -------
    array [n, 39], float32
        In the order of :data:`RR_NAMES`, limited to ±8; zeros if there is only one beat.
    """
    n = len(beats_s)
    if n < 2:
        return np.zeros((n, len(RR_NAMES)), np.float32)
    between = np.diff(beats_s)
    rr = np.log(np.clip(np.concatenate((between[:1], between)), *_RR_S))
    after = np.append(rr[1:], rr[-1])
    local11, local41, local121 = (_running_median(rr, size) for size in (11, 41, 121))
    overall = np.median(rr)
    step = np.abs(np.diff(rr, prepend=rr[0]))
    spread, unrest = _running_median(np.abs(rr - local41), 41), _running_median(step, 41)
    low, high, shorter, unsteady, stepped = _among_41(rr, step)
    early, late = rr - local41, after - local41
    held = np.pad(rr, (_REACH, _REACH + 1), mode="edge")
    neighbours = (held[at : at + n] - local41 for at in range(2 * _REACH + 2))
    columns = [
        *(rr - local11, early, rr - local121, rr - overall, after - local11, late, after - overall),
        *(after - rr, rr, after, local41 - overall),
        *(stepped, rr.argsort(kind="stable").argsort(kind="stable") / n),
        *neighbours,
        *(early / (spread + 0.03), late / (spread + 0.03), np.log(spread + 0.01), np.log(unrest + 0.01)),
        *(shorter, unsteady, rr - low, rr - high),
        *(early / (unrest + 0.03), np.log((np.exp(rr) + np.exp(after)) / 2) - local41),
    ]
    found = np.empty((n, len(columns)), np.float32)
    for at, column in enumerate(columns):
        found[:, at] = np.clip(column, -_LIMIT, _LIMIT)
    return found


def _among_41(rr: Array, step: Array) -> Array:
    """Return of 41 beats around each [5, n]: quartiles of RR, shares of shorter RR and of steps over 12 %, mean of 21 steps."""
    n = len(rr)
    blocks = []
    for first in range(0, n, _BLOCK):
        at = np.arange(first, min(first + _BLOCK, n))
        near = np.clip(at[:, None] + np.arange(-20, 21), 0, n - 1)
        around, steps = rr[near], step[near]
        quartiles = np.quantile(around, (0.25, 0.75), axis=1)
        shares = (around < rr[at, None]).mean(axis=1), (steps > 0.12).mean(axis=1)
        blocks.append(np.stack([*quartiles, *shares, step[near[:, 10:31]].mean(axis=1)]))
    return np.concatenate(blocks, axis=1)


def p_wave_features(lead: Array, typical: Array, before: int, fs_hz: float) -> Array:
    """Measure how similar the P waves around each beat are; in fibrillation they are not.

    Parameters
    ----------
    lead : array [n, samples]
        Windows of the first lead, one around each beat.
    typical : array [samples]
        The typical beat of that lead.
    before : int
        Samples before the beat.
    fs_hz : float
        Sampling rate, Hz.

    Returns
    -------
    array [n, 2], float32
    """
    if len(lead) < 2:
        return np.zeros((len(lead), len(P_WAVE_NAMES)), np.float32)
    first, last = (before + round(edge * fs_hz) for edge in _P_WAVE_S)
    span = slice(max(0, first), max(2, last))
    waves, typical_wave = lead[:, span], typical[span]
    columns = (
        _running_median(correlation(waves, typical_wave), 41),
        _running_median(np.sqrt(np.square(waves - typical_wave).mean(axis=1)), 41),
    )
    return np.stack(columns, axis=1).astype(np.float32)


def similarity_features(lead: Array, before: int, fs_hz: float) -> Array:
    """Correlate each QRS complex with those of the seven beats before it and the eight after it.

    Parameters
    ----------
    lead : array [n, samples]
        Windows of the first lead, one around each beat.
    before : int
        Samples before the beat.
    fs_hz : float
        Sampling rate, Hz.

    Returns
    -------
    array [n, 15], float32
    """
    n = len(lead)
    if n < 2:
        return np.zeros((n, len(SIMILARITY_NAMES)), np.float32)
    reach = round(_QRS_S * fs_hz)
    complexes = lead[:, max(0, before - reach) : before + reach]
    moved: Array = complexes - complexes.mean(axis=1, keepdims=True)
    moved = moved / (np.sqrt(np.square(moved).sum(axis=1, keepdims=True)) + 1e-6)
    offsets = np.delete(np.arange(-_REACH, _REACH + 2), _REACH)
    blocks = []
    for first in range(0, n, _BLOCK):
        at = np.arange(first, min(first + _BLOCK, n))
        near = np.clip(at[:, None] + offsets, 0, n - 1)
        blocks.append(np.einsum("ns,nks->nk", moved[at], moved[near]))
    return np.asarray(np.concatenate(blocks), np.float32)


def _running_median(values: Array, size: int) -> Array:
    """Return the running median over an odd number of neighbours; the ends are repeated."""
    # scipy.ndimage.median_filter gives the same, and its import takes longer than the whole record.
    held = np.pad(values, size // 2, mode="edge")
    views = np.lib.stride_tricks.sliding_window_view(held, size)
    return np.concatenate([np.median(views[at : at + _BLOCK], axis=-1) for at in range(0, len(views), _BLOCK)])
