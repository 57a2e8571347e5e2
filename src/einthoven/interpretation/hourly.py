"""Split an interpretation into hours: heart rate, ectopic beats, pauses, fibrillation and unreadable time of each."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from einthoven.interpretation.ectopy import ECTOPIC
from einthoven.interpretation.rate import TOGETHER

if TYPE_CHECKING:
    from einthoven.interpretation.ectopy import Ectopy
    from einthoven.interpretation.episodes import Episodes
    from einthoven.signal.quality import Quality

Array = NDArray[Any]

HOUR_S = 3600.0
_FIBRILLATION = "A"


@dataclass(frozen=True)
class Hour:
    """What one hour of a recording shows; None where it is not known."""

    start_s: float
    """Where it begins, s."""
    end_s: float
    """Where it ends, s: of the last hour, where the recording ends."""
    n_beats: int
    """Number of heartbeats."""
    mean_bpm: float | None
    """Mean heart rate."""
    min_bpm: float | None
    """Lowest heart rate over eight intervals in a row."""
    min_at_s: float | None
    """Where these eight intervals begin, s."""
    max_bpm: float | None
    """Highest heart rate over eight intervals in a row."""
    max_at_s: float | None
    """Where these eight intervals begin, s."""
    ectopic: dict[str, int]
    """Number of ectopic beats, by class; empty where beats are not assessed."""
    pauses: int | None
    """Number of pauses."""
    longest_pause_s: float | None
    """Length of the longest; None where there is none, too."""
    af_s: float | None
    """Time in atrial fibrillation, s."""
    unreadable_s: float
    """Time in which no lead is readable, s."""


def hours_of(
    beats_s: Array,
    follows: Array,
    seen: "Quality",
    duration_s: float,
    rhythm: "Episodes | None" = None,
    ectopy: "Ectopy | None" = None,
    span_s: float = HOUR_S,
) -> tuple[Hour, ...]:
    """Split a recording into hours, or other spans.

    Parameters
    ----------
    beats_s : array [n], s
        Times of all heartbeats, ascending.
    follows : array of bool [n]
        Whether each beat follows the one before it directly.
    seen : Quality
        Quality of the leads.
    duration_s : float, s
        Length of the recording.
    rhythm : Episodes, optional
        Its rhythms.
    ectopy : Ectopy, optional
        Its ectopic beats.
    span_s : float, s
        Length of a span.

    Returns
    -------
    tuple of Hour
        In order; the last may be shorter.
    """
    starts = np.arange(0.0, duration_s, span_s)
    return tuple(
        _hour(float(start), float(min(start + span_s, duration_s)), beats_s, follows, seen, rhythm, ectopy)
        for start in starts
    )


def _hour(
    start_s: float,
    end_s: float,
    beats_s: Array,
    follows: Array,
    seen: "Quality",
    rhythm: "Episodes | None",
    ectopy: "Ectopy | None",
) -> Hour:
    first, last = np.searchsorted(beats_s, (start_s, end_s))
    # An interval across two hours counts in neither.
    times, linked = beats_s[first:last], np.asarray(follows[first + 1 : last], bool)
    rr_s = np.diff(times)
    low, high = _extremes(times, rr_s, linked)
    inside = [] if ectopy is None else [one for one in ectopy.pauses if start_s <= one.start_s < end_s]
    return Hour(
        start_s,
        end_s,
        n_beats=int(last - first),
        mean_bpm=60 / float(rr_s[linked].mean()) if linked.any() else None,
        min_bpm=low[0],
        min_at_s=low[1],
        max_bpm=high[0],
        max_at_s=high[1],
        ectopic={} if ectopy is None else _counted(ectopy, start_s, end_s),
        pauses=None if ectopy is None else len(inside),
        longest_pause_s=max((one.length_s for one in inside), default=None),
        af_s=None if rhythm is None else _overlap(rhythm, start_s, end_s),
        unreadable_s=unreadable_s(seen, start_s, end_s),
    )


Extreme = tuple[float | None, float | None]


def _extremes(times: Array, rr_s: Array, linked: Array) -> tuple[Extreme, Extreme]:
    """Return the lowest and the highest rate over eight intervals in a row, each with its time."""
    if len(rr_s) < TOGETHER:
        return (None, None), (None, None)
    whole = np.lib.stride_tricks.sliding_window_view(linked, TOGETHER).all(axis=1)
    at = np.flatnonzero(whole)
    if not len(at):
        return (None, None), (None, None)
    rates = 60 * TOGETHER / (times[at + TOGETHER] - times[at])
    low, high = int(rates.argmin()), int(rates.argmax())
    return (float(rates[low]), float(times[at[low]])), (float(rates[high]), float(times[at[high]]))


def _counted(ectopy: "Ectopy", start_s: float, end_s: float) -> dict[str, int]:
    inside = (ectopy.times_s >= start_s) & (ectopy.times_s < end_s)
    here = ectopy.classes[inside]
    return {beat: int((here == beat).sum()) for beat in ECTOPIC if beat in ectopy.counts}


def _overlap(rhythm: "Episodes", start_s: float, end_s: float) -> float:
    spans = [(max(one.start_s, start_s), min(one.end_s, end_s)) for one in rhythm.of(_FIBRILLATION)]
    return float(sum(max(0.0, end - start) for start, end in spans))


def unreadable_s(seen: "Quality", start_s: float, end_s: float) -> float:
    """Return the time between two moments in which no lead is readable.

    Parameters
    ----------
    seen : Quality
        Quality of the leads.
    start_s, end_s : float, s
        The moments.

    Returns
    -------
    float, s
    """
    bounds_s = seen.bounds / seen.fs_hz
    starts, ends = np.clip(bounds_s[:-1], start_s, end_s), np.clip(bounds_s[1:], start_s, end_s)
    return float((ends - starts)[~seen.readable_in_any].sum())
