"""Make signals that are no ECG, to train and to test what is declined: noise, waves, hum, pulse and brain waves."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal.fourier import irfft, next_fast_len, rfft

Array = NDArray[Any]
Rng = np.random.Generator


def signal(kind: str, n_samples: int, fs_hz: float, rng: Rng) -> Array:
    """Make one lead of a kind.

    Parameters
    ----------
    kind : str
        A key of :data:`KINDS`.
    n_samples : int
        Its length.
    fs_hz : float, Hz
        Its sampling rate.
    rng : numpy.random.Generator
        Draws frequencies, phases and amplitudes.

    Returns
    -------
    array [n_samples], mV
        Between about 0.1 and 3 mV from the smallest to the largest value, ``flat`` excepted.

    Examples
    --------
    >>> signal("sine", 1000, 100.0, np.random.default_rng(0)).shape
    (1000,)
    """
    made = KINDS[kind](np.arange(n_samples) / fs_hz, fs_hz, rng)
    span = np.ptp(made) if n_samples else 0.0
    if span < 1e-6:
        return made
    return np.asarray(made / span * np.exp(rng.uniform(np.log(0.1), np.log(3.0))))


def _flat(t: Array, fs_hz: float, rng: Rng) -> Array:
    return np.full(len(t), rng.choice([0.0, rng.uniform(-1, 1)]))


def _white(t: Array, fs_hz: float, rng: Rng) -> Array:
    return rng.standard_normal(len(t))


def _coloured(exponent: float) -> Callable[[Array, float, Rng], Array]:
    """Return noise whose power falls with this power of the frequency, from 0.1 Hz on."""

    def made(t: Array, fs_hz: float, rng: Rng) -> Array:

        at_hz = np.maximum(np.fft.rfftfreq(len(t), 1 / fs_hz), 0.1)
        waves = rng.standard_normal(len(at_hz)) + 1j * rng.standard_normal(len(at_hz))
        return np.asarray(irfft(waves * at_hz ** (-exponent / 2), len(t)))

    return made


def _square(t: Array, fs_hz: float, rng: Rng) -> Array:
    turns = np.exp(rng.uniform(np.log(0.4), np.log(8.0))) * t + rng.uniform()
    return np.where(turns % 1 < rng.uniform(0.2, 0.8), 1.0, 0.0) + rng.uniform(0, 0.02) * rng.standard_normal(len(t))


def _sine(t: Array, fs_hz: float, rng: Rng) -> Array:
    low, high = np.log(0.3), np.log(min(40.0, fs_hz / 3))
    return np.asarray(np.sin(2 * np.pi * (np.exp(rng.uniform(low, high)) * t + rng.uniform())))


def _triangle(t: Array, fs_hz: float, rng: Rng) -> Array:
    turns = (np.exp(rng.uniform(np.log(0.4), np.log(8.0))) * t + rng.uniform()) % 1
    peak = rng.uniform(0.05, 0.95)
    return np.asarray(np.where(turns < peak, turns / peak, (1 - turns) / (1 - peak)))


def _hum(t: Array, fs_hz: float, rng: Rng) -> Array:
    mains_hz, shares = rng.choice([50.0, 60.0]), [1.0, *rng.uniform(0, 0.3, 3)]
    waves = (share * np.sin(2 * np.pi * (k + 1) * mains_hz * t + 6 * rng.uniform()) for k, share in enumerate(shares))
    return np.asarray(sum(waves)) + rng.uniform(0, 0.05) * rng.standard_normal(len(t))


def _pulse(t: Array, fs_hz: float, rng: Rng) -> Array:
    """Return a pulse wave as of a finger clip: a fast rise, a slow fall, a second hump."""
    beat_s = np.cumsum(rng.normal(1, rng.uniform(0.01, 0.08), int(t[-1] * 4) + 4) * rng.uniform(0.45, 1.3))
    beat_s = np.concatenate(([0.0], beat_s)) - rng.uniform()
    since = t - beat_s[np.maximum(np.searchsorted(beat_s, t, side="right") - 1, 0)]
    width, hump = rng.uniform(0.08, 0.14), rng.uniform(0.1, 0.5)
    wave = np.exp(-0.5 * ((since - 0.2) / width) ** 2) + hump * np.exp(-0.5 * ((since - 0.45) / (1.3 * width)) ** 2)
    breath = rng.uniform(0, 0.2) * np.sin(2 * np.pi * rng.uniform(0.15, 0.4) * t)
    return wave + breath + rng.uniform(0, 0.02) * rng.standard_normal(len(t))


def _brain(t: Array, fs_hz: float, rng: Rng) -> Array:
    """Return pink noise with a rhythm of 8 to 12 Hz that waxes and wanes."""
    slow = 1 + 0.8 * np.sin(2 * np.pi * rng.uniform(0.1, 0.5) * t + 6 * rng.uniform())
    rhythm = slow * np.sin(2 * np.pi * rng.uniform(8, 12) * t + np.cumsum(rng.normal(0, 0.02, len(t))))
    noise = _coloured(rng.uniform(0.8, 1.5))(t, fs_hz, rng)
    return rhythm * rng.uniform(0, 1) + noise / max(float(noise.std()), 1e-9)


def _bursts(t: Array, fs_hz: float, rng: Rng) -> Array:
    """Return bursts of muscle noise between rests."""
    loud = np.repeat(rng.uniform(0, 1, int(t[-1] * 3) + 2) ** 3, int(fs_hz / 3) + 1)[: len(t)]
    return loud * rng.standard_normal(len(t)) + 0.02 * rng.standard_normal(len(t))


def _steps(t: Array, fs_hz: float, rng: Rng) -> Array:
    """Return jumps as of a loose electrode, each decaying as a high-pass lets it."""
    jumps = np.where(rng.uniform(size=len(t)) < rng.uniform(0.3, 3) / fs_hz, rng.standard_normal(len(t)), 0.0)
    decay = np.exp(-np.arange(round(4 * fs_hz)) / fs_hz / rng.uniform(0.1, 1.5))

    size = next_fast_len(len(t) + len(decay))
    made = irfft(rfft(jumps, size) * rfft(decay, size), size)[: len(t)]
    return np.asarray(made) + 0.01 * rng.standard_normal(len(t))


def _chirp(t: Array, fs_hz: float, rng: Rng) -> Array:
    low, high = sorted(np.exp(rng.uniform(np.log(0.3), np.log(30.0), 2)))
    return np.asarray(np.sin(2 * np.pi * (low * t + (high - low) * t**2 / (2 * max(float(t[-1]), 1e-9)))))


KINDS: dict[str, Callable[[Array, float, Rng], Array]] = {
    "flat": _flat,
    "white noise": _white,
    "pink noise": _coloured(1.0),
    "brown noise": _coloured(2.0),
    "square wave": _square,
    "sine": _sine,
    "triangle": _triangle,
    "mains hum": _hum,
    "pulse wave": _pulse,
    "brain waves": _brain,
    "muscle bursts": _bursts,
    "electrode steps": _steps,
    "chirp": _chirp,
}
"""Kinds of signals that are no ECG: functions of the time [n_samples] in seconds, the sampling rate in Hz, and draws."""
