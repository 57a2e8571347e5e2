"""Knows WFDB signals: the common formats fast, every other through the wfdb package. Believes no header that does not fit.

Source: signal(5) of the WFDB Applications Guide, G. Moody.
"""

import re
from pathlib import Path

import numpy as np

from einthoven.errors import RecordUnreadable, StatementMissing, optional_imports
from einthoven.records.header import BYTES, Header, read_header, unreadable, with_unit
from einthoven.records.record import UNITS_MV, Annotations, Record

MISSING = {"16": -(1 << 15), "212": -(1 << 11), "80": -(1 << 7)}
"""The value that marks a missing sample in each format that is read fast."""
_SLACK_BYTES = 64


def read_wfdb(path: Path, *, fs_hz=None, leads=None, unit=None, annotator=None) -> Record:
    """Read a WFDB record in mV; see :func:`einthoven.records.read`."""
    header_path = path if path.suffix.lower() == ".hea" else _header_beside(path)
    header = read_header(header_path)
    warnings = []
    if fs_hz is not None and header.fs_hz and fs_hz != header.fs_hz:
        warnings.append(f"the header states {header.fs_hz:g} Hz; {fs_hz:g} Hz were stated and taken")
    rate = fs_hz if fs_hz is not None else header.fs_hz
    if rate is None:
        raise StatementMissing(
            f"{header_path} does not state its sampling rate.",
            found="a record line without a rate",
            expected="a rate in Hz",
            remedy="--fs 360",
        )
    if header.n_segments > 1:
        signal, kept = _read_segments(header_path, header)
    else:
        header = with_unit(header, unit, warnings)
        through = _read_through_wfdb if _is_uncommon(header) else _read_fast
        signal, kept = through(header_path, header, warnings)
    names = tuple(header.signals[at].lead for at in kept) or _names(header_path)
    dropped = [header.signals[at].lead for at in range(len(header.signals)) if kept and at not in kept]
    if dropped:
        warnings.append(f"left out, since not in volts: {', '.join(dropped)}")
    record = Record(
        name=_bare_name(header, header_path),
        signal_mv=signal,
        fs_hz=rate,
        leads=names,
        source=header_path,
        comments=header.comments,
        warnings=tuple(warnings),
        annotations=read_annotations(header_path.with_suffix(""), annotator) if annotator else None,
    )
    return record if leads is None else record.with_leads(leads)


def read_annotations(record: Path, annotator: str) -> Annotations:
    """Read ``record.annotator``, e.g. the beats of MIT-BIH in ``100.atr``.

    Raises
    ------
    RecordUnreadable
        Where the file is not there or damaged.
    """
    with optional_imports():
        import wfdb

    file = record.with_name(f"{record.name}.{annotator}")
    try:
        found = wfdb.rdann(str(record), annotator)
        samples = np.asarray(found.sample, np.int64)
    except Exception as error:
        raise RecordUnreadable(
            f"the annotations {file} cannot be read.",
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


def _read_fast(path: Path, header: Header, warnings: list[str]) -> tuple[np.ndarray, list[int]]:
    """Samples in mV [leads, samples] of one interleaved file in format 16, 80 or 212, and which signals are in volts."""
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


def _raw_bytes(file: Path, header: Header, path: Path) -> np.ndarray:
    try:
        raw = np.fromfile(file, np.uint8)
    except OSError as error:
        raise _no_signal_file(file, path, error.strerror or "nothing there") from error
    if header.n_samples is not None:
        _require_length(file, len(raw), header, path)
    elif len(raw) == 0:
        raise unreadable(file, "a file of zero bytes", "copy the file again")
    return raw


def _require_length(file: Path, n_bytes: int, header: Header, path: Path) -> None:
    """Compare the length of a signal file with what the header says lies in it."""
    inside = [signal for signal in header.signals if signal.file == file.name]
    frames = sum(BYTES[signal.format] * signal.frame for signal in inside)
    expected = inside[0].offset + int(np.ceil(header.n_samples * frames))
    if not expected <= n_bytes <= expected + _SLACK_BYTES:
        truncated = "the file is truncated" if n_bytes < expected else "the header is wrong about length or format"
        raise RecordUnreadable(
            f"the signal file of {path} is not as long as its header says: {truncated}.",
            found=f"{n_bytes:,} bytes in {file.name}",
            expected=f"{expected:,} bytes: {header.n_samples:,} samples of {len(inside)} leads, format {inside[0].format}",
            remedy="copy or download the record again, header and signal file together",
        )


def _require_frames(file: Path, expected: int, path: Path) -> None:
    """Compare the length of a compressed signal file with what the header says lies in it."""
    with optional_imports():
        import soundfile

    try:
        found = soundfile.info(file).frames
    except soundfile.SoundFileError as error:
        raise unreadable(file, _in_short(error), "copy or download the record again") from error
    if found != expected:
        raise unreadable(path, f"{found:,} samples in {file.name} where the header says {expected:,}", "copy it again")


def _decode(raw: np.ndarray, kind: str, n_values: int) -> np.ndarray:
    """Samples as int16 from bytes in format 16 (little-endian), 80 (offset binary) or 212 (pairs of 12 bits in three bytes)."""
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


def _verify(path: Path, header: Header, adu: list[np.ndarray], warnings: list[str]) -> None:
    """Compare the checksums; a header wrong in every lead's checksum and first sample describes another file.

    Parameters
    ----------
    adu : the samples of each lead as the file has them
    """
    stated = [signal.checksum for signal in header.signals]
    wrong = [at for at, c in enumerate(stated) if c and (int(adu[at].sum(dtype=np.int64)) - c) % 65536]
    strange = [
        at for at, s in enumerate(header.signals) if s.first is not None and len(adu[at]) and s.first != adu[at][0]
    ]
    if len(wrong) == len(strange) == len(stated):
        raise RecordUnreadable(
            f"the header {path} does not describe its signal file.",
            found=f"another checksum and another first sample in each of {len(stated)} leads",
            expected=f"format {header.signals[0].format} as the header says",
            remedy="copy or download the record again, header and signal file together",
        )
    if wrong:
        names = ", ".join(header.signals[at].lead for at in wrong)
        warnings.append(f"the checksum differs from the header's in {names}")


def _read_through_wfdb(path: Path, header: Header, warnings: list[str]) -> tuple[np.ndarray, list[int]]:
    """Any other format, skews, frames and several files, through the wfdb package; leads in mV, and which they are."""
    with optional_imports():
        import wfdb

    for file in sorted({path.with_name(signal.file) for signal in header.signals}):
        if not file.is_file():
            raise _no_signal_file(file, path, "nothing there")
        inside = [signal for signal in header.signals if signal.file == file.name]
        if header.n_samples is not None and all(signal.format in BYTES for signal in inside):
            _require_length(file, file.stat().st_size, header, path)
        elif header.n_samples is not None:
            _require_frames(file, header.n_samples * inside[0].frame, path)
    try:
        adu = wfdb.rdrecord(str(path.with_suffix("")), physical=False, smooth_frames=False).e_d_signal
        smooth = wfdb.rdrecord(str(path.with_suffix(""))).p_signal.T
    except Exception as error:
        raise unreadable(path, _in_short(error), "copy or download the record again") from error
    n_samples = header.n_samples if header.n_samples is not None else smooth.shape[1]
    if any(len(adu[at]) != n_samples * signal.frame for at, signal in enumerate(header.signals)):
        found = f"{smooth.shape[1]:,} samples where the header says {n_samples:,}"
        raise unreadable(path, found, "copy or download the record again")
    if not any(signal.skew for signal in header.signals):
        _verify(path, header, adu, warnings)
    kept = [at for at, signal in enumerate(header.signals) if signal.unit in UNITS_MV]
    if not kept:
        raise unreadable(path, f"units {', '.join(s.unit for s in header.signals)}", "name a record of an ECG")
    return np.stack([smooth[at] * UNITS_MV[header.signals[at].unit] for at in kept]).astype(np.float32), kept


def _read_segments(path: Path, header: Header) -> tuple[np.ndarray, list[int]]:
    """A record of several segments, through the wfdb package; leads in mV."""
    with optional_imports():
        import wfdb

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
    with optional_imports():
        import wfdb

    record = wfdb.rdrecord(str(path.with_suffix("")))
    return tuple(name for name, unit in zip(record.sig_name, record.units, strict=True) if unit in UNITS_MV)


def _header_beside(path: Path) -> Path:
    beside = path.with_name(path.name + ".hea")
    return beside if beside.exists() else path.with_suffix(".hea")


def _bare_name(header: Header, path: Path) -> str:
    return header.name if re.fullmatch(r"[\w.-]+", header.name) else path.stem


def _no_signal_file(file: Path, path: Path, found: str) -> RecordUnreadable:
    return RecordUnreadable(
        f"the signal file of {path} is not there.",
        found=f"{file}: {found}",
        expected="the file its header names",
        remedy=f"ls {file.parent}",
    )


def _in_short(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0][:160] if str(error) else 'no reason given'}"
