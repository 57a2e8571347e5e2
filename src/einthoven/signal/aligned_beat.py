"""Compute the aligned beat of a window: the median of beats that were moved onto the one nearest to all others.

After the median beat that the group of ECG-SMART-NET describes (arXiv 2405.09567 and its code's documentation).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal import detector, filters

Array = NDArray[Any]

SPAN_S = (0.25, 0.55)
"""Seconds before and after the R peak: 400 samples at 500 Hz. The paper shortens 1.2 s so, and does not state what is kept."""
_QRS_HZ = (8.0, 40.0)
_PEAK_S = 0.08
_MOST_SHIFT_S = 0.05
_FARTHEST = 0.8
"""Distance from the template, in the template's own norm, beyond which a beat is left out of the median of a lead."""
_FLAT_S = 0.04
_LEAST_BEATS = 3


def of_window(window: Array, fs_hz: float, span_s: tuple[float, float] = SPAN_S) -> Array:
    """Return the aligned beat of a window.

    Parameters
    ----------
    window : array [leads, samples], mV
        A prepared window.
    fs_hz : float
        Its sampling rate, Hz.
    span_s : tuple of float
        Seconds before and after the R peak.

    Returns
    -------
    array [leads, samples], float32
        Its level is that of the flattest stretch before the QRS complex; around the middle of the window if no beat is found.
    """
    before, after = (round(span * fs_hz) for span in span_s)
    most = round(_MOST_SHIFT_S * fs_hz)
    held = np.pad(window, ((0, 0), (before + most, after + most)), mode="edge")
    r_peaks = _r_peaks(window, fs_hz)
    whole = r_peaks[(r_peaks >= before) & (r_peaks + after <= window.shape[1])]
    r_peaks = whole if len(whole) >= _LEAST_BEATS else r_peaks
    wide = np.stack([held[:, at : at + before + after + 2 * most] for at in r_peaks])  # [beats, leads, samples]
    template = _template(wide[:, :, most : most + before + after])
    found = _levelled(_median(_aligned(wide, template, most), template), before, fs_hz)
    return found.astype(np.float32)


def _r_peaks(window: Array, fs_hz: float) -> Array:
    """Return the beats, each at the largest root mean square over leads of the band of QRS complexes."""
    highest = min(_QRS_HZ[1], 0.45 * fs_hz)
    strength = np.sqrt(np.square(filters.band_pass(window, fs_hz, _QRS_HZ[0], highest)).mean(axis=0))
    rough = detector.find(strength, fs_hz)
    if not len(rough):
        return np.array([window.shape[1] // 2])
    reach = round(_PEAK_S * fs_hz)
    near = np.clip(rough[:, None] + np.arange(-reach, reach + 1), 0, window.shape[1] - 1)
    return np.unique(near[np.arange(len(rough)), strength[near].argmax(axis=1)])


def _template(beats: Array) -> Array:
    """Return the beat [leads, samples] that is nearest to all others, each lead at a mean of zero."""
    level = beats - beats.mean(axis=2, keepdims=True)
    flat = level.reshape(len(level), -1)
    squares = np.square(flat).sum(axis=1)
    distances = np.sqrt(np.maximum(squares[:, None] + squares - 2 * flat @ flat.T, 0))
    nearest: Array = level[distances.sum(axis=1).argmin()]
    return nearest


def _aligned(wide: Array, template: Array, most: int) -> Array:
    """Return beats [beats, leads, samples], each moved by at most `most` samples, and each lead of it in level, to fit."""
    n = template.shape[1]
    aligned = []
    for beat in wide:
        cuts = np.lib.stride_tricks.sliding_window_view(beat, n, axis=1)[:, : 2 * most + 1]  # [leads, shifts, samples]
        # The leads of the template have a mean of zero, so the fit of a cut at its best level needs no other products.
        product = np.einsum("lks,ls->k", cuts, template)
        spread = (np.square(cuts).sum(axis=2) - np.square(cuts.sum(axis=2)) / n).sum(axis=0)
        best = cuts[:, (spread - 2 * product).argmin()]
        aligned.append(best - best.mean(axis=1, keepdims=True))
    return np.stack(aligned)


def _median(aligned: Array, template: Array) -> Array:
    """Return the median of each lead [leads, samples] over the beats that are near the template in that lead."""
    far = np.linalg.norm(aligned - template, axis=2) > _FARTHEST * np.linalg.norm(template, axis=1)
    rows = [
        np.median(lead[~out], axis=0) if not out.all() else own
        for lead, out, own in zip(aligned.transpose(1, 0, 2), far.T, template, strict=True)
    ]
    return np.stack(rows)


def _levelled(beat: Array, before: int, fs_hz: float) -> Array:
    """Return a beat whose leads are at zero in the flattest stretch before the QRS complex."""
    n = max(2, round(_FLAT_S * fs_hz))
    last = max(n, before - round(_MOST_SHIFT_S * fs_hz))
    steps = np.square(np.diff(beat[:, :last], axis=1)).sum(axis=0)
    start = int(np.convolve(steps, np.ones(n - 1), mode="valid").argmin()) if len(steps) >= n - 1 else 0
    levelled: Array = beat - beat[:, start : start + n].mean(axis=1, keepdims=True)
    return levelled
