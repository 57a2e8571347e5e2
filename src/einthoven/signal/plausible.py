"""Judge whether amplitudes and durations of a heartbeat are those of a heart, or of a wrong unit, gain or sampling rate."""

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal.excerpt import RATE_HZ, SPAN_S, Excerpt
from einthoven.signal.fourier import rfft

Array = NDArray[Any]

WEIGHTS = {True: "tempo_twelve.npz", False: "tempo_few.npz"}
"""The networks for eight leads or more, and for fewer."""
MANY_LEADS = 8
SMALL_MV, LARGE_MV = {True: 0.24, False: 0.18}, {True: 3.2, False: 4.0}
"""Limits of the height of a QRS complex, for eight leads or more, and for fewer, mV."""
LEAST_ALIKE = 0.22
"""Where beats resemble each other less than so, they may be noise, and no rate is judged."""
_R_AT = round(SPAN_S[0] * RATE_HZ)
_QRS_S = (-0.12, 0.16)
_BINS = (*range(-40, -12, 4), *range(-12, 20, 2), *range(20, 80, 4), 80)
"""Edges between which a typical beat is averaged, samples from the R peak: 40 ms, and 20 ms around the QRS complex."""
_BANDS_HZ = (0.5, 2, 4, 6, 8, 11, 14, 18, 23, 29, 36)


def height_mv(excerpt: Excerpt) -> float:
    """Return the height of the QRS complex, the median of the leads in which there is one.

    Parameters
    ----------
    excerpt : Excerpt
        A piece with beats.

    Returns
    -------
    float, mV
        From lowest to highest point; NaN if no lead has one.
    """
    first, last = (_R_AT + round(edge * RATE_HZ) for edge in _QRS_S)
    heights = np.ptp(excerpt.typical.beat[:, first:last], axis=1)
    heights = heights[heights > 0]
    return float(np.median(heights)) if len(heights) else float("nan")


def tempo(excerpt: Excerpt) -> Array:
    """Measure how fast a heart beats, and how fast each part of a beat passes, for any number of leads.

    Parameters
    ----------
    excerpt : Excerpt
        A piece with beats.

    Returns
    -------
    array [89], float32
        RR interval and its spread (logarithms); how alike the beats are; size and speed of all leads together over the
        typical beat; shares of the power by frequency. The same for any gain.
    """
    beat = excerpt.typical.beat - np.median(excerpt.typical.beat, axis=1, keepdims=True)
    speed = np.gradient(beat, axis=1)
    sizes = []
    for values in (beat, speed):
        size = np.sqrt(np.square(values).sum(axis=0))
        binned = np.add.reduceat(size, [_R_AT + edge for edge in _BINS[:-1]]) / np.diff(_BINS)
        sizes.append(np.log(binned / max(float(binned.max()), 1e-9) + 0.02))
    intervals = np.diff(excerpt.typical.r_peaks) / RATE_HZ
    spread = float(np.median(np.abs(intervals - np.median(intervals))))
    rhythm = [np.log(excerpt.rr_s), np.log(spread + 0.01), excerpt.alike]
    return np.concatenate((rhythm, *sizes, _power_shares(excerpt))).astype(np.float32)


def _power_shares(excerpt: Excerpt) -> Array:

    power = np.square(np.abs(rfft(excerpt.slow_mv))).sum(axis=0)
    hz = np.linspace(0, RATE_HZ / 2, len(power))
    shares = [power[(hz >= low) & (hz < high)].sum() for low, high in pairwise(_BANDS_HZ)]
    return np.asarray(np.log(np.array(shares) / max(float(power.sum()), 1e-12) + 1e-4))
