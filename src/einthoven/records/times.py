"""Take the sampling rate from the times beside the samples, and find where samples are lost."""

import re
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "ns": 1e-9, "min": 60.0}
"""Length of each unit of time in seconds."""
_CLOCK = re.compile(r"(?:(\d{1,3}):)?(\d{1,3}):(\d\d)(?:[.,:](\d+))?")
_PLAUSIBLE_HZ = (64.0, 10_000.0)
_DAY_S = 86_400.0
_MOST_JUMPS, _AROUND = 10_000, 50
_MOST_ADDED = 3.0
"""Missing samples that are added for lost ones, at most, for each sample that is there."""


@dataclass(frozen=True)
class Timing:
    """What the times beside the samples say."""

    fs_hz: float | None
    """Sampling rate; None if they do not say it."""
    rows: NDArray[np.int64] | None = None
    """Place of each sample, counted in samples, where samples were lost between them; None if none were."""
    remark: str = ""
    """What is odd about them."""


def timing_of(times: Array, unit: str = "", at: NDArray[np.int64] | None = None) -> Timing:
    """Read a column of times.

    Parameters
    ----------
    times : array [n]
        The times, in any unit; equal stamps for the samples of a packet are allowed.
    unit : str
        A key of :data:`SECONDS`; empty if it is unknown, then the one that gives a rate of an ECG is taken.
    at : array [n], optional
        Sample number of each time, if there is not one for every sample.

    Returns
    -------
    Timing
    """
    at = np.arange(len(times)) if at is None else at
    good = np.isfinite(times)
    times, at = times[good], at[good]
    if len(times) < 3:
        return Timing(None)
    steps = np.diff(times)
    if (steps < 0).any():
        return Timing(None, remark="does not rise throughout")
    first = np.flatnonzero(np.concatenate(([True], steps > 0)))
    if len(first) < 3:
        return Timing(None, remark="does not rise")
    stamps, places = times[first], at[first]
    period = _period(stamps, places)
    scale = SECONDS[unit] if unit else _scale(period, stamps[0])
    if scale is None:
        return Timing(None, remark="is in no unit of time that gives the rate of an ECG")
    is_packets = len(first) < 0.7 * len(times)
    lost = _lost(stamps, places, period, is_packets)
    n_lost = int(lost.sum())
    fs_hz = _rounded(stamps, places, lost, period, scale)
    if not n_lost or len(at) < len(good) or at[-1] != len(good) - 1:
        return Timing(fs_hz)
    if n_lost > _MOST_ADDED * len(good):
        return Timing(fs_hz, remark=f"jumps by {n_lost * period * scale:,.0f} s: more is missing than recorded")
    added = np.zeros(len(good), np.int64)
    added[places[1:]] = lost
    return Timing(fs_hz, np.arange(len(good)) + np.cumsum(added))


def seconds_of(stamps: list[str]) -> Array:
    """Read times of day or of a recording: ``10:00:00.004``, ``2026-01-01T10:00:00.004``, ``0:00.004``.

    Parameters
    ----------
    stamps : list of str
        The stamps; their dates are not read, and midnight is passed.

    Returns
    -------
    array [n], s
        Seconds since an unknown midnight; NaN for a stamp without a time.
    """
    seconds = np.full(len(stamps), np.nan)
    for at, stamp in enumerate(stamps):
        match = _CLOCK.search(stamp)
        if match:
            hours, minutes, whole, part = match.groups()
            seconds[at] = int(hours or 0) * 3600 + int(minutes) * 60 + int(whole) + float(f"0.{part or 0}")
    back = np.flatnonzero(np.diff(seconds) < -_DAY_S / 2)
    for at in back.tolist():
        seconds[at + 1 :] += _DAY_S
    return seconds


def _period(stamps: Array, places: NDArray[np.int64]) -> float:
    """Return the time of one sample: the usual step over stretches, which jumps and rounded stamps do not change."""
    n = max(1, (len(stamps) - 1) // 64)
    spans = (stamps[n:] - stamps[:-n]) / (places[n:] - places[:-n])
    return float(np.median(spans))


def _scale(period: float, first: float) -> float | None:
    """Return the unit, in seconds, that gives the rate of an ECG; stamps since 1970 show it by their size."""
    epochs = ((1e17, 1e-9), (1e14, 1e-6), (1e11, 1e-3), (1e8, 1.0))
    since = next((scale for least, scale in epochs if first > least), None)
    if since is not None and _PLAUSIBLE_HZ[0] <= 1 / (period * since) <= _PLAUSIBLE_HZ[1]:
        return since
    for scale in (1.0, 1e-3, 1e-6, 1e-9):
        if _PLAUSIBLE_HZ[0] <= 1 / (period * scale) <= _PLAUSIBLE_HZ[1]:
            return scale
    return None


def _lost(stamps: Array, places: NDArray[np.int64], period: float, is_packets: bool) -> NDArray[np.int64]:
    """Return how many samples were lost before each stamp: where the times run ahead of the samples, and stay ahead."""
    ahead = (stamps - stamps[0]) / period - (places - places[0])
    jumps = np.diff(ahead)
    lost = np.zeros(len(jumps), np.int64)
    candidates = np.flatnonzero(jumps >= (20.0 if is_packets else 1.6))
    if len(candidates) > _MOST_JUMPS:
        return lost
    for at in candidates:
        before, after = ahead[max(0, at - _AROUND) : at + 1], ahead[at + 1 : at + 1 + _AROUND]
        if after.min() - before.max() >= 0.75 * jumps[at]:
            lost[at] = int(np.rint(np.median(after[:8]) - np.median(before[-8:])))
    return lost


def _rounded(stamps: Array, places: NDArray[np.int64], lost: NDArray[np.int64], period: float, scale: float) -> float:
    """Return the rate over the whole recording; a whole number where the stamps are too coarse to tell it from that."""
    n = int(places[-1] - places[0] + lost.sum())
    span = stamps[-1] - stamps[0]
    fs_hz = float(n / (span * scale))
    wholes = np.unique(np.round(np.diff(stamps[:2000]) / period, 5)) * period
    resolution = float(wholes[1] - wholes[0]) if len(wholes) > 1 else 0.0
    steps = places[-1] - places[0]
    is_packets = steps > 2 * (len(stamps) - 1)
    tolerance = max(2 * resolution / span, 2e-5, 2e-3 if is_packets else 0.0)
    whole = round(fs_hz)
    return float(whole) if whole and abs(fs_hz / whole - 1) <= tolerance else fs_hz
