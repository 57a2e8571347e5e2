"""Turn the evidence of several leads into heartbeats: join the leads, take the peaks, and place them on the R peak.

Each step looks at most :data:`AHEAD_S` seconds ahead, so that a stream finds the beats of the whole record.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal.heartbeat_network import EVIDENCE_HZ

Array = NDArray[Any]

LIMIT = 0.25
"""Least evidence of a heartbeat, chosen on records of DS1, SVDB and LUDB that trained nothing."""
LEAST_SURE = 0.4
"""Least :func:`sureness` of the last six seconds and the next half; below it there is noise without a heart."""
CLEAR, REMEMBERED_S = 0.55, 30.0
"""Sureness at which a heart is clear, and for how long it is then taken to go on in noise, s."""
NEVER = -(10**9)
"""Place before any evidence."""
BEHIND_S, AHEAD_S = 9.7, 1.3
"""Seconds of earlier and of later evidence or signal that a beat depends on, rounded up."""
MOVED_S = 0.1
"""Seconds that a beat may be before its evidence, rounded up."""
_APART_S = 0.2
_SURE_S, _HEART_S = (3.0, 0.5), (6.0, 0.5)
_SHARPNESS = 5.0
_TINY = 1e-3
_PREFERRED = 1.5
_REACH_S, _NARROW_S, _SPAN_S = 0.06, 0.07, 0.15


def joined(evidence: Array) -> Array:
    """Join the evidence of leads, each weighted by how sure it is of its beats in the last three seconds and the next half.

    Parameters
    ----------
    evidence : array [leads, n]
        Evidence at 64 Hz, 0 to 1.

    Returns
    -------
    array [n]
    """
    if len(evidence) == 1:
        return np.asarray(evidence[0])
    weight = sureness(evidence, _SURE_S) ** _SHARPNESS + _TINY
    return np.asarray((weight * evidence).sum(axis=0) / weight.sum(axis=0))


def sureness(evidence: Array, around_s: tuple[float, float]) -> Array:
    """Return how sure each lead is of the beats around each time: the mean evidence where it sees any.

    Parameters
    ----------
    evidence : array [leads, n]
        Evidence at 64 Hz, 0 to 1.
    around_s : tuple of float, s
        How much before and after each time counts.

    Returns
    -------
    array [leads, n]
        0 to 1; low where a lead sees no beats, or many that may be none.
    """
    span = tuple(round(part * EVIDENCE_HZ) for part in around_s)
    return np.asarray(_summed(evidence * evidence, *span) / (_summed(evidence, *span) + 1.0))


def _summed(values: Array, before: int, after: int) -> Array:
    """Return the sum of values [leads, n] from some places before each to some after it."""
    sums = np.cumsum(np.pad(values.astype(np.float64), ((0, 0), (before + 1, after))), axis=1)
    return np.asarray(sums[:, before + after + 1 :] - sums[:, : -before - after - 1])


def last_clear(evidence: Array, first: int = 0, before: int = NEVER) -> Array:
    """Return for each place the last one up to it at which a heart is clear.

    Parameters
    ----------
    evidence : array [n]
        Evidence at 64 Hz.
    first : int
        First place that counts; those ahead of it counted before.
    before : int
        The last such place among those.

    Returns
    -------
    array of int [n]
    """
    places = np.arange(len(evidence))
    clear = (sureness(evidence[None], _HEART_S)[0] > CLEAR) & (places >= first)
    return np.asarray(np.maximum.accumulate(np.where(clear, places, before)))


def peaks(evidence: Array, clear: Array) -> Array:
    """Return where the evidence is above the limit and higher than anywhere within 0.2 s, and there seems to be a heart.

    Parameters
    ----------
    evidence : array [n]
        Evidence at 64 Hz.
    clear : array of int [n]
        What :func:`last_clear` returned.

    Returns
    -------
    array of int [k]
    """
    reach = round(_APART_S * EVIDENCE_HZ)
    at = np.flatnonzero(evidence > LIMIT)
    held = np.pad(evidence, reach, constant_values=-1.0)
    near = held[at[:, None] + np.arange(2 * reach + 1)]
    at = at[near.argmax(axis=1) == reach]
    is_recent = at - clear[at] <= REMEMBERED_S * EVIDENCE_HZ
    return np.asarray(at[is_recent | (sureness(evidence[None], _HEART_S)[0, at] > LEAST_SURE)])


def placed(at: Array, evidence: Array, begins: int, signal_mv: Array, fs_hz: float) -> NDArray[np.int64]:
    """Return the sample numbers of beats: between the values of the evidence, and on the R peak where the complex is narrow.

    A wide complex has no sharp peak; its largest deflection may be its end. It stays where the network has it.

    Parameters
    ----------
    at : array of int [k]
        Peaks of the joined evidence.
    evidence : array [leads, n]
        Evidence of the leads.
    begins : int
        Place of the first value of the evidence, counted from the first sample of the leads.
    signal_mv : array [leads, samples], mV
        The leads. The R peak is that of the first, or of a lead that is far surer there.
    fs_hz : float, Hz
        Their sampling rate.

    Returns
    -------
    array of int64 [k], sample numbers
    """
    if not len(at):
        return np.zeros(0, np.int64)
    held = np.pad(joined(evidence), 1, mode="edge")
    before, here, after = held[at], held[at + 1], held[at + 2]
    bend = np.minimum(before - 2 * here + after, -1e-6)
    between = np.clip(0.5 * (before - after) / bend, -0.5, 0.5)
    rough = np.floor((begins + at + between) / EVIDENCE_HZ * fs_hz + 0.5).astype(np.int64)
    rough = np.clip(rough, 0, signal_mv.shape[1] - 1)
    if len(signal_mv) == 1:
        return _on_narrow(rough, signal_mv[0], fs_hz)
    sure = sureness(evidence, _SURE_S)[:, at]
    sure[0] *= _PREFERRED
    by_lead = np.stack([_on_narrow(rough, lead, fs_hz) for lead in signal_mv])
    return np.asarray(by_lead[sure.argmax(axis=0), np.arange(len(at))])


def _on_narrow(rough: Array, signal_mv: Array, fs_hz: float) -> NDArray[np.int64]:
    """Move beats to the largest deflection within 60 ms where it is narrow at half of its height."""
    reach, span = max(1, round(_REACH_S * fs_hz)), max(2, round(_SPAN_S * fs_hz))
    held = np.pad(np.asarray(signal_mv, np.float64), span, mode="edge")
    around = held[rough[:, None] + np.arange(2 * span + 1)]
    size = np.abs(around - np.median(around, axis=1, keepdims=True))
    peak = size[:, span - reach : span + reach + 1].argmax(axis=1) + span - reach
    low = size < 0.5 * size[np.arange(len(rough)), peak][:, None]
    places = np.arange(2 * span + 1)
    since = np.where(low & (places < peak[:, None]), places, -1).max(axis=1)
    until = np.where(low & (places > peak[:, None]), places, 2 * span + 1).min(axis=1)
    narrow = (until - since - 1) <= max(1.0, _NARROW_S * fs_hz)
    return np.asarray(np.where(narrow, np.clip(rough + peak - span, 0, len(signal_mv) - 1), rough), np.int64)
