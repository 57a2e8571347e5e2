"""Measure stretches of one lead for the index of signal quality; amplitudes do not count, only shapes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal import quality_peaks
from einthoven.signal.filters import band_pass
from einthoven.signal.fourier import irfft, next_fast_len, rfft
from einthoven.signal.quality_peaks import FS_HZ

Array = NDArray[Any]

_BANDS_HZ = ((1.0, 2.0), (2.0, 5.0), (5.0, 12.0), (12.0, 20.0), (20.0, 30.0), (30.0, 40.0))
_PARTS_HZ = ((1.0, 40.0), (5.0, 25.0), (15.0, 40.0), (1.0, 5.0))
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
class Bands:
    """Leads at 100 Hz, in the bands that are measured.

    Parameters
    ----------
    plain : array [leads, samples], mV
        Without filter, mains hum excepted.
    wide : array [leads, samples], mV
        From 1 to 40 Hz.
    sharp : array [leads, samples], mV
        From 5 to 25 Hz, where QRS complexes are.
    fast : array [leads, samples], mV
        From 15 to 40 Hz.
    slow : array [leads, samples], mV
        From 1 to 5 Hz.
    """

    plain: Array
    wide: Array
    sharp: Array
    fast: Array
    slow: Array

    @classmethod
    def of(cls, signal_mv: Array) -> "Bands":
        """Filter leads.

        Parameters
        ----------
        signal_mv : array [leads, samples], mV
            The leads at 100 Hz, without NaN.

        Returns
        -------
        Bands
        """
        plain = np.asarray(signal_mv, np.float64)
        return cls(_without_hum(plain), *(band_pass(plain, FS_HZ, *band) for band in _PARTS_HZ))

    def cut(self, starts: Array, n_samples: int) -> "Bands":
        """Return stretches, each part as [leads * n, n_samples], those of a lead in a row.

        Parameters
        ----------
        starts : array of int [n]
            First sample of each.
        n_samples : int
            Length of a stretch.

        Returns
        -------
        Bands
        """
        at = starts[:, None] + np.arange(n_samples)
        parts = (self.plain, self.wide, self.sharp, self.fast, self.slow)
        return Bands(*(part[:, at].reshape(-1, n_samples) for part in parts))


def measured(bands: Bands, starts: Array, n_samples: int) -> Array:
    """Measure stretches of leads.

    Parameters
    ----------
    bands : Bands
        The leads.
    starts : array of int [n]
        First sample of each stretch.
    n_samples : int
        Length of a stretch, samples.

    Returns
    -------
    array [leads, n, len(FEATURES)]
        A column for each of :data:`FEATURES`.
    """
    n_leads = len(bands.plain)
    size = max(1, _AT_ONCE // max(n_leads, 1))
    pieces = [starts[at : at + size] for at in range(0, len(starts), size)]
    rows = [_measured(bands.cut(piece, n_samples)).reshape(n_leads, len(piece), -1) for piece in pieces]
    return np.concatenate(rows, axis=1) if rows else np.zeros((n_leads, 0, len(FEATURES)))


def _measured(cut: Bands) -> Array:
    unfiltered = cut.plain - cut.plain.mean(axis=1, keepdims=True)
    wide = cut.wide - cut.wide.mean(axis=1, keepdims=True)
    kurtosis, skewness = _moments(wide)
    envelope = quality_peaks.envelope_of(cut.sharp)
    peaks = quality_peaks.find_peaks(envelope)
    columns = [
        np.log(np.maximum(kurtosis, 0.5)),
        np.abs(skewness),
        np.log(np.maximum(_moments(unfiltered)[0], 0.5)),
        *_power_shares(wide),
        _baseline_power(unfiltered, wide),
        _zero_crossings(wide),
        _still_share(cut.wide),
        *quality_peaks.timing(peaks, envelope),
        *quality_peaks.beat_shapes(peaks, wide, unfiltered, cut.slow),
        quality_peaks.found_by_both(peaks, quality_peaks.find_peaks(quality_peaks.envelope_of(cut.fast))),
        *quality_peaks.sizes_between(peaks, envelope, wide, cut.fast),
        _periodicity(envelope),
        quality_peaks.peak_width(peaks, envelope),
    ]
    return np.stack(columns, axis=1)


def _without_hum(plain: Array) -> Array:
    """Return leads without what is left of 50 Hz: binomial weights over five samples, zero at half the sampling rate."""
    held = np.pad(plain, ((0, 0), (2, 2)), mode="edge")
    n = plain.shape[1]
    weighted = (weight * held[:, at : at + n] for at, weight in enumerate((1.0, 4.0, 6.0, 4.0, 1.0)))
    return np.asarray(sum(weighted) / 16)


def _moments(signal: Array) -> tuple[Array, Array]:
    """Return kurtosis and skewness of rows whose mean is zero."""
    square = np.square(signal)
    power = square.mean(axis=1) + _TINY**2
    return np.square(square).mean(axis=1) / power**2, (square * signal).mean(axis=1) / power**1.5


def _power_shares(wide: Array) -> Array:
    """Return the logarithm of each band's share of the power between 1 and 40 Hz [bands, n]."""
    power = np.abs(rfft(wide * np.hanning(wide.shape[1]))) ** 2
    at_hz = np.arange(power.shape[1]) * FS_HZ / wide.shape[1]
    shares = np.stack([power[:, (at_hz >= low) & (at_hz < high)].sum(axis=1) for low, high in _BANDS_HZ])
    return np.asarray(np.log(shares / (shares.sum(axis=0) + _TINY**2) + 1e-4))


def _baseline_power(unfiltered: Array, wide: Array) -> Array:
    """Return the logarithm of the power that the filter removed over the power that it kept."""
    removed = np.square(unfiltered - wide).mean(axis=1)
    return np.asarray(np.log((removed + _TINY**2) / (np.square(wide).mean(axis=1) + _TINY**2) + 1e-4))


def _zero_crossings(wide: Array) -> Array:
    """Return crossings of zero per second."""
    return np.asarray((np.diff(wide > 0, axis=1) != 0).sum(axis=1) / (wide.shape[1] / FS_HZ))


def _still_share(wide: Array) -> Array:
    """Return the share of steps below a fiftieth of the largest."""
    steps = np.abs(np.diff(wide, axis=1))
    return np.asarray((steps < 0.02 * steps.max(axis=1, keepdims=True)).mean(axis=1))


def _periodicity(envelope: Array) -> Array:
    """Return the largest autocorrelation of the envelope at lags of 0.3 to 2 s."""
    moved = envelope - envelope.mean(axis=1, keepdims=True)
    n = envelope.shape[1]
    size = next_fast_len(2 * n)
    products = irfft(np.abs(rfft(moved, size)) ** 2, size)
    lags = np.arange(round(0.3 * FS_HZ), min(round(2.0 * FS_HZ), n - 1))
    if not len(lags):
        return np.zeros(len(envelope))
    scaled = products[:, lags] / (n - lags) * n
    return np.asarray(scaled.max(axis=1) / np.maximum(products[:, 0], _TINY**2))
