"""Read a live signal from standard input, a named pipe or a serial port, or play a recording."""

import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

from numpy.typing import NDArray

from einthoven.errors import RecordUnreadable, StatementMissing, optional_imports
from einthoven.records.record import Record
from einthoven.records.stated import UNITS_MV, unit_named

CHUNK_S = 0.25
"""Length of a piece of signal, s."""
LONGEST_LINE = 10_000
"""Characters of a line that are read; the rest is skipped."""
_MOST_HZ = 1_000_000


@dataclass(frozen=True)
class Format:
    """Format of a live signal.

    Parameters
    ----------
    fs_hz : float
        Sampling rate, Hz.
    leads : tuple of str
        Names of the leads, in order.
    unit : str
        Unit of the values, in upper or lower case.
    gain : float, counts per mV, optional
        States that the values are counts; then the unit says nothing.
    zero : float, counts
        The count at 0 mV.

    Raises
    ------
    StatementMissing
        Where the rate, the leads or the unit are invalid.
    """

    fs_hz: float
    leads: tuple[str, ...]
    unit: str = "mV"
    gain: float | None = None
    zero: float = 0.0

    def to_mv(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return values in mV.

        Parameters
        ----------
        values : array
            Values of the lines.

        Returns
        -------
        array, mV
        """
        return values * UNITS_MV[self.unit] if self.gain is None else (values - self.zero) / self.gain

    def __post_init__(self) -> None:
        unit = unit_named(self.unit)
        if unit is None:
            raise StatementMissing("Unknown unit.", found=self.unit, expected="V, mV or uV", remedy="--unit mV")
        object.__setattr__(self, "unit", unit)
        if self.gain is not None and not (0 < self.gain < float("inf") and abs(self.zero) < float("inf")):
            raise StatementMissing(
                "Invalid gain.",
                found=f"{self.gain:g} counts per mV, {self.zero:g} at 0 mV",
                expected="counts per mV, above 0, and the count at 0 mV",
                remedy="--gain 200 --zero 512",
            )
        if not 0 < self.fs_hz <= _MOST_HZ:
            raise StatementMissing(
                "Invalid sampling rate.",
                found=f"{self.fs_hz:g} Hz",
                expected=f"a number above 0, up to {_MOST_HZ:,}",
                remedy="--fs 300",
            )
        if not all(self.leads) or len(set(self.leads)) < max(1, len(self.leads)):
            raise StatementMissing(
                "Invalid lead names.",
                found=",".join(self.leads) or "no name",
                expected="a name for each lead, all different",
                remedy="--leads I,II",
            )


@dataclass(frozen=True)
class StatedFormat:
    """What a user states about a live signal; None where its lines state it.

    Parameters
    ----------
    fs_hz : float, optional
        Sampling rate, Hz.
    leads : tuple of str, optional
        Names of the leads, in order.
    unit : str, optional
        Unit of the values.
    gain : float, counts per mV, optional
        States that the values are counts.
    zero : float, counts, optional
        The count at 0 mV.

    Raises
    ------
    StatementMissing
        Where the rate, the leads, the unit or the gain are invalid.
    """

    fs_hz: float | None = None
    leads: tuple[str, ...] | None = None
    unit: str | None = None
    gain: float | None = None
    zero: float | None = None

    def __post_init__(self) -> None:
        Format(
            1.0 if self.fs_hz is None else self.fs_hz,
            ("I",) if self.leads is None else self.leads,
            "mV" if self.unit is None else self.unit,
            self.gain,
            self.zero or 0.0,
        )


@dataclass(frozen=True)
class Piece:
    """A piece of a live signal.

    Parameters
    ----------
    format : Format
        Format of the signal.
    signal_mv : array [leads, n], mV
        The samples; NaN where one is missing.
    faults : tuple of str
        What is wrong about the lines that they came in.
    """

    format: Format
    signal_mv: NDArray[Any]
    faults: tuple[str, ...] = ()


def playback(record: Record, speed: float) -> Iterator[Piece]:
    """Yield a recording at its own pace, or faster.

    Parameters
    ----------
    record : Record
        The recording.
    speed : float
        1 is real time, 2 twice as fast; 0 is as fast as possible.

    Yields
    ------
    Piece
        A quarter of a second.
    """
    format_ = Format(record.fs_hz, record.leads)
    size = max(1, round(CHUNK_S * record.fs_hz))
    started = time.monotonic()
    for at in range(0, record.n_samples, size):
        if speed:
            early = min(at + size, record.n_samples) / record.fs_hz / speed - (time.monotonic() - started)
            time.sleep(max(0.0, early))
        yield Piece(format_, record.signal_mv[:, at : at + size])


def with_renamed_leads(pieces: Iterable[Piece], names: dict[str, str]) -> Iterator[Piece]:
    """Yield pieces with other names of the leads.

    Parameters
    ----------
    pieces : iterable of Piece
        The pieces.
    names : dict of str
        New name of each old one; leads that are not in it keep theirs.

    Yields
    ------
    Piece
        The same samples.
    """
    for piece in pieces:
        leads = tuple(names.get(lead, lead) for lead in piece.format.leads)
        yield replace(piece, format=replace(piece.format, leads=leads))


def text_lines(source: BinaryIO) -> Iterator[str]:
    """Yield the lines of a stream of bytes; long lines are cut, and bytes that are not UTF-8 replaced.

    Parameters
    ----------
    source : binary file
        The stream.

    Yields
    ------
    str
        A line.
    """
    is_rest = False
    while held := source.readline(LONGEST_LINE + 2):
        if not is_rest:
            yield held.decode("utf-8", "replace")
        is_rest = not held.endswith(b"\n")


def piped_lines(path: Path) -> Iterator[str]:
    """Yield the lines of a file, or those that another process writes to a named pipe.

    Parameters
    ----------
    path : Path
        The file or pipe.

    Yields
    ------
    str
        A line.
    """
    with path.open("rb") as source:
        yield from text_lines(source)


def serial_lines(port: str, baud: int) -> Iterator[str]:
    """Yield lines from a serial port (pyserial), from the first whole one until the port closes.

    Parameters
    ----------
    port : str
        Name of the port.
    baud : int
        Baud rate.

    Yields
    ------
    str
        A line.

    Raises
    ------
    RecordUnreadable
        Where the port cannot be opened, or disappears.
    LibraryMissing
        Where pyserial is not installed.
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
            f"No signal from port {port}.",
            found=str(error)[:160],
            expected=f"a device that sends lines at {baud} baud",
            remedy="ls /dev/tty*      lists the ports; connect the device again",
        ) from error


def is_line_file(name: str) -> bool:
    """Return whether a name is that of a file of lines, which begins with a statement of its format.

    Parameters
    ----------
    name : str
        Path of a file.

    Returns
    -------
    bool
        Whether it is.
    """
    path = Path(name)
    if not path.is_file():
        return False
    with path.open("rb") as source:
        first = source.readline(LONGEST_LINE).decode("utf-8", "replace").strip("\ufeff")
    return first.startswith("#") and ("fs_hz=" in first or "leads=" in first)


def is_port(name: str) -> bool:
    """Return whether a name is that of a serial port, not of a file.

    Parameters
    ----------
    name : str
        Name of a port, or path.

    Returns
    -------
    bool
        Whether it is.
    """
    path = Path(name)
    is_named_so = (name.upper().startswith("COM") and name[3:].isdigit()) or name.startswith("/dev/")
    return is_named_so or (path.exists() and path.is_char_device())
