"""Judge which stretches of a lead are readable: by rules (missing, flat, clipped) and by an index that was trained."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven import on_disk
from einthoven.signal import quality_features, quality_index, resample
from einthoven.signal.gaps import filled, interpolated
from einthoven.signal.quality_peaks import FS_HZ
from einthoven.signal.stretches import FLAT_MV, VERDICTS, Quality, Stretch

__all__ = ["FLAT_MV", "VERDICTS", "Quality", "Stretch", "examine", "interpolated", "judged", "looks_inverted"]

Array = NDArray[Any]

STRETCH_S = 5.0
"""Length of a stretch, s."""
IMPLAUSIBLE_MV = 40.0  # range of a whole lead; a paced or ventricular beat seldom exceeds 10 mV
MARGIN_S = 1.2
"""Signal on either side of a stretch that its verdict depends on, s: the filters' length."""
_GOOD, _NOISY, _CLIPPED, _UNREADABLE, _MISSING, _FLAT = range(len(VERDICTS))
_AT_ONCE = 720  # stretches that are judged at once: an hour
_SHORTEST_S, _PIECE_S, _MOST_PIECES, _FEW_PIECES = 2.0, 60.0, 10, 5
_MISSING_SHARE, _FLAT_SHARE, _STUCK_SHARE, _STUCK_RUN = 0.5, 0.5, 0.005, 4


def examine(signal_mv: Array, leads: tuple[str, ...], fs_hz: float) -> Quality:
    """Judge leads in stretches of 5 s; the last stretch ends where the signal ends, and may be shorter.

    A stretch is ``missing`` if over half of its samples are; ``flat`` if over half of its seconds vary by less than 0.03 mV;
    ``unreadable`` or ``noisy`` by the index of :mod:`einthoven.signal.quality_index`; ``clipped`` if over 0.5 % of its samples
    are stuck at the largest or smallest value.

    Parameters
    ----------
    signal_mv : array [leads, samples], mV
        The leads, NaN where samples are missing.
    leads : tuple of str
        Their names.
    fs_hz : float, Hz
        Their sampling rate.

    Returns
    -------
    Quality
    """
    bounds = stretch_bounds(signal_mv.shape[1], fs_hz)
    parts: list[Quality] = []
    for first in range(0, len(bounds) - 1, _AT_ONCE):
        here = bounds[first : first + _AT_ONCE + 1]
        begin, end = _known(here, signal_mv.shape[1], fs_hz)
        known, missing = filled(signal_mv, begin, end), ~np.isfinite(signal_mv[:, begin:end])
        before = parts[-1].scores[:, -1] if parts else None
        parts.append(judged(known, missing, here - begin, leads, fs_hz, before))
        on_disk.release(signal_mv)
    return _joined(parts, bounds)


def _known(bounds: Array, n_samples: int, fs_hz: float) -> tuple[int, int]:
    """Return the first sample, and the one after the last, that the verdicts on some stretches depend on."""
    margin, length = round(MARGIN_S * fs_hz), round(STRETCH_S * fs_hz)
    begin = resample.aligned(int(bounds[0]) - margin - length, fs_hz, FS_HZ)
    return begin, min(n_samples, int(bounds[-1]) + margin + length)


def _joined(parts: list[Quality], bounds: Array) -> Quality:
    """Return the quality of parts that follow each other."""
    if len(parts) == 1:
        return parts[0]
    joined = (
        np.concatenate([getattr(one, name) for one in parts], axis=1)
        for name in ("verdicts", "numbers", "features", "scores")
    )
    return Quality(parts[0].leads, parts[0].fs_hz, bounds, *joined)


def judged(
    filled_mv: Array, missing: Array, bounds: Array, leads: tuple[str, ...], fs_hz: float, before: Array | None = None
) -> Quality:
    """Judge stretches of leads whose gaps are filled.

    Parameters
    ----------
    filled_mv : array [leads, samples], mV
        The leads, with at least :data:`MARGIN_S` around the stretches where there is a signal.
    missing : array of bool [leads, samples]
        Which samples were filled.
    bounds : array of int [n + 1]
        Where each stretch begins, and the end of the last. What is beyond 5 s of the last has no say in its verdict.
    leads : tuple of str
        Names of the leads.
    fs_hz : float, Hz
        Sampling rate.
    before : array [leads], optional
        Scores of the stretch before the first.

    Returns
    -------
    Quality
    """
    until = bounds.copy()
    until[-1] = min(bounds[-1], bounds[-2] + round(STRETCH_S * fs_hz))
    features = _features(filled_mv, until, fs_hz)
    scores = quality_index.scores(features)
    last = [None] * len(leads) if before is None else before.tolist()
    index = np.stack([quality_index.index(quality_index.after(*row)) for row in zip(scores, last, strict=True)])
    rows = zip(filled_mv, missing, index, strict=True)
    verdicts, numbers = zip(*(_judged(lead, gone, until, fs_hz, of) for lead, gone, of in rows), strict=True)
    return Quality(leads, fs_hz, bounds, np.stack(verdicts), np.stack(numbers), features, scores)


def typical_of_pieces(signal_mv: Array, leads: tuple[str, ...], fs_hz: float) -> Array:
    """Return the median measurements of up to ten minutes of a recording, evenly spread.

    Parameters
    ----------
    signal_mv : array [leads, samples], mV
        The leads, NaN where samples are missing.
    leads : tuple of str
        Their names.
    fs_hz : float, Hz
        Their sampling rate.

    Returns
    -------
    array [pieces, leads, k]
        As :attr:`Quality.typical` of each minute, or of the whole recording if it is shorter.
    """
    pieces = _pieces(signal_mv.shape[1], fs_hz, _MOST_PIECES)
    return np.stack([examine(signal_mv[:, piece], leads, fs_hz).typical for piece in pieces])


def examine_pieces(signal_mv: Array, leads: tuple[str, ...], fs_hz: float) -> Quality:
    """Judge up to five minutes of a recording, evenly spread, as if one followed the other.

    Parameters
    ----------
    signal_mv : array [leads, samples], mV
        The leads, NaN where samples are missing.
    leads : tuple of str
        Their names.
    fs_hz : float, Hz
        Their sampling rate.

    Returns
    -------
    Quality
        Its times are those of the pieces put together; of a recording of up to five minutes those of the recording.
    """
    if signal_mv.shape[1] <= _FEW_PIECES * round(_PIECE_S * fs_hz):
        return examine(signal_mv, leads, fs_hz)
    pieces = _pieces(signal_mv.shape[1], fs_hz, _FEW_PIECES)
    seen = [examine(signal_mv[:, piece], leads, fs_hz) for piece in pieces]
    return _joined(seen, np.cumsum([0, *np.concatenate([np.diff(one.bounds) for one in seen])]))


def _pieces(n_samples: int, fs_hz: float, most: int) -> list[slice]:
    """Return up to so many minutes of a recording, evenly spread; the whole of one that is shorter than two minutes."""
    size = round(_PIECE_S * fs_hz)
    n = int(np.clip(n_samples // max(size, 1), 1, most))
    return [slice(start, start + size) for start in np.linspace(0, max(0, n_samples - size), n).astype(int)]


def stretch_bounds(n_samples: int, fs_hz: float) -> Array:
    """Return where stretches begin, and the end of the last [n + 1]; a rest below two seconds belongs to the last stretch.

    Parameters
    ----------
    n_samples : int
        Length of the signal.
    fs_hz : float, Hz
        Its sampling rate.

    Returns
    -------
    array of int [n + 1]
    """
    n = max(1, int(n_samples / fs_hz / STRETCH_S + 1e-9))
    bounds = np.round(np.arange(n + 1) * STRETCH_S * fs_hz).astype(np.int64)
    rest_s = (n_samples - bounds[-1]) / fs_hz
    if rest_s < _SHORTEST_S:
        bounds[-1] = n_samples
        return bounds
    return np.append(bounds, n_samples)


def _judged(lead: Array, gone: Array, bounds: Array, fs_hz: float, index: Array) -> tuple[Array, Array]:
    """Return verdict and number of each stretch of one lead, both [n]."""
    inside = slice(bounds[0], bounds[-1])
    cut, starts, lengths = lead[inside], bounds[:-1] - bounds[0], np.maximum(np.diff(bounds), 1)
    missing = np.add.reduceat(gone[inside], starts, dtype=float) / lengths
    flat = _flat_share(cut, starts, lengths, fs_hz)
    stuck = _stuck_share(cut, starts, lengths)
    unreadable, noisy = quality_index.limits()
    rules = (
        (missing > _MISSING_SHARE, _MISSING, missing),
        (flat > _FLAT_SHARE, _FLAT, flat),
        (index < unreadable, _UNREADABLE, index),
        (stuck > _STUCK_SHARE, _CLIPPED, stuck),
        (index < noisy, _NOISY, index),
    )
    verdict, number = np.full(len(index), _GOOD), index.copy()
    for holds, code, value in reversed(rules):
        verdict[holds], number[holds] = code, value[holds]
    return verdict, number


def _features(filled_mv: Array, bounds: Array, fs_hz: float) -> Array:
    """Return the measurements of each stretch [leads, n, k]; of one that is shorter than 5 s, of the 5 s up to its end."""
    at_100_hz = resample.resample(np.asarray(filled_mv, np.float64), fs_hz, FS_HZ)
    n_samples = at_100_hz.shape[1]
    size = min(round(STRETCH_S * FS_HZ), n_samples)
    starts = np.round(bounds[:-1] * FS_HZ / fs_hz).astype(np.int64)
    return quality_features.measured(quality_features.Bands.of(at_100_hz), np.minimum(starts, n_samples - size), size)


def _flat_share(cut: Array, starts: Array, lengths: Array, fs_hz: float) -> Array:
    """Return the share of each stretch's seconds whose range is below 0.03 mV [n]."""
    second = max(1, round(fs_hz))
    n = np.maximum(1, lengths // second)
    of = np.repeat(np.arange(len(starts)), n)
    edges = starts[of] + second * (np.arange(len(of)) - np.repeat(np.cumsum(n) - n, n))
    still = np.maximum.reduceat(cut, edges) - np.minimum.reduceat(cut, edges) < FLAT_MV
    return np.asarray(np.bincount(of, still, len(starts)) / n)


def _stuck_share(cut: Array, starts: Array, lengths: Array) -> Array:
    """Return the share of each stretch's samples in runs of four or more at its largest or smallest value [n]."""
    at_rail = np.zeros(len(cut), bool)
    for extreme in (np.maximum, np.minimum):
        at_rail |= cut == np.repeat(extreme.reduceat(cut, starts), lengths)
    same = at_rail[1:] & at_rail[:-1] & (cut[1:] == cut[:-1])
    edges = np.flatnonzero(np.diff(np.concatenate(([0], same.astype(np.int8), [0])))).reshape(-1, 2)
    stuck = np.zeros(len(cut))
    for begin, end in edges[np.diff(edges, axis=1)[:, 0] >= _STUCK_RUN - 1]:
        stuck[begin : end + 1] = 1
    return np.asarray(np.add.reduceat(stuck, starts) / lengths)


def looks_inverted(signal_mv: NDArray[Any], beats: NDArray[Any], fs_hz: float) -> bool:
    """Return whether most QRS complexes of a lead point down, for leads in which they should point up (I, II, MLII, V5).

    Parameters
    ----------
    signal_mv : array [samples], mV
        The lead.
    beats : array [n]
        Sample numbers of its beats.
    fs_hz : float, Hz
        Its sampling rate.

    Returns
    -------
    bool
    """
    reach = round(0.05 * fs_hz)
    inside = beats[(beats >= reach) & (beats < len(signal_mv) - reach)]
    if len(inside) < 5:
        return False
    around = signal_mv[inside[:, None] + np.arange(-reach, reach + 1)]
    level = np.median(signal_mv)
    up, down = around.max(axis=1) - level, level - around.min(axis=1)
    return bool((down > 1.5 * up).mean() > 0.7)
