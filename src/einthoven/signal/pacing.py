"""Find the spikes of a pacemaker: deflections of a few milliseconds that rise out of a level line, at a stable height."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal.quality import interpolated

Array = NDArray[Any]

LEAST_HZ = 250.0
"""Lowest sampling rate at which a spike stands out from a QRS complex, Hz."""
_BLOCK_S = 10.0
_MOST_BLOCKS = 180
_BAND_HZ = (33.0, 77.0, 150.0, 190.0)
"""A spike is sought above the middle of the first two, below the middle of the last two."""
_SMALLEST_MV = 0.035
"""Height of a spike in this band, mV."""
_WIDTH_S = 0.010
_AROUND_S = 0.12
_BEFORE_S, _AFTER_S = (-0.055, -0.014), (0.014, 0.15)
"""Where the line ahead of a spike is level, and where the heart answers, s from the spike."""
_LEAST_COMPACT, _MOST_SECOND, _MOST_RISE = 0.55, 0.45, 0.35
_LEAST_IN_BLOCK = 4
_MOST_SPREAD = 0.5


@dataclass(frozen=True)
class Spikes:
    """Spikes of a pacemaker in one lead.

    Parameters
    ----------
    lead : int
        Number of the lead.
    share : float
        Share of the blocks of ten seconds with at least four spikes.
    height_mv : float, mV
        Median height above 55 Hz.
    per_minute : float
        Spikes a minute where there are any.
    """

    lead: int
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
    """Find the lead with most spikes.

    Parameters
    ----------
    signal_mv : array [leads, samples], mV
        A recording, NaN where samples are missing. At most 180 blocks of ten seconds, spread over it, are looked at.
    fs_hz : float, Hz
        Its sampling rate.

    Returns
    -------
    Spikes or None
        None if no lead has spikes, or the sampling rate is under 250 Hz.
    """
    if not pacing_can_be_seen(fs_hz):
        return None
    blocks = _blocks(signal_mv, fs_hz)
    found = [_in_lead(lead, blocks[lead], fs_hz) for lead in range(len(blocks))]
    return max((one for one in found if one is not None), key=lambda one: one.share, default=None)


def _blocks(signal_mv: Array, fs_hz: float) -> Array:
    """Return blocks of ten seconds [leads, blocks, samples]."""
    n_samples = signal_mv.shape[1]
    size = min(n_samples, round(_BLOCK_S * fs_hz))
    n_blocks = min(_MOST_BLOCKS, n_samples // size)
    starts = np.linspace(0, n_samples - size, n_blocks).astype(int)
    parts = np.stack([signal_mv[:, start : start + size] for start in starts], axis=1)
    if not np.isfinite(parts).all():
        parts = np.stack([np.stack([interpolated(block) for block in lead]) for lead in parts])
    return parts


def _in_lead(lead: int, blocks: Array, fs_hz: float) -> Spikes | None:
    rows, at, heights = _candidates(blocks, fs_hz)
    if len(rows) < _LEAST_IN_BLOCK:
        return None
    counts = np.bincount(rows, minlength=len(blocks))
    n_full = max(1.0, blocks.shape[1] / fs_hz / _BLOCK_S * _LEAST_IN_BLOCK)
    paced = counts >= n_full
    inside = paced[rows]
    if inside.sum() < _LEAST_IN_BLOCK:
        return None
    middle = float(np.median(heights[inside]))
    low, high = np.quantile(heights[inside], (0.25, 0.75))
    if (high - low) / middle > _MOST_SPREAD:
        return None
    minutes = paced.sum() * blocks.shape[1] / fs_hz / 60
    return Spikes(lead, float(paced.mean()), middle, float(counts[paced].sum() / minutes))


def _candidates(blocks: Array, fs_hz: float) -> tuple[Array, Array, Array]:
    """Return block, sample number and height of each spike."""
    high = np.abs(_high_passed(blocks, fs_hz))
    around = round(_AROUND_S * fs_hz)
    n_samples = blocks.shape[1]
    inner = high[:, around : n_samples - around]
    limit = np.maximum(_SMALLEST_MV, 4 * np.median(high, axis=1, keepdims=True))
    rows, at = np.nonzero(inner > limit)
    at += around
    window = np.lib.stride_tricks.sliding_window_view(high, 2 * around + 1, axis=1)[rows, at - around]
    is_top = window.argmax(axis=1) == around
    rows, at, window = rows[is_top], at[is_top], np.square(window[is_top])
    width = max(1, round(_WIDTH_S * fs_hz))
    compact = window[:, around - width : around + width + 1].sum(axis=1) / window.sum(axis=1)
    aside = np.concatenate((window[:, : around - 2 * width], window[:, around + 2 * width + 1 :]), axis=1)
    second = np.sqrt(aside.max(axis=1) / window[:, around]) if len(rows) else np.zeros(0)
    heights = np.sqrt(window[:, around])
    before, after = (
        np.ptp(blocks[rows[:, None], np.clip(at[:, None] + _span(span, fs_hz), 0, n_samples - 1)], axis=1)
        for span in (_BEFORE_S, _AFTER_S)
    )
    close = blocks[rows[:, None], np.clip(at[:, None] + np.arange(-width, width + 1), 0, n_samples - 1)]
    rise = before / np.maximum(np.ptp(close, axis=1), 1e-6)
    kept = (compact > _LEAST_COMPACT) & (second < _MOST_SECOND) & (rise < _MOST_RISE) & (after > 1.5 * before)
    return rows[kept], at[kept], heights[kept]


def _span(span_s: tuple[float, float], fs_hz: float) -> Array:
    return np.arange(round(span_s[0] * fs_hz), round(span_s[1] * fs_hz) + 1)


def _high_passed(blocks: Array, fs_hz: float) -> Array:
    from scipy.fft import irfft, next_fast_len, rfft  # SciPy has no types

    n_samples = blocks.shape[-1]
    size = next_fast_len(n_samples + round(0.2 * fs_hz), real=True)
    level = np.median(blocks, axis=-1, keepdims=True)
    hz = np.arange(size // 2 + 1) * fs_hz / size
    rise = np.clip((hz - _BAND_HZ[0]) / (_BAND_HZ[1] - _BAND_HZ[0]), 0, 1)
    fall = np.clip((_BAND_HZ[3] - hz) / (_BAND_HZ[3] - _BAND_HZ[2]), 0, 1)
    gain = (0.25 * (1 - np.cos(np.pi * rise)) * (1 - np.cos(np.pi * fall))).astype(np.float32)
    return np.asarray(irfft(rfft(np.asarray(blocks - level, np.float32), size) * gain, size)[..., :n_samples])
