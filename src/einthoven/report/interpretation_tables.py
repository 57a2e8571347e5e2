"""Write interpretations as tables: one row a file, or one row a number; from the plain values of their JSON."""

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from einthoven.errors import EinthovenError

Failed = Mapping[Path, EinthovenError]
Plain = dict[str, Any]

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_INTERVALS = ("pr_ms", "qrs_ms", "qt_ms", "qtc_fridericia_ms")
_LONG = ("file", "record", "kind", "name", "start_s", "end_s", "value", "unit", "n", "text")
_UNITS = {"sdnn_ms": "ms", "sdann_ms": "ms", "rmssd_ms": "ms", "pnn50": "share"}


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
        own = {"file": plain["file"] or "", "record": plain["record"]}
        rows += [own | row for row in _rows(plain)]
    rows += [
        {"file": str(file), "kind": "failed", "name": error.code, "text": why(error)} for file, error in failed.items()
    ]
    return _sheet(_LONG, rows)


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


def _rows(plain: Plain) -> Iterator[Plain]:
    yield {"kind": "recording", "name": "duration", "start_s": 0.0, "end_s": plain["duration_s"]}
    for one in plain["statements"]:
        yield {"kind": "statement", "name": one["code"], "text": one["text"]}
    for name, value in (plain["rate_bpm"] or {}).items():
        if name != "n":
            yield {"kind": "rate", "name": name, "value": value, "unit": "1/min", "n": plain["rate_bpm"]["n"]}
    yield from _measured(plain)
    yield from _rhythm(plain["rhythm"])
    yield from _beats(plain["beats"])
    yield from _hours(plain["hours"])
    for row in plain["diagnoses"] or ():
        told = "predicted" if row["predicted"] else ""
        yield {
            "kind": "diagnosis",
            "name": row["code"],
            "value": row["probability"],
            "unit": "probability",
            "text": told,
        }
    for name, unit in _UNITS.items():
        found = plain["variability"]
        if found is not None:
            yield {
                "kind": "variability",
                "name": name,
                "value": found[name],
                "unit": unit,
                "n": found["n"],
                "text": found["reason"],
            }
    for row in plain["quality"]:
        yield _span("quality", row["verdict"], row, text=row["lead"])
    for row in plain["findings"]:
        yield {
            "kind": "finding",
            "name": row["code"],
            "value": row["certainty"],
            "unit": "certainty",
            "text": row["text"],
        }
    for name, text in plain["not_assessed"].items():
        yield {"kind": "not_assessed", "name": name, "text": text}


def _span(kind: str, name: str, row: Plain, **more: Any) -> Plain:
    return {"kind": kind, "name": name, "start_s": row["start_s"], "end_s": row["end_s"], **more}


def _measured(plain: Plain) -> Iterator[Plain]:
    units = [("interval", plain["intervals"], "ms"), ("axis", plain["axis_deg"], "degrees")]
    for kind, rows, unit in units:
        for name, one in rows.items():
            text = one.get("reason", "")
            yield {"kind": kind, "name": name, "value": one["value"], "unit": unit, "n": one.get("n", ""), "text": text}


def _rhythm(rhythm: Plain | None) -> Iterator[Plain]:
    if rhythm is None:
        return
    yield {"kind": "rhythm", "name": "af_burden", "value": rhythm["af_burden"], "unit": "share"}
    for one in rhythm["episodes"]:
        yield _span("episode", one["rhythm"], one, value=one["probability"], unit="probability", text=one["meaning"])


def _beats(beats: Plain | None) -> Iterator[Plain]:
    if beats is None:
        return
    for name, n in beats["counts"].items():
        yield {"kind": "beats", "name": name, "value": n, "unit": "beats"}
    for name, n in beats["per_hour"].items():
        yield {"kind": "beats_per_hour", "name": name, "value": n, "unit": "1/h"}
    for kind, rows in (("couplet", beats["pairs"]), ("run", beats["runs"])):
        for one in rows:
            yield _span(kind, one["beat"], one, value=one["rate_bpm"], unit="1/min", n=one["n"])
    for one in beats["patterns"]:
        yield _span(one["kind"], one["beat"], one, n=one["n"])
    for one in beats["pauses"]:
        yield _span("pause", "", one, value=one["length_s"], unit="s")


def _hours(hours: Sequence[Plain]) -> Iterator[Plain]:
    units = {
        "mean_bpm": "1/min",
        "min_bpm": "1/min",
        "max_bpm": "1/min",
        "pauses": "pauses",
        "af_s": "s",
        "unreadable_s": "s",
    }
    for hour in hours:
        for name, unit in units.items():
            yield _span("hour", name, hour, value=hour[name], unit=unit, n=hour["n_beats"])
        for name, n in hour["ectopic"].items():
            yield _span("hour", f"{name}_beats", hour, value=n, unit="beats", n=hour["n_beats"])
