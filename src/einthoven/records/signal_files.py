"""Read the signal files of one WFDB header: each signal at its own rate, checked against the header."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import RecordUnreadable
from einthoven.records import samples
from einthoven.records.bounds import require_regular
from einthoven.records.header import BYTES, COMPRESSED, Header, Signal, unreadable
from einthoven.records.stated import UNITS_MV
from einthoven.records.verification import Seen, verify

_SLACK_BYTES = 64


@dataclass(frozen=True)
class SignalFile:
    """A signal file and the signals in it."""

    path: Path | None
    """Where it lies; None if it is missing."""
    n_bytes: int
    """Its size."""
    signals: tuple[Signal, ...]
    """Its signals, in order."""

    @property
    def format(self) -> str:
        """Format of its signals."""
        return self.signals[0].format

    @property
    def per_frame(self) -> int:
        """Samples of all its signals in a frame."""
        return sum(signal.frame for signal in self.signals)

    @property
    def n_frames(self) -> int:
        """Whole frames in a file of fixed sample size."""
        return max(0, int((self.n_bytes - self.signals[0].offset) / BYTES[self.format])) // self.per_frame


def read_signals(
    path: Path, header: Header, n_frames: int | None, partial: bool, warnings: list[str]
) -> list[NDArray[Any] | None]:
    """Read all signals of a header, each at its own rate.

    Parameters
    ----------
    path : Path
        The header file.
    header : Header
        Its content.
    n_frames : int or None
        Frames to read; all if None.
    partial : bool
        Whether a missing signal file is allowed.
    warnings : list of str
        Gets what is unusual.

    Returns
    -------
    list of array [frames x samples in a frame] or None
        Digital values of each signal; None if its file is missing.

    Raises
    ------
    RecordUnreadable
        If a file is missing or damaged, or does not fit the header.
    LibraryMissing
        If a file is FLAC and the soundfile package is not installed.
    """
    files = files_of(path, header, partial, warnings)
    there = [file for file in files.values() if file.path is not None]
    if not there:
        return [None] * len(header.signals)
    decoded: dict[str, NDArray[Any]] = {}
    for file in there:
        if file.format in COMPRESSED:
            decoded[file.signals[0].file] = _flac_frames(path, file, n_frames)
    if n_frames is None:
        lengths = {len(decoded[file.signals[0].file]) if file.format in COMPRESSED else file.n_frames for file in there}
        n_frames = min(lengths)
        if len(lengths) > 1:
            warnings.append(f"the signal files differ in length; the first {n_frames:,} frames of each are read")
        if n_frames == 0:
            raise unreadable(path, "signal files without samples", "copy the record again")
    is_longer = False
    for file in there:
        name = file.signals[0].file
        if file.format in COMPRESSED:
            is_longer |= len(decoded[name]) > n_frames
            decoded[name] = decoded[name][:n_frames]
        else:
            is_longer |= require_length(path, file, n_frames)
            decoded[name] = _fixed_frames(file, n_frames)
    is_longer &= header.n_samples is not None
    digital = [_one(decoded.get(signal.file), files[signal.file], signal) for signal in header.signals]
    verify(
        path,
        header,
        [_seen(values) for values in digital],
        warnings,
        (lambda: _whole(header, files)) if is_longer else None,
    )
    return [None if values is None else _unskewed(values, header.signals[at]) for at, values in enumerate(digital)]


def to_mv(values: NDArray[Any], signal: Signal) -> NDArray[np.float32]:
    """Return the millivolts of a signal in volts.

    Parameters
    ----------
    values : array [samples], integers
        Digital values.
    signal : Signal
        Their signal line.

    Returns
    -------
    array [samples], float32, mV
        NaN where a sample is missing.
    """
    volts = (values.astype(np.float64) - signal.baseline) / signal.gain * UNITS_MV[signal.unit]
    missing = samples.MISSING.get(signal.format)
    if missing is not None:
        volts[values == missing] = np.nan
    return volts.astype(np.float32)


def files_of(path: Path, header: Header, partial: bool, warnings: list[str]) -> dict[str, SignalFile]:
    """Return the signal files by their names in the header; a missing one is refused, unless a part is enough.

    Parameters
    ----------
    path : Path
        The header file.
    header : Header
        Its content.
    partial : bool
        Whether a missing signal file is allowed.
    warnings : list of str
        Gets what is unusual.

    Returns
    -------
    dict of SignalFile

    Raises
    ------
    RecordUnreadable
        If a file is missing, or its signals do not belong together.
    """
    found = {}
    for name in dict.fromkeys(signal.file for signal in header.signals):
        signals = tuple(signal for signal in header.signals if signal.file == name)
        first = signals[0]
        if any(signal.format != first.format or signal.offset not in (0, first.offset) for signal in signals):
            raise unreadable(path, f"signals of different formats or offsets in {name}", "copy the header again")
        file = located(path.parent, name)
        if file is None and not partial:
            raise no_signal_file(path, name, is_part=any(signal.file != name for signal in header.signals))
        if file is None:
            leads = ", ".join(signal.lead for signal in signals)
            warnings.append(f"the signal file {name} is missing: so are the samples of {leads}")
        found[name] = SignalFile(file, require_regular(file) if file else 0, signals)
    return found


def located(folder: Path, name: str) -> Path | None:
    """Return a file that a header names: below the folder, beside the header, or in other case; None if there is none.

    Parameters
    ----------
    folder : Path
        Folder of the header.
    name : str
        Name in the header, which stays in the folder.

    Returns
    -------
    Path or None
    """
    places = (folder / name, folder / Path(name).name)
    there = next((place for place in places if place.exists()), None)
    if there is not None:
        return there
    wanted = Path(name).name.casefold()
    return next((file for file in sorted(folder.iterdir()) if file.name.casefold() == wanted), None)


def no_signal_file(path: Path, name: str, is_part: bool = False) -> RecordUnreadable:
    """Return the error for a file that a header names and that is missing.

    Parameters
    ----------
    path : Path
        The header.
    name : str
        The file as the header names it.
    is_part : bool
        Whether the header names others too.

    Returns
    -------
    RecordUnreadable
    """
    return RecordUnreadable(
        f"The signal file of {path} is missing.",
        found=f"no {name} in {path.parent}",
        expected="the file that the header names",
        remedy=f"ls {shlex.quote(str(path.parent))}" + "\n--partial      reads the other leads" * is_part,
    )


def require_length(path: Path, file: SignalFile, n_frames: int) -> bool:
    """Refuse a signal file that is shorter than its header states.

    Parameters
    ----------
    path : Path
        The header file.
    file : SignalFile
        The signal file.
    n_frames : int
        Frames that the header states.

    Returns
    -------
    bool
        Whether it is longer.

    Raises
    ------
    RecordUnreadable
        If it is shorter.
    """
    n_values = n_frames * file.per_frame
    expected = file.signals[0].offset + int(np.ceil(n_values * BYTES[file.format]))
    if file.n_bytes < expected:
        raise _wrong_length(path, file, f"{expected:,} bytes: {n_frames:,} frames", "the file is truncated")
    return file.n_bytes > expected + _SLACK_BYTES


def _wrong_length(path: Path, file: SignalFile, expected: str, what: str) -> RecordUnreadable:
    return RecordUnreadable(
        f"The signal file of {path} is not as long as its header states: {what}.",
        found=f"{file.n_bytes:,} bytes in {file.signals[0].file}",
        expected=f"{expected} of {file.per_frame} samples, format {file.format}",
        remedy="copy or download the record again, header and signal file together",
    )


def _fixed_frames(file: SignalFile, n_frames: int) -> NDArray[Any]:
    """Return the digital values [frames, samples in a frame] of a file of fixed sample size."""
    assert file.path is not None
    n_values = n_frames * file.per_frame
    n_bytes = int(np.ceil(n_values * BYTES[file.format])) + 2  # formats 310 and 311 pad the last samples
    raw = np.fromfile(file.path, np.uint8, count=n_bytes, offset=file.signals[0].offset)
    return samples.decode(raw, file.format, n_values).reshape(n_frames, file.per_frame)


def _flac_frames(path: Path, file: SignalFile, n_frames: int | None) -> NDArray[Any]:
    """Return the digital values [frames, samples in a frame] of a FLAC file, all of which have the same rate."""
    assert file.path is not None
    frame = file.signals[0].frame
    if any(signal.frame != frame for signal in file.signals):
        raise unreadable(path, f"signals of different rates in {file.signals[0].file}", "copy the header again")
    wanted = None if n_frames is None else (n_frames + 1) * frame
    values = samples.decode_flac(file.path, file.format, len(file.signals), wanted)
    n_found = len(values) // frame
    if n_frames is not None and n_found < n_frames:
        found = f"{len(values):,} samples in {file.signals[0].file}, {n_frames * frame:,} in the header"
        raise unreadable(path, found, "copy the record again, header and signal file together")
    framed = values[: n_found * frame].reshape(n_found, frame, len(file.signals))
    return framed.transpose(0, 2, 1).reshape(n_found, -1)


def _whole(header: Header, files: dict[str, SignalFile]) -> list[Seen | None]:
    """Return what the digital values of all signals are to the ends of their files, if these have a fixed sample size."""
    fixed = {name: file for name, file in files.items() if file.path is not None and file.format in BYTES}
    frames = {name: _fixed_frames(file, file.n_frames) for name, file in fixed.items()}
    return [_seen(_one(frames.get(signal.file), files[signal.file], signal)) for signal in header.signals]


def _seen(values: NDArray[Any] | None) -> Seen | None:
    return None if values is None else Seen.of(values)


def _one(frames: NDArray[Any] | None, file: SignalFile, signal: Signal) -> NDArray[Any] | None:
    """Return the digital values of one signal; differences are summed."""
    if frames is None:
        return None
    first = 0
    for other in file.signals:
        if other is signal:
            break
        first += other.frame
    values = frames[:, first] if signal.frame == 1 else frames[:, first : first + signal.frame].reshape(-1)
    if signal.format != "8":
        return values
    return np.cumsum(values, dtype=np.int64) + (signal.first or 0)


def _unskewed(values: NDArray[Any], signal: Signal) -> NDArray[Any]:
    """Return a signal that was written some frames late in step with the others; its last samples are missing."""
    if not signal.skew:
        return values
    shift = min(signal.skew * signal.frame, len(values))
    kept = values[shift:].astype(np.int64)
    return np.concatenate((kept, np.full(shift, samples.MISSING.get(signal.format, 0), np.int64)))
