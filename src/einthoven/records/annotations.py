"""Read WFDB annotation files: beats, rhythms and notes, checked for order and against the record's length.

Source: annot(5) of the WFDB Applications Guide, G. Moody.
"""

import re
import shlex
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from einthoven.errors import RecordUnreadable
from einthoven.records.bounds import content
from einthoven.records.record import Annotations
from einthoven.records.signal_files import located

SYMBOLS = dict(zip(range(1, 15), "NLRaVFJASEj/Q~", strict=True)) | {16: "|"}
SYMBOLS |= dict(zip(range(18, 42), 'sT*D"=pB^t+u?![]en@xf()r', strict=True))
"""Symbol of each code."""
_NOTE, _SKIP, _NUM, _SUB, _CHN, _AUX = 22, 59, 60, 61, 62, 63
_MOST_SAMPLES = 2**62
_MOST_BYTES = 8 << 20  # four million annotations
_RATE = re.compile(r"## time resolution: *(\d{1,9}(?:\.\d{1,9})?)", re.ASCII)
_DEFINITION = re.compile(r"(\d{1,2}) (\S{1,8}) ", re.ASCII)


@dataclass
class _Content:
    """What an annotation file holds."""

    samples: list[int]
    codes: list[int]
    notes: list[str]


def read_annotations(
    record: Path,
    annotator: str,
    frames_hz: float | None = None,
    fs_hz: float | None = None,
    n_samples: int = _MOST_SAMPLES,
    warnings: list[str] | None = None,
) -> Annotations:
    """Read an annotation file, e.g. the beats of MIT-BIH in ``100.atr``.

    Parameters
    ----------
    record : Path
        Path of the record without suffix.
    annotator : str
        Suffix of the annotation file.
    frames_hz : float or None, Hz
        Frames per second of the record, in which annotations count unless their file states another rate.
    fs_hz : float or None, Hz
        Sampling rate of the record's signal; without it annotations count samples.
    n_samples : int
        Samples of the signal.
    warnings : list of str, optional
        Gets what is left out because its code is unknown.

    Returns
    -------
    Annotations
        Sample numbers of the signal, in the order of the file; some may be outside the record.

    Raises
    ------
    RecordUnreadable
        If the file is missing or damaged, or all annotations are outside the record.
    """
    name = f"{record.name}.{annotator}"
    file = located(record.parent, name)
    if file is None:
        raise _unreadable(record.with_name(name), "nothing there", f"ls {shlex.quote(str(record.parent))}")
    try:
        raw = content(file, _MOST_BYTES)
    except OSError as error:
        raise _unreadable(file, error.strerror or type(error).__name__, f"ls -l {shlex.quote(str(file))}") from error
    found = _parse(file, raw)
    stated_hz, symbols = _definitions(found)
    counted_hz = stated_hz or frames_hz
    factor = fs_hz / counted_hz if fs_hz and counted_hz else 1.0
    at = (
        np.array(found.samples, np.int64) if factor == 1 else np.rint(np.array(found.samples) * factor).astype(np.int64)
    )
    is_known = np.array([code in symbols for code in found.codes], bool)
    is_definition = np.array([code == _NOTE and note.startswith("## ") for code, note in _pairs(found)], bool)
    if len(at) and not ((at >= 0) & (at < n_samples)).any():
        raise _unreadable(file, f"{len(at):,} annotations, none within the record", "copy the file of this record")
    unknown = Counter(code for code, is_one in zip(found.codes, is_known, strict=True) if code and not is_one)
    if unknown and warnings is not None:
        shown = ", ".join(str(code) for code in sorted(unknown))
        warnings.append(f"{unknown.total():,} annotations in {file.name} are left out: unknown codes {shown}")
    kept = np.flatnonzero(is_known & ~is_definition)
    return Annotations(
        at[kept], tuple(symbols[found.codes[one]] for one in kept), tuple(found.notes[one] for one in kept)
    )


def _parse(file: Path, raw: bytes) -> _Content:
    """Return times (cumulated), codes and notes of all annotations up to the first zero word."""
    found = _Content([], [], [])
    at, now, end = 0, 0, len(raw) - 1
    while at < end:
        low, high = raw[at], raw[at + 1]
        code, value = high >> 2, low | (high & 3) << 8
        at += 2
        if code == 0 and value == 0:
            return found
        if code == _SKIP:
            if at + 4 > len(raw):
                break
            upper, lower = raw[at : at + 2], raw[at + 2 : at + 4]
            now += int.from_bytes(lower + upper, "little", signed=True)
            at += 4
        elif code == _AUX:
            note = raw[at : at + low]
            if len(note) < low or not found.notes:
                break
            found.notes[-1] = note.decode("latin-1")
            at += low + low % 2
        elif code not in (_NUM, _SUB, _CHN):
            now += value
            found.samples.append(now)
            found.codes.append(code)
            found.notes.append("")
    raise _unreadable(file, "it ends within an annotation", "copy the file again")


def _definitions(found: _Content) -> tuple[float | None, dict[int, str]]:
    """Return the time resolution that the file states in Hz, and the symbols of all codes with those that it defines."""
    rate, symbols = None, dict(SYMBOLS)
    for code, note in _pairs(found):
        if code != _NOTE:
            break
        text = note.strip("\0 ")
        match = _RATE.match(text)
        if match:
            rate = float(match[1]) or None
        defined = _DEFINITION.match(text + " ")
        if defined and 41 < int(defined[1]) < 50:
            symbols[int(defined[1])] = defined[2]
    return rate, symbols


def _pairs(found: _Content) -> Iterator[tuple[int, str]]:
    return zip(found.codes, found.notes, strict=True)


def _unreadable(file: Path, found: str, remedy: str) -> RecordUnreadable:
    return RecordUnreadable(
        f"The annotations {file} cannot be read.", found=found, expected="a WFDB annotation file", remedy=remedy
    )
