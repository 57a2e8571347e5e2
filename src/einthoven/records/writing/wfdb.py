"""Write a record as WFDB: header, signal file (format 16, 24 or 32) and annotations.

Source: header(5) and signal(5) of the WFDB Applications Guide, G. Moody.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.records.annotation_file import CODES, encoded
from einthoven.records.record import Annotations, Record
from einthoven.records.said import lines_of, one_line
from einthoven.signal.counts import Counts, counts


def write_wfdb(record: Record, header: Path) -> None:
    """Write a header, its signal file beside it, and annotations with the suffix ``.atr``.

    Parameters
    ----------
    record : Record
        The record.
    header : Path
        The header; its stem is the name of the record.
    """
    found = counts(record.signal_mv)
    stored = np.where(found.missing, -(1 << (found.bits - 1)), found.values)
    header.with_suffix(".dat").write_bytes(_packed(stored.T, found.bits))
    if record.annotations is not None and len(record.annotations.samples):
        header.with_suffix(".atr").write_bytes(_annotations(record.annotations))
    header.write_text("\n".join(_header_lines(record, header.stem, found, stored)) + "\n", encoding="utf-8")


def _header_lines(record: Record, name: str, found: Counts, stored: NDArray[Any]) -> list[str]:
    first = f"{name} {len(record.leads)} {record.fs_hz:.12g} {record.n_samples}{_moment(record.identity.recorded_at)}"
    lines = [first]
    for lead, per_mv, row in zip(record.leads, found.per_mv, stored, strict=True):
        checksum = (int(row.sum()) + 32768) % 65536 - 32768
        scale = f"{per_mv:.12g}(0)/mV {found.bits} 0"
        lines.append(f"{name}.dat {found.bits} {scale} {int(row[0])} {checksum} 0 {one_line(lead)}")
    said = [*record.comments, *lines_of(record.identity, record.machine, record.comments)]
    return lines + [f"# {one_line(line)}" for text in said for line in text.splitlines()]


def _moment(recorded_at: str) -> str:
    """Return base time and base date; empty where the record has no time."""
    try:
        moment = datetime.fromisoformat(recorded_at)
    except ValueError:
        return ""
    return f" {moment:%H:%M:%S}.{moment.microsecond // 1000:03d} {moment:%d/%m/%Y}" if "T" in recorded_at else ""


def _packed(samples: NDArray[np.int64], bits: int) -> bytes:
    """Return samples [samples, leads], little-endian."""
    if bits == 16:
        return samples.astype("<i2").tobytes()
    whole = np.ascontiguousarray(samples.astype("<i4"))
    return whole.tobytes() if bits == 32 else whole.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()


def _annotations(found: Annotations) -> bytes:
    """Return the content of the annotation file; a code that WFDB does not know is a comment with that code in its note."""
    pairs = [
        (symbol, note) if symbol in CODES else ('"', f"{symbol} {note}".strip())
        for symbol, note in zip(found.symbols, found.notes, strict=True)
    ]
    return encoded(found.samples, [symbol for symbol, _ in pairs], [note for _, note in pairs])
