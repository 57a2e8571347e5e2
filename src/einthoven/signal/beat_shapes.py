"""Measure the shape of each beat in one lead, beside the typical beat of the recording and its neighbours."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven import on_disk
from einthoven.signal.compiled import part
from einthoven.signal.typical_beat import correlation, medians

Array = NDArray[Any]

SPAN_S = (0.25, 0.45)
"""Seconds before and after the middle of the QRS complex that are measured."""
ALIGN_S = 0.06
"""How far the middle of a QRS complex may lie from the given heartbeat, s."""
_SMOOTH_S = 0.05
_QRS_S, _P_S, _T_S, _LEVEL_S = (-0.10, 0.10), (-0.25, -0.08), (0.10, 0.42), (-0.25, -0.125)
_PEAK_S = (-0.2, -0.06)
_WIDTH_S = (-0.125, 0.155)
_NEAR = 15
_BLOCK, _BEATS_AT_ONCE = 1024, 4096

_OF_BEAT = (
    ("height of the QRS complex", "ln"),
    ("correlation of the QRS complex with the typical one", "1"),
    ("correlation of the QRS complex with that of 31 beats", "1"),
    ("distance of the QRS complex from the typical one", "QRS height"),
    ("distance of the QRS complex from that of 31 beats", "QRS height"),
    ("correlation of the P wave with the typical one", "1"),
    ("correlation of the P wave with that of 31 beats", "1"),
    ("distance of the P wave from that of 31 beats", "QRS height"),
    ("range before the QRS complex", "QRS height"),
    ("highest point before the QRS complex", "QRS height"),
    ("time of the highest point before the QRS complex", "s"),
    ("correlation of the T wave with the typical one", "1"),
    ("correlation of the T wave with that of 31 beats", "1"),
    ("distance of the T wave from that of 31 beats", "QRS height"),
    ("highest point after the QRS complex", "QRS height"),
    ("lowest point after the QRS complex", "QRS height"),
    ("mean after the QRS complex against that of 31 beats", "QRS height"),
    ("width of the QRS complex", "s"),
    ("duration of steep slopes", "s"),
    ("width of the QRS complex against the median", "s"),
    ("duration of steep slopes against the median", "s"),
    ("mean of the QRS complex", "QRS height"),
    ("mean size of the QRS complex", "QRS height"),
    ("highest point of the QRS complex", "QRS height"),
    ("lowest point of the QRS complex", "QRS height"),
    ("steepest slope of the QRS complex", "QRS height/s"),
)
_OF_RECORDING = (("range before the typical QRS complex", "QRS height"), ("median width of QRS complexes", "s"))
_NEIGHBOURS = (-2, -1, 1, 2)
_BESIDE = (-1, 1)
_OF_NEIGHBOURS = (
    *((f"correlation of the QRS complex with that of beat {at:+d}", "1") for at in _NEIGHBOURS),
    *(
        (f"{name} of beat {at:+d}", unit)
        for at in _BESIDE
        for name, unit in (
            ("width of the QRS complex against the median,", "s"),
            ("correlation of the QRS complex with the typical one,", "1"),
            ("correlation of the P wave with that of 31 beats,", "1"),
        )
    ),
)
_ALL = (*_OF_BEAT, *_OF_RECORDING, *_OF_NEIGHBOURS)
NAMES = tuple(name for name, _ in _ALL)
UNITS = tuple(unit for _, unit in _ALL)


def centred(signal: Array, before: int, fs_hz: float) -> Array:
    """Cut the beats again, each around the middle of its QRS complex.

    The middle is where the slopes of all leads together are steepest within :data:`ALIGN_S` of the given heartbeat. So it does not
    matter where in the complex a detector or an annotator puts its mark.

    Parameters
    ----------
    signal : array [n, leads, samples]
        Windows around beats.
    before : int
        Samples before the beat; at least :data:`SPAN_S` and :data:`ALIGN_S` together.
    fs_hz : float, Hz
        Sampling rate.

    Returns
    -------
    array [n, leads, span]
        :data:`SPAN_S` around each beat; the edges of a window are repeated where it is too short.
    """
    ahead, behind = (round(span * fs_hz) for span in SPAN_S)
    reach, width = round(ALIGN_S * fs_hz), max(1, round(_SMOOTH_S * fs_hz))
    steep = np.square(np.diff(signal, axis=2, prepend=signal[:, :, :1])).sum(axis=1)
    running = np.cumsum(np.pad(steep, ((0, 0), (width // 2 + 1, width - 1 - width // 2))), axis=1)
    energy = running[:, width:] - running[:, :-width] if running.shape[1] > width else steep
    near = slice(max(0, before - reach), before + reach + 1)
    middle = near.start + energy[:, near].argmax(axis=1)
    at = np.clip(middle[:, None] + np.arange(-ahead, behind), 0, signal.shape[2] - 1)
    return np.asarray(np.take_along_axis(signal, at[:, None], axis=2), np.float32)


@dataclass(frozen=True, eq=False)
class Usual:
    """What is usual for the beats of a recording in one lead.

    Parameters
    ----------
    height : float
        Median height of the QRS complexes.
    typical : array [span]
        Median beat, in units of that height.
    width, steep : float, s
        Median width of the QRS complexes, and median duration of their steep slopes.
    """

    height: float
    typical: Array
    width: float
    steep: float

    @classmethod
    def of(cls, rows: Array, fs_hz: float) -> "Usual":
        """Return what is usual.

        Parameters
        ----------
        rows : array [span, n]
            The beats, as :func:`levelled` returns them, side by side.
        fs_hz : float, Hz
            Sampling rate.

        Returns
        -------
        Usual
        """
        qrs, wide = _span(_QRS_S, fs_hz), _span(_WIDTH_S, fs_hz)
        heights = [np.ptp(piece[qrs], axis=0) for _, piece in on_disk.pieces(rows, _BEATS_AT_ONCE)]
        height = float(np.median(np.concatenate(heights)) + 1e-3)
        widths = [_widths(piece[wide].T / height, fs_hz) for _, piece in on_disk.pieces(rows, _BEATS_AT_ONCE)]
        width, steep = (float(np.median(np.concatenate(parts))) for parts in zip(*widths, strict=True))
        return cls(height, medians(rows) / height, width, steep)


def levelled(lead: Array, fs_hz: float) -> Array:
    """Return beats above the level before their QRS complexes.

    Parameters
    ----------
    lead : array [n, span]
        Beats of one lead, as :func:`centred` cuts them.
    fs_hz : float, Hz
        Sampling rate.

    Returns
    -------
    array [n, span]
    """
    return np.asarray(lead - np.median(lead[:, _span(_LEVEL_S, fs_hz)], axis=1, keepdims=True))


def _span(edges_s: tuple[float, float], fs_hz: float) -> slice:
    middle = round(SPAN_S[0] * fs_hz)
    return slice(*(max(0, middle + round(edge * fs_hz)) for edge in edges_s))


def shape_features(lead: Array, fs_hz: float, usual: Usual | None = None) -> Array:
    """Measure the shape of each beat in one lead.

    Parameters
    ----------
    lead : array [n, span]
        Beats of one lead, as :func:`centred` cuts them.
    fs_hz : float, Hz
        Sampling rate.
    usual : Usual, optional
        What is usual in the recording, for some of its beats; by default what is usual among these.

    Returns
    -------
    array [n, 38], float32
        In the order of :data:`NAMES`; zeros if there is only one beat.
    """
    n = len(lead)
    if n < 2:
        return np.zeros((n, len(NAMES)), np.float32)
    qrs, p_wave, t_wave, peak, wide = (_span(edges, fs_hz) for edges in (_QRS_S, _P_S, _T_S, _PEAK_S, _WIDTH_S))
    beats = levelled(lead, fs_hz)
    height = np.ptp(beats[:, qrs], axis=1)
    usual = usual or Usual.of(beats.T, fs_hz)
    beats = beats / np.float32(usual.height)
    typical, local = usual.typical, _local(beats)
    width, steep = _widths(beats[:, wide], fs_hz)
    columns = [
        np.log(height / np.float32(usual.height) + 0.05),
        correlation(beats[:, qrs], typical[qrs]),
        correlation(beats[:, qrs], local[:, qrs]),
        _distance(beats[:, qrs], typical[qrs]),
        _distance(beats[:, qrs], local[:, qrs]),
        correlation(beats[:, p_wave], typical[p_wave]),
        correlation(beats[:, p_wave], local[:, p_wave]),
        _distance(beats[:, p_wave], local[:, p_wave]),
        np.ptp(beats[:, p_wave], axis=1),
        beats[:, peak].max(axis=1),
        _PEAK_S[0] + beats[:, peak].argmax(axis=1) / fs_hz,
        correlation(beats[:, t_wave], typical[t_wave]),
        correlation(beats[:, t_wave], local[:, t_wave]),
        _distance(beats[:, t_wave], local[:, t_wave]),
        beats[:, t_wave].max(axis=1),
        beats[:, t_wave].min(axis=1),
        beats[:, t_wave].mean(axis=1) - local[:, t_wave].mean(axis=1),
        width,
        steep,
        width - usual.width,
        steep - usual.steep,
        beats[:, qrs].mean(axis=1),
        np.abs(beats[:, qrs]).mean(axis=1),
        beats[:, qrs].max(axis=1),
        beats[:, qrs].min(axis=1),
        np.abs(np.diff(beats[:, qrs], axis=1)).max(axis=1) * fs_hz,
        np.full(n, np.ptp(typical[p_wave])),
        np.full(n, usual.width),
    ]
    neighbour = {at: np.clip(np.arange(n) + at, 0, n - 1) for at in _NEIGHBOURS}
    columns += [correlation(beats[:, qrs], beats[neighbour[at]][:, qrs]) for at in _NEIGHBOURS]
    columns += [columns[which][neighbour[at]] for at in _BESIDE for which in (19, 1, 6)]
    return np.stack(columns, axis=1).astype(np.float32)


def _local(beats: Array) -> Array:
    """Return the median of the 31 beats around each one [n, span]."""
    held = np.pad(beats, ((_NEAR, _NEAR), (0, 0)), mode="edge")
    compiled = part("scipy.ndimage", "_rank_filter_1d")
    if compiled is not None and held.dtype in (np.float32, np.float64) and np.isfinite(held).all():
        columns = np.ascontiguousarray(held.T)
        found = np.empty_like(columns)
        for column, medians in zip(columns, found, strict=True):
            compiled.rank_filter(column, _NEAR, 2 * _NEAR + 1, medians, 0, 0.0, 0)
        return np.ascontiguousarray(found[:, _NEAR:-_NEAR].T)
    views = np.lib.stride_tricks.sliding_window_view(held, 2 * _NEAR + 1, axis=0)
    pieces = [np.median(views[at : at + _BLOCK], axis=2) for at in range(0, len(beats), _BLOCK)]
    return np.concatenate(pieces)


def _distance(beats: Array, other: Array) -> Array:
    return np.asarray(np.sqrt(np.square(beats - other).mean(axis=1)))


def _widths(complexes: Array, fs_hz: float) -> tuple[Array, Array]:
    """Return between which shares of its slopes a QRS complex lies (10 % to 90 %), and how long it is steep [n], s."""
    slope = np.abs(np.diff(complexes, axis=1))
    run = np.cumsum(slope, axis=1) / (slope.sum(axis=1, keepdims=True) + 1e-9)
    width = (run < 0.9).sum(axis=1) - (run < 0.1).sum(axis=1)
    return width / fs_hz, (slope > 0.3 * slope.max(axis=1, keepdims=True)).sum(axis=1) / fs_hz
