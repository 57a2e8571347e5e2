"""Find the spikes of a pacemaker: deflections of a few milliseconds that rise out of a level line, at a stable height."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven import on_disk
from einthoven.signal.fourier import irfft, next_fast_len, rfft
from einthoven.signal.quality import interpolated

Array = NDArray[Any]

LEAST_HZ = 250.0
"""Lowest sampling rate at which a spike stands out from a QRS complex, Hz."""
_BLOCK_S = 10.0
_MOST_BLOCKS = 180
_LOW_HZ, _LOW_FINE_HZ, _HIGH_HZ = (33.0, 77.0), (60.0, 130.0), (170.0, 210.0)
"""A spike is sought above the middle of the first two, or of the second two where the rate allows it, and below the third."""
_FINE_FROM_HZ = 400.0
_SMALLEST_MV = 0.035
"""Least height of a spike in this band, mV, times the root of the number of leads."""
_WIDTH_S = 0.010
_AROUND_S = 0.12
_BEFORE_S, _CLOSE_S, _AFTER_S = (-0.055, -0.014), (-0.01, 0.01), (0.014, 0.15)
"""Where the line ahead of a spike is level, where the spike is, and where the heart answers, s from the spike."""
_LEAST_COMPACT, _MOST_SECOND, _MOST_RISE = 0.55, 0.45, 0.35
_LEAST_IN_BLOCK = 5
_LEAST_SHARE = 0.2
_MOST_SPREAD = 0.5


@dataclass(frozen=True)
class Spikes:
    """Spikes of a pacemaker.

    Parameters
    ----------
    share : float
        Share of the blocks of ten seconds with at least four spikes.
    height_mv : float, mV
        Median height above 55 Hz, root of the sum of squares over the leads.
    per_minute : float
        Spikes a minute in these blocks.
    """

    share: float
    height_mv: float
    per_minute: float


def pacing_can_be_seen(fs_hz: float) -> bool:
    """Return whether a sampling rate is high enough to see the spikes of a pacemaker.

    Parameters
    ----------
    fs_hz : float, Hz
        Sampling rate of the recording.

    Returns
    -------
    bool
        False below 250 Hz: a paced rhythm cannot be ruled out.
    """
    return fs_hz >= LEAST_HZ


def spikes(signal_mv: Array, fs_hz: float) -> Spikes | None:
    """Find spikes that all leads show together.

    Parameters
    ----------
    signal_mv : array [leads, samples], mV
        A recording, NaN where samples are missing. At most 180 blocks of ten seconds, spread over it, are looked at.
    fs_hz : float, Hz
        Its sampling rate.

    Returns
    -------
    Spikes or None
        None if there are none, or the sampling rate is under 250 Hz.
    """
    if not pacing_can_be_seen(fs_hz):
        return None
    blocks = _blocks(signal_mv, fs_hz)
    rows, heights = _candidates(blocks, fs_hz)
    n_blocks, duration_s = blocks.shape[1], blocks.shape[2] / fs_hz
    counts = np.bincount(rows, minlength=n_blocks)
    paced = counts >= max(_LEAST_IN_BLOCK * duration_s / _BLOCK_S, 3)
    inside = heights[paced[rows]] if len(rows) else heights
    if paced.mean() < _LEAST_SHARE:
        return None
    middle, (low, high) = float(np.median(inside)), np.quantile(inside, (0.25, 0.75))
    if high - low > _MOST_SPREAD * middle:
        return None
    return Spikes(float(paced.mean()), middle, float(counts[paced].sum() / (paced.sum() * duration_s / 60)))


def _blocks(signal_mv: Array, fs_hz: float) -> Array:
    """Return blocks of ten seconds [leads, blocks, samples]."""
    n_samples = signal_mv.shape[1]
    size = min(n_samples, round(_BLOCK_S * fs_hz))
    n_blocks = min(_MOST_BLOCKS, n_samples // size)
    starts = np.linspace(0, n_samples - size, n_blocks).astype(int)
    parts = np.stack([on_disk.copied(signal_mv, start, start + size) for start in starts.tolist()], axis=1)
    if not np.isfinite(parts).all():
        parts = np.stack([np.stack([interpolated(block) for block in lead]) for lead in parts])
    return parts


def _candidates(blocks: Array, fs_hz: float) -> tuple[Array, Array]:
    """Return block and height of each spike."""
    high = np.sqrt(np.square(_high_passed(blocks, fs_hz)).sum(axis=0))
    around = round(_AROUND_S * fs_hz)
    n_samples = blocks.shape[2]
    inner = high[:, around : n_samples - around]
    limit = np.maximum(_SMALLEST_MV * np.sqrt(len(blocks)), 4 * np.median(high, axis=1, keepdims=True))
    rows, at = np.nonzero(inner > limit)
    at += around
    window = np.lib.stride_tricks.sliding_window_view(high, 2 * around + 1, axis=1)[rows, at - around]
    is_top = window.argmax(axis=1) == around
    rows, at, window = rows[is_top], at[is_top], np.square(window[is_top])
    if not len(rows):
        return rows, np.zeros(0)
    width = max(1, round(_WIDTH_S * fs_hz))
    compact = window[:, around - width : around + width + 1].sum(axis=1) / window.sum(axis=1)
    aside = np.concatenate((window[:, : around - 2 * width], window[:, around + 2 * width + 1 :]), axis=1)
    second = np.sqrt(aside.max(axis=1) / window[:, around])
    close, before, after = (_range(blocks, rows, at, span, fs_hz) for span in (_CLOSE_S, _BEFORE_S, _AFTER_S))
    is_level = (before < _MOST_RISE * close) & (after > 1.5 * before)
    kept = (compact > _LEAST_COMPACT) & (second < _MOST_SECOND) & is_level
    return rows[kept], np.sqrt(window[kept, around])


def _range(blocks: Array, rows: Array, at: Array, span_s: tuple[float, float], fs_hz: float) -> Array:
    """Return the range of the signal around each spike, root of the sum of squares over the leads."""
    offsets = np.arange(round(span_s[0] * fs_hz), round(span_s[1] * fs_hz) + 1)
    inside = np.clip(at[:, None] + offsets, 0, blocks.shape[2] - 1)
    return np.asarray(np.sqrt(np.square(np.ptp(blocks[:, rows[:, None], inside], axis=2)).sum(axis=0)))


def _high_passed(blocks: Array, fs_hz: float) -> Array:

    n_samples = blocks.shape[-1]
    size = next_fast_len(n_samples + round(0.2 * fs_hz))
    level = np.median(blocks, axis=-1, keepdims=True)
    hz = np.arange(size // 2 + 1) * fs_hz / size
    low = _LOW_FINE_HZ if fs_hz >= _FINE_FROM_HZ else _LOW_HZ
    rise = np.clip((hz - low[0]) / (low[1] - low[0]), 0, 1)
    fall = np.clip((_HIGH_HZ[1] - hz) / (_HIGH_HZ[1] - _HIGH_HZ[0]), 0, 1)
    gain = (0.25 * (1 - np.cos(np.pi * rise)) * (1 - np.cos(np.pi * fall))).astype(np.float32)
    return np.asarray(irfft(rfft(np.asarray(blocks - level, np.float32), size) * gain, size)[..., :n_samples])
