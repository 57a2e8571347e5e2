"""Draws disturbances for the training of the heartbeat network: computed ones, and pieces of recorded noise."""

import numpy as np

from einthoven.signal.heartbeat_input import FS_HZ

RECORDED = {"em": 0.6, "ma": 0.25, "bw": 0.15}
"""Recorded noises, and how often each is drawn."""


def coloured(rng, n_rows: int, n: int) -> np.ndarray:
    """Noise of a random band and slope [rows, n], of size 1."""
    at_hz = np.fft.rfftfreq(n, 1 / FS_HZ)
    slope = rng.uniform(0, 2.0, (n_rows, 1))
    low = np.exp(rng.uniform(np.log(0.05), np.log(8), (n_rows, 1)))
    high = low + np.exp(rng.uniform(np.log(3), np.log(64), (n_rows, 1)))
    shape = (at_hz > low) * (at_hz < high) / np.maximum(at_hz, 0.3) ** slope
    spectrum = shape * (rng.standard_normal((n_rows, len(at_hz))) + 1j * rng.standard_normal((n_rows, len(at_hz))))
    return _sized(np.fft.irfft(spectrum, n))


def envelopes(rng, n_rows: int, n: int) -> np.ndarray:
    """Slowly varying sizes [rows, n]."""
    at_hz = np.fft.rfftfreq(n, 1 / FS_HZ)
    shape = at_hz < np.exp(rng.uniform(np.log(0.1), np.log(3), (n_rows, 1)))
    spectrum = shape * (rng.standard_normal((n_rows, len(at_hz))) + 1j * rng.standard_normal((n_rows, len(at_hz))))
    return np.exp(rng.uniform(0, 1.3, (n_rows, 1)) * np.clip(_sized(np.fft.irfft(spectrum, n)), -3, 3))


def bumps(rng, n_rows: int, n: int) -> np.ndarray:
    """Single movements: bumps, steps that recover, spikes, of random widths, some like complexes [rows, n]."""
    total = np.zeros((n_rows, n))
    for _ in range(2):
        rate = np.exp(rng.uniform(np.log(0.15), np.log(4), (n_rows, 1))) / FS_HZ
        heights = rng.standard_t(3, (n_rows, n)) * (rng.random((n_rows, n)) < rate)
        heights *= np.where(rng.random((n_rows, 1)) < 0.3, np.sign(heights), 1)
        kernels = np.stack([_kernel(rng, n) for _ in range(n_rows)])
        total += np.fft.irfft(np.fft.rfft(heights, 2 * n) * np.fft.rfft(kernels, 2 * n), 2 * n)[:, :n]
    return _sized(total)


def _kernel(rng, n: int) -> np.ndarray:
    t = np.arange(n) / FS_HZ
    width = np.exp(rng.uniform(np.log(0.008), np.log(0.4)))
    away = (t - 4 * width) / width
    kind = rng.integers(7)
    if kind == 0:
        return np.exp(-(away**2) / 2)
    if kind == 1:
        return away * np.exp(-(away**2) / 2)
    if kind == 2:
        return (1 - away**2) * np.exp(-(away**2) / 2)
    if kind == 3:
        return np.exp(-t / np.exp(rng.uniform(np.log(0.02), np.log(3))))
    if kind == 4:
        return np.maximum(0, 1 - np.abs(away))
    if kind == 5:  # up fast, down slowly
        return np.exp(-(np.where(away < 0, away, away / rng.uniform(1, 8)) ** 2) / 2)
    return np.exp(-(away**2) / 2) * np.sin(away * rng.uniform(0.5, 4) + rng.uniform(0, 6.3))


def waves(rng, n_rows: int, n: int) -> np.ndarray:
    """Hum, or waves of flutter and fibrillation [rows, n]."""
    t = np.arange(n) / FS_HZ
    base = np.where(
        rng.random((n_rows, 1)) < 0.5, rng.choice([50.0, 60.0, 25.0], (n_rows, 1)), rng.uniform(3, 9, (n_rows, 1))
    )
    wander = np.cumsum(rng.standard_normal((n_rows, n)), axis=1) * rng.uniform(0, 0.25, (n_rows, 1))
    phase = 2 * np.pi * base * t + np.where(base < 10, wander, 0)
    return _sized(np.sin(phase) + rng.uniform(0, 0.5, (n_rows, 1)) * np.sin(2 * phase) * (base < 10))


def mixed(rng, n_rows: int, n: int) -> np.ndarray:
    """Mixtures of all these [rows, n], of size 1."""
    sources = (
        (coloured(rng, n_rows, n) * envelopes(rng, n_rows, n), 0.65),
        (coloured(rng, n_rows, n), 0.35),
        (bumps(rng, n_rows, n) * envelopes(rng, n_rows, n) ** 0.5, 0.55),
        (waves(rng, n_rows, n), 0.12),
    )
    total = np.zeros((n_rows, n))
    for source, often in sources:
        total += source * (rng.random((n_rows, 1)) < often) * np.exp(rng.uniform(-1.5, 0.5, (n_rows, 1)))
    alone = ~total.any(axis=1)
    total[alone] = coloured(rng, n_rows, n)[alone]
    return _sized(total)


def recorded(rng, noises: dict[str, np.ndarray], n_rows: int, n: int) -> np.ndarray:
    """Pieces of recorded noise [rows, n], of size 1: leads mixed, stretched, turned round."""
    rows = np.empty((n_rows, n))
    for row in range(n_rows):
        leads = noises[rng.choice(list(RECORDED), p=list(RECORDED.values()))]
        angle, stretch = rng.uniform(0, 6.3), np.exp(rng.uniform(-0.35, 0.35))
        size = int(n * stretch) + 2
        first = rng.integers(leads.shape[1] - size)
        cut = np.cos(angle) * leads[0, first : first + size] + np.sin(angle) * leads[1, first : first + size]
        rows[row] = np.interp(np.arange(n) * stretch, np.arange(size), cut)[:: rng.choice([-1, 1])]
    return _sized(rows)


def baseline(rng, n_rows: int, n: int) -> np.ndarray:
    """Slow wander [rows, n], of size 1."""
    at_hz = np.fft.rfftfreq(n, 1 / FS_HZ)
    shape = (at_hz > 0) * (at_hz < rng.uniform(0.1, 0.7, (n_rows, 1))) / np.maximum(at_hz, 0.1)
    spectrum = shape * (rng.standard_normal((n_rows, len(at_hz))) + 1j * rng.standard_normal((n_rows, len(at_hz))))
    return _sized(np.fft.irfft(spectrum, n))


def _sized(noise: np.ndarray) -> np.ndarray:
    """Rows over the mean size of their seconds, each about its mean."""
    second = round(FS_HZ)
    whole = noise[:, : noise.shape[1] // second * second].reshape(len(noise), -1, second)
    return noise / np.maximum(whole.std(axis=2).mean(axis=1), 1e-3 * np.abs(noise).max(axis=1) + 1e-12)[:, None]
