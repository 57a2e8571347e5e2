"""Read EDF, EDF+, BDF and BDF+: each signal at its own rate, gaps of discontinuous files, annotations.

Source: Kemp et al., Electroencephalogr Clin Neurophysiol 1992;82:391; Kemp and Olivan, Clin Neurophysiol 2003;114:1755.
"""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import RecordUnreadable
from einthoven.records.channels import Channel, Content, record_of
from einthoven.records.edf_texts import annotations_of, cut_at_end, identity_of, machine_of, onsets_of
from einthoven.records.printable import printable
from einthoven.records.record import Record
from einthoven.records.stated import NOTHING, Stated
from einthoven.records.xml_tree import not_a, number_of
from einthoven.signal.leads import STANDARD, canonical
from einthoven.signal.resample import resample

TITLE = "EDF, EDF+, BDF or BDF+"
_FIELDS = (16, 80, 8, 8, 8, 8, 8, 80, 8, 32)
_MOST_SIGNALS = 512
_MOST_SAMPLES = 400_000_000
_NOTES = ("EDF Annotations", "BDF Annotations")
_ECG = re.compile(r"\b(ecg|ekg|mlii?i?|holter)|cardio", re.IGNORECASE)
_OTHER = re.compile(
    r"\b(eeg|eog|emg|erg|meg|mcg|resp\w*|airflow|flow|nasal|thor\w*|abd\w*|chest|snor\w*|sa?[op]2|spo2|ppg|pleth\w*|acc\w*|"
    r"gyro\w*|gsr|eda|temp\w*|pos\w*|body|light|status|marker|event\w*|trig\w*|pulse|hr|rr|pres\w*|cpap|leak|battery|mic\w*|"
    r"chin\w*|leg\w*|tib\w*|loc|roc|e[12]|[am][12])\b",
    re.IGNORECASE,
)
_BRAIN = re.compile(r"(fp|af|f|fc|ft|c|t|cp|tp|p|po|o)(z|\d{1,2})(-\w+)?", re.IGNORECASE)  # electrodes of an EEG

_CAP = re.compile(r"[a-h]\d{1,2}", re.IGNORECASE)  # electrodes of an EEG cap of BioSemi; D1 and C1 are leads elsewhere
_MANY = 12


@dataclass(frozen=True)
class _Signal:
    label: str
    unit: str
    n: int
    """Samples in a data record."""
    first: int
    """Samples of the data record before it."""
    per_count: float
    zero: float
    lowest: float
    """Count at the lowest value."""
    is_scaled: bool


@dataclass(frozen=True)
class _Header:
    width: int
    """Bytes of a sample."""
    n_bytes: int
    n_records: int
    record_s: float
    tolerance_s: float
    """How far the duration of a data record may be off, because its field has eight characters."""
    signals: tuple[_Signal, ...]
    is_plus: bool
    patient: str
    recording: str
    date: str
    time: str

    def rate_hz(self, signal: _Signal) -> float:
        """Return the sampling rate of a signal: a whole number where the duration of a data record was rounded.

        Parameters
        ----------
        signal : _Signal
            A signal of the file.

        Returns
        -------
        float, Hz
        """
        rate = signal.n / self.record_s
        low, high = signal.n / (self.record_s + self.tolerance_s), signal.n / (self.record_s - self.tolerance_s)
        return float(round(rate)) if low <= round(rate) <= high else rate


def read_edf(path: Path, stated: Stated = NOTHING) -> Record:
    """Read the ECG of an EDF or BDF file; other signals are left out with a warning.

    Parameters
    ----------
    path : Path
        The file.
    stated : Stated
        What the user states.

    Returns
    -------
    Record
        Leads of lower rates are resampled to the highest one.

    Raises
    ------
    RecordUnreadable
        If the header is damaged, the file ends before its first data record, or no signal is an ECG.
    """
    warnings: list[str] = []
    header = _header(path, warnings)
    kept = _ecg_signals(path, header, stated, warnings)
    frame = sum(each.n for each in header.signals)
    data = np.memmap(path, np.uint8, "r", header.n_bytes, (header.n_records, frame * header.width))
    notes = [each for each in header.signals if each.label in _NOTES]
    texts = [_bytes_of(data, each, header.width) for each in notes]
    onsets = onsets_of(texts[0]) if texts and header.is_plus else None
    fs_hz = max(header.rate_hz(each) for each in kept)
    channels = []
    for each in kept:
        counts = _counts(_bytes_of(data, each, header.width), header.width)
        counts = _without_fill(counts, each, header.rate_hz(each), warnings)
        counts = _at_onsets(path, counts, onsets, header, warnings)
        own_hz = header.rate_hz(each)
        if own_hz != fs_hz:
            counts = _resampled(counts, own_hz, fs_hz)
            warnings.append(f"{each.label} is resampled from {own_hz:g} to {fs_hz:g} Hz")
        channels.append(Channel(each.label.removeprefix("ECG "), counts, each.per_count, each.unit, each.zero))
    content = Content(
        warnings=tuple(dict.fromkeys(warnings)),
        identity=identity_of(header.patient, header.recording, header.date, header.time, header.is_plus),
        annotations=annotations_of(texts, fs_hz, onsets),
        machine=machine_of(texts),
    )
    return cut_at_end(record_of(path, fs_hz, channels, stated, content))


def _header(path: Path, warnings: list[str]) -> _Header:
    size = path.stat().st_size
    with path.open("rb") as file:
        fixed = file.read(256)
        texts = [fixed[a:b].decode("latin-1").strip() for a, b in ((8, 88), (88, 168), (168, 176), (176, 184))]
        reserved = fixed[192:236].decode("latin-1").strip()
        n_bytes, n_records, n_signals = (_whole(path, fixed, *span) for span in ((184, 192), (236, 244), (252, 256)))
        duration = fixed[244:252].decode("latin-1").strip("\0 ")
        record_s, decimals = number_of(duration), len(duration.partition(".")[2])
        if not 1 <= n_signals <= _MOST_SIGNALS or n_bytes != 256 * (n_signals + 1) or size < n_bytes:
            raise not_a(path, TITLE, f"a header of {n_bytes:,} bytes for {n_signals:,} signals in {size:,} bytes")
        table = file.read(256 * n_signals)
    width = 3 if fixed[0] == 0xFF else 2
    if width == 2 and fixed[:8] != b"0       ":
        raise not_a(path, TITLE, "a first field that is not version 0")
    signals = _signals(path, table, n_signals)
    frame = width * sum(each.n for each in signals)
    if all(each.label in _NOTES for each in signals):
        raise not_a(path, TITLE, "annotations only, no signal", "name the recording that they belong to")
    if not record_s or record_s < 0 or not frame:
        raise not_a(path, TITLE, f"data records of {duration or 'no'} s and {frame} bytes")
    there = (size - n_bytes) // frame
    if n_records == -1 or there < n_records:
        warnings.append(f"the file ends after {there:,} of {n_records:,} data records" if n_records >= 0 else _UNCLOSED)
        n_records = there
    elif size - n_bytes > n_records * frame:
        warnings.append(f"{size - n_bytes - n_records * frame:,} bytes behind the last data record are not read")
    if n_records < 1:
        raise not_a(path, TITLE, "no whole data record", "copy the file again")
    is_plus = reserved[:4] in ("EDF+", "BDF+") or (width == 3 and any(each.label in _NOTES for each in signals))
    tolerance_s = 0.5 * 10.0**-decimals if decimals >= 4 else 0.0
    return _Header(width, n_bytes, n_records, record_s, min(tolerance_s, record_s / 2), signals, is_plus, *texts)


_UNCLOSED = "the file does not state its length: the recorder did not close it; all whole data records are read"


def _signals(path: Path, table: bytes, n_signals: int) -> tuple[_Signal, ...]:
    columns: list[list[str]] = []
    at = 0
    for width in _FIELDS:
        fields = (table[at + width * n : at + width * (n + 1)] for n in range(n_signals))
        columns.append([_decoded(field) for field in fields])
        at += width * n_signals
    signals, first = [], 0
    for label, _, unit, low, high, low_count, high_count, _, n, _ in zip(*columns, strict=True):
        if not re.fullmatch(r"[0-9]{1,8}", n):
            raise not_a(path, TITLE, f"{label or 'a signal'} with {n or 'no'} samples in a data record")
        ends = [number_of(text) for text in (low, high, low_count, high_count)]
        a, b, c, d = (value if value is not None else np.nan for value in ends)
        is_scaled = bool(d > c and a != b and np.isfinite(a - b))
        per_count = (b - a) / (d - c) if is_scaled else 1.0
        zero = c - a / per_count if is_scaled else 0.0
        signals.append(_Signal(label, unit, int(n), first, per_count, zero, c, is_scaled))
        first += int(n)
    return tuple(signals)


def _decoded(field: bytes) -> str:
    """Return the text of a field: ASCII by definition, UTF-8 or Latin-1 where programs write a micro sign."""
    try:
        return field.decode("utf-8").strip("\0 ")
    except UnicodeDecodeError:
        return field.decode("latin-1").strip("\0 ")


def _ecg_signals(path: Path, header: _Header, stated: Stated, warnings: list[str]) -> list[_Signal]:
    """Return the signals that are ECG by name; if none is named so, those in volts that are not named as something else."""
    those = [each for each in header.signals if each.label not in _NOTES and each.n]
    is_cap = sum(_CAP.fullmatch(each.label) is not None for each in those) > _MANY
    has_limb_leads = not is_cap and any(canonical(each.label) in STANDARD[:6] for each in those)
    leads = [
        each
        for each in those
        if has_limb_leads or not (_BRAIN.fullmatch(each.label) or (is_cap and _CAP.fullmatch(each.label)))
    ]
    named = [each for each in leads if _ECG.search(each.label) or canonical(each.label) in STANDARD]
    kept = named or [each for each in leads if not _OTHER.search(each.label)]
    if not kept:
        raise RecordUnreadable(
            f"{path} holds no ECG.",
            found=printable(", ".join(each.label for each in those)[:300]) or "annotations only",
            expected="a signal that is named ECG or as a lead, or another one in volts",
            remedy="name a recording of an ECG",
        )
    damaged = [each.label for each in kept if not each.is_scaled]
    if damaged and not stated.states_scale:
        raise not_a(
            path,
            TITLE,
            f"no range of values or of counts: {', '.join(damaged)[:200]}",
            "--gain 200      if you know it",
        )
    left_out = [each.label for each in those if each not in kept]
    if left_out:
        warnings.append(f"left out, because no ECG by name: {', '.join(left_out)}")
    return kept


def _whole(path: Path, head: bytes, start: int, end: int) -> int:
    text = head[start:end].decode("latin-1").strip("\0 ")
    if not re.fullmatch(r"-?[0-9]{1,8}", text):
        raise not_a(path, TITLE, f"{text!r} where the header states a number")
    return int(text)


def _bytes_of(data: NDArray[np.uint8], signal: _Signal, width: int) -> NDArray[np.uint8]:
    """Return the bytes of one signal [data records, bytes]."""
    return np.ascontiguousarray(data[:, signal.first * width : (signal.first + signal.n) * width])


def _counts(content: NDArray[np.uint8], width: int) -> NDArray[Any]:
    """Return the counts [data records, samples]; 24 bits are two's complement too."""
    if width == 2:
        return content.view("<i2")
    parts = content.reshape(len(content), -1, 3).astype(np.int32)
    counts = parts[..., 0] | parts[..., 1] << 8 | parts[..., 2] << 16
    return np.where(counts >= 1 << 23, counts - (1 << 24), counts)


def _without_fill(counts: NDArray[Any], signal: _Signal, fs_hz: float, warnings: list[str]) -> NDArray[Any]:
    """Return counts [data records, samples]; half a second or more at the lowest count is filling, and missing."""
    line = counts.reshape(-1)
    low = line == signal.lowest
    if not low.any():
        return counts
    edges = np.flatnonzero(np.diff(np.concatenate(([False], low, [False])).astype(np.int8))).reshape(-1, 2)
    runs = edges[edges[:, 1] - edges[:, 0] >= fs_hz / 2]
    if not len(runs):
        return counts
    line = line.astype(np.float64)
    for start, end in runs:
        line[start:end] = np.nan
    missing_s = float((runs[:, 1] - runs[:, 0]).sum() / fs_hz)
    warnings.append(f"{signal.label}: {missing_s:,.1f} s at the lowest count are treated as missing")
    return line.reshape(counts.shape)


def _at_onsets(
    path: Path, counts: NDArray[Any], onsets: NDArray[np.float64] | None, header: _Header, warnings: list[str]
) -> NDArray[Any]:
    """Return counts [samples]; data records stand where their onset says, and gaps between them are missing."""
    n_records, n = counts.shape
    if onsets is None or len(onsets) != n_records:
        return counts.reshape(-1)
    starts = np.round((onsets - onsets[0]) / header.record_s * n).astype(np.int64)
    if (np.abs(starts - np.arange(n_records) * n) <= 1).all():
        return counts.reshape(-1)
    if (np.diff(starts) < n - 1).any() or starts[-1] + n > _MOST_SAMPLES:
        raise not_a(path, TITLE, "data records out of order, or days apart", "cut it at its gaps, e.g. with EDFbrowser")
    line = np.full(int(starts[-1]) + n, np.nan)
    for start, part in zip(starts, counts, strict=True):
        line[start : start + n] = part
    gap_s = (len(line) - counts.size) / n * header.record_s
    warnings.append(f"the recording is interrupted: {gap_s:,.1f} s are missing")
    return line


def _resampled(counts: NDArray[Any], from_hz: float, to_hz: float) -> NDArray[Any]:
    missing = ~np.isfinite(counts)
    filled = np.where(missing, 0, counts).astype(np.float64)
    line: NDArray[np.float64] = resample(filled[None], from_hz, to_hz)[0]
    if missing.any():
        at = np.minimum((np.arange(len(line)) * from_hz / to_hz).astype(np.int64), len(missing) - 1)
        line[missing[at]] = np.nan
    return line
