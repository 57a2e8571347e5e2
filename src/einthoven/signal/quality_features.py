"""Measure stretches of one lead for the index of signal quality; amplitudes do not count, only shapes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal import quality_peaks
from einthoven.signal.filters import band_pass
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
    from scipy.fft import irfft, next_fast_len, rfft

    moved = envelope - envelope.mean(axis=1, keepdims=True)
    n = envelope.shape[1]
    size = next_fast_len(2 * n, real=True)
    products = irfft(np.abs(rfft(moved, size, axis=1)) ** 2, size, axis=1)
    lags = np.arange(round(0.3 * FS_HZ), min(round(2.0 * FS_HZ), n - 1))
    if not len(lags):
        return np.zeros(len(envelope))
    scaled = products[:, lags] / (n - lags) * n
    return np.asarray(scaled.max(axis=1) / np.maximum(products[:, 0], _TINY**2))
