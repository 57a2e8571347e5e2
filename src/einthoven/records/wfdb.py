"""Knows WFDB: the header, the common signal formats fast, every other format through the wfdb package. Trusts no name in a file.

Source: header(5) and signal(5) of the WFDB Applications Guide, G. Moody.
"""

import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import numpy as np

from einthoven.errors import RecordUnreadable, StatementMissing
from einthoven.records.record import UNITS_MV, Annotations, Record

_BYTES = {"8": 1.0, "16": 2.0, "24": 3.0, "32": 4.0, "61": 2.0, "80": 1.0, "160": 2.0, "212": 1.5}
_MISSING = {"16": -(1 << 15), "212": -(1 << 11), "80": -(1 << 7)}
_SPECIFICATION = re.compile(r"(?P<format>\d+)(x(?P<frame>\d+))?(:(?P<skew>\d+))?((\+\d+)*\+(?P<offset>\d+))?$")
_GAIN = re.compile(r"(?P<gain>[-+]?[\d.]+(e[-+]?\d+)?)(\((?P<baseline>-?\d+)\))?(/(?P<unit>\S+))?$", re.IGNORECASE)
_SLACK_BYTES = 64


@dataclass(frozen=True)
class Signal:
    """One signal line of a header."""

    file: str
    format: str
    frame: int
    skew: int
    offset: int
    gain: float
    baseline: int
    unit: str
    first: int | None
    checksum: int | None
    lead: str


@dataclass(frozen=True)
class Header:
    """A header: record line, signal lines, comments."""

    name: str
    n_segments: int
    fs_hz: float | None
    n_samples: int | None
    signals: tuple[Signal, ...]
    comments: tuple[str, ...]


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
    if rate <= 0:
        raise RecordUnreadable(
            f"{header_path} states an impossible sampling rate.",
            found=f"{rate:g} Hz",
            expected="a rate above 0 Hz",
            remedy="--fs 360      states the true one",
        )
    if header.n_segments > 1 or _is_uncommon(header):
        signal, kept = _read_through_wfdb(header_path, header)
    else:
        signal, kept = _read_fast(header_path, header, warnings)
    if unit is not None:
        signal = signal * np.float32(UNITS_MV[unit])
    names = leads if leads is not None else tuple(header.signals[at].lead for at in kept) or _names(header_path)
    if len(names) != len(signal):
        raise RecordUnreadable(
            f"the leads stated for {header_path} are not those of the file.",
            found=f"{len(names)} names",
            expected=f"{len(signal)} leads: {', '.join(header.signals[at].lead for at in kept)}",
            remedy="--leads ECG1=MLII      names one lead and leaves the others",
        )
    dropped = [header.signals[at].lead for at in range(len(header.signals)) if kept and at not in kept]
    if dropped:
        warnings.append(f"left out, since not in volts: {', '.join(dropped)}")
    return Record(
        name=_bare_name(header, header_path),
        signal_mv=signal,
        fs_hz=rate,
        leads=names,
        source=header_path,
        comments=header.comments,
        warnings=tuple(warnings),
        annotations=read_annotations(header_path.with_suffix(""), annotator) if annotator else None,
    )


def read_annotations(record: Path, annotator: str) -> Annotations:
    """Read ``record.annotator``, e.g. the beats of MIT-BIH in ``100.atr``.

    Raises
    ------
    RecordUnreadable
        Where the file is not there or damaged.
    """
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


def read_header(path: Path) -> Header:
    """Parse a header.

    Raises
    ------
    RecordUnreadable
        Naming the line that is not a header's.
    """
    try:
        text = path.read_text("utf-8", errors="strict")
    except UnicodeDecodeError:
        text = path.read_bytes().decode("latin-1")
    except OSError as error:
        raise _unreadable(path, error.strerror or str(error), f"ls {path.parent}") from error
    lines = [line.strip() for line in text.splitlines()]
    comments = tuple(line.lstrip("#").strip() for line in lines if line.startswith("#"))
    lines = [line for line in lines if line and not line.startswith("#")]
    if not lines or "\0" in text:
        raise _unreadable(path, "no record line" if not lines else "binary bytes", "copy the header again")
    words = lines[0].split()
    try:
        name, _, segments = words[0].partition("/")
        n_signals = int(words[1])
        fs_hz = float(re.split(r"[/(]", words[2])[0]) if len(words) > 2 else None
        n_samples = int(words[3]) if len(words) > 3 and words[3].isdigit() else None
        n_segments = int(segments) if segments else 1
    except (ValueError, IndexError) as error:
        raise _unreadable(path, f"record line {lines[0][:80]!r}", "copy the header again") from error
    if n_segments > 1:
        return Header(name, n_segments, fs_hz, n_samples, (), comments)
    if len(lines) - 1 < n_signals or n_signals < 1:
        raise _unreadable(path, f"{n_signals} signals stated, {len(lines) - 1} described", "copy the header again")
    signals = tuple(_signal(path, line, at) for at, line in enumerate(lines[1 : 1 + n_signals]))
    return Header(name, 1, fs_hz, n_samples, signals, comments)


def _signal(path: Path, line: str, at: int) -> Signal:
    words = line.split(maxsplit=8)
    specification = _SPECIFICATION.match(words[1]) if len(words) > 1 else None
    gain = _GAIN.match(words[2]) if len(words) > 2 else None
    if specification is None or (len(words) > 2 and gain is None):
        raise _unreadable(path, f"signal line {line[:80]!r}", "copy the header again")
    if PurePosixPath(words[0]).name != words[0] or "\\" in words[0]:
        raise _unreadable(path, f"a signal file outside the header's folder: {words[0]!r}", "put both into one folder")
    numbers = [int(word) if re.fullmatch(r"-?\d+", word) else None for word in words[3:8]] + [None] * 5
    zero = numbers[1] or 0
    factor = float(gain["gain"]) if gain else 200.0
    if factor == 0:
        raise _unreadable(path, f"a gain of zero for lead {at + 1}", "correct the gain in the header (adu per mV)")
    return Signal(
        file=words[0],
        format=specification["format"],
        frame=int(specification["frame"] or 1),
        skew=int(specification["skew"] or 0),
        offset=int(specification["offset"] or 0),
        gain=factor,
        baseline=int(gain["baseline"]) if gain and gain["baseline"] else zero,
        unit=(gain["unit"] if gain else None) or "mV",
        first=numbers[2],
        checksum=numbers[3],
        lead=words[8].strip() if len(words) > 8 else f"lead{at + 1}",
    )


def _is_uncommon(header: Header) -> bool:
    first = header.signals[0]
    return any(
        signal.format not in _MISSING
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
        n_samples = int(len(raw) / _BYTES[first.format] / n_leads)
    adu = _decode(raw, first.format, n_samples * n_leads).reshape(n_samples, n_leads)
    _verify(path, header, adu, warnings)
    kept = [at for at, signal in enumerate(header.signals) if signal.unit in UNITS_MV]
    if not kept:
        raise _unreadable(path, f"units {', '.join(s.unit for s in header.signals)}", "name a record of an ECG")
    out = np.empty((len(kept), n_samples), np.float32)
    for row, at in enumerate(kept):
        signal, column = header.signals[at], adu[:, at]
        volts = (column.astype(np.float64) - signal.baseline) / signal.gain * UNITS_MV[signal.unit]
        volts[column == _MISSING[first.format]] = np.nan
        out[row] = volts
    return out, kept


def _raw_bytes(file: Path, header: Header, path: Path) -> np.ndarray:
    signal = header.signals[0]
    try:
        raw = np.fromfile(file, np.uint8)
    except OSError as error:
        raise RecordUnreadable(
            f"the signal file of {path} is not there.",
            found=f"{file}: {error.strerror or 'nothing there'}",
            expected="the file its header names",
            remedy=f"ls {file.parent}",
        ) from error
    if header.n_samples is not None:
        expected = signal.offset + int(np.ceil(header.n_samples * len(header.signals) * _BYTES[signal.format]))
        if not expected <= len(raw) <= expected + _SLACK_BYTES:
            truncated = "the file is truncated" if len(raw) < expected else "the header is wrong about length or format"
            raise RecordUnreadable(
                f"the signal file of {path} is not as long as its header says: {truncated}.",
                found=f"{len(raw):,} bytes in {file.name}",
                expected=f"{expected:,} bytes: {header.n_samples:,} samples of {len(header.signals)} leads, format {signal.format}",
                remedy="copy or download the record again, header and signal file together",
            )
    elif len(raw) == 0:
        raise _unreadable(file, "a file of zero bytes", "copy the file again")
    return raw


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


def _verify(path: Path, header: Header, adu: np.ndarray, warnings: list[str]) -> None:
    """Compare the checksums; a header wrong in every lead's checksum and first sample describes another file."""
    sums = adu.sum(axis=0, dtype=np.int64)
    stated = [signal.checksum for signal in header.signals]
    wrong = [at for at, c in enumerate(stated) if c and (int(sums[at]) - c) % 65536]
    strange = [at for at, s in enumerate(header.signals) if s.first is not None and len(adu) and s.first != adu[0, at]]
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


def _read_through_wfdb(path: Path, header: Header) -> tuple[np.ndarray, list[int]]:
    """Any other format, skews, frames, several files or segments, through the wfdb package; all leads in mV."""
    import wfdb

    for signal in header.signals:
        file = path.with_name(signal.file)
        if not file.exists():
            raise _unreadable(file, "nothing there", f"ls {file.parent}")
    try:
        record = wfdb.rdrecord(str(path.with_suffix("")))
        signal, units = record.p_signal.T, record.units
    except Exception as error:
        raise _unreadable(path, _in_short(error), "copy or download the record again") from error
    if header.n_samples is not None and signal.shape[1] != header.n_samples:
        raise _unreadable(path, f"{signal.shape[1]} of {header.n_samples} samples", "copy or download the record again")
    kept = [at for at, unit in enumerate(units) if unit in UNITS_MV]
    if not kept:
        raise _unreadable(path, f"units {', '.join(units)}", "name a record of an ECG")
    out = np.stack([signal[at] * UNITS_MV[units[at]] for at in kept]).astype(np.float32)
    return out, kept if header.signals else []


def _names(path: Path) -> tuple[str, ...]:
    import wfdb

    record = wfdb.rdrecord(str(path.with_suffix("")))
    return tuple(name for name, unit in zip(record.sig_name, record.units, strict=True) if unit in UNITS_MV)


def _header_beside(path: Path) -> Path:
    beside = path.with_name(path.name + ".hea")
    return beside if beside.exists() else path.with_suffix(".hea")


def _bare_name(header: Header, path: Path) -> str:
    return header.name if re.fullmatch(r"[\w.-]+", header.name) else path.stem


def _unreadable(path: Path, found: str, remedy: str) -> RecordUnreadable:
    return RecordUnreadable(f"{path} cannot be read.", found=found, expected="a whole WFDB record", remedy=remedy)


def _in_short(error: Exception) -> str:
    return f"{type(error).__name__}: {str(error).splitlines()[0][:160] if str(error) else 'no reason given'}"
