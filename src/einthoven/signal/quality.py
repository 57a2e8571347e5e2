"""Knows whether a lead can be read: flat, clipped, missing, noisy, or good, with the number that decided it. Mends nothing."""

from dataclasses import dataclass

import numpy as np

from einthoven.signal.filters import band_pass

FLAT_MV = 0.03  # a second whose range is below this carries no beat; the smallest QRS that criteria name is 0.5 mV
IMPLAUSIBLE_MV = 40.0  # range of a whole lead; a paced or ventricular beat seldom passes 10 mV

NOISY_KURTOSIS = 3.5


@dataclass(frozen=True)
class LeadQuality:
    """Verdict for one lead: ``good``, ``flat``, ``clipped``, ``missing`` or ``noisy``, and the reason in words."""

    lead: str
    verdict: str
    reason: str


def lead_quality(lead: str, signal_mv: np.ndarray, fs_hz: float) -> LeadQuality:
    """Judge one lead [samples] in mV, NaN where samples are missing.

    Limits: over 10 % missing; over half of the seconds under 0.03 mV; over 0.5 % of the samples stuck at either rail;
    kurtosis under 3.5 (the kSQI of Li, Mark and Clifford 2008, who ask for 5; of 200 hand-held
    normal recordings of the Challenge 2017 fewer than one in a hundred lies below, of 200 noisy ones about one in five).
    """
    gone = ~np.isfinite(signal_mv)
    if (share := gone.mean() if len(gone) else 1.0) > 0.1:
        return LeadQuality(lead, "missing", f"{share:.0%} of the samples are missing")
    signal = interpolated(signal_mv)
    second = max(1, round(fs_hz))
    whole = signal[: len(signal) // second * second].reshape(-1, second) if len(signal) >= second else signal[None]
    still = (np.ptp(whole, axis=1) < FLAT_MV).mean()
    if still > 0.5:
        return LeadQuality(lead, "flat", f"{still:.0%} of the seconds move by less than {FLAT_MV} mV")
    stuck = _stuck_at_rails(signal)
    if stuck > 0.005:
        return LeadQuality(lead, "clipped", f"{stuck:.1%} of the samples are stuck at the largest or smallest value")
    if len(signal) >= 2 * second and fs_hz >= 80:
        sharpness = _kurtosis(signal, fs_hz)
        if not sharpness >= NOISY_KURTOSIS:
            return LeadQuality(lead, "noisy", f"no sharp QRS complexes: kurtosis {sharpness:.1f}")
    return LeadQuality(lead, "good", f"{still:.0%} flat, {stuck:.1%} clipped, {gone.mean():.0%} missing")


def looks_inverted(signal_mv: np.ndarray, beats: np.ndarray, fs_hz: float) -> bool:
    """Whether most QRS complexes of a lead [samples] that ought to point up (I, II, MLII, V5) point down."""
    reach = round(0.05 * fs_hz)
    inside = beats[(beats >= reach) & (beats < len(signal_mv) - reach)]
    if len(inside) < 5:
        return False
    around = signal_mv[inside[:, None] + np.arange(-reach, reach + 1)]
    level = np.median(signal_mv)
    up, down = around.max(axis=1) - level, level - around.min(axis=1)
    return bool((down > 1.5 * up).mean() > 0.7)


def interpolated(signal: np.ndarray) -> np.ndarray:
    """The signal [samples] with missing samples on a straight line between their neighbours; zero where all is missing."""
    gone = ~np.isfinite(signal)
    if not gone.any():
        return signal
    if gone.all():
        return np.zeros_like(signal)
    at = np.arange(len(signal))
    return np.interp(at, at[~gone], signal[~gone]).astype(signal.dtype)


def _stuck_at_rails(signal: np.ndarray) -> float:
    """Share of samples in runs of four or more at the largest or the smallest value."""
    stuck = 0
    for rail in (signal.max(), signal.min()):
        at = np.flatnonzero(signal == rail)
        runs = np.split(at, np.flatnonzero(np.diff(at) > 1) + 1)
        stuck += sum(len(run) for run in runs if len(run) >= 4)
    return stuck / len(signal)


def _kurtosis(signal: np.ndarray, fs_hz: float) -> float:
    """Kurtosis between 0.5 and 40 Hz, the median of pieces of four seconds: 3 for Gaussian noise."""
    piece = min(len(signal), round(4 * fs_hz))
    kept = band_pass(signal[None], fs_hz, 0.5, 40.0)[0]
    pieces = kept[: len(kept) // piece * piece].reshape(-1, piece)
    moved = pieces - pieces.mean(axis=1, keepdims=True)
    power = np.square(moved).mean(axis=1)
    return float(np.median((moved**4).mean(axis=1) / np.maximum(power**2, 1e-18)))
