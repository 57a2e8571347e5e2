"""Parse a WFDB header: record line, signal lines, comments.

Source: header(5) of the WFDB Applications Guide, G. Moody.
"""

import math
import re
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

from einthoven.errors import RecordUnreadable
from einthoven.records.stated import UNITS_MV, Stated
from einthoven.signal.finding import Finding

BYTES = {
    "8": 1.0,
    "16": 2.0,
    "24": 3.0,
    "32": 4.0,
    "61": 2.0,
    "80": 1.0,
    "160": 2.0,
    "212": 1.5,
    "310": 4 / 3,
    "311": 4 / 3,
}
"""Bytes of a sample in each format of fixed size."""
COMPRESSED = ("508", "516", "524")
"""Formats of variable size."""
UNSTATED_GAIN = 200.0
"""Digital units per millivolt of a signal without a gain, or with a gain of 0, as header(5) defines it."""
_SPECIFICATION = re.compile(r"(?P<format>\d+)(x(?P<frame>\d+))?(:(?P<skew>\d+))?((\+\d+)*\+(?P<offset>\d+))?$")
_GAIN = re.compile(
    r"(?P<gain>[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?)(\((?P<baseline>-?\d+)\))?(/(?P<unit>\S+))?$", re.IGNORECASE
)


@dataclass(frozen=True)
class Signal:
    """One signal line of a header."""

    file: str
    """Name of the signal file."""
    format: str
    """Number of the format."""
    frame: int
    """Samples in a frame."""
    skew: int
    """Skew, in frames."""
    offset: int
    """Bytes ahead of the first sample."""
    gain: float
    """Digital units in a unit of the signal."""
    has_gain: bool
    """Whether the header states a gain; without one, or with 0, the signal is not calibrated."""
    baseline: int
    """Digital value of zero."""
    unit: str
    """Unit of the signal."""
    first: int | None
    """Digital value of the first sample; None if it is not stated."""
    checksum: int | None
    """Sum of all digital values, 16 bits; None if it is not stated."""
    lead: str
    """Name of the lead."""


@dataclass(frozen=True)
class Header:
    """A WFDB header."""

    name: str
    """Name of the record."""
    n_segments: int
    """Number of segments."""
    fs_hz: float | None
    """Sampling rate, Hz; None if it is not stated."""
    n_samples: int | None
    """Samples of each signal; None if it is not stated."""
    signals: tuple[Signal, ...]
    """Signal lines; none for a record of several segments."""
    comments: tuple[str, ...]
    """Comments without ``#``."""


def read_header(path: Path) -> Header:
    """Read a header.

    Parameters
    ----------
    path : Path
        The header file.

    Returns
    -------
    Header

    Raises
    ------
    RecordUnreadable
        If the file cannot be read, or a line is invalid; the error quotes it.
    """
    try:
        text = path.read_text("utf-8", errors="strict")
    except UnicodeDecodeError:
        text = path.read_bytes().decode("latin-1")
    except OSError as error:
        raise unreadable(path, error.strerror or str(error), f"ls {path.parent}") from error
    lines = [line.strip() for line in text.splitlines()]
    comments = tuple(line.lstrip("#").strip() for line in lines if line.startswith("#"))
    lines = [line for line in lines if line and not line.startswith("#")]
    if not lines or "\0" in text:
        raise unreadable(path, "no record line" if not lines else "binary bytes", "copy the header again")
    words = lines[0].split()
    try:
        name, _, segments = words[0].partition("/")
        n_signals = int(words[1])
        fs_hz = float(re.split(r"[/(]", words[2])[0]) if len(words) > 2 else None
        n_samples = (int(words[3]) or None) if len(words) > 3 and words[3].isdigit() else None
        n_segments = int(segments) if segments else 1
    except (ValueError, IndexError) as error:
        raise unreadable(path, f"record line {lines[0][:80]!r}", "copy the header again") from error
    if n_segments > 1:
        return Header(name, n_segments, fs_hz, n_samples, (), comments)
    if len(lines) - 1 < n_signals or n_signals < 1:
        raise unreadable(path, f"{n_signals} signals stated, {len(lines) - 1} described", "copy the header again")
    signals = tuple(_signal(path, line, at) for at, line in enumerate(lines[1 : 1 + n_signals]))
    return Header(name, 1, fs_hz, n_samples, signals, comments)


def with_stated_scale(header: Header, stated: Stated, warnings: list[str]) -> Header:
    """Return a header with a stated unit or gain instead of its own.

    Parameters
    ----------
    header : Header
        The header.
    stated : Stated
        What the user states.
    warnings : list of str
        Gets a warning if the header states another unit or gain.

    Returns
    -------
    Header
        Only signals in volts get the unit and the gain; all signals if none is in volts.
    """
    if not stated.states_scale:
        return header
    unit = stated.unit or "mV"
    volts = [signal.unit in UNITS_MV for signal in header.signals]
    taken = [is_volt or not any(volts) for is_volt in volts]
    scale: dict[str, Any] = {"unit": unit}
    if stated.gain is not None:
        scale |= {"gain": stated.gain, "baseline": stated.zero or 0.0, "has_gain": True}
        warnings.append(f"the stated gain of {stated.gain:g} per mV is used instead of the header's")
    taken_signals = [signal for signal, is_taken in zip(header.signals, taken, strict=True) if is_taken]
    others = sorted({signal.unit for signal in taken_signals} - {unit})
    if others:
        warnings.append(f"the header states {', '.join(others)}; the stated unit {unit} is used")
    signals = (
        replace(signal, **scale) if is_taken else signal for signal, is_taken in zip(header.signals, taken, strict=True)
    )
    return replace(header, signals=tuple(signals))


def uncalibrated(header: Header) -> tuple[Finding, ...]:
    """Return the finding that signals have no gain, so that their millivolts are nominal.

    Parameters
    ----------
    header : Header
        The header.

    Returns
    -------
    tuple of Finding
        One that names these signals; none if all have a gain.
    """
    leads = tuple(signal.lead for signal in header.signals if not signal.has_gain)
    if not leads:
        return ()
    return (
        Finding(
            "gain_unstated",
            leads,
            1.0,
            f"the header states no gain for {', '.join(leads)}: {UNSTATED_GAIN:g} units per mV are used, so amplitudes "
            "in mV are not calibrated",
            "write the true gain (units per mV) into the third field of the header's signal lines, if it is known",
        ),
    )


def _signal(path: Path, line: str, at: int) -> Signal:
    words = line.split(maxsplit=8)
    specification = _SPECIFICATION.match(words[1]) if len(words) > 1 else None
    gain = _GAIN.match(words[2]) if len(words) > 2 else None
    if specification is None or (len(words) > 2 and gain is None):
        raise unreadable(path, f"signal line {line[:80]!r}", "copy the header again")
    if specification["format"] not in (*BYTES, *COMPRESSED):
        found = f"format {specification['format']} for lead {at + 1}, which is not a WFDB format"
        raise unreadable(path, found, "copy the header again")
    if PurePosixPath(words[0]).name != words[0] or "\\" in words[0]:
        raise unreadable(path, f"a signal file outside the header's folder: {words[0]!r}", "put both into one folder")
    numbers = [int(word) if re.fullmatch(r"-?\d+", word) else None for word in words[3:8]] + [None] * 5
    zero = numbers[1] or 0
    factor = float(gain["gain"]) if gain else 0.0
    if not math.isfinite(factor):
        raise unreadable(path, f"a gain of {gain['gain'][:40] if gain else ''}", "correct the gain in the header")
    return Signal(
        file=words[0],
        format=specification["format"],
        frame=int(specification["frame"] or 1),
        skew=int(specification["skew"] or 0),
        offset=int(specification["offset"] or 0),
        gain=factor or UNSTATED_GAIN,
        has_gain=factor != 0,
        baseline=int(gain["baseline"]) if gain and gain["baseline"] else zero,
        unit=_unit((gain["unit"] if gain else None) or "mV"),
        first=numbers[2],
        checksum=numbers[3],
        lead=words[8].strip() if len(words) > 8 else f"lead{at + 1}",
    )


def _unit(stated: str) -> str:
    """Return a unit in standard spelling: some headers write ``mv``."""
    return next((known for known in UNITS_MV if known.lower() == stated.lower()), stated)


def unreadable(path: Path, found: str, remedy: str) -> RecordUnreadable:
    """Return the error for a WFDB record that cannot be read.

    Parameters
    ----------
    path : Path
        The file.
    found : str
        What was found.
    remedy : str
        What to do about it.

    Returns
    -------
    RecordUnreadable
    """
    return RecordUnreadable(f"{path} cannot be read.", found=found, expected="a complete WFDB record", remedy=remedy)
