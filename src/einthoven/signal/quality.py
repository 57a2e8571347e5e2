"""Judge whether a lead is readable: flat, clipped, missing, noisy or good, with the number that decided it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal.filters import band_pass

FLAT_MV = 0.03  # a second with a smaller range has no beat; the smallest QRS complex in diagnostic criteria is 0.5 mV
IMPLAUSIBLE_MV = 40.0  # range of a whole lead; a paced or ventricular beat seldom exceeds 10 mV
NOISY_KURTOSIS = 3.5


@dataclass(frozen=True)
class LeadQuality:
    """The quality of one lead."""

    lead: str
    """Name of the lead."""
    verdict: str
    """``good``, ``flat``, ``clipped``, ``missing`` or ``noisy``."""
    reason: str
    """The reason in words."""


def lead_quality(lead: str, signal_mv: NDArray[Any], fs_hz: float) -> LeadQuality:
    """Judge one lead.

    Limits: over 10 % missing; over half of the seconds under 0.03 mV; over 0.5 % of the samples stuck at either rail;
    kurtosis under 3.5 (the kSQI of Li, Mark and Clifford 2008, who require 5; fewer than 1 % of 200 hand-held normal recordings
    of the Challenge 2017 are below it, and about 20 % of 200 noisy ones).

    Parameters
    ----------
    lead : str
        Name of the lead.
    signal_mv : array [samples], mV
        The lead, NaN where samples are missing.
    fs_hz : float, Hz
        Its sampling rate.

    Returns
    -------
    LeadQuality
    """
    gone = ~np.isfinite(signal_mv)
    if (share := gone.mean() if len(gone) else 1.0) > 0.1:
        return LeadQuality(lead, "missing", f"{share:.0%} of the samples are missing")
    signal = interpolated(signal_mv)
    second = max(1, round(fs_hz))
    whole = signal[: len(signal) // second * second].reshape(-1, second) if len(signal) >= second else signal[None]
    still = (np.ptp(whole, axis=1) < FLAT_MV).mean()
    if still > 0.5:
        return LeadQuality(lead, "flat", f"{still:.0%} of the seconds have a range below {FLAT_MV} mV")
    stuck = _stuck_at_rails(signal)
    if stuck > 0.005:
        return LeadQuality(lead, "clipped", f"{stuck:.1%} of the samples are stuck at the largest or smallest value")
    if len(signal) >= 2 * second and fs_hz >= 80:
        sharpness = _kurtosis(signal, fs_hz)
        if not sharpness >= NOISY_KURTOSIS:
            return LeadQuality(lead, "noisy", f"no sharp QRS complexes: kurtosis {sharpness:.1f}")
    return LeadQuality(lead, "good", f"{still:.0%} flat, {stuck:.1%} clipped, {gone.mean():.0%} missing")


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


def interpolated(signal: NDArray[Any]) -> NDArray[Any]:
    """Replace missing samples by a straight line between their neighbours.

    Parameters
    ----------
    signal : array [samples]
        One lead, NaN where samples are missing.

    Returns
    -------
    array [samples], same dtype
        Zeros if all samples are missing.
    """
    gone = ~np.isfinite(signal)
    if not gone.any():
        return signal
    if gone.all():
        return np.zeros_like(signal)
    at = np.arange(len(signal))
    return np.asarray(np.interp(at, at[~gone], signal[~gone]), signal.dtype)


def _stuck_at_rails(signal: NDArray[Any]) -> float:
    """Return the share of samples in runs of four or more at the largest or the smallest value."""
    stuck = 0
    for rail in (signal.max(), signal.min()):
        at = np.flatnonzero(signal == rail)
        runs = np.split(at, np.flatnonzero(np.diff(at) > 1) + 1)
        stuck += sum(len(run) for run in runs if len(run) >= 4)
    return stuck / len(signal)


def _kurtosis(signal: NDArray[Any], fs_hz: float) -> float:
    """Return the kurtosis between 0.5 and 40 Hz, the median of pieces of four seconds: 3 for Gaussian noise."""
    piece = min(len(signal), round(4 * fs_hz))
    kept = band_pass(signal[None], fs_hz, 0.5, 40.0)[0]
    pieces = kept[: len(kept) // piece * piece].reshape(-1, piece)
    moved = pieces - pieces.mean(axis=1, keepdims=True)
    squares = np.square(moved)  # a power of four takes ten times as long as two squares
    power = squares.mean(axis=1)
    return float(np.median(np.square(squares).mean(axis=1) / np.maximum(power**2, 1e-18)))
