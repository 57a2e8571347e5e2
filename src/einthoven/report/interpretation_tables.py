"""Write interpretations as tables: one row a file, or one row a number; from the plain values of their JSON."""

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from einthoven.errors import EinthovenError
from einthoven.interpretation.rows import COLUMNS, rows_of

Failed = Mapping[Path, EinthovenError]
Plain = dict[str, Any]

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_INTERVALS = ("pr_ms", "qrs_ms", "qt_ms", "qtc_fridericia_ms")


def summary_of(plain: Plain) -> str:
    """Return the summary of an interpretation as one text.

    Parameters
    ----------
    plain : dict
        As of :meth:`einthoven.interpretation.interpretation.Interpretation.to_dict`.

    Returns
    -------
    str
    """
    return " ".join(one["text"] for one in plain["statements"])


def why(error: EinthovenError) -> str:
    """Return in one line why a file was not interpreted.

    Parameters
    ----------
    error : EinthovenError
        The error.

    Returns
    -------
    str
    """
    return f"{error.summary} {error.found}"


def wide(plains: Sequence[Plain], failed: Failed) -> str:
    """Return one row a file; cells that a spreadsheet would run as a formula begin with an apostrophe.

    Parameters
    ----------
    plains : sequence of dict
        Interpretations as plain values.
    failed : mapping of Path to EinthovenError
        Why files were not interpreted.

    Returns
    -------
    str
        CSV.
    """
    rows = [_row(plain) for plain in plains]
    rows += [{"file": str(file), "failed": why(error)} for file, error in failed.items()]
    return _sheet(list(dict.fromkeys(name for row in rows for name in row)), rows)


def long(plains: Sequence[Plain], failed: Failed) -> str:
    """Return one row for each number, episode, event, stretch and statement.

    Parameters
    ----------
    plains : sequence of dict
        Interpretations as plain values.
    failed : mapping of Path to EinthovenError
        Why files were not interpreted.

    Returns
    -------
    str
        CSV with the columns ``file``, ``record``, ``kind``, ``name``, ``start_s``, ``end_s``, ``value``, ``unit``, ``n``, ``text``.
    """
    rows: list[Plain] = []
    for plain in plains:
        rows += rows_of(plain)
    rows += [
        {"file": str(file), "kind": "failed", "name": error.code, "text": why(error)} for file, error in failed.items()
    ]
    return _sheet(COLUMNS, rows)


def _sheet(columns: Sequence[str], rows: Iterable[Plain]) -> str:
    sink = io.StringIO()
    sheet = csv.DictWriter(sink, columns, restval="")
    sheet.writeheader()
    sheet.writerows({name: _guarded(cell) for name, cell in row.items()} for row in rows)
    return sink.getvalue()


def _guarded(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.lstrip(" ").startswith(_FORMULA) else cell


def _row(plain: Plain) -> Plain:
    rate, rhythm, beats = (plain[name] or {} for name in ("rate_bpm", "rhythm", "beats"))
    return {
        "file": plain["file"] or "",
        "record": plain["record"],
        "duration_s": plain["duration_s"],
        **{f"rate_{name}_bpm": rate.get(name, "") for name in ("mean", "min", "max")},
        **{name: plain["intervals"][name]["value"] for name in _INTERVALS},
        "qrs_axis_deg": plain["axis_deg"]["qrs"]["value"],
        "af_burden": rhythm.get("af_burden", ""),
        **{f"{name}_beats": beats.get("counts", {}).get(name, "") for name in ("S", "V")},
        "pauses": len(beats["pauses"]) if beats else "",
        "unreadable_s": plain["unreadable_s"],
        "diagnoses": "; ".join(row["code"] for row in plain["diagnoses"] or () if row["predicted"]),
        "findings": "; ".join(row["code"] for row in plain["findings"]),
        "not_assessed": "; ".join(plain["not_assessed"]),
        "summary": summary_of(plain),
        "failed": "",
    }
