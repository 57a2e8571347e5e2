"""Read WFDB records: one ECG at its own rate, of one header or of several segments; headers that do not fit are refused.

Source: header(5) and signal(5) of the WFDB Applications Guide, G. Moody.
"""

import re
import shlex
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import RecordUnreadable, StatementMissing
from einthoven.records.annotations import read_annotations
from einthoven.records.bounds import MOST_MISSING
from einthoven.records.calibration import uncalibrated, with_stated_scale
from einthoven.records.ecg_signals import at_rate, chosen
from einthoven.records.header import Header, Signal, read_header, unreadable
from einthoven.records.record import Record
from einthoven.records.said import understood
from einthoven.records.segments import read_segments
from einthoven.records.signal_files import located, no_signal_file, read_signals, to_mv
from einthoven.records.signal_pieces import read_long
from einthoven.records.stated import NOTHING, Stated


def read_wfdb(path: Path, stated: Stated = NOTHING) -> Record:
    """Read a WFDB record in mV.

    The record has the rate of its ECG: signals in frames of several samples keep each sample. Signals that are not in
    volts, or have another rate and no lead's name, are left out with a warning.

    Parameters
    ----------
    path : Path
        Header, signal file, or name of the record without suffix.
    stated : Stated
        What the user states.

    Returns
    -------
    Record

    Raises
    ------
    RecordUnreadable
        If header, signal file or annotations are missing, damaged, or do not belong together.
    StatementMissing
        If the sampling rate is stated nowhere.
    LibraryMissing
        If a signal file is FLAC and the soundfile package is not installed.
    """
    header_path = path if path.suffix.lower() == ".hea" else _header_beside(path)
    header = read_header(header_path)
    warnings: list[str] = []
    if header.segments is not None:
        whole = read_segments(header_path, header, stated, warnings)
        signal, signals, used, frame, frames_hz = whole.signal_mv, whole.signals, whole.used, whole.frame, whole.fs_hz
    else:
        signal, signals, frame = _read_one(header_path, header, stated, warnings)
        used, frames_hz = signals, header.fs_hz
    file_hz = None if frames_hz is None else frames_hz * frame
    rate = _rate(header_path, file_hz, stated, warnings)
    turned = [each.lead for each in signals if each.gain < 0]
    if turned:
        warnings.append(f"the header states a negative gain for {', '.join(turned)}: turned upside down")
    annotations = None
    if stated.annotator is not None:
        beside, n_samples = header_path.with_suffix(""), signal.shape[1]
        annotations = read_annotations(beside, stated.annotator, frames_hz, file_hz, n_samples, warnings)
    if signal.flags.writeable:
        signal.flags.writeable = False
    identity, machine = understood(header.comments)
    record = Record(
        name=_bare_name(header, header_path),
        signal_mv=signal,
        fs_hz=rate,
        leads=tuple(each.lead for each in signals),
        source=header_path,
        comments=header.comments,
        warnings=tuple(dict.fromkeys(warnings)),
        annotations=annotations,
        findings=uncalibrated(used),
        identity=replace(identity, recorded_at=identity.recorded_at or header.recorded_at),
        machine=machine,
    )
    return record if stated.leads is None else record.with_leads(stated.leads)


def _read_one(
    path: Path, header: Header, stated: Stated, warnings: list[str]
) -> tuple[NDArray[np.float32], tuple[Signal, ...], int]:
    """Return samples [leads, samples] in mV, their signal lines, and the samples in a frame of a record in one piece."""
    if header.is_layout:
        raise unreadable(
            path,
            "a layout, which names the leads of a record of several segments and holds no samples",
            f"grep -l {shlex.quote(path.stem)} {shlex.quote(str(path.parent))}/*.hea      names the record's header",
            "a header with samples",
        )
    header = with_stated_scale(header, stated, warnings)
    kept, frame = chosen(header.signals, path, header.fs_hz, warnings)
    long = read_long(path, header, kept, stated.partial, warnings)
    if long is not None:
        return long, tuple(header.signals[at] for at in kept), frame
    digital = read_signals(path, header, header.n_samples, stated.partial, warnings)
    signals = tuple(header.signals[at] for at in kept)
    n_frames = next((len(v) // header.signals[at].frame for at in kept if (v := digital[at]) is not None), None)
    if n_frames is None:
        raise no_signal_file(path, signals[0].file)
    n_missing = sum(digital[at] is None for at in kept) * n_frames * frame
    if n_missing > MOST_MISSING:
        raise unreadable(path, f"{n_missing:,} samples of missing files", "get the missing files")
    out = np.empty((len(kept), n_frames * frame), np.float32)
    for row, at in enumerate(kept):
        values = digital[at]
        out[row] = np.nan if values is None else at_rate(to_mv(values, signals[row]), signals[row].frame, frame)
    return out, signals, frame


def _rate(path: Path, file_hz: float | None, stated: Stated, warnings: list[str]) -> float:
    """Return the sampling rate: the user's, or that of the file."""
    if stated.fs_hz is None and file_hz is None:
        raise StatementMissing(
            f"{path} does not state its sampling rate.",
            found="a record line without a sampling rate",
            expected="a sampling rate in Hz",
            remedy="--fs 360",
        )
    if stated.fs_hz is None:
        return float(file_hz or 0.0)
    if file_hz is not None and abs(stated.fs_hz - file_hz) > 1e-6 * file_hz:
        warnings.append(f"the header states {file_hz:g} Hz; the stated {stated.fs_hz:g} Hz are used")
    return stated.fs_hz


def _header_beside(path: Path) -> Path:
    """Return the header of a record's name or signal file, whatever the case of its suffix."""
    names = (f"{path.name}.hea", f"{path.stem}.hea")
    for name in names:
        if path.with_name(name).exists():
            return path.with_name(name)
    found = next((file for file in (located(path.parent, name) for name in names) if file is not None), None)
    if found is None:
        raise RecordUnreadable(
            f"{path} is a signal file without its header.",
            found=f"no {names[1]} in {path.parent}",
            expected="the header, which states sampling rate, leads and gain",
            remedy=f"copy {names[1]} beside it",
        )
    return found


def _bare_name(header: Header, path: Path) -> str:
    return header.name if re.fullmatch(r"[\w.-]+", header.name) else path.stem
