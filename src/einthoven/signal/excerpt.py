"""Cut out of a recording what the doctor looks at: a few pieces of ten seconds, at 100 Hz, with their typical beats."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from einthoven import on_disk
from einthoven.signal import typical_beat
from einthoven.signal.fourier import irfft, next_fast_len, rfft
from einthoven.signal.quality import interpolated
from einthoven.signal.typical_beat import TypicalBeat

Array = NDArray[Any]

RATE_HZ = 100.0
"""Sampling rate at which all recordings are compared, Hz."""
SPAN_S = (0.4, 0.8)
"""Seconds of a typical beat before and after its R peak."""
PIECE_S = 10.0
"""Length of a piece, s."""
_WHOLE_S = 15.0
"""A recording up to this length is one piece, s."""
_MOST_PIECES = 3
_SHORTEST_S = 3.0
_LOW_HZ, _HIGH_HZ = (0.3, 0.7), (36.0, 44.0)
"""Edges of the band-pass: half a cosine from nothing to all, and back."""
_MARGIN_S = 1.0


class Source(Protocol):
    """A recording, as :class:`einthoven.records.record.Record` holds it."""

    @property
    def signal_mv(self) -> NDArray[np.float32]:
        """Samples [leads, samples] in mV, NaN where one is missing."""

    @property
    def fs_hz(self) -> float:
        """Sampling rate, Hz."""

    @property
    def leads(self) -> tuple[str, ...]:
        """Names of the leads."""


@dataclass(frozen=True)
class Excerpt:
    """A piece of a recording.

    Parameters
    ----------
    leads : tuple of str
        Names of the leads.
    signal_mv : array [leads, samples], mV
        The piece at the recording's own rate, gaps filled.
    fs_hz : float, Hz
        That rate.
    """

    leads: tuple[str, ...]
    signal_mv: Array
    fs_hz: float

    @cached_property
    def slow_mv(self) -> Array:
        """The piece at 100 Hz between 0.5 and 40 Hz, [leads, samples]."""
        return slowed(self.signal_mv, self.fs_hz)

    @cached_property
    def typical(self) -> TypicalBeat:
        """Its beats and the typical one, [leads, 120 samples], mV."""
        return typical_beat.of_window(self.slow_mv, RATE_HZ, SPAN_S)

    @property
    def has_rhythm(self) -> bool:
        """Whether at least three beats were found, alike or not."""
        return len(self.typical.r_peaks) >= 3

    @property
    def alike(self) -> float:
        """Median correlation of its beats with their median; about 0.15 for beats found in noise."""
        return float(np.median(self.typical.similarity))

    @property
    def has_beats(self) -> bool:
        """Whether at least three beats that resemble each other were found."""
        return self.has_rhythm and self.alike > 0.5

    @property
    def rr_s(self) -> float:
        """Median RR interval, s."""
        return float(np.median(np.diff(self.typical.r_peaks))) / RATE_HZ


def excerpts(source: Source) -> Iterator[Excerpt]:
    """Cut pieces out of a recording: all of a short one, three pieces of ten seconds of a long one.

    Parameters
    ----------
    source : Source
        The recording.

    Yields
    ------
    Excerpt
        Pieces in which at least half of the samples of a lead exist; none for a recording under three seconds.
    """
    n_samples = source.signal_mv.shape[1]
    duration_s = n_samples / source.fs_hz
    if duration_s < _SHORTEST_S:
        return
    size, starts = n_samples, [0]
    if duration_s > _WHOLE_S:
        size = round(PIECE_S * source.fs_hz)
        n_pieces = min(_MOST_PIECES, int(duration_s / PIECE_S))
        starts = [round((n_samples - size) * (at + 0.5) / n_pieces) for at in range(n_pieces)]
    for start in starts:
        piece = on_disk.copied(source.signal_mv, start, start + size)
        if np.isfinite(piece).mean(axis=1).max() >= 0.5:
            yield Excerpt(source.leads, np.stack([interpolated(lead) for lead in piece]), source.fs_hz)


def slowed(signal_mv: Array, fs_hz: float) -> Array:
    """Resample to 100 Hz and keep 0.5 to 40 Hz, in one Fourier transform.

    Parameters
    ----------
    signal_mv : array [leads, samples], mV
        A signal without gaps.
    fs_hz : float, Hz
        Its sampling rate.

    Returns
    -------
    array [leads, samples * 100 / fs_hz], float32, mV
        The rate is exact to 0.05 %.
    """
    n_samples = signal_mv.shape[1]
    margin = round(_MARGIN_S * fs_hz)
    level = np.median(signal_mv, axis=1, keepdims=True)
    size = next_fast_len(n_samples + 2 * margin)
    ends = (margin, size - n_samples - margin)
    held = np.pad(np.asarray(signal_mv - level, np.float32), ((0, 0), ends), mode="edge")
    ramp = np.linspace(0.0, 1.0, ends[0] + ends[1], dtype=np.float32)  # from the last sample back to the first one
    around = held[:, -1:] + (held[:, :1] - held[:, -1:]) * ramp
    held[:, n_samples + margin :], held[:, :margin] = around[:, : ends[1]], around[:, ends[1] :]
    spectrum = rfft(held)
    n_slow = round(size * RATE_HZ / fs_hz)
    hz = np.arange(spectrum.shape[1]) * fs_hz / size
    rise = np.clip((hz - _LOW_HZ[0]) / (_LOW_HZ[1] - _LOW_HZ[0]), 0, 1)
    fall = np.clip((_HIGH_HZ[1] - hz) / (_HIGH_HZ[1] - _HIGH_HZ[0]), 0, 1)
    gain = 0.25 * (1 - np.cos(np.pi * rise)) * (1 - np.cos(np.pi * fall)) * n_slow / size
    kept = np.zeros((len(held), n_slow // 2 + 1), spectrum.dtype)
    n_kept = min(kept.shape[1], spectrum.shape[1])
    kept[:, :n_kept] = spectrum[:, :n_kept] * gain[:n_kept].astype(np.float32)
    first = round(margin * RATE_HZ / fs_hz)
    return np.asarray(irfft(kept, n_slow)[:, first : first + round(n_samples * RATE_HZ / fs_hz)], np.float32)
