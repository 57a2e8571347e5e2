"""Write delineations as CSV, JSON, WFDB annotations or a page; OUTPUTS maps the suffix of the file to its writer."""

import csv
import io
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from einthoven import __version__
from einthoven.errors import OutputRefused
from einthoven.inference.answer import DISCLAIMER
from einthoven.inference.delineator import Delineation
from einthoven.paths import require_folder, written_aside
from einthoven.records.annotation_file import encoded
from einthoven.signal.boundaries import SYMBOLS, WAVES, Waves

COLUMNS = ("record", "lead", "wave", "onset_s", "peak_s", "offset_s")
"""Columns of the CSV; `lead` is empty for the waves of all leads together."""


def as_csv(found: Sequence[Delineation]) -> bytes:
    """Return a row for each wave: first those of all leads together, then lead by lead.

    Parameters
    ----------
    found : sequence of Delineation
        One for each record.

    Returns
    -------
    bytes
    """
    sink = io.StringIO()
    sheet = csv.writer(sink)
    sheet.writerow(COLUMNS)
    for one in found:
        for lead, waves in {"": one.all_leads, **one.by_lead}.items():
            sheet.writerows([one.record.name, lead, *row.values()] for row in _rows(waves))
    return sink.getvalue().encode()


def as_json(found: Sequence[Delineation]) -> bytes:
    """Return ``einthoven`` (version), ``notice``, ``model`` and ``records``.

    A record has ``all_leads`` and ``leads`` with their waves, ``measurements`` and ``by_lead``, ``quality`` and ``remarks``.

    Parameters
    ----------
    found : sequence of Delineation
        One for each record.

    Returns
    -------
    bytes
    """
    card = found[0].card
    content = {
        "einthoven": __version__,
        "notice": DISCLAIMER,
        "model": {"name": card.display_name, "weights_sha256": card.weights_sha256, "attribution": card.attribution},
        "records": [_plain(one) for one in found],
    }
    return (json.dumps(content, indent=1, allow_nan=False) + "\n").encode()


def as_annotations(found: Sequence[Delineation]) -> bytes:
    """Return the waves of all leads together as WFDB annotations ``(``, ``p``, ``N``, ``t`` and ``)``.

    Parameters
    ----------
    found : sequence of Delineation
        One.

    Returns
    -------
    bytes

    Raises
    ------
    OutputRefused
        If there are several records.
    """
    _require_one(found)
    waves, fs_hz = found[0].all_leads, found[0].record.fs_hz
    marks = [
        (max(0, round(float(time) * fs_hz)), symbol)
        for at in range(len(waves))
        for time, symbol in (
            (waves.onset_s[at], "("),
            (waves.peak_s[at], SYMBOLS[waves.kind[at]]),
            (waves.offset_s[at], ")"),
        )
    ]
    return encoded(np.array([sample for sample, _ in marks], np.int64), [symbol for _, symbol in marks])


def as_html(found: Sequence[Delineation]) -> bytes:
    """Return a page that works offline.

    Parameters
    ----------
    found : sequence of Delineation
        One for each record.

    Returns
    -------
    bytes
    """
    from einthoven.report.waves_page import render

    return render(found).encode()


OUTPUTS: dict[str, Callable[[Sequence[Delineation]], bytes]] = {
    ".csv": as_csv,
    ".json": as_json,
    ".html": as_html,
    ".atr": as_annotations,
}


def require_writable(path: Path, n_records: int) -> None:
    """Refuse an output of an unknown suffix or in a place that cannot be written, before any work.

    Parameters
    ----------
    path : Path
        The output.
    n_records : int
        Records that will be written.

    Raises
    ------
    OutputRefused
        With the suffixes that are known, or the reason that the system gives.
    """
    if path.is_dir() or path.suffix.lower() not in OUTPUTS:
        raise OutputRefused(
            f"{path} cannot be written.",
            found="a folder" if path.is_dir() else f"suffix {path.suffix or 'none'}",
            expected=", ".join(OUTPUTS),
            remedy=f"--out {path / 'waves.csv' if path.is_dir() else path.with_suffix('.csv')}",
        )
    if path.suffix.lower() == ".atr" and n_records > 1:
        raise _several(n_records)
    require_folder(path.parent)


def write(found: Sequence[Delineation], path: Path) -> None:
    """Write delineations in the format of the suffix, whole or not at all.

    Parameters
    ----------
    found : sequence of Delineation
        One for each record.
    path : Path
        The file.
    """
    content = OUTPUTS[path.suffix.lower()](found)
    with written_aside(path) as aside:
        aside.write_bytes(content)


def _rows(waves: Waves) -> list[dict[str, Any]]:
    columns = (waves.kind, waves.onset_s, waves.peak_s, waves.offset_s)
    return [
        {"wave": WAVES[kind]} | dict(zip(COLUMNS[3:], (round(float(time), 4) for time in times), strict=True))
        for kind, *times in zip(*columns, strict=True)
    ]


def _plain(one: Delineation) -> dict[str, Any]:
    record = one.record
    return {
        "record": record.name,
        "file": None if record.source is None else str(record.source),
        "fs_hz": record.fs_hz,
        "duration_s": round(record.duration_s, 3),
        "unreadable_leads": [lead for lead in record.leads if lead not in one.by_lead],
        "all_leads": _rows(one.all_leads),
        "leads": {lead: _rows(waves) for lead, waves in one.by_lead.items()},
        **one.intervals.as_dict(),
        "quality": [
            {"lead": row.lead, "start_s": row.start_s, "end_s": row.end_s, "verdict": row.verdict, "reason": row.reason}
            for row in one.quality.stretches
        ],
        "remarks": list(one.remarks),
    }


def _require_one(found: Sequence[Delineation]) -> None:
    if len(found) != 1:
        raise _several(len(found))


def _several(n: int) -> OutputRefused:
    return OutputRefused(
        "WFDB annotations belong to one record.",
        found=f"{n} records",
        expected="one record, or another format",
        remedy="--out waves.csv",
    )
