"""Measure stretches of one lead for the index of signal quality; amplitudes do not count, only shapes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal.filters import band_pass

Array = NDArray[Any]

FS_HZ = 100.0
"""Sampling rate at which stretches are measured, Hz."""
_BANDS_HZ = ((1.0, 2.0), (2.0, 5.0), (5.0, 12.0), (12.0, 20.0), (20.0, 30.0), (30.0, 40.0))
_PARTS_HZ = ((1.0, 40.0), (5.0, 25.0), (15.0, 40.0), (1.0, 5.0))
_BEAT_S = (0.25, 0.45)
_APART_S, _TEMPLATE_S, _TOGETHER_S, _OUTSIDE_S, _SPAN_S = 0.2, 0.15, 0.08, 0.1, 0.1
_HIGH_ENOUGH = 0.35
_TINY = 1e-9
_AT_ONCE = 2048

FEATURES = (
    "kurtosis",
    "skewness",
    "unfiltered_kurtosis",
    *(f"power_{low:g}_{high:g}_hz" for low, high in _BANDS_HZ),
    "baseline_power",
    "zero_crossings",
    "still_share",
    "peaks",
    "rr_variation",
    "shortest_rr",
    "height_variation",
    "same_sign",
    "template_agrees",
    "beat_agrees",
    "beat_residual",
    "level_variation",
    "slow_between_peaks",
    "detectors_agree",
    "between_peaks",
    "fast_between_peaks",
    "envelope_median",
    "periodicity",
    "peak_width",
)
"""Names of the measurements, in the order of the columns."""


@dataclass(frozen=True, eq=False)
class Lead:
    """One lead at 100 Hz, in the bands that are measured.

    Parameters
    ----------
    plain : array [samples], mV
        Without filter, mains hum excepted.
    wide : array [samples], mV
        From 1 to 40 Hz.
    sharp : array [samples], mV
        From 5 to 25 Hz, where QRS complexes are.
    fast : array [samples], mV
        From 15 to 40 Hz.
    slow : array [samples], mV
        From 1 to 5 Hz.
    """

    plain: Array
    wide: Array
    sharp: Array
    fast: Array
    slow: Array

    @classmethod
    def of(cls, signal_mv: Array) -> "Lead":
        """Filter a lead.

        Parameters
        ----------
        signal_mv : array [samples], mV
            The lead at 100 Hz, without NaN.

        Returns
        -------
        Lead
        """
        plain = np.asarray(signal_mv, np.float64)
        return cls(_without_hum(plain), *(band_pass(plain[None], FS_HZ, *band)[0] for band in _PARTS_HZ))

    def cut(self, starts: Array, n_samples: int) -> "Lead":
        """Return stretches of the lead, each part as [n, n_samples].

        Parameters
        ----------
        starts : array of int [n]
            First sample of each.
        n_samples : int
            Length of a stretch.

        Returns
        -------
        Lead
        """
        at = starts[:, None] + np.arange(n_samples)
        return Lead(*(part[at] for part in (self.plain, self.wide, self.sharp, self.fast, self.slow)))


def measured(lead: Lead, starts: Array, n_samples: int) -> Array:
    """Measure stretches of a lead.

    Parameters
    ----------
    lead : Lead
        The lead.
    starts : array of int [n]
        First sample of each stretch.
    n_samples : int
        Length of a stretch, samples.

    Returns
    -------
    array [n, len(FEATURES)]
        A column for each of :data:`FEATURES`.
    """
    pieces = [starts[at : at + _AT_ONCE] for at in range(0, len(starts), _AT_ONCE)]
    rows = [_measured(lead.cut(piece, n_samples)) for piece in pieces]
    return np.concatenate(rows) if rows else np.zeros((0, len(FEATURES)))


def _measured(cut: Lead) -> Array:
    unfiltered = cut.plain - cut.plain.mean(axis=1, keepdims=True)
    wide = cut.wide - cut.wide.mean(axis=1, keepdims=True)
    kurtosis, skewness = _moments(wide)
    envelope = _envelope(cut.sharp)
    peaks = _peaks(envelope)
    columns = [
        np.log(np.maximum(kurtosis, 0.5)),
        np.abs(skewness),
        np.log(np.maximum(_moments(unfiltered)[0], 0.5)),
        *_power_shares(wide),
        _baseline_power(unfiltered, wide),
        _zero_crossings(wide),
        _still_share(cut.wide),
        *_timing(peaks, envelope),
        *_shape(peaks, wide, unfiltered, cut.slow),
        _agreement(peaks, _peaks(_envelope(cut.fast))),
        *_between(peaks, envelope, wide, cut.fast),
        _periodicity(envelope),
        _peak_width(peaks, envelope),
    ]
    return np.stack(columns, axis=1)


def _without_hum(plain: Array) -> Array:
    """Return a lead without what is left of 50 Hz: binomial weights over five samples, zero at half the sampling rate."""
    held = np.pad(plain, 2, mode="edge")
    return np.convolve(held, np.array([1.0, 4.0, 6.0, 4.0, 1.0]) / 16, mode="valid")


def _moments(signal: Array) -> tuple[Array, Array]:
    """Return kurtosis and skewness of rows whose mean is zero."""
    power = np.square(signal).mean(axis=1) + _TINY**2
    return (signal**4).mean(axis=1) / power**2, (signal**3).mean(axis=1) / power**1.5


def _power_shares(wide: Array) -> Array:
    """Return the logarithm of each band's share of the power between 1 and 40 Hz [bands, n]."""
    from scipy.fft import rfft

    power = np.abs(rfft(wide * np.hanning(wide.shape[1]), axis=1)) ** 2
    at_hz = np.arange(power.shape[1]) * FS_HZ / wide.shape[1]
    shares = np.stack([power[:, (at_hz >= low) & (at_hz < high)].sum(axis=1) for low, high in _BANDS_HZ])
    return np.log(shares / (shares.sum(axis=0) + _TINY**2) + 1e-4)


def _baseline_power(unfiltered: Array, wide: Array) -> Array:
    """Return the logarithm of the power that the filter removed over the power that it kept."""
    removed = np.square(unfiltered - wide).mean(axis=1)
    return np.log((removed + _TINY**2) / (np.square(wide).mean(axis=1) + _TINY**2) + 1e-4)


def _zero_crossings(wide: Array) -> Array:
    """Return crossings of zero per second."""
    return (np.diff(wide > 0, axis=1) != 0).sum(axis=1) / (wide.shape[1] / FS_HZ)


def _still_share(wide: Array) -> Array:
    """Return the share of steps below a fiftieth of the largest."""
    steps = np.abs(np.diff(wide, axis=1))
    return (steps < 0.02 * steps.max(axis=1, keepdims=True)).mean(axis=1)


def _envelope(band: Array) -> Array:
    """Return the root of the mean squared slope over 0.1 s."""
    slope = np.square(np.diff(band, axis=1, prepend=band[:, :1]))
    span = round(_SPAN_S * FS_HZ)
    total = np.cumsum(np.pad(slope, ((0, 0), (span // 2 + 1, span - span // 2 - 1))), axis=1)
    total = np.pad(total, ((0, 0), (1, 0)))
    sums = total[:, span:] - total[:, :-span]
    return np.sqrt(np.maximum(sums[:, : band.shape[1]], 0) / span)


def _peaks(envelope: Array) -> Array:
    """Return where the envelope has the highest value within 0.2 s, and is high enough, as bool [n, samples]."""
    reach = round(_APART_S * FS_HZ)
    held = np.pad(envelope, ((0, 0), (reach, reach)), mode="edge")
    highest = np.lib.stride_tricks.sliding_window_view(held, 2 * reach + 1, axis=1).max(axis=2)
    level = np.sort(envelope, axis=1)[:, -max(2, round(0.02 * envelope.shape[1]))]
    found = (envelope >= highest) & (envelope > _HIGH_ENOUGH * level[:, None]) & (envelope > _TINY)
    found[:, 1:] &= ~found[:, :-1]  # of a plateau only its first sample
    return found


def _timing(peaks: Array, envelope: Array) -> tuple[Array, ...]:
    """Return peaks per second, variation and shortest of their intervals in seconds, and variation of their heights."""
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


def _shape(peaks: Array, wide: Array, unfiltered: Array, slow: Array) -> tuple[Array, ...]:
    """Compare the peaks of each row with each other, and the beats around them.

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


def _agreement(first: Array, second: Array) -> Array:
    """Return the share of the peaks of two detectors that both found within 80 ms."""
    reach = round(_TOGETHER_S * FS_HZ)

    def both(one: Array, other: Array) -> Array:
        held = np.pad(other, ((0, 0), (reach, reach)))
        near = np.lib.stride_tricks.sliding_window_view(held, 2 * reach + 1, axis=1).any(axis=2)
        return np.asarray((one & near).sum(axis=1))

    n = first.sum(axis=1) + second.sum(axis=1)
    return (both(first, second) + both(second, first)) / np.maximum(n, 1)


def _between(peaks: Array, envelope: Array, wide: Array, fast: Array) -> tuple[Array, Array, Array]:
    """Return logarithms of the size between peaks over the size at them: of the wide band, the fast band, the envelope."""
    reach = round(_OUTSIDE_S * FS_HZ)
    held = np.pad(peaks, ((0, 0), (reach, reach)))
    near = np.lib.stride_tricks.sliding_window_view(held, 2 * reach + 1, axis=1).any(axis=2)
    found = []
    for band in (wide, fast):
        inside = np.square(band * near).sum(axis=1) / np.maximum(near.sum(axis=1), 1)
        outside = np.square(band * ~near).sum(axis=1) / np.maximum((~near).sum(axis=1), 1)
        found.append(0.5 * np.log((outside + _TINY**2) / (inside + _TINY**2) + 1e-6))
    high = np.sort(envelope, axis=1)[:, -max(2, round(0.02 * envelope.shape[1]))]
    return found[0], found[1], np.log(np.median(envelope, axis=1) / np.maximum(high, _TINY) + 1e-4)


def _periodicity(envelope: Array) -> Array:
    """Return the largest autocorrelation of the envelope at lags of 0.3 to 2 s."""
    from scipy.fft import irfft, next_fast_len, rfft

    moved = envelope - envelope.mean(axis=1, keepdims=True)
    n = envelope.shape[1]
    size = next_fast_len(2 * n, real=True)
    products = irfft(np.abs(rfft(moved, size, axis=1)) ** 2, size, axis=1)
    lags = np.arange(round(0.3 * FS_HZ), min(round(2.0 * FS_HZ), n - 1))
    if not len(lags):
        return np.zeros(len(envelope))
    scaled = products[:, lags] / (n - lags) * n
    return scaled.max(axis=1) / np.maximum(products[:, 0], _TINY**2)


def _peak_width(peaks: Array, envelope: Array) -> Array:
    """Return the share of samples above half the mean peak, per peak, in seconds."""
    n = np.maximum(peaks.sum(axis=1), 1)
    height = (envelope * peaks).sum(axis=1) / n
    return (envelope > 0.5 * height[:, None]).sum(axis=1) / n / FS_HZ
