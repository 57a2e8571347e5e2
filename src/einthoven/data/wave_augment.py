"""Augment leads whose waves are marked, for the training of delineators: each function takes and returns samples and labels.

A lead is prepared: 250 Hz, 0.5 to 40 Hz, divided by its root mean square. Labels are -1 where nothing was annotated, 0 for no
wave, and 1, 2, 3 for P, QRS, T. Few recordings are annotated; rates, intervals and heights that they lack are made here.
"""

import itertools
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Lead = tuple[Array, Array]
"""Samples [n] and labels [n]."""
Draw = np.random.Generator

FS_HZ = 250.0
"""Sampling rate of prepared leads, Hz."""
NOT_ANNOTATED, NONE, P, QRS, T = -1, 0, 1, 2, 3
_COLOURS = (0.0, 0.5, 1.0, 1.5)
_MOST_ADDED_PR, _LONGEST_GAP, _DEEPEST_OVERLAP = 50, 400, 40  # samples: 0.2 s, 1.6 s, 0.16 s


def noise_bank(rng: Draw, n_samples: int = 400_000) -> Array:
    """Return noise of four colours, from white to 1/f^1.5, 0.3 to 45 Hz, with a root mean square of one [4, samples].

    Parameters
    ----------
    rng : Generator
        Random numbers.
    n_samples : int
        Length.
    """
    frequency = np.fft.rfftfreq(n_samples, 1 / FS_HZ)
    band = np.clip((frequency - 0.3) / 0.4, 0, 1) * np.clip((45 - frequency) / 8, 0, 1)
    rows = []
    for exponent in _COLOURS:
        drawn = rng.standard_normal(len(frequency)) + 1j * rng.standard_normal(len(frequency))
        row = np.fft.irfft(drawn * band / np.maximum(frequency, 0.3) ** exponent, n_samples)
        rows.append((row / row.std()).astype(np.float32))
    return np.stack(rows)


def runs(labels: Array) -> list[tuple[int, int, int]]:
    """Return label, first sample and end of each stretch with one label.

    Parameters
    ----------
    labels : array [n]
        Labels.
    """
    edges = np.concatenate(([0], np.flatnonzero(np.diff(labels)) + 1, [len(labels)])).tolist()
    return [(int(labels[first]), first, stop) for first, stop in itertools.pairwise(edges) if stop > first]


def retimed(lead: Lead, rng: Draw) -> Lead:
    """Change the pauses between T and P waves, and often the PR interval: fast (P on T), irregular or slow rhythms.

    Parameters
    ----------
    lead : (array [n], array [n])
        Samples and labels.
    rng : Generator
        Random numbers.
    """
    signal, labels = lead
    stretches = runs(labels)
    pause = _pauses(rng)
    longer_pr = rng.uniform(-6, _MOST_ADDED_PR) if rng.random() < 0.5 else None
    made: list[Lead] = []
    overlap = 0
    for at, (label, first, stop) in enumerate(stretches):
        piece = signal[first:stop], labels[first:stop]
        before, after = (
            stretches[near][0] if 0 <= near < len(stretches) else NOT_ANNOTATED for near in (at - 1, at + 1)
        )
        if label == NONE and before == T and after in (P, QRS):
            wanted = max(pause(stop - first), 6.0 if after == QRS else -np.inf)
            overlap = (
                int(min(max(0.0, -wanted), 0.8 * _length(stretches[at - 1]), _DEEPEST_OVERLAP)) if wanted < 1 else 0
            )
            piece = _stretched(piece, min(int(max(0.0, wanted)), _LONGEST_GAP))
        elif label == NONE and before == P and after == QRS and longer_pr is not None:
            piece = _stretched(piece, max(2, int(stop - first + longer_pr + rng.uniform(-2, 2))))
        elif overlap and label == P and made:
            made, piece = _laid_over(made, piece, min(overlap, stop - first - 2))
            overlap = 0
        made.append(piece)
    return np.concatenate([one for one, _ in made]).astype(np.float32), np.concatenate([one for _, one in made])


def _pauses(rng: Draw) -> Callable[[int], float]:
    """Return what turns a pause into another, samples; below 1 the P wave begins within the T wave."""
    shortest = rng.uniform(-30, 6)
    ways: tuple[Callable[[int], float], ...] = (
        lambda gap: shortest + rng.uniform(-4, 4),
        lambda gap: gap * rng.uniform(0.1, 1.7) - rng.uniform(0, 15),
        lambda gap: gap * rng.uniform(1, 2),
    )
    return ways[int(rng.integers(len(ways)))]


def _length(stretch: tuple[int, int, int]) -> int:
    return stretch[2] - stretch[1]


def _stretched(piece: Lead, length: int) -> Lead:
    """Return a stretch without a wave at another length."""
    signal, labels = piece
    at = np.linspace(0, len(signal) - 1, length) if length > 1 else np.zeros(length)
    return np.interp(at, np.arange(len(signal)), signal), np.full(length, labels[0])


def _laid_over(made: list[Lead], piece: Lead, n: int) -> tuple[list[Lead], Lead]:
    """Lay a P wave over the last samples of what was made; there it is a P wave."""
    if n <= 0:
        return made, piece
    signal, labels = (np.concatenate(parts) for parts in zip(*made, strict=True))
    wave = piece[0] - piece[0][0]
    wave[:n] += signal[-n:]
    wave[n:] += signal[-1] * np.linspace(1, 0, len(wave) - n) + piece[0][0] * np.linspace(0, 1, len(wave) - n)
    return [(signal[:-n], labels[:-n])], (wave, piece[1])


def without_p(lead: Lead, rng: Draw, share: float) -> Lead:
    """Replace P waves by straight lines.

    Parameters
    ----------
    lead : (array [n], array [n])
        Samples and labels.
    rng : Generator
        Random numbers.
    share : float
        Share of the P waves.
    """
    signal, labels = lead[0].copy(), lead[1].copy()
    for label, first, stop in runs(labels):
        if label == P and rng.random() < share and first > 2 and stop < len(signal) - 3:
            begin, end = first - 2, stop + 2
            signal[begin:end] = np.linspace(signal[begin], signal[end], end - begin)
            labels[first:stop] = NONE
    return signal, labels


def fibrillation(n_samples: int, rng: Draw) -> Array:
    """Return waves of fibrillation or flutter, 3.8 to 9 a second with wandering rate and height [samples].

    Parameters
    ----------
    n_samples : int
        Length.
    rng : Generator
        Random numbers.
    """
    at_s = np.arange(n_samples) / FS_HZ
    smooth = np.convolve(rng.standard_normal(n_samples), np.exp(-np.arange(200) / 50) / 50)[:n_samples]
    phase = 2 * np.pi * rng.uniform(3.8, 9.0) * at_s + np.cumsum(smooth) * 0.02 * rng.uniform(0, 2) + rng.uniform(0, 6)
    wave = np.zeros(n_samples)
    for harmonic in (1, 2, 3):
        wave += np.sin(harmonic * phase + rng.uniform(0, 6)) / harmonic ** rng.uniform(1, 2)
    swell = 1 + rng.uniform(0, 0.7) * np.sin(2 * np.pi * rng.uniform(0.1, 0.6) * at_s + rng.uniform(0, 6))
    return np.asarray(wave * swell * rng.uniform(0.02, 0.25))


def scaled_waves(lead: Lead, rng: Draw) -> Lead:
    """Multiply the heights of P and T waves by 0.25 to 2.2; some T waves are turned.

    Parameters
    ----------
    lead : (array [n], array [n])
        Samples and labels.
    rng : Generator
        Random numbers.
    """
    signal = lead[0].copy()
    of_p, of_t = np.exp(rng.uniform(np.log(0.25), np.log(2.2), 2))
    of_t = -of_t if rng.random() < 0.15 else of_t
    for label, first, stop in runs(lead[1]):
        if label in (P, T) and stop - first > 6:
            factor = (of_p if label == P else of_t) * np.exp(rng.normal(0, 0.1))
            line = np.linspace(signal[first], signal[stop - 1], stop - first)
            signal[first:stop] = line + (signal[first:stop] - line) * factor
    return signal, lead[1]


def with_pacing(lead: Lead, rng: Draw) -> Lead:
    """Put spikes of a pacemaker ahead of all P waves or of all QRS complexes: they are no onset of a wave.

    Parameters
    ----------
    lead : (array [n], array [n])
        Samples and labels.
    rng : Generator
        Random numbers.
    """
    signal = lead[0].copy()
    spike = np.array([0.3, 1, 0.5, -0.2, -0.1]) * rng.uniform(0.5, 4) * rng.choice([-1, 1])
    ahead, which = int(rng.integers(1, 8)), rng.choice([P, QRS])
    for label, first, _ in runs(lead[1]):
        begin = first - ahead - 2
        if label == which and begin > 0 and begin + len(spike) < len(signal):
            signal[begin : begin + len(spike)] += spike
    return signal, lead[1]


def warped(lead: Lead, rng: Draw) -> Lead:
    """Stretch all of a lead by 0.72 to 1.4.

    Parameters
    ----------
    lead : (array [n], array [n])
        Samples and labels.
    rng : Generator
        Random numbers.
    """
    signal, labels = lead
    length = int(len(signal) * np.exp(rng.uniform(np.log(0.72), np.log(1.4))))
    at = np.linspace(0, len(signal) - 1, length)
    return np.interp(at, np.arange(len(signal)), signal), labels[np.rint(at).astype(int)]


def cropped(lead: Lead, rng: Draw, length: int) -> Lead:
    """Cut a crop at random; a shorter lead is put anywhere among zeros, as a short recording would be.

    Parameters
    ----------
    lead : (array [n], array [n])
        Samples and labels.
    rng : Generator
        Random numbers.
    length : int
        Samples of the crop.
    """
    signal, labels = lead
    if len(signal) > length:
        first = int(rng.integers(0, len(signal) - length + 1))
        return signal[first : first + length], labels[first : first + length]
    first = int(rng.integers(0, length - len(signal) + 1))
    rest = first, length - len(signal) - first
    return np.pad(signal, rest), np.pad(labels, rest, constant_values=NOT_ANNOTATED)


def disturbed(signal: Array, rng: Draw, bank: Array) -> Array:
    """Change the scale and often the sign of a crop, add noise, a wandering baseline and, seldom, jumps [n]; zeros stay.

    Parameters
    ----------
    signal : array [n]
        The crop.
    rng : Generator
        Random numbers.
    bank : array [colours, samples]
        Noise.
    """
    n, changed = len(signal), signal * np.exp(rng.normal(0, 0.25)) * (-1 if rng.random() < 0.3 else 1)
    if rng.random() < 0.6:
        first = int(rng.integers(bank.shape[1] - n))
        level = np.exp(rng.uniform(np.log(0.01), np.log(0.45)))
        changed = changed + level * bank[rng.integers(len(bank)), first : first + n]
    if rng.random() < 0.3:
        phase = 2 * np.pi * rng.uniform(0.2, 0.9) * np.arange(n) / FS_HZ + rng.uniform(0, 6)
        changed = changed + rng.uniform(0, 0.5) * np.sin(phase)
    if rng.random() < 0.05:
        for first in rng.integers(0, n - 5, rng.integers(1, 4)):
            changed[first : first + 4] += rng.uniform(-3, 3)
    return np.asarray(changed * (signal != 0), np.float32)


def augmented(lead: Lead, rng: Draw, bank: Array, length: int) -> Lead:
    """Return a crop of a lead as it might have been in another person, rhythm or recording.

    Parameters
    ----------
    lead : (array [n], array [n])
        Samples and labels.
    rng : Generator
        Random numbers.
    bank : array [colours, samples]
        Noise.
    length : int
        Samples of the crop.
    """
    if rng.random() < 0.12:
        signal, labels = without_p(lead, rng, 1.0)
        lead = signal + fibrillation(len(signal), rng), labels
        lead = retimed(lead, rng) if rng.random() < 0.6 else lead
    else:
        lead = retimed(lead, rng) if rng.random() < 0.55 else lead
        lead = without_p(lead, rng, rng.uniform(0.2, 0.6)) if rng.random() < 0.12 else lead
    for share, change in ((0.5, scaled_waves), (0.06, with_pacing), (0.6, warped)):
        lead = change(lead, rng) if rng.random() < share else lead
    signal, labels = cropped(lead, rng, length)
    return disturbed(signal, rng, bank), labels
