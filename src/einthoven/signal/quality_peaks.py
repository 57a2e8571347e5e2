"""Find the peaks of stretches where QRS complexes would be, and compare them with each other."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

FS_HZ = 100.0
"""Sampling rate at which stretches are measured, Hz."""
_BEAT_S = (0.25, 0.45)
_APART_S, _TEMPLATE_S, _TOGETHER_S, _OUTSIDE_S, _SPAN_S = 0.2, 0.15, 0.08, 0.1, 0.1
_HIGH_ENOUGH = 0.35
_TINY = 1e-9


def envelope_of(band: Array) -> Array:
    """Return the root of the mean squared slope over 0.1 s.

    Parameters
    ----------
    band : array [n, samples], mV
        Stretches between 5 and 25 Hz, or 15 and 40 Hz.

    Returns
    -------
    array [n, samples]
    """
    slope = np.square(np.diff(band, axis=1, prepend=band[:, :1]))
    span = round(_SPAN_S * FS_HZ)
    total = np.cumsum(np.pad(slope, ((0, 0), (span // 2 + 1, span - span // 2 - 1))), axis=1)
    total = np.pad(total, ((0, 0), (1, 0)))
    sums = total[:, span:] - total[:, :-span]
    return np.asarray(np.sqrt(np.maximum(sums[:, : band.shape[1]], 0) / span))


def find_peaks(envelope: Array) -> Array:
    """Return where the envelope has the highest value within 0.2 s, and is high enough.

    Parameters
    ----------
    envelope : array [n, samples]
        As :func:`envelope_of` returned it.

    Returns
    -------
    array of bool [n, samples]
    """
    highest = _highest_near(envelope, round(_APART_S * FS_HZ))
    level = np.sort(envelope, axis=1)[:, -max(2, round(0.02 * envelope.shape[1]))]
    found = (envelope >= highest) & (envelope > _HIGH_ENOUGH * level[:, None]) & (envelope > _TINY)
    found[:, 1:] &= ~found[:, :-1]  # of a plateau only its first sample
    return found


def timing(peaks: Array, envelope: Array) -> tuple[Array, ...]:
    """Return peaks per second, variation and shortest of their intervals in seconds, and variation of their heights.

    Parameters
    ----------
    peaks : array of bool [n, samples]
        Where peaks are.
    envelope : array [n, samples]
        Their heights.

    Returns
    -------
    tuple of array [n]
    """
    n = peaks.sum(axis=1)
    row, at = np.nonzero(peaks)
    same = row[1:] == row[:-1]
    interval, of = np.diff(at)[same] / FS_HZ, row[1:][same]
    variation = _spread(interval, of, len(peaks))
    shortest = np.full(len(peaks), 3.0)
    np.minimum.at(shortest, of, interval)
    heights = _spread(envelope[row, at], row, len(peaks))
    return n / (peaks.shape[1] / FS_HZ), variation, shortest, heights


def _spread(values: Array, of: Array, n: int) -> Array:
    """Return the standard deviation over the mean of the values of each row; 1 for fewer than two."""
    count = np.bincount(of, minlength=n)
    mean = np.bincount(of, values, n) / np.maximum(count, 1)
    square = np.bincount(of, values**2, n) / np.maximum(count, 1)
    found = np.sqrt(np.maximum(square - mean**2, 0)) / np.maximum(mean, _TINY)
    return np.where(count >= 2, found, 1.0)


def beat_shapes(peaks: Array, wide: Array, unfiltered: Array, slow: Array) -> tuple[Array, ...]:
    """Compare the peaks of each stretch with each other, and the beats around them.

    Parameters
    ----------
    peaks : array of bool [n, samples]
        Where peaks are.
    wide, unfiltered, slow : array [n, samples], mV
        The stretches from 1 to 40 Hz, without filter, and from 1 to 5 Hz.

    Returns
    -------
    same_sign : array [n]
        How far peaks have the same sign, 0 to 1.
    template_agrees : array [n]
        Mean correlation of any two peaks, 0.15 s on either side.
    beat_agrees : array [n]
        Median correlation of a beat with the mean of the others, from 0.25 s before its peak to 0.45 s after.
    beat_residual : array [n]
        Logarithm of the median size of what differs from the mean beat, over the height of a peak.
    level_variation : array [n]
        Logarithm of the standard deviation of the beats' levels over the height of a peak.
    slow_between_peaks : array [n]
        Logarithm of the size between 1 and 5 Hz over the height of a peak.
    """
    reach, shift = round(_TEMPLATE_S * FS_HZ), round(0.05 * FS_HZ)
    row, at = np.nonzero(peaks)
    at = at + _around(np.abs(wide), row, at, shift, shift).argmax(axis=1) - shift
    near = _around(wide, row, at, reach, reach)
    height, span = near[:, reach], np.ptp(near, axis=1)
    count = np.bincount(row, minlength=len(peaks))
    high = np.maximum(np.bincount(row, span, len(peaks)) / np.maximum(count, 1), _TINY)
    weight = np.bincount(row, np.abs(height), len(peaks))
    sign = np.abs(np.bincount(row, height, len(peaks))) / np.maximum(weight, _TINY)
    template = _mean_correlation(near, row, count)
    before, after = (round(part * FS_HZ) for part in _BEAT_S)
    beats = _around(wide, row, at, before, after)
    total = _summed(beats, row, len(peaks))
    mean = (total[row] - beats) / np.maximum(count[row] - 1, 1)[:, None]
    alike = (_unit(beats) * _unit(mean)).sum(axis=1)
    residual = np.sqrt(np.square(beats - mean).mean(axis=1)) / high[row]
    levels = _around(unfiltered, row, at, before, after).mean(axis=1)
    level = _summed(levels[:, None], row, len(peaks))[:, 0] / np.maximum(count, 1)
    varies = np.sqrt(np.bincount(row, np.square(levels - level[row]), len(peaks)) / np.maximum(count, 1)) / high
    several = count >= 2
    return (
        sign,
        np.where(several, template, 0.0),
        np.where(several, _median_of_rows(alike, row, len(peaks)), 0.0),
        np.where(several, np.log(_median_of_rows(residual, row, len(peaks)) + 1e-3), 0.0),
        np.where(several, np.log(varies + 1e-3), 0.0),
        np.log(np.sqrt(np.square(slow).mean(axis=1)) / high + 1e-3),
    )


def _around(values: Array, row: Array, at: Array, before: int, after: int) -> Array:
    """Return the samples around places in rows [k, before + after + 1]; the edges are repeated."""
    column = np.clip(at[:, None] + np.arange(-before, after + 1), 0, values.shape[1] - 1)
    return values[row[:, None], column]


def _unit(rows: Array) -> Array:
    """Return rows without their mean, of length 1."""
    moved = rows - rows.mean(axis=1, keepdims=True)
    return np.asarray(moved / np.maximum(np.linalg.norm(moved, axis=1, keepdims=True), _TINY))


def _summed(rows: Array, of: Array, n: int) -> Array:
    """Return the sum of the rows that belong to each number [n, k]."""
    total = np.zeros((n, rows.shape[1]))
    np.add.at(total, of, rows)
    return total


def _mean_correlation(rows: Array, of: Array, count: Array) -> Array:
    """Return the mean correlation of any two rows that belong to the same number [n]."""
    total = _summed(_unit(rows), of, len(count))
    return np.asarray((np.square(total).sum(axis=1) - count) / np.maximum(count * (count - 1), 1))


def _median_of_rows(values: Array, of: Array, n: int) -> Array:
    """Return the median of the values that belong to each number [n]; 0 where there is none. `of` is sorted."""
    order = np.lexsort((values, of))
    ranked, count = values[order], np.bincount(of, minlength=n)
    first = np.cumsum(count) - count
    low, high = first + np.maximum(count - 1, 0) // 2, first + count // 2
    held = np.append(ranked, [0.0, 0.0])
    return np.where(count > 0, (held[np.minimum(low, len(ranked))] + held[np.minimum(high, len(ranked))]) / 2, 0.0)


def found_by_both(first: Array, second: Array) -> Array:
    """Return the share of the peaks of two detectors that both found within 80 ms.

    Parameters
    ----------
    first, second : array of bool [n, samples]
        Where each found peaks.

    Returns
    -------
    array [n]
    """
    reach = round(_TOGETHER_S * FS_HZ)
    n = first.sum(axis=1) + second.sum(axis=1)
    both = (first & _highest_near(second, reach)).sum(axis=1) + (second & _highest_near(first, reach)).sum(axis=1)
    return np.asarray(both / np.maximum(n, 1))


def sizes_between(peaks: Array, envelope: Array, wide: Array, fast: Array) -> tuple[Array, Array, Array]:
    """Return logarithms of the size between peaks over the size at them: of the wide band, the fast band, the envelope.

    Parameters
    ----------
    peaks : array of bool [n, samples]
        Where peaks are.
    envelope : array [n, samples]
        As :func:`envelope_of` returned it.
    wide, fast : array [n, samples], mV
        The stretches from 1 to 40 Hz, and from 15 to 40 Hz.

    Returns
    -------
    tuple of array [n]
    """
    near = _highest_near(peaks, round(_OUTSIDE_S * FS_HZ))
    found = []
    for band in (wide, fast):
        inside = np.square(band * near).sum(axis=1) / np.maximum(near.sum(axis=1), 1)
        outside = np.square(band * ~near).sum(axis=1) / np.maximum((~near).sum(axis=1), 1)
        found.append(0.5 * np.log((outside + _TINY**2) / (inside + _TINY**2) + 1e-6))
    high = np.sort(envelope, axis=1)[:, -max(2, round(0.02 * envelope.shape[1]))]
    return found[0], found[1], np.log(np.median(envelope, axis=1) / np.maximum(high, _TINY) + 1e-4)


def _highest_near(values: Array, reach: int) -> Array:
    """Return the largest value within some samples on either side [n, samples], by doubling the width of the maximum."""
    width, wanted = 1, 2 * reach + 1
    held = np.pad(values, ((0, 0), (reach, reach)), mode="edge" if values.dtype.kind == "f" else "constant")
    while 2 * width <= wanted:
        held = np.maximum(held[:, :-width], held[:, width:])
        width *= 2
    rest = wanted - width
    return np.asarray(np.maximum(held[:, : held.shape[1] - rest], held[:, rest:]))


def peak_width(peaks: Array, envelope: Array) -> Array:
    """Return the share of samples above half the mean peak, per peak, in seconds.

    Parameters
    ----------
    peaks : array of bool [n, samples]
        Where peaks are.
    envelope : array [n, samples]
        Their heights.

    Returns
    -------
    array [n]
    """
    n = np.maximum(peaks.sum(axis=1), 1)
    height = (envelope * peaks).sum(axis=1) / n
    return np.asarray((envelope > 0.5 * height[:, None]).sum(axis=1) / n / FS_HZ)
