"""Measure heart rate variability in the time domain, from intervals between normal beats alone.

Source: Task Force of the European Society of Cardiology and the North American Society of Pacing and Electrophysiology 1996,
Circulation 93:1043, section "Time domain methods".
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

LEAST_S = 300.0
"""Least time in intervals between normal beats, s: five minutes, the Task Force's short recording."""
LEAST_NORMAL = 0.8
"""Least share of normal intervals among all intervals."""
_SEGMENT_S = 300.0
_LEAST_SEGMENTS = 12
_NN50_S = 0.05


@dataclass(frozen=True)
class Variability:
    """Variability of the intervals between normal beats; None for what is refused."""

    sdnn_ms: float | None
    """Standard deviation of all intervals, ms."""
    sdann_ms: float | None
    """Standard deviation of the means of five-minute segments, ms; an hour at least."""
    rmssd_ms: float | None
    """Root mean square of differences between successive intervals, ms."""
    pnn50: float | None
    """Share of successive differences over 50 ms, 0 to 1."""
    n: int
    """Number of intervals between normal beats."""
    reason: str = ""
    """Why it is refused; empty if it is not."""


def variability_of(times_s: Array, normal: Array, follows: Array, is_irregular: bool) -> Variability:
    """Measure the variability.

    Parameters
    ----------
    times_s : array [n], s
        Times of the beats, ascending.
    normal : array of bool [n]
        Which are normal.
    follows : array of bool [n]
        Whether each beat follows the one before it directly.
    is_irregular : bool
        Whether a part of the recording is in fibrillation or another irregular rhythm: it is refused then.

    Returns
    -------
    Variability
    """
    rr_s = np.diff(times_s)
    linked = np.asarray(follows[1:], bool)
    between_normal = linked & normal[1:] & normal[:-1]
    nn_s = rr_s[between_normal]
    reason = ""
    if is_irregular:
        reason = "fibrillation in part of the recording"
    elif nn_s.sum() < LEAST_S:
        reason = f"{nn_s.sum():.0f} s between normal beats; {LEAST_S:.0f} s are needed"
    elif between_normal.sum() < LEAST_NORMAL * max(1, linked.sum()):
        reason = f"{between_normal.sum() / max(1, linked.sum()):.0%} of the intervals are between normal beats; 80% are needed"
    if reason:
        return Variability(None, None, None, None, len(nn_s), reason)
    in_a_row = between_normal[1:] & between_normal[:-1]
    steps_s = np.diff(rr_s)[in_a_row]
    return Variability(
        sdnn_ms=float(1000 * nn_s.std(ddof=1)),
        sdann_ms=_sdann_ms(times_s[1:][between_normal], nn_s),
        rmssd_ms=float(1000 * np.sqrt(np.square(steps_s).mean())) if len(steps_s) else None,
        pnn50=float((np.abs(steps_s) > _NN50_S).mean()) if len(steps_s) else None,
        n=len(nn_s),
    )


def _sdann_ms(ends_s: Array, nn_s: Array) -> float | None:
    segment = (ends_s // _SEGMENT_S).astype(int)
    means = [
        nn_s[segment == at].mean() for at in np.unique(segment) if (segment == at).sum() * nn_s.mean() > _SEGMENT_S / 2
    ]
    return float(1000 * np.std(means, ddof=1)) if len(means) >= _LEAST_SEGMENTS else None
