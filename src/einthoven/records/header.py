"""Parse a WFDB header: record line, signal lines, segments, comments.

Source: header(5) of the WFDB Applications Guide, G. Moody.
"""

import math
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

from einthoven.errors import RecordUnreadable
from einthoven.records import header_lines
from einthoven.records.bounds import content
from einthoven.records.stated import UNITS_MV, unit_named

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
NO_SAMPLES = "0"
"""Format of the signals of a layout, which has no signal file."""
UNSTATED_GAIN = 200.0
"""Digital units per millivolt of a signal without a gain, or with a gain of 0, as header(5) defines it."""
_MOST_BYTES = 4 << 20
_MOST_SIGNALS, _MOST_SEGMENTS = 1_000, 20_000
_GAINS = (1e-4, 1e10)  # units per mV: a unit of 10 V, and a full scale of 32 bits under a microvolt


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
    baseline: float
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
class Segment:
    """One segment of a record."""

    name: str
    """Name of its header; ``~`` for a gap."""
    n_samples: int
    """Its length in frames; 0 for a layout."""

    @property
    def is_gap(self) -> bool:
        """Whether nothing was recorded."""
        return self.name == "~"


@dataclass(frozen=True)
class Header:
    """A WFDB header."""

    name: str
    """Name of the record."""
    fs_hz: float | None
    """Frames per second, Hz; None if it is not stated."""
    n_samples: int | None
    """Frames of the record; None if it is not stated."""
    signals: tuple[Signal, ...]
    """Signal lines; none for a record of several segments."""
    comments: tuple[str, ...]
    """Comments without ``#``."""
    segments: tuple[Segment, ...] | None = None
    """Segments of the record; None if its signals are in signal files."""
    recorded_at: str = ""
    """Date and time in ISO 8601, as far as they are stated."""

    @property
    def is_layout(self) -> bool:
        """Whether it describes the signals of a record of several segments, and holds no samples itself."""
        return bool(self.signals) and all(signal.format == NO_SAMPLES for signal in self.signals)


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
        raw = content(path, _MOST_BYTES)
    except OSError as error:
        remedy = f"ls {shlex.quote(str(path.parent))}"
        raise unreadable(
            path, error.strerror or str(error), remedy, "the record's header beside its signals"
        ) from error
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("latin-1")
    lines = [line.strip() for line in text.rstrip("\x1a").splitlines()]
    comments = tuple(line.lstrip("#").strip() for line in lines if line.startswith("#"))
    lines = [line for line in lines if line and not line.startswith("#")]
    if not lines or "\0" in text:
        raise unreadable(path, "no record line" if not lines else "binary bytes", "copy the header again")
    strange = next((line for line in lines if header_lines.has_control(line)), None)
    if strange is not None:
        raise unreadable(path, f"control characters in the line {strange[:80]!r}", "remove them from the header")
    try:
        name, segments, words = _record_words(lines[0], path.stem)
        n_signals = header_lines.whole(words[0])
        fs_hz = header_lines.rate(words[1]) if len(words) > 1 else None
        n_samples = _n_samples(words[2:3])
        n_segments = None if segments is None else header_lines.whole(segments)
    except (ValueError, IndexError) as error:
        raise unreadable(path, f"record line {lines[0][:80]!r}", "copy the header again") from error
    at = header_lines.recorded_at(words[2 if n_samples is None else 3 : 6])
    if n_segments is not None:
        found = _segments(path, lines[1:], n_segments)
        return Header(name, fs_hz, n_samples, (), comments, found, at)
    if len(lines) - 1 < n_signals or not 1 <= n_signals <= _MOST_SIGNALS:
        raise unreadable(path, f"{n_signals} signals stated, {len(lines) - 1} described", "copy the header again")
    signals = tuple(_signal(path, line, at) for at, line in enumerate(lines[1 : 1 + n_signals]))
    return Header(name, fs_hz, n_samples, signals, comments, None, at)


def _record_words(line: str, stem: str) -> tuple[str, str | None, list[str]]:
    """Return name, number of segments and the other words of a record line; a name may contain blanks if the file's does."""
    if " " in stem and line.startswith(f"{stem} "):
        return stem, None, line[len(stem) :].split()
    first, *words = line.split()
    match = re.fullmatch(r"(.+)/(\d+)", first, re.ASCII)
    return (match[1], match[2], words) if match else (first, None, words)


def _n_samples(words: list[str]) -> int | None:
    """Return the stated number of frames; None for 0, which states nothing, or where a time follows."""
    if not words or ":" in words[0]:
        return None
    n = header_lines.whole(words[0])
    if n < 0:
        raise ValueError(f"{n} samples")
    return n or None


def _segments(path: Path, lines: list[str], n_stated: int) -> tuple[Segment, ...]:
    if n_stated != len(lines):
        raise unreadable(path, f"{n_stated} segments stated, {len(lines)} listed", "copy the header again")
    if n_stated > _MOST_SEGMENTS:
        raise unreadable(path, f"{n_stated:,} segments", "name one of its segments", f"at most {_MOST_SEGMENTS:,}")
    found = []
    for line in lines:
        name, *words = line.split()
        try:
            segment = Segment(name, header_lines.whole(words[0]))
        except (ValueError, IndexError) as error:
            raise unreadable(path, f"segment {line[:80]!r}", "copy the header again") from error
        if segment.n_samples < 0 or not header_lines.inside(name):
            raise unreadable(path, f"segment {line[:80]!r}", "copy the header again")
        found.append(segment)
    return tuple(found)


def _signal(path: Path, line: str, at: int) -> Signal:
    words = line.split()
    n_words = next((n for n in range(1, min(len(words), 12)) if header_lines.specification(words[n])), 1)
    file, words = words[0] if n_words == 1 else " ".join(words[:n_words]), words[n_words:]
    specification = header_lines.specification(words[0]) if words else None
    gain = header_lines.gain(words[1]) if len(words) > 1 else (0.0, None, None)
    try:
        numbers, name = header_lines.numbers_and_name(words[2:])
    except ValueError:
        specification = None
        numbers, name = [None] * 5, ""
    if specification is None or gain is None:
        raise unreadable(path, f"signal line {line[:80]!r}", "copy the header again")
    kind, frame, skew, offset = specification
    if kind not in (*BYTES, *COMPRESSED, NO_SAMPLES) or (kind == NO_SAMPLES) != (file == "~"):
        found = f"format {kind} for lead {at + 1}, which is not a WFDB format"
        raise unreadable(path, found, "copy the header again")
    if not header_lines.inside(file):
        raise unreadable(path, f"a signal file outside the header's folder: {file[:200]!r}", "put both into one folder")
    factor, baseline, unit = gain
    if (unit or "").lower() == "dmv":  # a tenth of a millivolt
        factor, unit = 10 * factor, "mV"
    signal = Signal(
        file=file,
        format=kind,
        frame=max(1, frame),
        skew=skew,
        offset=offset,
        gain=factor or UNSTATED_GAIN,
        has_gain=factor != 0,
        baseline=float(numbers[1] or 0) if baseline is None else baseline,
        unit=unit_named(unit or "mV") or unit or "mV",
        first=numbers[2],
        checksum=numbers[3],
        lead=name or f"lead{at + 1}",
    )
    per_mv = abs(signal.gain) / UNITS_MV.get(signal.unit, 1.0)
    if not math.isfinite(factor) or (signal.unit in UNITS_MV and not _GAINS[0] <= per_mv <= _GAINS[1]):
        raise unreadable(path, f"a gain of {words[1][:40]} for {signal.lead[:40]}", "correct the gain in the header")
    return signal


def unreadable(path: Path, found: str, remedy: str, expected: str = "a complete WFDB record") -> RecordUnreadable:
    """Return the error for a WFDB record that cannot be read.

    Parameters
    ----------
    path : Path
        The file.
    found : str
        What was found.
    remedy : str
        What to do about it.
    expected : str
        What should be there.

    Returns
    -------
    RecordUnreadable
    """
    return RecordUnreadable(f"{path} cannot be read.", found=found, expected=expected, remedy=remedy)
