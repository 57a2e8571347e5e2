"""Turn the probabilities of a delineator into waves: join leads, find stretches, place boundaries between samples."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal.boundaries import QRS, WAVES, P, T, Waves, waves_from

Array = NDArray[Any]

CLASSES = ("none", *WAVES)
"""Classes of a delineator, in the order of its outputs."""
_CERTAIN = 20.0
"""Log-odds of ``none`` where nothing can be read."""


@dataclass(frozen=True)
class Decoding:
    """How probabilities become waves."""

    longest_gap_s: float = 0.024
    """Gap inside a wave that is closed, s: three samples at 125 Hz."""
    shortest_s: tuple[float, float, float] = (0.032, 0.032, 0.048)
    """Shortest P, QRS and T that are kept, s; the first percentiles of LUDB are 46, 62 and 92 ms."""
    own_share: float = 0.5
    """Weight of a lead's own evidence where leads are joined; the rest is the mean of all leads."""
    same_s: float = 0.15
    """Waves of two leads are the same wave where their peaks or boundaries are this near, s."""
    first: float = 0.05
    """A wave of all leads begins where it has begun in this share of them: in the first, but for one that is far ahead."""
    last: float = 0.95
    """A wave of all leads ends where it has ended in this share of them."""


def joined(log_probability: Array, readable: Array, own_share: float) -> tuple[Array, Array]:
    """Read the leads together: mix each lead's evidence with the mean of all.

    Parameters
    ----------
    log_probability : array [leads, classes, samples]
        Logarithms of each lead's probabilities.
    readable : array [leads, samples], bool
        Which samples of which leads count.
    own_share : float
        Weight of the lead itself.

    Returns
    -------
    by_lead : array [leads, classes, samples]
        Probabilities in each lead.
    together : array [classes, samples]
        Probabilities of all leads together; those of ``none`` where no lead is readable.
    """
    weight = readable[:, None].astype(log_probability.dtype)
    n = weight.sum(axis=0)
    mean = (weight * log_probability).sum(axis=0) / np.maximum(n, 1)
    mean[0] = np.where(n[0] > 0, mean[0], _CERTAIN)
    return normalised(own_share * log_probability + (1 - own_share) * mean), normalised(mean)


def normalised(log_probability: Array) -> Array:
    """Return probabilities of unnormalised logarithms.

    Parameters
    ----------
    log_probability : array [..., classes, samples]
        Logarithms, up to a constant for each sample.

    Returns
    -------
    array [..., classes, samples]
    """
    powers = np.exp(log_probability - log_probability.max(axis=-2, keepdims=True))
    return np.asarray(powers / powers.sum(axis=-2, keepdims=True))


def decoded(probability: Array, signal: Array, fs_hz: float, settings: Decoding | None = None) -> Waves:
    """Find the waves of one lead.

    Parameters
    ----------
    probability : array [classes, samples]
        Probability of each of CLASSES.
    signal : array [samples]
        The prepared lead, in which peaks are placed.
    fs_hz : float, Hz
        Sampling rate of both.
    settings : Decoding, optional
        How probabilities become waves.

    Returns
    -------
    Waves
        Boundaries lie where the probability passes that of the other classes, between samples too.
    """
    settings = settings or Decoding()
    label = probability.argmax(axis=0)
    rows = []
    for kind in (P, QRS, T):
        is_wave = _closed(label == kind + 1, label == 0, round(settings.longest_gap_s * fs_hz))
        others = [at for at in range(len(CLASSES)) if at != kind + 1]
        margin = probability[kind + 1] - probability[others].max(axis=0)
        for first, stop in _runs(is_wave):
            if stop - first < settings.shortest_s[kind] * fs_hz:
                continue
            onset, offset = _crossing(margin, first, -1), _crossing(margin, stop - 1, 1)
            rows.append((kind, onset / fs_hz, _peak(signal, first, stop) / fs_hz, offset / fs_hz))
    return waves_from(rows)


def of_all_leads(together: Waves, by_lead: Sequence[Waves], settings: Decoding | None = None) -> Waves:
    """Place the boundaries of the waves of all leads as an electrocardiograph does: from the first lead to the last.

    Parameters
    ----------
    together : Waves
        Waves that the leads show together.
    by_lead : sequence of Waves
        Waves of each lead.
    settings : Decoding, optional
        What is the same wave, and in how many leads it has to have begun and ended.

    Returns
    -------
    Waves
        The same waves with onset and offset from those leads that show them.
    """
    settings = settings or Decoding()
    onsets, offsets = together.onset_s.copy(), together.offset_s.copy()
    for kind in range(len(WAVES)):
        mine = np.flatnonzero(together.kind == kind)
        for ends, name, share in ((onsets, "onset_s", settings.first), (offsets, "offset_s", settings.last)):
            near = np.full((len(by_lead), len(mine)), np.nan)
            for row, waves in zip(near, by_lead, strict=True):
                times = getattr(waves.of(kind), name)
                if len(times) and len(mine):
                    found = times[np.abs(times[:, None] - ends[mine]).argmin(axis=0)]
                    row[:] = np.where(np.abs(found - ends[mine]) <= settings.same_s, found, np.nan)
            shown = np.isfinite(near).any(axis=0)
            ends[mine[shown]] = _quantile(near[:, shown], share)
    return Waves(together.kind, onsets, together.peak_s, offsets)


def _quantile(values: Array, share: float) -> Array:
    """Return the quantile of each column without its NaN, as ``numpy.nanquantile``, which takes a hundred times as long."""
    ordered = np.sort(values, axis=0)
    at = share * (np.isfinite(values).sum(axis=0) - 1)
    low, column = at.astype(np.int64), np.arange(values.shape[1])
    below, above = ordered[low, column], ordered[np.ceil(at).astype(np.int64), column]
    return np.asarray(below + (at - low) * (above - below))


def _runs(flags: Array) -> list[tuple[int, int]]:
    """Return first sample and end of each stretch of True."""
    edges = np.flatnonzero(np.diff(np.concatenate(([0], flags.astype(np.int8), [0]))))
    return [(int(first), int(stop)) for first, stop in edges.reshape(-1, 2)]


def _closed(is_wave: Array, is_none: Array, longest: int) -> Array:
    """Close gaps without any other wave up to a length."""
    closed = is_wave.copy()
    runs = _runs(is_wave)
    for (_, stop), (first, _) in itertools.pairwise(runs):
        if first - stop <= longest and is_none[stop:first].all():
            closed[stop:first] = True
    return closed


def _crossing(margin: Array, at: int, step: int) -> float:
    """Return where the margin of a wave passes zero beyond its last sample, in samples."""
    beyond = at + step
    if not 0 <= beyond < len(margin) or margin[at] <= 0:
        return float(at)
    return at + step * float(margin[at] / (margin[at] - min(margin[beyond], 0.0) + 1e-9))


def _peak(signal: Array, first: int, stop: int) -> int:
    """Return the sample of a wave that is furthest from the line between its ends."""
    piece = signal[first:stop]
    line = piece[0] + (piece[-1] - piece[0]) / max(1, len(piece) - 1) * np.arange(len(piece))
    return first + int(np.abs(piece - line).argmax())
