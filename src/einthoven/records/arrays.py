"""Read recordings in arrays: NPY, and the variables of files that hold several arrays (NPZ, MATLAB, HDF5, JSON)."""

import re
import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import RecordUnreadable
from einthoven.records import ours
from einthoven.records import table_words as words
from einthoven.records.facts import Facts, record_of
from einthoven.records.plain import from_plain
from einthoven.records.record import Record
from einthoven.records.stated import NOTHING, Stated
from einthoven.records.table_columns import Columns, rows_and_facts
from einthoven.records.times import SECONDS
from einthoven.signal.lead_names import known_lead
from einthoven.signal.leads import canonical

Value = NDArray[Any] | str | list[str]
"""A variable: numbers, a text, or several texts."""

_SIGNAL_NAMES = (
    "val",
    "ecg",
    "ekg",
    "signal",
    "signals",
    "p_signal",
    "data",
    "tracings",
    "waveform",
    "samples",
    "x",
    "y",
)
_LEADS_KEY = re.compile(
    r"((lead|sig|signal|ch|channel)_?names?|leads?|channels?|labels?|columns|names)$", re.IGNORECASE
)
_LEAST_SAMPLES, _MOST_LEADS = 64, 64


def read_npy(path: Path, stated: Stated = NOTHING) -> Record:
    """Read an array [leads, samples], [samples, leads] or [samples].

    Parameters
    ----------
    path : Path
        The file.
    stated : Stated
        What the user states.

    Returns
    -------
    Record

    Raises
    ------
    RecordUnreadable
        If the file is not an array of numbers, or the number of leads differs.
    StatementMissing
        If sampling rate, leads or unit are not stated.
    """
    try:
        values = np.load(path, mmap_mode="r", allow_pickle=False)
    except Exception as error:
        raise no_array(path, "no complete NPY array of numbers") from error
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "iuf":
        raise no_array(path, f"an array of {getattr(values, 'dtype', type(values).__name__)}")
    if (said := ours.beside_npy(path)) is not None:
        return from_plain(said, np.asarray(values), path, stated)
    return record_of_array(path, np.asarray(values), Facts(), stated)


def record_of_array(
    path: Path, values: NDArray[Any], facts: Facts, stated: Stated, times: NDArray[Any] | None = None, opened: str = ""
) -> Record:
    """Make a record of one array, whichever way round it is.

    Parameters
    ----------
    path : Path
        The file.
    values : array [leads, samples], [samples, leads], [samples] or with a first axis of one recording
        The numbers.
    facts : Facts
        What the file says.
    stated : Stated
        What the user states.
    times : array [samples], optional
        Times beside the samples.
    opened : str
        Python that opens the array, for the remedy against several recordings in one array.

    Returns
    -------
    Record

    Raises
    ------
    RecordUnreadable
        If it is not one recording, or the number of leads differs.
    StatementMissing
        If sampling rate, leads or unit are neither in the file nor stated.
    """
    while values.ndim > 2 and 1 in values.shape:
        values = values.squeeze(values.shape.index(1))
    if values.ndim == 1:
        values = values[None]
    if values.ndim == 3:
        raise _several(path, values.shape, opened)
    if values.ndim != 2 or not values.size:
        raise no_array(path, f"an array of shape {values.shape}")
    n_leads = len(stated.leads or facts.leads)
    is_turned = values.shape[1] == n_leads if n_leads in values.shape else values.shape[0] > values.shape[1]
    if is_turned and values.shape[0] != n_leads:
        values = values.T
    if min(values.shape) > _MOST_LEADS:
        raise _several(path, values.shape, opened)
    names = facts.leads if len(facts.leads) == len(values) else None
    if times is not None and times.shape == (values.shape[1],):
        values = np.vstack((values, times))
        names = (*(names or (f"LEAD{at + 1}" for at in range(len(values) - 1))), "time")
    rows, facts, stated = rows_and_facts(path, Columns(values, names), facts, stated)
    return record_of(path, rows, facts, stated)


def record_of_variables(
    path: Path, variables: Mapping[str, Value], stated: Stated, facts: Facts | None = None, opened: str = ""
) -> Record:
    """Make a record of the variables of a file: the signal by its name or size, and rate, unit and leads beside it.

    Parameters
    ----------
    path : Path
        The file.
    variables : mapping of str to Value
        Its variables.
    stated : Stated
        What the user states.
    facts : Facts, optional
        What the file says otherwise.
    opened : str
        Python that opens a variable, with ``{}`` for its name.

    Returns
    -------
    Record

    Raises
    ------
    RecordUnreadable
        If no variable is a signal, or it is not one recording.
    StatementMissing
        If sampling rate, leads or unit are neither in the file nor stated.
    """
    facts = _facts(variables, facts or Facts())
    numbers = {
        name: np.asarray(value)
        for name, value in variables.items()
        if isinstance(value, np.ndarray) and value.dtype.kind in "iuf" and value.size >= _LEAST_SAMPLES
    }
    if not numbers:
        shown = ", ".join(list(variables)[:20]) or "none"
        raise no_array(path, f"no variable of at least {_LEAST_SAMPLES} numbers; variables: {shown}")
    flat = {name: np.ravel(value) for name, value in numbers.items() if max(value.shape) == value.size}
    name = _signal(numbers)
    if name in flat:
        alike = {other: value for other, value in flat.items() if value.size == flat[name].size}
        if len(alike) > 1 and (_is_time(name) or any(_is_time(other) or _is_lead(other) for other in alike)):
            columns = Columns(np.stack(list(alike.values())), tuple(_last(other) for other in alike))
            rows, facts, stated = rows_and_facts(path, columns, facts, stated)
            return record_of(path, rows, facts, stated)
        if not facts.leads and (_is_lead(name) or canonical(_last(name)) == "ECG"):
            facts = facts.but(leads=(_last(name),))
    times = next(
        (value for other, value in flat.items() if _is_time(other) and value.size in numbers[name].shape), None
    )
    others = [other for other in numbers if other != name and not _is_time(other)]
    if others:
        facts = facts.warned(f"the variable {name!r} is read; left out: {', '.join(others[:12])}")
    return record_of_array(path, numbers[name], facts, stated, times, opened.replace("{}", repr(name)))


def damaged(path: Path, what: str, error: Exception) -> RecordUnreadable:
    """Return the error for a file that cannot be opened.

    Parameters
    ----------
    path : Path
        The file.
    what : str
        Its format.
    error : Exception
        Why.

    Returns
    -------
    RecordUnreadable
    """
    return RecordUnreadable(
        f"{path} cannot be read.",
        found=f"a damaged file: {' '.join(str(error).split())[:100] or type(error).__name__}",
        expected=f"a whole {what} file",
        remedy="copy or export the file again",
    )


def no_array(path: Path, found: str) -> RecordUnreadable:
    """Return the error for a file without an array of a signal.

    Parameters
    ----------
    path : Path
        The file.
    found : str
        What is there.

    Returns
    -------
    RecordUnreadable
    """
    return RecordUnreadable(
        f"{path} cannot be read.",
        found=found,
        expected="an array of numbers [leads, samples] or [samples, leads]",
        remedy="save the recording as one array of numbers (numpy.save), or as CSV with one column a lead",
    )


def _facts(variables: Mapping[str, Value], facts: Facts) -> Facts:
    said = {_last(name).lower(): value for name, value in variables.items()}
    interval, unit_of_time = said.get("isi"), str(said.get("isi_units", "")).strip().lower()
    if isinstance(interval, np.ndarray) and interval.size == 1 and words.TIME_UNITS.get(unit_of_time) in SECONDS:
        seconds = float(interval.ravel()[0]) * SECONDS[words.TIME_UNITS[unit_of_time]]  # AcqKnowledge
        facts = (
            facts.but(fs_hz=words.whole_rate(1 / seconds), rate_source="the variable 'isi'") if seconds > 0 else facts
        )
    for written, value in variables.items():
        name = _last(written)
        if isinstance(value, np.ndarray) and value.size == 1 and value.dtype.kind in "iuf":
            number = float(value.ravel()[0])
            if facts.fs_hz is None and words.RATE_KEY.search(name) and number > 0:
                facts = facts.but(fs_hz=number, rate_source=f"the variable {name!r}")
        elif isinstance(value, str):
            unit = words.VOLTAGE_UNITS.get(words.unit_of(value))
            if facts.unit is None and unit and words.UNIT_KEY.match(name):
                facts = facts.but(unit=unit)
            rate = words.number_in(value) if facts.fs_hz is None and words.RATE_KEY.search(name) else None
            if rate:
                facts = facts.but(fs_hz=rate, rate_source=f"the variable {name!r}")
        elif isinstance(value, list) and value:
            units = {words.VOLTAGE_UNITS.get(words.unit_of(text)) for text in value}
            if words.UNIT_KEY.match(name) and len(units) == 1 and None not in units:
                facts = facts.but(unit=units.pop())
            elif not facts.leads and _LEADS_KEY.match(name):
                facts = facts.but(leads=tuple(text.strip() for text in value))
    return facts


def _signal(numbers: Mapping[str, NDArray[Any]]) -> str:
    """Return the variable that holds the signal: by its name, else the largest that is no times."""
    for wanted in _SIGNAL_NAMES:
        for name in numbers:
            if _last(name).lower() == wanted:
                return name
    leads = [name for name in numbers if _is_lead(name)]
    others = leads or [name for name in numbers if not _is_time(name)] or list(numbers)
    return max(others, key=lambda name: numbers[name].size)


def _is_time(name: str) -> bool:
    return words.TIME_NAME.fullmatch(_last(name).replace("_", " ")) is not None


def _is_lead(name: str) -> bool:
    return known_lead(_last(name)) is not None


def _last(name: str) -> str:
    return re.split(r"[/.]", name.strip("/"))[-1]


def _several(path: Path, shape: tuple[int, ...], opened: str) -> RecordUnreadable:
    one = path.with_name(f"{path.stem}-0.npy")
    python = f"import numpy as np; np.save({str(one)!r}, {opened or f'np.load({str(path)!r})'}[0])"
    return RecordUnreadable(
        f"{path} is not one recording.",
        found=f"an array of shape {shape}: {shape[0]:,} recordings or windows",
        expected="one recording [leads, samples]",
        remedy=f"python -c {shlex.quote(python)}      saves the first as {one.name}",
    )
