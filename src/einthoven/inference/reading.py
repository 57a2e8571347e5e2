"""Look at a record before it is classified: beats that were given, lead quality, heartbeats, missing samples."""

import numpy as np
from numpy.typing import ArrayLike, NDArray

from einthoven.errors import ConfigurationFault
from einthoven.records.record import Record
from einthoven.signal import heartbeats, quality

_BEST_FIRST = ("good", "noisy", "clipped", "missing", "flat")


def checked_beats(beats: ArrayLike, record: Record) -> NDArray[np.int64]:
    """Return beats as sample numbers [n].

    Parameters
    ----------
    beats : array-like of int [n]
        What was given.
    record : Record
        The record that they belong to.

    Raises
    ------
    ConfigurationFault
        Where they are not integers, not in increasing order, or not within the record.
    """
    given = np.asarray(beats)
    found = ""
    if given.ndim != 1:
        found = f"an array of shape {list(given.shape)}"
    elif given.size and given.dtype.kind not in "iu":
        found = f"values of type {given.dtype}, e.g. {given[0]}"
    elif given.size and (given.min() < 0 or given.max() >= record.n_samples):
        found = f"beats from {given.min()} to {given.max()}; the record has {record.n_samples:,} samples"
    elif (given[1:] <= given[:-1]).any():
        found = f"{given[np.flatnonzero(given[1:] <= given[:-1])[0] + 1]} is not after the beat before it"
    if found:
        raise ConfigurationFault(
            f"These beats cannot be beats of {record.source or record.name}.",
            found=found,
            expected=f"integers from 0 to {record.n_samples - 1}, each larger than the one before (sample numbers)",
            remedy="model(record)      detects the beats; or sort them and leave duplicates out: np.unique(beats)",
        )
    return given.astype(np.int64)


def poor(verdicts: tuple[quality.LeadQuality, ...]) -> list[str]:
    """Return a remark for each lead whose quality is not good.

    Parameters
    ----------
    verdicts : tuple of LeadQuality
        One for each lead.

    Returns
    -------
    list of str
        A sentence for each of these leads.
    """
    return [f"Lead {row.lead} is {row.verdict}: {row.reason}." for row in verdicts if row.verdict != "good"]


def clearest_lead(
    used_mv: NDArray[np.float32], verdicts: tuple[quality.LeadQuality, ...], fs_hz: float
) -> tuple[NDArray[np.float32], NDArray[np.int64], int]:
    """Return the lead of best quality.

    Parameters
    ----------
    used_mv : array [leads, samples], mV
        The leads used.
    verdicts : tuple of LeadQuality
        One for each of them.
    fs_hz : float, Hz
        Sampling rate.

    Returns
    -------
    lead_mv : array [samples], mV
        The lead, with its gaps filled.
    beats : array [n], sample numbers
        Its heartbeats; none in a lead that is flat or missing.
    at : int
        Its number.
    """
    at = min(range(len(verdicts)), key=lambda lead: _BEST_FIRST.index(verdicts[lead].verdict))
    lead_mv = quality.interpolated(used_mv[at])
    is_silent = verdicts[at].verdict in ("flat", "missing")
    return lead_mv, np.zeros(0, np.int64) if is_silent else heartbeats.find(lead_mv, fs_hz), at


def any_missing(
    signal_mv: NDArray[np.float32], starts: NDArray[np.int64], ends: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Return for each span of samples whether one is missing in any lead.

    Parameters
    ----------
    signal_mv : array [leads, samples], mV
        The signal; NaN where a sample is missing.
    starts, ends : array of int [n], sample numbers
        Beginning and end of each span.

    Returns
    -------
    array of bool [n]
        Whether one is.
    """
    gone = np.concatenate(([0], np.cumsum(~np.isfinite(signal_mv).all(axis=0))))
    return np.asarray(gone[np.minimum(ends, signal_mv.shape[1])] > gone[np.maximum(starts, 0)])
