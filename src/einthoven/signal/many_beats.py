"""Cut and measure the beats of a long recording part by part, as all of them together are measured."""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven import on_disk
from einthoven.signal import beat_likeness, beat_patterns, beat_rhythm, beat_shapes, features, typical_beat
from einthoven.signal.settings import Preparation
from einthoven.signal.windows import Windows, around_beats

Array = NDArray[Any]

MANY = 20_000
"""Beats from which a recording is measured part by part: about five hours."""
_NEIGHBOURS = 64
"""Beats on either side of a part that measurements of its beats depend on, rounded up."""
_AT_ONCE = 3072


class ManyBeats:
    """The beats of a long recording, scaled by the height of its typical QRS complex.

    Parameters
    ----------
    prepared : array [leads, samples]
        The prepared signal.
    at : array of int [n]
        Sample numbers of the beats in it, ascending.
    beats_s : array [n], s
        Their times.
    preparation : Preparation
        Settings of windows around heartbeats that are measured.
    """

    def __init__(self, prepared: Array, at: Array, beats_s: Array, preparation: Preparation) -> None:
        self.prepared, self.at, self.beats_s, self.preparation = prepared, at, beats_s, preparation
        self.before, self.fs_hz = preparation.before, preparation.fs_hz
        medians = [self._median(lead) for lead in range(len(prepared))]
        self.heights = [typical_beat.height_of(median, self.before, self.fs_hz) for median in medians]
        pairs = zip(medians, self.heights, strict=True)
        self.typical = np.stack([median / height for median, height in pairs]).astype(np.float32)

    def windows(self) -> Iterator[Windows]:
        """Yield the windows of all beats with what is measured on them, part by part."""
        sets, timing = self.preparation.feature_sets, None
        if sets:
            timing = beat_rhythm.rr_features(self.beats_s), beat_patterns.pattern_features(self.beats_s)
        usual = tuple(self._usual(lead) for lead in self._leads_of_shapes)
        for first, end in beat_likeness.parts(len(self.at)):
            begin, until = max(0, first - _NEIGHBOURS), min(len(self.at), end + _NEIGHBOURS)
            scaled, inside = self.scaled(begin, until), slice(first - begin, end - begin)
            measured = None
            if timing is not None:
                rr, patterns = (part[begin:until] for part in timing)
                times_s, of = self.beats_s[begin:until], (self.before, self.fs_hz)
                context = features.BeatContext(scaled, self.typical, times_s, *of, (rr, patterns), usual, inside)
                measured = features.compute(sets, context)[inside]
            signal = scaled[inside]
            beat = np.broadcast_to(self.typical, signal.shape) if "beat" in self.preparation.inputs else None
            yield Windows(signal, beat, measured)

    def scaled(self, first: int, end: int) -> Array:
        """Return some beats [end - first, leads, samples], float32.

        Parameters
        ----------
        first, end : int
            Number of the first beat, and of that after the last.
        """
        heights = np.array(self.heights, np.float32)[:, None]
        return np.asarray(self._level(slice(None), first, end) / heights, np.float32)

    @property
    def _leads_of_shapes(self) -> tuple[int, ...]:
        sets = self.preparation.feature_sets
        if not {"shapes", "second_shapes", "likeness"} & set(sets):
            return ()
        return (0, 1) if "second_shapes" in sets else (0,)

    def _level(self, leads: slice, first: int, end: int) -> Array:
        """Return some beats above their median [end - first, leads, samples]."""
        after = self.preparation.n_samples - self.before
        cut = around_beats(self.prepared[leads], self.at[first:end], self.before, after)
        on_disk.release(self.prepared)
        return np.asarray(cut - np.median(cut, axis=2, keepdims=True))

    def _median(self, lead: int) -> Array:
        here = slice(lead, lead + 1)
        shape = (self.preparation.n_samples, len(self.at))
        rows = on_disk.built(shape, lambda first, end: self._level(here, first, end)[:, 0].T, _AT_ONCE)
        return typical_beat.trimmed_median(rows.T)

    def _usual(self, lead: int) -> beat_shapes.Usual:
        def beats(first: int, end: int) -> Array:
            cut = beat_shapes.centred(self.scaled(first, end), self.before, self.fs_hz)
            return beat_shapes.levelled(cut[:, lead], self.fs_hz).T

        n_samples = len(beats(0, 1))
        return beat_shapes.Usual.of(on_disk.built((n_samples, len(self.at)), beats, _AT_ONCE), self.fs_hz)
