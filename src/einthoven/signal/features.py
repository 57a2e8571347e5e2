"""List the measurements that a model can read besides the signal, each with a name and a unit: FEATURES."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from einthoven.signal import (
    atria,
    beat_likeness,
    beat_patterns,
    beat_rhythm,
    beat_shapes,
    rhythm,
    typical_beat,
    waveform,
    waves,
)
from einthoven.signal.typical_beat import TypicalBeat

Array = NDArray[Any]


@dataclass(frozen=True)
class BeatContext:
    """All the beats of one record, or some with their neighbours.

    Parameters
    ----------
    signal : array [n, leads, samples]
        Scaled windows around the beats.
    beat : array [leads, samples]
        The record's typical beat.
    beats_s : array [n], s
        Times of the beats.
    before : int
        Samples of a window before its beat.
    fs_hz : float
        Sampling rate of the windows, Hz.
    timing : tuple of array, optional
        Measurements of the intervals and of their pattern, where these are a part of the beats.
    usual : tuple of Usual or None
        What is usual in the first and the second lead of the record; None for what is usual among these beats.
    inside : slice
        The beats that are measured; the others are their neighbours.
    """

    signal: Array
    beat: Array
    beats_s: Array
    before: int
    fs_hz: float
    timing: tuple[Array, Array] | None = None
    usual: tuple[beat_shapes.Usual | None, ...] = (None, None)
    inside: slice = field(default_factory=lambda: slice(None))

    @cached_property
    def centred(self) -> Array:
        """The beats around the middle of their QRS complexes [n, leads, span]."""
        return beat_shapes.centred(self.signal, self.before, self.fs_hz)

    @cached_property
    def rr(self) -> Array:
        """Measurements of the intervals [n, len(beat_rhythm.RR_NAMES)]."""
        return beat_rhythm.rr_features(self.beats_s) if self.timing is None else self.timing[0]

    @cached_property
    def patterns(self) -> Array:
        """Measurements of the pattern of intervals [n, len(beat_patterns.NAMES)]."""
        return beat_patterns.pattern_features(self.beats_s) if self.timing is None else self.timing[1]

    @cached_property
    def shapes(self) -> Array:
        """Measurements of the shapes in the first lead [n, len(beat_shapes.NAMES)]."""
        return beat_shapes.shape_features(self.centred[:, 0], self.fs_hz, self.usual[0])


@dataclass(frozen=True)
class WindowContext:
    """One window of a record that is read in windows of fixed length.

    Parameters
    ----------
    signal : array [leads, samples]
        The prepared window, without padding, and the context that is measured with it.
    fs_hz : float
        Sampling rate, Hz.
    span_s : tuple of float, s
        Seconds of the typical beat before and after its R peak.
    heartbeats : array [k], sample numbers, optional
        Heartbeats of the record in it, for the measurements of :data:`OF_HEARTBEATS`.
    """

    signal: Array
    fs_hz: float
    span_s: tuple[float, float] = typical_beat.SPAN_S
    heartbeats: Array | None = None

    @cached_property
    def typical(self) -> TypicalBeat:
        """Its typical beat and the R peaks of a detector by thresholds."""
        return typical_beat.of_window(self.signal, self.fs_hz, self.span_s)

    @property
    def summary(self) -> Array:
        """The seven measurements of :func:`einthoven.signal.rhythm.summary_features`."""
        duration_s = self.signal.shape[1] / self.fs_hz
        return rhythm.summary_features(self.typical.r_peaks / self.fs_hz, self.typical.similarity, duration_s)

    @property
    def found(self) -> Array:
        """The heartbeats."""
        assert self.heartbeats is not None
        return self.heartbeats


@dataclass(frozen=True)
class FeatureSet:
    """Measurements that belong together.

    Parameters
    ----------
    title : str
        What is measured.
    per : {"beat", "window"}
        Whether there is one row for each heartbeat or for each window.
    names : tuple of str
        Name of each measurement.
    units : tuple of str
        Unit of each measurement.
    compute : callable
        Takes a :class:`BeatContext` and returns [n, k], or a :class:`WindowContext` and returns [k].
    """

    title: str
    per: Literal["beat", "window"]
    names: tuple[str, ...]
    units: tuple[str, ...]
    compute: Callable[[Any], Array]

    def __len__(self) -> int:
        return len(self.names)


def _rr(beats: BeatContext) -> Array:
    return beats.rr


def _p_waves(beats: BeatContext) -> Array:
    return beat_rhythm.p_wave_features(beats.signal[:, 0], beats.beat[0], beats.before, beats.fs_hz)


def _similarity(beats: BeatContext) -> Array:
    return beat_rhythm.similarity_features(beats.signal[:, 0], beats.before, beats.fs_hz)


def _patterns(beats: BeatContext) -> Array:
    return beats.patterns


def _shapes(beats: BeatContext) -> Array:
    return beats.shapes


def _second_shapes(beats: BeatContext) -> Array:
    return beat_shapes.shape_features(beats.centred[:, 1], beats.fs_hz, beats.usual[1])


def _likeness(beats: BeatContext) -> Array:
    early, late = (beats.rr[:, beat_rhythm.RR_NAMES.index(name)] for name in beat_likeness.AVERAGED[:2])
    slow = beats.patterns[:, beat_patterns.NAMES.index(beat_likeness.AVERAGED[2])]
    shapes = (beats.shapes[:, beat_shapes.NAMES.index(name)] for name in beat_likeness.AVERAGED[3:])
    averaged = np.stack((early, late, slow, *shapes), axis=1)[beats.inside]
    found = np.zeros((len(beats.centred), len(beat_likeness.NAMES)), np.float32)
    found[beats.inside] = beat_likeness.likeness_features(beats.centred[beats.inside], averaged, beats.fs_hz)
    return found


def _summary(window: WindowContext) -> Array:
    return window.summary


def _rhythm(window: WindowContext) -> Array:
    return rhythm.rhythm_features(window.signal[window.typical.lead], window.typical.r_peaks, window.fs_hz)


def _waves(window: WindowContext) -> Array:
    return waves.wave_features(window.typical.beat, window.fs_hz, float(window.summary[0]))


def _intervals(window: WindowContext) -> Array:
    limit, duration_s = rhythm.LIMIT, window.signal.shape[1] / window.fs_hz
    found = rhythm.interval_features(window.found / window.fs_hz, duration_s)
    return np.asarray(np.clip(np.nan_to_num(found, posinf=limit, neginf=-limit), -limit, limit))


def _waveform(window: WindowContext) -> Array:
    return rhythm.waveform_features(window.signal[0], window.found, window.fs_hz)


def _atria(window: WindowContext) -> Array:
    return atria.atrial_features(window.signal[0], window.found, window.fs_hz)


OF_HEARTBEATS = ("intervals", "waveform", "atria")
"""Sets of measurements of a window on the heartbeats that the heartbeat network finds in the whole record, in the first lead."""

FEATURES: dict[str, FeatureSet] = {
    "rr": FeatureSet("RR intervals around a beat", "beat", beat_rhythm.RR_NAMES, beat_rhythm.RR_UNITS, _rr),
    "p_waves": FeatureSet(
        "P waves around a beat", "beat", beat_rhythm.P_WAVE_NAMES, beat_rhythm.P_WAVE_UNITS, _p_waves
    ),
    "similarity": FeatureSet(
        "similarity of a beat to its neighbours",
        "beat",
        beat_rhythm.SIMILARITY_NAMES,
        beat_rhythm.SIMILARITY_UNITS,
        _similarity,
    ),
    "patterns": FeatureSet(
        "pattern of RR intervals around a beat", "beat", beat_patterns.NAMES, beat_patterns.UNITS, _patterns
    ),
    "shapes": FeatureSet("shape of a beat in the first lead", "beat", beat_shapes.NAMES, beat_shapes.UNITS, _shapes),
    "second_shapes": FeatureSet(
        "shape of a beat in the second lead", "beat", beat_shapes.NAMES, beat_shapes.UNITS, _second_shapes
    ),
    "likeness": FeatureSet(
        "beats of the recording that look alike", "beat", beat_likeness.NAMES, beat_likeness.UNITS, _likeness
    ),
    "summary": FeatureSet(
        "summary of the rhythm of a window", "window", rhythm.SUMMARY_NAMES, rhythm.SUMMARY_UNITS, _summary
    ),
    "rhythm": FeatureSet("rhythm of a window", "window", rhythm.RHYTHM_NAMES, rhythm.RHYTHM_UNITS, _rhythm),
    "waves": FeatureSet(
        "waves of the typical beat, twelve leads", "window", waves.WAVE_NAMES, waves.WAVE_UNITS, _waves
    ),
    "intervals": FeatureSet(
        "RR intervals of a window", "window", rhythm.INTERVAL_NAMES, rhythm.INTERVAL_UNITS, _intervals
    ),
    "waveform": FeatureSet(
        "likeness of beats, waves and spectrum", "window", waveform.BEAT_NAMES, waveform.BEAT_UNITS, _waveform
    ),
    "atria": FeatureSet("activity of the atria in a window", "window", atria.NAMES, atria.UNITS, _atria),
}
"""The sets of measurements by name, in the order in which a window has them."""


def columns(names: tuple[str, ...]) -> dict[str, slice]:
    """Return the columns of each set among a window's features.

    Parameters
    ----------
    names : tuple of str
        Keys of FEATURES, in the order of the window.

    Returns
    -------
    dict of str to slice
    """
    found: dict[str, slice] = {}
    first = 0
    for name in names:
        found[name] = slice(first, first + len(FEATURES[name]))
        first = found[name].stop
    return found


def compute(names: tuple[str, ...], context: BeatContext | WindowContext) -> Array:
    """Compute several sets of measurements.

    Parameters
    ----------
    names : tuple of str
        Keys of FEATURES.
    context : BeatContext or WindowContext
        What is measured.

    Returns
    -------
    array [n, k] or [k], float32
        The sets side by side.
    """
    return np.concatenate([FEATURES[name].compute(context) for name in names], axis=-1).astype(np.float32)
