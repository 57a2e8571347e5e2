"""Simulate atrial flutter from the QRS complexes of recordings in sinus rhythm, for models of rhythm that see too few real ones.

Flutter waves of one shape at 220 to 340/min; every second to fourth is conducted, steadily or in turn (Hindricks et al. 2021).
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_CYCLE_S = (0.175, 0.272)
_HEIGHT = (0.04, 0.3)
"""Height of the flutter waves, in heights of the QRS complex."""
_QRS_S, _BEFORE_S = 0.1, 0.06
_NOISE = (0.005, 0.05)
_PATTERNS = ((2,), (4,), (3,), (2, 4), (4, 4, 2), (2, 2, 4), (3, 4), (4, 6), (2, 3))
_AT_RANDOM = 0.3
"""Share of the recordings in which the conducted waves follow no pattern."""


def flutter(signal_mv: Array, beats: Array, fs_hz: float, length_s: float, rng: np.random.Generator) -> Array | None:
    """Simulate a lead in atrial flutter.

    Parameters
    ----------
    signal_mv : array [samples], mV
        A lead in sinus rhythm, without NaN.
    beats : array [k], sample numbers
        Its heartbeats.
    fs_hz : float, Hz
        Its sampling rate.
    length_s : float, s
        Length of the simulated lead.
    rng : np.random.Generator
        Source of random numbers.

    Returns
    -------
    array [samples] or None
        In mV; None where there are too few beats.
    """
    before, after = round(_BEFORE_S * fs_hz), round(0.5 * fs_hz)
    inside = beats[(beats > before) & (beats + after < len(signal_mv))]
    if len(inside) < 8:
        return None
    stacked = signal_mv[inside[:, None] + np.arange(-before, after)].astype(float)
    stacked -= np.median(stacked[:, :2], axis=1, keepdims=True)
    height = float(np.ptp(np.median(stacked, axis=0)[: round((_BEFORE_S + _QRS_S) * fs_hz)]))
    n = round(length_s * fs_hz)
    cycle_s = rng.uniform(*_CYCLE_S)
    moments = np.cumsum(cycle_s * (1 + 0.01 * rng.standard_normal(int(length_s / cycle_s) + 4))) - cycle_s
    phase = np.interp(np.arange(n) / fs_hz, moments, np.arange(len(moments)))
    made = height * rng.uniform(*_HEIGHT) * _wave(phase, rng)
    at, pattern = int(rng.integers(0, 3)), _PATTERNS[int(rng.integers(len(_PATTERNS)))]
    at_random, delay_s, turn = rng.random() < _AT_RANDOM, rng.uniform(0.0, cycle_s), 0
    while at < len(moments) - 1:
        skipped = int(rng.choice((2, 3, 4), p=(0.4, 0.2, 0.4))) if at_random else pattern[turn % len(pattern)]
        beat = round((moments[at] + delay_s + 0.008 * rng.standard_normal()) * fs_hz)
        shape = stacked[int(rng.integers(len(stacked)))]
        _add(made, _shortened(shape, before + round(_QRS_S * fs_hz), skipped * cycle_s), beat - before)
        at, turn = at + skipped, turn + 1
    made += rng.uniform(*_NOISE) * height * rng.standard_normal(n)
    return made


def _wave(phase: Array, rng: np.random.Generator) -> Array:
    """Return waves of a random shape by their phase, from a sawtooth to a sine, of height 1."""
    wave = np.sin(2 * np.pi * phase)
    for harmonic in (2, 3):
        share = rng.uniform(0.0, 0.6) / harmonic
        wave = wave + share * np.sin(2 * np.pi * (harmonic * phase + rng.choice((0.0, 0.5)) + rng.uniform(-0.1, 0.1)))
    return np.asarray(wave / np.ptp(wave))


def _shortened(shape: Array, until: int, interval_s: float) -> Array:
    """Return a beat whose T wave follows the QRS complex sooner where the interval is short, and that ends at 0."""
    after = shape[until:]
    n = max(8, round(len(after) * min(1.0, np.sqrt(interval_s / 0.8))))
    t_wave = np.interp(np.linspace(0, len(after) - 1, n), np.arange(len(after)), after)
    whole = np.concatenate((shape[:until], t_wave))
    return np.asarray(whole - whole[-1] * np.linspace(0, 1, len(whole)))


def _add(made: Array, shape: Array, first: int) -> None:
    begin, end = max(0, first), min(len(made), first + len(shape))
    if begin < end:
        made[begin:end] += shape[begin - first : end - first]
