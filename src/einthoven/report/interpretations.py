"""Write interpretations as JSON, CSV or HTML; OUTPUTS maps the suffix of the file to its writer."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from einthoven import __version__
from einthoven.errors import EinthovenError, OutputRefused
from einthoven.inference.answer import DISCLAIMER
from einthoven.interpretation.interpretation import SCHEMA, Interpretation
from einthoven.paths import require_folder, written_aside

Failed = Mapping[Path, EinthovenError]
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_INTERVALS = ("pr_ms", "qrs_ms", "qt_ms", "qtc_fridericia_ms")


def as_json(found: Sequence[Interpretation], failed: Failed) -> str:
    """Return interpretations as JSON.

    Parameters
    ----------
    found : sequence of Interpretation
        One for each record.
    failed : mapping of Path to EinthovenError
        Why files were not interpreted.

    Returns
    -------
    str
        An object with ``schema``, ``einthoven`` (version), ``notice``, ``records`` (each as of
        :meth:`einthoven.interpretation.interpretation.Interpretation.to_dict`) and ``failed``.
    """
    content = {
        "schema": SCHEMA,
        "einthoven": __version__,
        "notice": DISCLAIMER,
        "records": [one.to_dict() for one in found],
        "failed": [
            {"file": str(file), "code": error.code, "text": f"{error.summary} {error.found}"}
            for file, error in failed.items()
        ],
    }
    return json.dumps(content, indent=1) + "\n"


def as_csv(found: Sequence[Interpretation], failed: Failed) -> str:
    """Return interpretations as CSV, one row a file; cells that a spreadsheet would run as a formula begin with an apostrophe.

    Parameters
    ----------
    found : sequence of Interpretation
        One for each record.
    failed : mapping of Path to EinthovenError
        Why files were not interpreted.

    Returns
    -------
    str
    """
    sink = io.StringIO()
    rows = [_row(one.to_dict(), one.summary) for one in found]
    rows += [{"file": str(file), "failed": f"{error.summary} {error.found}"} for file, error in failed.items()]
    columns = list(dict.fromkeys(name for row in rows for name in row))
    sheet = csv.DictWriter(sink, columns, restval="")
    sheet.writeheader()
    sheet.writerows({name: _guarded(cell) for name, cell in row.items()} for row in rows)
    return sink.getvalue()


def _row(plain: dict[str, Any], summary: str) -> dict[str, Any]:
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
        "diagnoses": "; ".join(row["code"] for row in plain["diagnoses"] or () if row["predicted"]),
        "findings": "; ".join(row["code"] for row in plain["findings"]),
        "not_assessed": "; ".join(plain["not_assessed"]),
        "summary": summary,
        "failed": "",
    }


def _guarded(cell: Any) -> Any:
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def as_html(found: Sequence[Interpretation], failed: Failed) -> str:
    """Return interpretations as a page that works offline.

    Parameters
    ----------
    found : sequence of Interpretation
        One for each record.
    failed : mapping of Path to EinthovenError
        Why files were not interpreted.

    Returns
    -------
    str
    """
    from einthoven.report.interpretation_page import render

    return render(found, failed)


OUTPUTS: dict[str, Callable[[Sequence[Interpretation], Failed], str]] = {
    ".json": as_json,
    ".csv": as_csv,
    ".html": as_html,
}


def require_writable(path: Path, inputs: Sequence[Path] = ()) -> None:
    """Refuse an output of an unknown suffix, in a place that cannot be written, or on top of an input, before any work.

    Parameters
    ----------
    path : Path
        The output.
    inputs : sequence of Path
        Files that are read.

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
            remedy=f"--out {path / 'report.html' if path.is_dir() else path.with_suffix('.html')}",
        )
    if any(file.exists() and path.exists() and path.samefile(file) for file in inputs):
        raise OutputRefused(
            f"{path} cannot be written.",
            found="one of the recordings that are to be read",
            expected="the path of a file that is not read",
            remedy=f"--out {path.with_name(path.stem + '-interpretation' + path.suffix)}",
        )
    require_folder(path.parent)


def write(found: Sequence[Interpretation], failed: Failed, path: Path) -> None:
    """Write interpretations in the format of the suffix, whole or not at all.

    Parameters
    ----------
    found : sequence of Interpretation
        One for each record.
    failed : mapping of Path to EinthovenError
        Why files were not interpreted.
    path : Path
        The file; its suffix is a key of OUTPUTS.
    """
    content = OUTPUTS[path.suffix.lower()](found, failed)
    with written_aside(path) as aside:
        aside.write_text(content, encoding="utf-8")
