"""Write interpretations as JSON, CSV, HTML, PDF or PNG; OUTPUTS and PRINTED map the suffix of the file to its writer."""

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from einthoven import __version__
from einthoven.errors import EinthovenError, OutputRefused, optional_imports
from einthoven.inference.answer import DISCLAIMER
from einthoven.interpretation.interpretation import SCHEMA, Interpretation
from einthoven.paths import require_folder, written_aside
from einthoven.report.sheet import Sheet

Failed = Mapping[Path, EinthovenError]
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
_USUAL = Sheet()
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


def as_html(found: Sequence[Interpretation], failed: Failed, sheet: Sheet = _USUAL) -> str:
    """Return interpretations as a page that works offline.

    Parameters
    ----------
    found : sequence of Interpretation
        One for each record.
    failed : mapping of Path to EinthovenError
        Why files were not interpreted.
    sheet : Sheet
        Paper and layout of pages that are printed.

    Returns
    -------
    str
    """
    from einthoven.report.interpretation_page import render

    return render(found, failed, sheet)


OUTPUTS: dict[str, Callable[[Sequence[Interpretation], Failed], str]] = {
    ".json": as_json,
    ".csv": as_csv,
    ".html": as_html,
}


def _pdf(found: Sequence[Interpretation], path: Path, sheet: Sheet) -> None:
    from einthoven.report.paper_file import write_pdf

    write_pdf(found, path, sheet)


def _png(found: Sequence[Interpretation], path: Path, sheet: Sheet) -> None:
    from einthoven.report.paper_file import write_png

    write_png(found[0], path, sheet)


PRINTED: dict[str, Callable[[Sequence[Interpretation], Path, Sheet], None]] = {".pdf": _pdf, ".png": _png}
SUFFIXES = (*OUTPUTS, *PRINTED)
"""Suffixes of the files that can be written."""


def require_writable(path: Path, inputs: Sequence[Path] = ()) -> None:
    """Refuse an output of an unknown suffix, in a place that cannot be written, or on top of an input, before any work.

    A picture is refused for several recordings, and so is a page to print where matplotlib is not installed.

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
    if path.is_dir() or path.suffix.lower() not in SUFFIXES:
        raise OutputRefused(
            f"{path} cannot be written.",
            found="a folder" if path.is_dir() else f"suffix {path.suffix or 'none'}",
            expected=", ".join(SUFFIXES),
            remedy=f"--out {path / 'report.html' if path.is_dir() else path.with_suffix('.html')}",
        )
    if any(file.exists() and path.exists() and path.samefile(file) for file in inputs):
        raise OutputRefused(
            f"{path} cannot be written.",
            found="one of the recordings that are to be read",
            expected="the path of a file that is not read",
            remedy=f"--out {path.with_name(path.stem + '-interpretation' + path.suffix)}",
        )
    if path.suffix.lower() == ".png" and len(inputs) > 1:
        raise OutputRefused(
            f"{path} shows one recording.",
            found=f"{len(inputs)} recordings",
            expected="one recording, or a PDF with a page for each",
            remedy=f"--out {path.with_suffix('.pdf')}",
        )
    if path.suffix.lower() in PRINTED:
        with optional_imports("pdf"):
            import matplotlib  # noqa: F401  # said before any work, not after it
    require_folder(path.parent)


def write(found: Sequence[Interpretation], failed: Failed, path: Path, sheet: Sheet = _USUAL) -> None:
    """Write interpretations in the format of the suffix, whole or not at all.

    Parameters
    ----------
    found : sequence of Interpretation
        One for each record.
    failed : mapping of Path to EinthovenError
        Why files were not interpreted.
    path : Path
        The file; its suffix is one of SUFFIXES.
    sheet : Sheet
        Paper and layout of pages that are printed; failed files have none.
    """
    kind = path.suffix.lower()
    with written_aside(path) as aside:
        if kind in PRINTED:
            PRINTED[kind](found, aside, sheet)
        else:
            content = as_html(found, failed, sheet) if kind == ".html" else OUTPUTS[kind](found, failed)
            aside.write_text(content, encoding="utf-8")
