"""Compute the typical beat of a recording or a window: the median of the beats that are most similar."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven import on_disk
from einthoven.signal import detector

Array = NDArray[Any]

SPAN_S = (0.3, 0.6)
"""Seconds of a window's typical beat before and after its R peak."""
_HEIGHT_S = (-0.13, 0.14)
"""Seconds from the R peak between which the height of a QRS complex is measured."""
_ALIGN_S = 0.08
_SHARPEST, _AT_ONCE, _MANY = 3, 4096, 1 << 22


@dataclass(frozen=True)
class TypicalBeat:
    """The typical beat of one window.

    Parameters
    ----------
    beat : array [leads, samples], float32
        Its R peak is `span_s[0]` seconds after its first sample.
    r_peaks : array [k], int64
        Sample numbers of the beats of the window.
    similarity : array [k]
        Correlation of each beat with the median of all beats.
    lead : int
        Number of the lead in which the beats were found.
    """

    beat: Array
    r_peaks: Array
    similarity: Array
    lead: int


def of_window(window: Array, fs_hz: float, span_s: tuple[float, float] = SPAN_S) -> TypicalBeat:
    """Find the beats of a window and return its typical beat.

    Parameters
    ----------
    window : array [leads, samples]
        A prepared window.
    fs_hz : float
        Its sampling rate, Hz.
    span_s : tuple of float
        Seconds before and after the R peak.

    Returns
    -------
    TypicalBeat
        Around the middle of the window if no beat is found.
    """
    r_peaks, sharpest = _aligned_beats(window, fs_hz)
    before, after = (round(span * fs_hz) for span in span_s)
    held = np.pad(window, ((0, 0), (before, after)), mode="edge")
    stacked = np.stack([held[:, at : at + before + after] for at in r_peaks])  # [beats, leads, samples]
    median = np.median(stacked, axis=0)
    similarity = correlation(stacked.reshape(len(stacked), -1), median.ravel())
    if len(stacked) > 3:
        median = np.median(stacked[similarity >= np.median(similarity)], axis=0)
    return TypicalBeat(median.astype(np.float32), r_peaks, similarity, sharpest)


def beside_beats(windows: Array, before: int, fs_hz: float) -> tuple[Array, Array]:
    """Scale the beats of a record by the height of its typical QRS complex, and compute its typical beat.

    Parameters
    ----------
    windows : array [n, leads, samples], mV
        Windows around all beats of one record in their order.
    before : int
        Samples of a window before its beat.
    fs_hz : float
        Sampling rate, Hz.

    Returns
    -------
    scaled : array [n, leads, samples], float32
        The scaled windows.
    typical : array [leads, samples], float32
        The typical beat on the same scale. For a record with one beat it is that beat, and neither is scaled.
    """
    level = windows - np.median(windows, axis=2, keepdims=True)
    if len(windows) < 2:
        alone = level.astype(np.float32)
        return alone, alone[0] if len(alone) else np.zeros(windows.shape[1:], np.float32)
    scaled = np.empty(windows.shape, np.float32)
    typical = np.empty(windows.shape[1:], np.float32)
    for lead in range(windows.shape[1]):
        median = trimmed_median(level[:, lead])
        height = height_of(median, before, fs_hz)
        scaled[:, lead] = level[:, lead] / height
        typical[lead] = median / height
    return scaled, typical


def height_of(beat: Array, before: int, fs_hz: float) -> float:
    """Return the height of a QRS complex, by which beats are scaled.

    Parameters
    ----------
    beat : array [samples], mV
        A beat.
    before : int
        Samples before its R peak.
    fs_hz : float, Hz
        Sampling rate.

    Returns
    -------
    float, mV
        A little more for a flat one than 0.
    """
    around = slice(*(max(0, before + round(edge * fs_hz)) for edge in _HEIGHT_S))
    return float(np.ptp(beat[around]) + 0.05)


def trimmed_median(windows: Array) -> Array:
    """Compute the median of the half of windows that is most similar to it, in three iterations.

    Parameters
    ----------
    windows : array [n, samples]
        Windows around beats, one lead.

    Returns
    -------
    array [samples]
    """
    rows = windows.T
    median = medians(rows)
    for _ in range(3):
        pieces = (np.ascontiguousarray(piece.T) for _, piece in on_disk.pieces(rows, _AT_ONCE))
        similarity = np.concatenate([correlation(piece, median) for piece in pieces])
        median = medians(rows, similarity >= np.median(similarity))
    return median


def medians(rows: Array, chosen: Array | None = None) -> Array:
    """Return the median of each row.

    Parameters
    ----------
    rows : array [k, n]
        The rows.
    chosen : array of bool [n], optional
        Which columns count; by default all.

    Returns
    -------
    array [k]
    """
    if rows.size < _MANY:
        return np.asarray(np.median(rows if chosen is None else rows[:, chosen], axis=1))
    found = []
    for row in rows:
        found.append(np.median(row if chosen is None else row[chosen]))
        on_disk.release(rows)
    return np.array(found, rows.dtype)


def correlation(windows: Array, other: Array) -> Array:
    """Compute Pearson's correlation of windows with others.

    Parameters
    ----------
    windows : array [n, samples]
        Windows.
    other : array [samples] or [n, samples]
        One window for all, or one for each.

    Returns
    -------
    array [n]
        0 where one is flat.
    """
    first = windows - windows.mean(axis=-1, keepdims=True)
    second = other - other.mean(axis=-1, keepdims=True)
    power = np.square(first).sum(axis=-1) * np.square(second).sum(axis=-1)
    found: Array = (first * second).sum(axis=-1) / np.sqrt(power + 1e-9)
    return found


def _aligned_beats(window: Array, fs_hz: float) -> tuple[Array, int]:
    """Return the beats [k], each at the steepest point of all leads together, and the lead in which they were found."""
    steep = np.sqrt(np.square(np.diff(window, axis=1, prepend=window[:, :1])).sum(axis=0))
    sharp = np.quantile(np.abs(window), 0.99, axis=1) / (np.abs(window).mean(axis=1) + 1e-3)
    for lead in np.argsort(-sharp)[:_SHARPEST]:
        rough = detector.find(window[lead], fs_hz)
        if len(rough) > 2:
            break
    else:
        return np.array([window.shape[1] // 2]), 0
    reach = round(_ALIGN_S * fs_hz)
    near = np.clip(rough[:, None] + np.arange(-reach, reach + 1), 0, window.shape[1] - 1)
    return np.unique(near[np.arange(len(rough)), steep[near].argmax(axis=1)]), int(lead)
