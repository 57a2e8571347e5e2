"""Prepare a lead for the heartbeat network: without baseline, scaled by its size close by and by that of the last seconds.

Every value depends on at most :data:`AHEAD_S` seconds of later signal, so that a stream gives the same values as a whole record.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

FS_HZ = 128.0
"""Sampling rate of the network's input, Hz."""
BLOCK = 32
"""Samples of a block, of which the size is taken."""
BEHIND_S, AHEAD_S = 9.5, 2.0
"""Seconds of earlier and of later signal that a value depends on, rounded up."""
FLOOR_MV = 0.1
"""What is smaller is not enlarged to the size of a beat."""
_BASELINE = 64  # samples on either side of the mean that is taken for the baseline: one second
_NEAR, _SECOND, _PAST = 4, (2, 1), 32  # blocks
_RANK = 0.7
_SILENT_MV = 1e-3
_STEEP = 3.0


def scaled(signal_mv: Array) -> NDArray[np.float32]:
    """Return what the network reads.

    Parameters
    ----------
    signal_mv : array [leads, samples], mV
        Leads at 128 Hz, without NaN.

    Returns
    -------
    array [leads, 2, samples], float32
        The lead over its largest deflection within a second, and, compressed, over that of most of the last eight seconds.
    """
    n_leads, n = np.shape(signal_mv)
    if not n:
        return np.zeros((n_leads, 2, 0), np.float32)
    level = _without_baseline(np.asarray(signal_mv, np.float64))
    n_blocks = -(-n // BLOCK)
    held = np.pad(np.abs(level), ((0, 0), (0, n_blocks * BLOCK - n)))
    sizes = held.reshape(n_leads, n_blocks, BLOCK).max(axis=2)
    near = _along(np.maximum(_largest(sizes, _NEAR, _NEAR), FLOOR_MV), n)
    long = _along(np.maximum(_usual(_largest(sizes, *_SECOND), _silent(signal_mv, n_blocks)), FLOOR_MV), n)
    return np.stack((level / near, np.arcsinh(_STEEP * level / long)), axis=1).astype(np.float32)


def _without_baseline(signal: Array) -> Array:
    """Return leads [leads, samples] without their mean over a second; fewer samples are averaged at either end."""
    n = signal.shape[1]
    sums = np.cumsum(np.pad(signal - signal[:, :1], ((0, 0), (1, 0))), axis=1)
    first = np.maximum(np.arange(n) - _BASELINE, 0)
    last = np.minimum(np.arange(n) + _BASELINE + 1, n)
    return np.asarray(signal - signal[:, :1] - (sums[:, last] - sums[:, first]) / (last - first))


def _largest(sizes: Array, before: int, after: int) -> Array:
    """Return the largest of the sizes [leads, blocks] from some blocks before to some after."""
    held = np.pad(sizes, ((0, 0), (before, after)))
    return np.asarray(np.lib.stride_tricks.sliding_window_view(held, before + after + 1, axis=1).max(axis=2))


def _silent(signal_mv: Array, n_blocks: int) -> Array:
    """Return in which whole blocks [leads, blocks] a lead does not change at all, as without electrodes."""
    n_leads, n = np.shape(signal_mv)
    whole = np.asarray(signal_mv)[:, : n // BLOCK * BLOCK].reshape(n_leads, -1, BLOCK)
    silent = np.zeros((n_leads, n_blocks), bool)
    silent[:, : whole.shape[1]] = np.ptp(whole, axis=2) < _SILENT_MV
    return silent


def _usual(sizes: Array, silent: Array) -> Array:
    """Return the size that 70 % of the blocks [leads, blocks] of the last eight seconds and the next do not exceed.

    Silent blocks do not count, unless there is no other.
    """
    held = np.pad(np.where(silent, np.inf, sizes), ((0, 0), (_PAST, _NEAR)), constant_values=np.inf)
    ranked = np.sort(np.lib.stride_tricks.sliding_window_view(held, _PAST + 1 + _NEAR, axis=1), axis=2)
    count = np.isfinite(ranked).sum(axis=2, keepdims=True)
    at = (_RANK * np.maximum(count - 1, 0)).astype(np.int64)
    return np.where(count[..., 0] > 0, np.take_along_axis(ranked, at, axis=2)[..., 0], 0.0)


def _along(of_blocks: Array, n: int) -> Array:
    """Interpolate values [leads, blocks] between the middles of their blocks [leads, n]."""
    held = np.pad(of_blocks, ((0, 0), (1, 1)), mode="edge")[:, :, None]
    place = (np.arange(BLOCK) + 0.5) / BLOCK - 0.5
    other = np.where(place < 0, held[:, :-2], held[:, 2:])
    between = held[:, 1:-1] + (other - held[:, 1:-1]) * np.abs(place)
    return np.asarray(between.reshape(len(of_blocks), -1)[:, :n])
