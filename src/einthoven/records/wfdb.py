"""Read WFDB records: common formats directly, all others through the wfdb package; headers that do not fit are refused.

Source: signal(5) of the WFDB Applications Guide, G. Moody.
"""

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import RecordUnreadable, StatementMissing, optional_imports
from einthoven.records.header import BYTES, Header, read_header, uncalibrated, unreadable, with_stated_scale
from einthoven.records.record import Annotations, Record
from einthoven.records.said import understood
from einthoven.records.stated import NOTHING, UNITS_MV, Stated

MISSING = {"16": -(1 << 15), "212": -(1 << 11), "80": -(1 << 7)}
"""Digital value of a missing sample in each format that is read directly."""
_SLACK_BYTES = 64


def read_wfdb(path: Path, stated: Stated = NOTHING) -> Record:
    """Read a WFDB record in mV.

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
        If an uncommon format needs the wfdb package.
    """
    header_path = path if path.suffix.lower() == ".hea" else _header_beside(path)
    header = read_header(header_path)
    warnings: list[str] = []
    if stated.fs_hz is not None and header.fs_hz and stated.fs_hz != header.fs_hz:
        warnings.append(f"the header states {header.fs_hz:g} Hz; the stated {stated.fs_hz:g} Hz are used")
    rate = stated.fs_hz if stated.fs_hz is not None else header.fs_hz
    if rate is None:
        raise StatementMissing(
            f"{header_path} does not state its sampling rate.",
            found="a record line without a sampling rate",
            expected="a sampling rate in Hz",
            remedy="--fs 360",
        )
    if header.n_segments > 1:
        signal, kept = _read_segments(header_path, header)
    else:
        header = with_stated_scale(header, stated, warnings)
        read_signals = _read_through_wfdb if _is_uncommon(header) else _read_directly
        signal, kept = read_signals(header_path, header, warnings)
    names = tuple(header.signals[at].lead for at in kept) or _names(header_path)
    dropped = [header.signals[at].lead for at in range(len(header.signals)) if kept and at not in kept]
    if dropped:
        warnings.append(f"skipped, because not in volts: {', '.join(dropped)}")
    identity, machine = understood(header.comments)
    record = Record(
        name=_bare_name(header, header_path),
        signal_mv=signal,
        fs_hz=rate,
        leads=names,
        source=header_path,
        comments=header.comments,
        warnings=tuple(warnings),
        annotations=read_annotations(header_path.with_suffix(""), stated.annotator) if stated.annotator else None,
        findings=uncalibrated(header),
        identity=identity,
        machine=machine,
    )
    return record if stated.leads is None else record.with_leads(stated.leads)


def read_annotations(record: Path, annotator: str) -> Annotations:
    """Read an annotation file, e.g. the beats of MIT-BIH in ``100.atr``.

    Parameters
    ----------
    record : Path
        Path of the record without suffix.
    annotator : str
        Suffix of the annotation file.

    Returns
    -------
    Annotations

    Raises
    ------
    RecordUnreadable
        If the file is missing or damaged.
    LibraryMissing
        If the wfdb package is not installed.
    """
    wfdb = _wfdb_package()
    file = record.with_name(f"{record.name}.{annotator}")
    try:
        found = wfdb.rdann(str(record), annotator)
        samples = np.asarray(found.sample, np.int64)
    except Exception as error:
        raise RecordUnreadable(
            f"The annotations {file} cannot be read.",
            found=_in_short(error) if file.exists() else "nothing there",
            expected="a WFDB annotation file",
            remedy=f"ls {record.parent}",
        ) from error
    return Annotations(samples, tuple(found.symbol), tuple(found.aux_note))


def _is_uncommon(header: Header) -> bool:
    first = header.signals[0]
    return any(
        signal.format not in MISSING
        or (signal.format, signal.offset, signal.file) != (first.format, first.offset, first.file)
        or signal.frame != 1
        or signal.skew
        for signal in header.signals
    )


def _read_directly(path: Path, header: Header, warnings: list[str]) -> tuple[NDArray[Any], list[int]]:
    """Return samples in mV [leads, samples] of an interleaved file in format 16, 80 or 212, and which signals are in volts."""
    first = header.signals[0]
    n_leads = len(header.signals)
    raw = _raw_bytes(path.with_name(first.file), header, path)[first.offset :]
    n_samples = header.n_samples
    if n_samples is None:
        n_samples = int(len(raw) / BYTES[first.format] / n_leads)
    adu = _decode(raw, first.format, n_samples * n_leads).reshape(n_samples, n_leads)
    _verify(path, header, list(adu.T), warnings)
    kept = [at for at, signal in enumerate(header.signals) if signal.unit in UNITS_MV]
    if not kept:
        raise unreadable(path, f"units {', '.join(s.unit for s in header.signals)}", "name a record of an ECG")
    out = np.empty((len(kept), n_samples), np.float32)
    for row, at in enumerate(kept):
        signal, column = header.signals[at], adu[:, at]
        volts = (column.astype(np.float64) - signal.baseline) / signal.gain * UNITS_MV[signal.unit]
        volts[column == MISSING[first.format]] = np.nan
        out[row] = volts
    return out, kept


def _raw_bytes(file: Path, header: Header, path: Path) -> NDArray[np.uint8]:
    try:
        raw = np.fromfile(file, np.uint8)
    except OSError as error:
        raise _no_signal_file(file, path, error.strerror or "nothing there") from error
    if header.n_samples is not None:
        _require_length(file, len(raw), header, header.n_samples, path)
    elif len(raw) == 0:
        raise unreadable(file, "a file of zero bytes", "copy the file again")
    return raw


def _require_length(file: Path, n_bytes: int, header: Header, n_samples: int, path: Path) -> None:
    """Refuse a signal file that is not as long as its header states."""
    inside = [signal for signal in header.signals if signal.file == file.name]
    frames = sum(BYTES[signal.format] * signal.frame for signal in inside)
    expected = inside[0].offset + int(np.ceil(n_samples * frames))
    if not expected <= n_bytes <= expected + _SLACK_BYTES:
        truncated = "the file is truncated" if n_bytes < expected else "the header is wrong about length or format"
        raise RecordUnreadable(
            f"The signal file of {path} is not as long as its header states: {truncated}.",
            found=f"{n_bytes:,} bytes in {file.name}",
            expected=f"{expected:,} bytes: {n_samples:,} samples of {len(inside)} leads, format {inside[0].format}",
            remedy="copy or download the record again, header and signal file together",
        )


def _require_frames(file: Path, expected: int, path: Path) -> None:
    """Refuse a compressed signal file that is not as long as its header states."""
    with optional_imports():
        import soundfile  # soundfile has no types

    try:
        found = soundfile.info(file).frames
    except soundfile.SoundFileError as error:
        raise unreadable(file, _in_short(error), "copy or download the record again") from error
    if found != expected:
        raise unreadable(path, f"{found:,} samples in {file.name}, {expected:,} in the header", "copy it again")


def _decode(raw: NDArray[np.uint8], kind: str, n_values: int) -> NDArray[np.int16]:
    """Decode bytes in format 16 (little-endian), 80 (offset binary) or 212 (pairs of 12 bits in three bytes)."""
    if kind == "16":
        return np.frombuffer(raw.tobytes(), "<i2", count=n_values)
    if kind == "80":
        return raw[:n_values].astype(np.int16) - 128
    n_pairs = -(-n_values // 2)
    packed = np.zeros(n_pairs * 3, np.uint8)
    available = min(len(raw), len(packed))
    packed[:available] = raw[:available]
    low, middle, high = (packed[at::3].astype(np.int16) for at in range(3))
    out = np.empty(n_pairs * 2, np.int16)
    out[0::2] = ((middle & 0x0F) << 8) | low
    out[1::2] = ((middle & 0xF0) << 4) | high
    out[out > 2047] -= 4096
    return out[:n_values]


def _verify(path: Path, header: Header, adu: list[NDArray[Any]], warnings: list[str]) -> None:
    """Compare checksums of digital samples with the header; refuse one that is wrong in all checksums and first samples."""
    stated = [signal.checksum for signal in header.signals]
    wrong = [at for at, c in enumerate(stated) if c and (int(adu[at].sum(dtype=np.int64)) - c) % 65536]
    strange = [
        at for at, s in enumerate(header.signals) if s.first is not None and len(adu[at]) and s.first != adu[at][0]
    ]
    if len(wrong) == len(strange) == len(stated):
        raise RecordUnreadable(
            f"The header {path} does not describe its signal file.",
            found=f"another checksum and another first sample in each of {len(stated)} leads",
            expected=f"format {header.signals[0].format} as the header states",
            remedy="copy or download the record again, header and signal file together",
        )
    if wrong:
        names = ", ".join(header.signals[at].lead for at in wrong)
        warnings.append(f"the checksum differs from that of the header in {names}")


def _read_through_wfdb(path: Path, header: Header, warnings: list[str]) -> tuple[NDArray[Any], list[int]]:
    """Return samples in mV of any other format through the wfdb package, and which signals are in volts."""
    wfdb = _wfdb_package()
    for file in sorted({path.with_name(signal.file) for signal in header.signals}):
        if not file.is_file():
            raise _no_signal_file(file, path, "nothing there")
        inside = [signal for signal in header.signals if signal.file == file.name]
        if header.n_samples is not None and all(signal.format in BYTES for signal in inside):
            _require_length(file, file.stat().st_size, header, header.n_samples, path)
        elif header.n_samples is not None:
            _require_frames(file, header.n_samples * inside[0].frame, path)
    try:
        adu = wfdb.rdrecord(str(path.with_suffix("")), physical=False, smooth_frames=False).e_d_signal
        smooth = wfdb.rdrecord(str(path.with_suffix(""))).p_signal.T
    except Exception as error:
        raise unreadable(path, _in_short(error), "copy or download the record again") from error
    n_samples = header.n_samples if header.n_samples is not None else smooth.shape[1]
    if any(len(adu[at]) != n_samples * signal.frame for at, signal in enumerate(header.signals)):
        found = f"{smooth.shape[1]:,} samples, {n_samples:,} in the header"
        raise unreadable(path, found, "copy or download the record again")
    if not any(signal.skew for signal in header.signals):
        _verify(path, header, adu, warnings)
    kept = [at for at, signal in enumerate(header.signals) if signal.unit in UNITS_MV]
    if not kept:
        raise unreadable(path, f"units {', '.join(s.unit for s in header.signals)}", "name a record of an ECG")
    return np.stack([smooth[at] * UNITS_MV[header.signals[at].unit] for at in kept]).astype(np.float32), kept


def _read_segments(path: Path, header: Header) -> tuple[NDArray[Any], list[int]]:
    """Return samples in mV of a record with several segments, through the wfdb package."""
    wfdb = _wfdb_package()
    try:
        record = wfdb.rdrecord(str(path.with_suffix("")))
        signal, units = record.p_signal.T, record.units
    except Exception as error:
        raise unreadable(path, _in_short(error), "copy or download the record again") from error
    if header.n_samples is not None and signal.shape[1] != header.n_samples:
        raise unreadable(path, f"{signal.shape[1]} of {header.n_samples} samples", "copy or download the record again")
    kept = [at for at, unit in enumerate(units) if unit in UNITS_MV]
    if not kept:
        raise unreadable(path, f"units {', '.join(units)}", "name a record of an ECG")
    return np.stack([signal[at] * UNITS_MV[units[at]] for at in kept]).astype(np.float32), []


def _names(path: Path) -> tuple[str, ...]:
    record = _wfdb_package().rdrecord(str(path.with_suffix("")))
    return tuple(name for name, unit in zip(record.sig_name, record.units, strict=True) if unit in UNITS_MV)


def _header_beside(path: Path) -> Path:
    beside = path.with_name(path.name + ".hea")
    return beside if beside.exists() else path.with_suffix(".hea")


def _bare_name(header: Header, path: Path) -> str:
    return header.name if re.fullmatch(r"[\w.-]+", header.name) else path.stem


def _no_signal_file(file: Path, path: Path, found: str) -> RecordUnreadable:
    return RecordUnreadable(
        f"The signal file of {path} is missing.",
        found=f"{file}: {found}",
        expected="the file that the header names",
        remedy=f"ls {file.parent}",
    )


def _wfdb_package() -> Any:
    with optional_imports():
        import wfdb  # wfdb has no types
    return wfdb


def _in_short(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0][:160] if str(error) else 'no reason given'}"
