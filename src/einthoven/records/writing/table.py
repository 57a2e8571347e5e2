"""Write a record as CSV: a head that states rate, leads and unit, times in seconds, and one column a lead in millivolts."""

import csv
import io
from pathlib import Path

import numpy as np

from einthoven.records.ours import ANNOTATION_COLUMNS, ANNOTATIONS, HEAD, TIME
from einthoven.records.record import Annotations, Record
from einthoven.records.said import one_line

_BLOCK = 50_000


def write_csv(record: Record, file: Path) -> None:
    """Write a CSV file, and beside it ``NAME.annotations.csv`` where there are annotations.

    Missing samples are ``nan``. Median beats are not written.

    Parameters
    ----------
    record : Record
        The record.
    file : Path
        The file.
    """
    with file.open("w", encoding="utf-8", newline="") as out:
        out.write("\n".join(f"{line}" for line in _head(record)) + "\n")
        csv.writer(out, lineterminator="\n").writerow([TIME, *(one_line(lead) for lead in record.leads)])
        for start in range(0, record.n_samples, _BLOCK):
            block = record.signal_mv[:, start : start + _BLOCK].astype(str)
            at = np.round(np.arange(start, start + block.shape[1]) / record.fs_hz, 9).astype(str)
            out.write("\n".join(",".join(row) for row in zip(at.tolist(), *block.tolist(), strict=True)) + "\n")
    if record.annotations is not None:
        text = _annotations(record.annotations, record.fs_hz)
        file.with_name(file.stem + ANNOTATIONS).write_text(text, encoding="utf-8")


def _head(record: Record) -> list[str]:
    said = [
        ("name", record.name),
        ("fs_hz", repr(record.fs_hz)),
        ("unit", "mV"),
        ("n_samples", record.n_samples),
        *((f"identity.{name}", value) for name, value in vars(record.identity).items() if value not in ("", None)),
        *(("statement", text) for text in record.machine.statements),
        *(("confirmed", text) for text in record.machine.confirmed),
        *((f"measurement.{name}", f"{value:.12g}") for name, value in record.machine.measurements.items()),
        *(("comment", line) for line in record.comments),
    ]
    return [HEAD, *(f"# {key}: {one_line(str(value))}" for key, value in said)]


def _annotations(found: Annotations, fs_hz: float) -> str:
    sink = io.StringIO()
    sheet = csv.writer(sink, lineterminator="\n")
    sheet.writerow(ANNOTATION_COLUMNS)
    for sample, symbol, note in zip(found.samples.tolist(), found.symbols, found.notes, strict=True):
        sheet.writerow((sample, f"{sample / fs_hz:.6f}", symbol, one_line(note)))
    return sink.getvalue()
