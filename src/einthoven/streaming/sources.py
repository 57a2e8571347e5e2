"""Knows where a live signal comes from: standard input, a serial port, or a recording played again. Does not read its lines."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import BinaryIO

import numpy as np

from einthoven.errors import RecordUnreadable, StatementMissing, optional_imports
from einthoven.records.record import Record, unit_named

CHUNK_S = 0.25
LONGEST_LINE = 10_000
_MOST_HZ = 1_000_000


@dataclass(frozen=True)
class Format:
    """What a live signal is: rate in Hz, names of its leads, unit of its values (any case).

    Raises
    ------
    StatementMissing
        Where the rate, the leads or the unit are none.
    """

    fs_hz: float
    leads: tuple[str, ...]
    unit: str = "mV"

    def __post_init__(self):
        unit = unit_named(self.unit)
        if unit is None:
            raise StatementMissing(
                "the stream's unit is none.", found=self.unit, expected="V, mV or uV", remedy="--unit mV"
            )
        object.__setattr__(self, "unit", unit)
        if not 0 < self.fs_hz <= _MOST_HZ:
            raise StatementMissing(
                "the stream's rate is none.",
                found=f"{self.fs_hz:g} Hz",
                expected=f"a number above 0, up to {_MOST_HZ:,}",
                remedy="--fs 300",
            )
        if not all(self.leads) or len(set(self.leads)) < max(1, len(self.leads)):
            raise StatementMissing(
                "the stream's leads are none.",
                found=",".join(self.leads) or "no name",
                expected="a name for each, no two alike",
                remedy="--leads I,II",
            )


@dataclass(frozen=True)
class Stated:
    """What a person says of a live signal; None where it is left to its lines.

    Raises
    ------
    StatementMissing
        As of :class:`Format`.
    """

    fs_hz: float | None = None
    leads: tuple[str, ...] | None = None
    unit: str | None = None

    def __post_init__(self):
        Format(
            1.0 if self.fs_hz is None else self.fs_hz,
            ("I",) if self.leads is None else self.leads,
            "mV" if self.unit is None else self.unit,
        )


@dataclass(frozen=True)
class Piece:
    """Samples [leads, n] in mV, in their format; faults : what was wrong about the lines they came in."""

    format: Format
    signal_mv: np.ndarray
    faults: tuple[str, ...] = ()


def played(record: Record, speed: float) -> Iterator[Piece]:
    """A recording at its own pace, or `speed` times as fast; 0 waits for nothing."""
    format_ = Format(record.fs_hz, record.leads)
    size = max(1, round(CHUNK_S * record.fs_hz))
    started = time.monotonic()
    for at in range(0, record.n_samples, size):
        if speed:
            early = min(at + size, record.n_samples) / record.fs_hz / speed - (time.monotonic() - started)
            time.sleep(max(0.0, early))
        yield Piece(format_, record.signal_mv[:, at : at + size])


def renamed(pieces: Iterable[Piece], names: dict[str, str]) -> Iterator[Piece]:
    """Pieces whose leads are named anew, old name to new."""
    for piece in pieces:
        leads = tuple(names.get(lead, lead) for lead in piece.format.leads)
        yield replace(piece, format=replace(piece.format, leads=leads))


def text_lines(source: BinaryIO) -> Iterator[str]:
    """Lines of a stream of bytes, each held to a length; what is no text is replaced."""
    is_rest = False
    while held := source.readline(LONGEST_LINE + 2):
        if not is_rest:
            yield held.decode("utf-8", "replace")
        is_rest = not held.endswith(b"\n")


def piped_lines(path: Path) -> Iterator[str]:
    """Lines of a file, or those that another process writes into a named pipe."""
    with path.open("rb") as source:
        yield from text_lines(source)


def serial_lines(port: str, baud: int) -> Iterator[str]:
    """Lines from a serial port (pyserial), from the first whole one until it closes.

    Raises
    ------
    RecordUnreadable
        Where it cannot be opened, or vanishes.
    """
    with optional_imports():
        import serial

    try:
        with serial.Serial(port, baud, timeout=1) as device:
            held, is_whole = b"", False
            while True:
                held += device.read(max(1, device.in_waiting))
                *lines, held = held.split(b"\n")
                held = held[-LONGEST_LINE:]
                for line in lines:
                    if is_whole:
                        yield line.decode("utf-8", "replace")
                    is_whole = True
    except (serial.SerialException, OSError, ValueError, OverflowError) as error:
        raise RecordUnreadable(
            f"the port {port} gives no signal.",
            found=str(error)[:160],
            expected=f"a device that sends lines at {baud} baud",
            remedy="plug it in again and look with  ls /dev/tty*  for its name",
        ) from error


def states_lines(named: str) -> bool:
    """Whether a name is that of a file of lines, which begins with a statement of what they are."""
    path = Path(named)
    if not path.is_file():
        return False
    with path.open("rb") as source:
        first = source.readline(LONGEST_LINE).decode("utf-8", "replace").strip("\ufeff")
    return first.startswith("#") and ("fs_hz=" in first or "leads=" in first)


def is_port(named: str) -> bool:
    """Whether a name is a serial port's, not a file's."""
    path = Path(named)
    is_named_so = (named.upper().startswith("COM") and named[3:].isdigit()) or named.startswith("/dev/")
    return is_named_so or (path.exists() and path.is_char_device())
