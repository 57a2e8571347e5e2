"""Look at a record before it is classified: beats that were given, lead quality, heartbeats, missing samples."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from einthoven.errors import ConfigurationFault, RecordUnreadable
from einthoven.records.record import Record
from einthoven.signal import heartbeats
from einthoven.signal.gaps import filled_pieces
from einthoven.signal.heartbeat_network import evidence
from einthoven.signal.preparation import Preparation
from einthoven.signal.quality import VERDICTS, Quality

_NEAR_S = 0.3


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


def require_length(record: Record, least_s: float, model: str, reason: str) -> None:
    """Refuse a record that is too short for a model.

    Parameters
    ----------
    record : Record
        The record.
    least_s : float, seconds
        Shortest record that the model answers.
    model : str
        Name of the model.
    reason : str
        What the seconds are needed for.

    Raises
    ------
    RecordUnreadable
        If it is shorter.
    """
    if record.duration_s < least_s:
        raise RecordUnreadable(
            f"{record.source or record.name} is too short for {model}.",
            found=f"{record.duration_s:.2f} s",
            expected=f"at least {least_s:g} s, {reason}",
            remedy="use a longer recording",
        )


def remarks_on(quality: Quality) -> list[str]:
    """Return remarks on the leads that are not good throughout.

    Parameters
    ----------
    quality : Quality
        Quality of the leads used.

    Returns
    -------
    list of str
        A sentence for leads that are alike: their verdicts and how many seconds they hold.
    """
    found: dict[str, list[str]] = {}
    for lead in quality.leads:
        rows = [row for row in quality.stretches if row.lead == lead]
        seconds = {name: sum(row.end_s - row.start_s for row in rows if row.verdict == name) for name in VERDICTS}
        bad = {name: value for name, value in seconds.items() if value and name != "good"}
        if len(bad) == 1 and len(rows) == 1:
            found.setdefault(f"{rows[0].verdict}: {rows[0].reason}", []).append(lead)
        elif bad:
            listed = ", ".join(f"{value:.0f} s {name}" for name, value in bad.items())
            found.setdefault(f"not good throughout: {listed} of {sum(seconds.values()):.0f} s", []).append(lead)
    return [f"Lead{'s' * (len(names) > 1)} {', '.join(names)}: {what}." for what, names in found.items()]


def find_heartbeats(
    used_mv: NDArray[np.float32], quality: Quality, network: Callable[[NDArray[Any]], NDArray[Any]] = evidence
) -> NDArray[np.int64]:
    """Find heartbeats in all leads together.

    Parameters
    ----------
    used_mv : array [leads, samples], mV
        The leads used, NaN where samples are missing.
    quality : Quality
        Their quality.
    network : callable
        Takes prepared leads and returns their evidence.

    Returns
    -------
    array of int [n], sample numbers
        In increasing order. None where all leads are flat or missing.
    """
    pieces = filled_pieces(used_mv, round(heartbeats.PIECE_S * quality.fs_hz))
    found = heartbeats.find_in(pieces, quality.fs_hz, network)
    return np.asarray(found[~quality.silent[quality.at(found)]])


def poor_lead(quality: Quality, begin: int, end: int) -> str:
    """Return the worst lead in the stretches of a beat or window and what is wrong with it, or an empty text.

    Parameters
    ----------
    quality : Quality
        Quality of the leads used.
    begin, end : int, sample numbers
        The first sample, and the one after the last; of a beat both are its sample.

    Returns
    -------
    str
        Such as ``noisy lead II``.
    """
    first, last = quality.at(np.array([begin, max(begin, end - 1)])).tolist()
    verdicts = quality.verdicts[:, first : last + 1].max(axis=1)
    worst = int(verdicts.argmax())
    return f"{VERDICTS[verdicts[worst]]} lead {quality.leads[worst]}" if verdicts[worst] else ""


def span_of_beats(preparation: Preparation, fs_hz: float) -> tuple[int, int]:
    """Return how far around a beat missing samples make it doubtful: within its window, and 0.3 s at least.

    Parameters
    ----------
    preparation : Preparation
        Settings of a model of beats.
    fs_hz : float, Hz
        Sampling rate of the record.

    Returns
    -------
    before, after : int
        Samples before and after the beat.
    """
    before_s = preparation.before / preparation.fs_hz
    spans_s = (before_s, preparation.window_s - before_s)
    before, after = (round(max(_NEAR_S, span_s) * fs_hz) for span_s in spans_s)
    return before, after
