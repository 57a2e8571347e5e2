"""Knows where a live signal comes from: lines of numbers (standard input, a serial port), or a recording played again.

The lines::

    # fs_hz=300 leads=I unit=mV        what follows; again where something changes
    0.012                              one value a lead, by commas; empty or nan where a sample is missing
    17,0.012                           or the sample's number ahead of them, so that lost and repeated ones are noticed
"""

import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from einthoven.errors import RecordUnreadable, StatementMissing
from einthoven.records import UNITS_MV, Record

_CHUNK_S = 0.25
_LONGEST_LINE = 10_000
_MOST_LOST_S = 60.0


@dataclass(frozen=True)
class Format:
    """What a live signal is: rate in Hz, names of its leads, unit of its values."""

    fs_hz: float
    leads: tuple[str, ...]
    unit: str = "mV"


@dataclass(frozen=True)
class Piece:
    """Samples [leads, n] in mV, in their format; faults : what was wrong about the lines they came in."""

    format: Format
    signal_mv: np.ndarray
    faults: tuple[str, ...] = ()


def played(record: Record, speed: float) -> Iterator[Piece]:
    """A recording at its own pace, or `speed` times as fast; 0 waits for nothing."""
    format_ = Format(record.fs_hz, record.leads)
    size = max(1, round(_CHUNK_S * record.fs_hz))
    started = time.monotonic()
    for at in range(0, record.n_samples, size):
        if speed:
            early = min(at + size, record.n_samples) / record.fs_hz / speed - (time.monotonic() - started)
            time.sleep(max(0.0, early))
        yield Piece(format_, record.signal_mv[:, at : at + size])


class Lines:
    """Lines of numbers as they come, gathered to pieces of a quarter of a second.

    Parameters
    ----------
    stated : what the user says the signal is; the lines may say it themselves
    """

    def __init__(self, stated: Format | None):
        self.format = stated
        self.values: list[list[float]] = []
        self.faults: list[str] = []
        self.next = -1
        """Number of the sample that should come next; -1 where the lines do not number them."""
        self.n_lines = 0

    def pieces(self, lines: Iterable[str]) -> Iterator[Piece]:
        """The samples of the lines.

        Raises
        ------
        StatementMissing
            Where a sample comes before its rate and leads are stated.
        """
        for line in lines:
            self.n_lines += 1
            text = line.strip()
            if text.startswith("#"):
                changed = self._stated(text)
                if changed != self.format:
                    yield from self._gathered()
                    self.format, self.next = changed, -1
            elif text:
                self._take(text)
                if self.faults or len(self.values) >= _CHUNK_S * self.format.fs_hz:
                    yield from self._gathered()
        yield from self._gathered()

    def _gathered(self) -> Iterator[Piece]:
        if self.format is not None and (self.values or self.faults):
            signal = (
                np.array(self.values, np.float32).reshape(-1, len(self.format.leads)).T * UNITS_MV[self.format.unit]
            )
            values, faults, self.values, self.faults = signal, tuple(self.faults), [], []
            yield Piece(self.format, values, faults)

    def _stated(self, text: str) -> Format:
        said = dict(word.split("=", 1) for word in text.lstrip("#").split() if "=" in word)
        try:
            now = self.format or Format(float(said["fs_hz"]), tuple(said["leads"].split(",")))
            now = replace(
                now,
                fs_hz=float(said.get("fs_hz", now.fs_hz)),
                leads=tuple(said["leads"].split(",")) if "leads" in said else now.leads,
                unit=said.get("unit", now.unit),
            )
            if not (math.isfinite(now.fs_hz) and now.fs_hz > 0 and now.unit in UNITS_MV):
                raise ValueError
        except (KeyError, ValueError):
            if self.format is not None:
                self.faults.append(f"line {self.n_lines}: a statement that cannot be read: {text[:60]}")
                return self.format
            raise _unstated(text[:60]) from None
        return now

    def _take(self, text: str) -> None:
        if self.format is None:
            raise _unstated(text[:60])
        n_leads = len(self.format.leads)
        try:
            if len(text) > _LONGEST_LINE:
                raise ValueError
            values = [float(word) if word.strip() else math.nan for word in text.split(",")]
            if len(values) not in (n_leads, n_leads + 1):
                raise ValueError
        except ValueError:
            self.faults.append(
                f"line {self.n_lines}: {text[:40]!r} is not {n_leads} numbers; the sample is taken for missing"
            )
            if self.next < 0:
                self.values.append([math.nan] * n_leads)
            return
        if len(values) == n_leads:
            self.values.append(values)
            return
        number = values.pop(0)
        if not number.is_integer() or number < 0:
            self.faults.append(f"line {self.n_lines}: {number:g} is no sample number; the sample is taken for missing")
            return
        lost = int(number) - self.next if self.next >= 0 else 0
        if lost < 0:
            self.faults.append(f"line {self.n_lines}: sample {int(number)} came again; it is left out")
            return
        if lost > _MOST_LOST_S * self.format.fs_hz:
            self.faults.append(
                f"line {self.n_lines}: sample {int(number)} after {self.next - 1}; the numbers are taken to begin anew"
            )
        elif lost:
            self.faults.append(f"line {self.n_lines}: {lost} samples ahead of {int(number)} were lost")
            self.values += [[math.nan] * n_leads] * lost
        self.values.append(values)
        self.next = int(number) + 1


def serial_lines(port: str, baud: int) -> Iterator[str]:
    """Lines from a serial port (pyserial), from the first whole one until it closes.

    Raises
    ------
    RecordUnreadable
        Where it cannot be opened, or vanishes.
    """
    import serial

    try:
        with serial.Serial(port, baud, timeout=1) as device:
            held, is_whole = b"", False
            while True:
                held += device.read(max(1, device.in_waiting))
                *lines, held = held.split(b"\n")
                held = held[-_LONGEST_LINE:]
                for line in lines:
                    if is_whole:
                        yield line.decode("utf-8", "replace")
                    is_whole = True
    except (serial.SerialException, OSError) as error:
        raise RecordUnreadable(
            f"the port {port} gives no signal.",
            found=str(error)[:160],
            expected=f"a device that sends lines at {baud} baud",
            remedy="plug it in again and look with  ls /dev/tty*  for its name",
        ) from error


def _unstated(text: str) -> StatementMissing:
    return StatementMissing(
        "the stream does not say what it is.",
        found=f"{text!r} before its rate and leads",
        expected="a line  # fs_hz=300 leads=I unit=mV  ahead of the samples",
        remedy="--fs 300 --leads I --unit mV",
    )


def is_port(named: str) -> bool:
    """Whether a name is a serial port's, not a file's."""
    path = Path(named)
    return (named.upper().startswith("COM") and named[3:].isdigit()) or (path.exists() and path.is_char_device())
