"""Read the signal files of a long WFDB record piece by piece: neither files nor digital values are in memory as a whole."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from einthoven import on_disk
from einthoven.records import samples
from einthoven.records.header import BYTES, Header, Signal
from einthoven.records.signal_files import SignalFile, files_of, require_length, to_mv
from einthoven.records.verification import Seen, verify


def read_long(
    path: Path, header: Header, kept: list[int], partial: bool, warnings: list[str]
) -> NDArray[np.float32] | None:
    """Read some signals of a long record, if each has one sample a frame in a format of fixed size.

    Parameters
    ----------
    path : Path
        The header file.
    header : Header
        Its content.
    kept : list of int
        Positions of the signals that are read.
    partial : bool
        Whether a missing signal file is allowed.
    warnings : list of str
        Gets what is unusual.

    Returns
    -------
    array [signals, samples], float32, mV, or None
        Kept in a temporary file. None for a short record, and for one that cannot be read in pieces.

    Raises
    ------
    RecordUnreadable
        If a file is missing or shorter than its header states, or does not fit it.
    OutputRefused
        If there is no room for the temporary file.
    """
    n_samples = header.n_samples
    if n_samples is None or n_samples * len(kept) <= on_disk.MOST_IN_MEMORY or not all(map(_is_plain, header.signals)):
        return None
    files = files_of(path, header, partial, [])
    if any(file.path is None for file in files.values()):
        return None
    are_longer = [require_length(path, file, n_samples) for file in files.values()]
    if any(are_longer):
        return None
    columns = [_column(files[signal.file], signal) for signal in header.signals]
    seen = [Seen(0, 0, 0)] * len(header.signals)

    def piece(first: int, end: int) -> NDArray[np.float32]:
        frames = {name: _frames(file, first, end) for name, file in files.items()}
        values = [frames[signal.file][:, column] for signal, column in zip(header.signals, columns, strict=True)]
        seen[:] = [before + Seen.of(these) for before, these in zip(seen, values, strict=True)]
        return np.stack([to_mv(values[at], header.signals[at]) for at in kept])

    found = on_disk.built((len(kept), n_samples), piece)
    verify(path, header, seen, warnings)
    return found


def _is_plain(signal: Signal) -> bool:
    return signal.format in BYTES and signal.format != "8" and signal.frame == 1 and not signal.skew


def _column(file: SignalFile, signal: Signal) -> int:
    return next(at for at, other in enumerate(file.signals) if other is signal)


def _frames(file: SignalFile, first: int, end: int) -> NDArray[np.signedinteger]:
    """Return the digital values [frames, signals] of some frames of a signal file."""
    assert file.path is not None
    n_values, offset = (end - first) * file.per_frame, round(first * file.per_frame * BYTES[file.format])
    n_bytes = int(np.ceil(n_values * BYTES[file.format])) + 2  # formats 310 and 311 pad the last samples
    raw = np.fromfile(file.path, np.uint8, count=n_bytes, offset=file.signals[0].offset + offset)
    return samples.decode(raw, file.format, n_values).reshape(end - first, file.per_frame)
