"""Convert raw samples into model input; training, prediction, export and streams all pass :func:`prepare`."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from einthoven import on_disk
from einthoven.signal import aligned_beat, features, filters, gaps, heartbeats, leads, resample, typical_beat, waves
from einthoven.signal.cuts import Beats, Tiles
from einthoven.signal.many_beats import MANY, ManyBeats
from einthoven.signal.settings import INPUTS, LOCAL_SPAN_S, SCALINGS, Preparation, SignalSpec
from einthoven.signal.windows import Windows, around_beats, concatenated, crop_starts, tile

__all__ = [
    "INPUTS",
    "SCALINGS",
    "Beats",
    "Preparation",
    "Samples",
    "SignalSpec",
    "Span",
    "Tiles",
    "crops",
    "prepare",
    "prepared_signal",
    "waves_measured_again",
    "whole_window",
]

Array = NDArray[Any]

_LOCAL_FLOOR_MV = 0.02
_WINDOWS_AT_ONCE, _BEATS_AT_ONCE = 512, 4096


class Samples(Protocol):
    """Raw samples of a recording: what a :class:`einthoven.Record` has."""

    @property
    def signal_mv(self) -> Array:
        """[leads, samples] in mV, NaN where samples are missing."""
        ...

    @property
    def fs_hz(self) -> float:
        """Sampling rate, Hz."""
        ...

    @property
    def leads(self) -> tuple[str, ...]:
        """Names of the rows."""
        ...

    @property
    def where(self) -> str:
        """Where the samples come from, for errors."""
        ...


@dataclass(frozen=True)
class Span:
    """A part of a signal.

    Parameters
    ----------
    signal_mv : array [leads, samples], mV
        NaN where samples are missing.
    fs_hz : float
        Sampling rate, Hz.
    leads : tuple of str
        Names of the rows.
    where : str
        Where the samples come from, for errors.
    """

    signal_mv: Array
    fs_hz: float
    leads: tuple[str, ...]
    where: str


def prepare(source: Samples, preparation: Preparation, beats: Array | None = None) -> Windows:
    """Convert raw samples into model input.

    Parameters
    ----------
    source : Samples
        Raw samples with their sampling rate and leads.
    preparation : Preparation
        Settings of the model.
    beats : array [n], int, optional
        Sample numbers of the heartbeats at the sampling rate of the source, for windows around heartbeats, and for consecutive
        windows in which heartbeats are measured; there they are found where they are not given.

    Returns
    -------
    Windows
        One window for each beat, or consecutive windows. A source shorter than a window is padded with zeros. A rest of half a
        window or more gives another window, which ends where the source ends.

    Raises
    ------
    LeadMismatch
        If a lead is missing.
    """
    return concatenated(list(prepared_in_pieces(source, preparation, beats)))


def prepared_in_pieces(source: Samples, preparation: Preparation, beats: Array | None = None) -> Iterator[Windows]:
    """Convert raw samples into model input piece by piece, so that not all windows of a long recording are in memory.

    Parameters
    ----------
    source, preparation, beats
        As :func:`prepare` takes them.

    Yields
    ------
    Windows
        At least one piece of what :func:`prepare` returns; it may be empty.

    Raises
    ------
    LeadMismatch
        If a lead is missing.
    """
    prepared = prepared_signal(source, preparation)
    if isinstance(preparation.cut, Beats):
        yield from _beat_windows(prepared, np.zeros(0, np.int64) if beats is None else beats, source.fs_hz, preparation)
        return
    wanted, there = preparation.n_samples, prepared.shape[1]
    starts = tile(there, wanted, wanted) if there > wanted else np.zeros(1, np.int64)
    if there > wanted and there % wanted and there % wanted < wanted / 2:
        starts = starts[:-1]
    at = _heartbeats(source, preparation, beats)
    position = resample.resample_positions(starts, preparation.fs_hz, source.fs_hz)
    for first in range(0, len(starts), _WINDOWS_AT_ONCE):
        here = slice(first, first + _WINDOWS_AT_ONCE)
        cut = concatenated([_window_at(prepared, start, at, preparation) for start in starts[here].tolist()])
        yield Windows(cut.signal, cut.beat, cut.features, position[here])
        on_disk.release(prepared)


def prepared_signal(source: Samples, preparation: Preparation) -> Array:
    """Select, resample, filter and scale the leads that a model reads.

    Parameters
    ----------
    source : Samples
        Raw samples with their sampling rate and leads.
    preparation : Preparation
        Settings of the model.

    Returns
    -------
    array [len(preparation.leads), samples at preparation.fs_hz], float32

    Raises
    ------
    LeadMismatch
        If a lead is missing.
    """
    spec = preparation.signal
    chosen, _ = leads.select(source.signal_mv, source.leads, spec.leads, source.where)
    n_samples, ratio = chosen.shape[1], resample.ratio(source.fs_hz, spec.fs_hz)
    reach_s = preparation.reach_s(source.fs_hz)

    def piece(first: int, end: int) -> Array:
        begin = resample.aligned(int((first / spec.fs_hz - reach_s) * source.fs_hz), source.fs_hz, spec.fs_hz)
        until = min(n_samples, int((end / spec.fs_hz + reach_s) * source.fs_hz) + 1)
        known = np.asarray(gaps.filled(chosen, begin, until), np.float32)
        on_disk.release(chosen)
        origin = int(begin * ratio)
        return _scaled(resample.resample(known, source.fs_hz, spec.fs_hz), spec)[:, first - origin : end - origin]

    return on_disk.built((len(chosen), -int(-n_samples * ratio // 1)), piece)


def _scaled(chosen: Array, spec: SignalSpec) -> Array:
    """Return leads at the model's rate in its band, on its scale."""
    chosen = filters.band_pass(chosen, spec.fs_hz, spec.low_hz, spec.high_hz)
    if spec.scaling == "local":
        chosen = chosen / (filters.local_rms(chosen, spec.fs_hz, LOCAL_SPAN_S) + _LOCAL_FLOOR_MV)
    if spec.mean_mv:
        mean, sd = (np.array(column, np.float32)[:, None] for column in (spec.mean_mv, spec.sd_mv))
        chosen = (chosen - mean) / sd
    return chosen


def _heartbeats(source: Samples, preparation: Preparation, beats: Array | None) -> Array | None:
    """Return the heartbeats that are measured, at the sampling rate of the preparation; None where none are."""
    if not preparation.reads_heartbeats:
        return None
    if beats is None:
        chosen, _ = leads.select(source.signal_mv, source.leads, preparation.leads, source.where)
        pieces = gaps.filled_pieces(chosen, round(heartbeats.PIECE_S * source.fs_hz))
        beats = heartbeats.find_in(pieces, source.fs_hz)
    return resample.resample_positions(np.asarray(beats, np.int64), source.fs_hz, preparation.fs_hz)


def _window_at(prepared: Array, start: int, beats: Array | None, preparation: Preparation) -> Windows:
    """Return a window of a record, measured with its context."""
    end = min(start + preparation.n_samples, prepared.shape[1])
    more = round(preparation.context_s * preparation.fs_hz)
    first = max(0, min(start - more, prepared.shape[1] - preparation.n_samples - 2 * more))
    last = min(prepared.shape[1], max(end + more, preparation.n_samples + 2 * more))
    around = features.WindowContext(
        prepared[:, first:last],
        preparation.fs_hz,
        preparation.span_s,
        None if beats is None else beats[(beats >= first) & (beats < last)] - first,
    )
    return whole_window(prepared[:, start:end], preparation, around)


def _beat_windows(prepared: Array, beats: Array, fs_hz: float, preparation: Preparation) -> Iterator[Windows]:
    at = resample.resample_positions(beats, fs_hz, preparation.fs_hz)
    at = np.clip(at, 0, prepared.shape[-1] - 1)
    position = np.asarray(beats, np.int64)
    if not preparation.reads_beats:
        for first in range(0, max(1, len(at)), _BEATS_AT_ONCE):
            here = slice(first, first + _BEATS_AT_ONCE)
            signal = around_beats(prepared, at[here], preparation.before, preparation.n_samples - preparation.before)
            yield Windows(signal, position=position[here])
            on_disk.release(prepared)
        return
    if len(at) >= MANY:
        first = 0
        for windows in ManyBeats(prepared, at, np.asarray(beats) / fs_hz, preparation).windows():
            yield replace(windows, position=position[first : first + len(windows)])
            first += len(windows)
        return
    signal = around_beats(prepared, at, preparation.before, preparation.n_samples - preparation.before)
    signal, beat = typical_beat.beside_beats(signal, preparation.before, preparation.fs_hz)
    context = features.BeatContext(signal, beat, np.asarray(beats) / fs_hz, preparation.before, preparation.fs_hz)
    yield Windows(
        signal,
        np.broadcast_to(beat, signal.shape) if "beat" in preparation.inputs else None,
        features.compute(preparation.feature_sets, context) if preparation.feature_sets else None,
        position,
    )


def whole_window(window: Array, preparation: Preparation, measured: features.WindowContext | None = None) -> Windows:
    """Return one of consecutive windows with its typical beat and measurements.

    Parameters
    ----------
    window : array [leads, samples]
        Prepared samples, at most `preparation.n_samples`; zeros fill the rest.
    preparation : Preparation
        Settings of consecutive windows.
    measured : WindowContext, optional
        What is measured; by default the window.

    Returns
    -------
    Windows
        One window.
    """
    signal = np.pad(window, ((0, 0), (0, preparation.n_samples - window.shape[1])))[None]
    if not preparation.reads_beats:
        return Windows(signal)
    context = measured or features.WindowContext(window, preparation.fs_hz, preparation.span_s)
    beat = None
    if "beat" in preparation.inputs:
        beat = context.typical.beat[None]
    elif "aligned_beat" in preparation.inputs:
        beat = aligned_beat.of_window(window, preparation.fs_hz, preparation.span_s)[None]
    return Windows(
        signal,
        beat,
        features.compute(preparation.feature_sets, context)[None] if preparation.feature_sets else None,
    )


def waves_measured_again(windows: Windows, preparation: Preparation) -> Windows:
    """Measure the waves again, for windows whose typical beats were changed.

    Parameters
    ----------
    windows : Windows
        Windows with changed typical beats.
    preparation : Preparation
        Their settings; without ``waves`` among the inputs nothing is measured.

    Returns
    -------
    Windows
    """
    if "waves" not in preparation.inputs or windows.beat is None or windows.features is None:
        return windows
    measured = windows.features.copy()
    columns = preparation.columns["waves"]
    for row, beat in zip(measured, windows.beat, strict=True):
        row[columns] = waves.wave_features(
            beat, preparation.fs_hz, float(row[columns.start])
        )  # the first is the RR interval
    return Windows(windows.signal, windows.beat, measured, windows.position)


def crops(windows: Windows, preparation: Preparation) -> tuple[Windows, int]:
    """Cut windows into the crops that the network sees, which overlap by half.

    Parameters
    ----------
    windows : Windows
        Windows without typical beats and measurements.
    preparation : Preparation
        Their settings.

    Returns
    -------
    crops : Windows
        The crops of all windows, those of a window in a row.
    n : int
        Crops of a window.
    """
    wanted = preparation.n_input
    starts = crop_starts(windows.signal.shape[2], wanted)
    cut = np.stack([windows.signal[:, :, start : start + wanted] for start in starts], axis=1)
    return Windows(cut.reshape(-1, *cut.shape[2:])), len(starts)
