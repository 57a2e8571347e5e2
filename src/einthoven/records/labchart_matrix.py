"""Read what LabChart exports to MATLAB: all channels and blocks in one row of numbers, and where each of them begins."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.records.arrays import Value, damaged
from einthoven.records.facts import Facts, record_of
from einthoven.records.record import Record
from einthoven.records.stated import Stated
from einthoven.records.table_columns import Columns, rows_and_facts

_KEYS = ("data", "datastart", "dataend", "samplerate", "titles")


def is_labchart(variables: Mapping[str, Value]) -> bool:
    """Return whether the variables of a file are those that LabChart exports.

    Parameters
    ----------
    variables : mapping of str to Value
        The variables.

    Returns
    -------
    bool
    """
    return all(key in variables for key in _KEYS)


def read_labchart(path: Path, variables: Mapping[str, Value], stated: Stated) -> Record:
    """Read the longest block; channels of another rate than the ECG's, or the first one, are left out.

    Parameters
    ----------
    path : Path
        The file.
    variables : mapping of str to Value
        Its variables.
    stated : Stated
        What the user states.

    Returns
    -------
    Record

    Raises
    ------
    RecordUnreadable
        If the places of the channels lie outside the numbers.
    StatementMissing
        If leads or unit are neither in the file nor stated.
    """
    try:
        starts, ends, rates = (_table(variables[key]) for key in ("datastart", "dataend", "samplerate"))
        data, names = np.ravel(np.asarray(variables["data"])), _texts(variables["titles"])
        if not starts.shape == ends.shape == rates.shape or len(names) != len(starts):
            raise ValueError(f"{len(names)} titles for channels and blocks {starts.shape}, {ends.shape}, {rates.shape}")
        block = int(np.argmax((ends - starts).max(axis=0)))
        first, last = starts[:, block].astype(np.int64) - 1, ends[:, block].astype(np.int64)
        there = (first >= 0) & (last > first)
        if not there.any() or (last[there] > len(data)).any():
            raise ValueError(f"channels that end behind {len(data):,} samples")
        n_samples = np.where(there, last - first, 0)
        if n_samples.sum() > len(data):
            raise ValueError("channels that overlap")
        wanted = next(
            (at for at, name in enumerate(names) if there[at] and "ecg" in name.lower()), int(np.argmax(there))
        )
        kept = [at for at in range(len(names)) if there[at] and n_samples[at] == n_samples[wanted]]
        values = np.stack([data[first[at] : last[at]] for at in kept]).astype(np.float64)
        units = _units(variables, len(names), block)
    except (ValueError, TypeError, IndexError, OverflowError) as error:
        raise damaged(path, "MATLAB", error) from error
    texts = [f"the longest of {starts.shape[1]} blocks is read"] if starts.shape[1] > 1 else []
    others = [name for at, name in enumerate(names) if at not in kept]
    texts += [f"left out, because of another sampling rate: {', '.join(others)}"] if others else []
    facts = Facts(fs_hz=float(rates[wanted, block]), rate_source="the variable 'samplerate'", warnings=tuple(texts))
    columns = Columns(values, tuple(names[at] for at in kept), tuple(units[at] for at in kept))
    rows, facts, stated = rows_and_facts(path, columns, facts, stated)
    return record_of(path, rows, facts, stated)


def _table(value: Value) -> NDArray[Any]:
    """Return numbers as [channels, blocks]."""
    table = np.asarray(value, np.float64)
    return table.reshape(len(table), -1) if table.ndim else table.reshape(1, 1)


def _texts(value: Value) -> list[str]:
    return [value.strip()] if isinstance(value, str) else [str(text).strip() for text in value]


def _units(variables: Mapping[str, Value], n_channels: int, block: int) -> list[str]:
    """Return the unit of each channel as the file writes it; empty where it has none."""
    if "unittext" not in variables or "unittextmap" not in variables:
        return [""] * n_channels
    texts, at = _texts(variables["unittext"]), _table(variables["unittextmap"])[:, block].astype(int)
    return [texts[number - 1] if 1 <= number <= len(texts) else "" for number in at]
