"""Turn records into plain values, and back: the content of the JSON files that are written here, and of the heads of CSV files."""

import math
from collections.abc import Mapping
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import RecordUnreadable
from einthoven.records.identity import MEASUREMENTS, Identity, MachineReading, MedianBeats
from einthoven.records.record import Annotations, Record
from einthoven.records.stated import Stated

KEY = "einthoven_recording"
"""Key by which a file of ours is known; its value is the version of the form."""
VERSION = 1
_MOST_TEXT = 100_000


def as_plain(record: Record) -> dict[str, Any]:
    """Return all of a record but its samples as plain values.

    Parameters
    ----------
    record : Record
        The record.

    Returns
    -------
    dict
        Version, ``name``, ``fs_hz``, ``unit`` (always mV), ``leads``, ``n_samples``, and where the record has them ``identity``,
        ``machine``, ``comments``, ``annotations`` and ``median_beats``.
    """
    plain: dict[str, Any] = {
        KEY: VERSION,
        "name": record.name,
        "fs_hz": record.fs_hz,
        "unit": "mV",
        "leads": list(record.leads),
        "n_samples": record.n_samples,
    }
    if record.identity:
        plain["identity"] = {name: value for name, value in asdict(record.identity).items() if value not in ("", None)}
    if record.machine:
        machine = record.machine
        plain["machine"] = {
            "statements": list(machine.statements),
            "confirmed": list(machine.confirmed),
            "measurements": dict(machine.measurements),
        }
    if record.comments:
        plain["comments"] = list(record.comments)
    if (found := record.annotations) is not None:
        plain["annotations"] = {"samples": found.samples.tolist(), "symbols": [*found.symbols], "notes": [*found.notes]}
    if (beats := record.median_beats) is not None:
        plain["median_beats"] = {
            "fs_hz": beats.fs_hz,
            "leads": list(beats.leads),
            "signal": as_lists(beats.signal_mv),
        }
    return plain


def as_lists(signal_mv: NDArray[np.float32]) -> list[list[float | None]]:
    """Return samples [leads, samples] as lists of the shortest numbers that stand for them; None where one is missing.

    Parameters
    ----------
    signal_mv : array [leads, samples], float32, mV
        The samples.
    """
    return [[None if text == "nan" else float(text) for text in row.astype(str).tolist()] for row in signal_mv]


def is_ours(plain: object) -> bool:
    """Return whether plain values are those of :func:`as_plain`.

    Parameters
    ----------
    plain : object
        Content of a JSON file.
    """
    return isinstance(plain, Mapping) and KEY in plain


def from_plain(plain: Mapping[str, Any], signal: NDArray[Any], path: Path, stated: Stated) -> Record:
    """Return the record of plain values and samples.

    Parameters
    ----------
    plain : mapping
        As of :func:`as_plain`, from a file, and not to be trusted.
    signal : array [leads, samples]
        The samples, in the unit that it names.
    path : Path
        The file.
    stated : Stated
        What the user states; it goes before what the file says.

    Returns
    -------
    Record

    Raises
    ------
    RecordUnreadable
        If a value is missing or impossible.
    """
    try:
        if plain[KEY] != VERSION:
            raise ValueError(f"version {plain[KEY]!r} of the form, not {VERSION}")
        leads = tuple(_text(lead) for lead in plain["leads"])
        fs_hz = _number(plain["fs_hz"])
        if plain["unit"] != "mV" or signal.ndim != 2 or len(signal) != len(leads):
            raise ValueError(f"unit {plain['unit']!r}, {len(leads)} leads, samples of shape {signal.shape}")
        read = Record(
            name=_text(plain.get("name", path.stem)),
            signal_mv=np.asarray(stated.to_mv(signal) if stated.states_scale else signal),
            fs_hz=fs_hz if stated.fs_hz is None else stated.fs_hz,
            leads=leads,
            source=path,
            comments=tuple(_text(line) for line in plain.get("comments", ())),
            warnings=_changed(stated, fs_hz),
            identity=identity_of(plain.get("identity", {})),
            machine=_machine(plain.get("machine", {})),
            median_beats=_median_beats(plain.get("median_beats")),
        )
        read = replace(read, annotations=annotations_of(plain.get("annotations"), read.n_samples))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
        raise damaged(path, f"{type(error).__name__}: {str(error)[:160]}") from error
    return read if stated.leads is None else read.with_leads(stated.leads)


def identity_of(plain: Mapping[str, Any]) -> Identity:
    """Return an identity from plain values; unknown names are left out.

    Parameters
    ----------
    plain : mapping
        Fields of :class:`Identity`, as texts or numbers.

    Raises
    ------
    ValueError, TypeError
        If a value is impossible.
    """
    known = {field.name for field in fields(Identity)}
    found: dict[str, Any] = {name: _text(value) for name, value in plain.items() if name in known - {"age_years"}}
    if plain.get("age_years") is not None:
        found["age_years"] = _number(plain["age_years"])
    return Identity(**found)


def annotations_of(plain: Mapping[str, Any] | None, n_samples: int) -> Annotations | None:
    """Return annotations from plain values.

    Parameters
    ----------
    plain : mapping or None
        ``samples``, ``symbols`` and ``notes``.
    n_samples : int
        Samples of the record.

    Raises
    ------
    ValueError, TypeError, KeyError
        If they do not pair, or one is out of order or outside the record.
    """
    if plain is None:
        return None
    samples = np.asarray(plain["samples"], np.int64)
    symbols, notes = (tuple(_text(word) for word in plain[name]) for name in ("symbols", "notes"))
    if samples.ndim != 1 or not len(samples) == len(symbols) == len(notes):
        raise ValueError(f"{samples.size} samples, {len(symbols)} symbols and {len(notes)} notes of annotations")
    if len(samples) and ((np.diff(samples) < 0).any() or samples[0] < 0 or samples[-1] >= n_samples):
        raise ValueError("annotations out of order or outside the recording")
    return Annotations(samples, symbols, notes)


def damaged(path: Path, found: str) -> RecordUnreadable:
    """Return the error for a file of ours that was changed.

    Parameters
    ----------
    path : Path
        The file.
    found : str
        What is wrong with it.
    """
    return RecordUnreadable(
        f"{path} cannot be read.",
        found=found,
        expected="a recording as einthoven convert writes it",
        remedy="convert the original again with einthoven convert, or copy the file again",
    )


def _changed(stated: Stated, fs_hz: float) -> tuple[str, ...]:
    found = []
    if stated.fs_hz not in (None, fs_hz):
        found.append(f"the file states {fs_hz:g} Hz; the stated {stated.fs_hz:g} Hz are used")
    if stated.gain is not None or stated.unit not in (None, "mV"):
        found.append("the file states mV; the stated scale is used")
    return tuple(found)


def _machine(plain: Mapping[str, Any]) -> MachineReading:
    measured = {name: _number(value) for name, value in plain.get("measurements", {}).items() if name in MEASUREMENTS}
    statements, confirmed = (tuple(_text(line) for line in plain.get(name, ())) for name in ("statements", "confirmed"))
    return MachineReading(statements, confirmed, measured)


def _median_beats(plain: Mapping[str, Any] | None) -> MedianBeats | None:
    if plain is None:
        return None
    signal = np.asarray(plain["signal"], np.float32)
    leads = tuple(_text(lead) for lead in plain["leads"])
    if signal.ndim != 2 or len(signal) != len(leads):
        raise ValueError(f"median beats of shape {signal.shape} for {len(leads)} leads")
    signal.flags.writeable = False
    return MedianBeats(signal, _number(plain["fs_hz"]), leads)


def _text(value: Any) -> str:
    if not isinstance(value, str) or len(value) > _MOST_TEXT:
        raise TypeError(f"{str(value)[:40]!r} in place of a text")
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise TypeError(f"{str(value)[:40]!r} in place of a number")
    return float(value)
