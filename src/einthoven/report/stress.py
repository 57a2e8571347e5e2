"""Show how a model answers disturbed records: a title, a table, and the files of both."""

import json
from pathlib import Path
from typing import Any

from einthoven.paths import written_aside
from einthoven.report import plots

SHARES = {
    "marked": "marked",
    "unreadable": "unreadable",
    "spared_marked": "marked elsewhere",
    "spared_unreadable": "unreadable elsewhere",
    "items_marked": "{}s marked",
    "declined": "declined",
    "warned": "warned",
    "confidence": "confidence",
}
"""Heading of each share; ``{}`` stands for beat or window."""


def title(found: dict[str, Any]) -> str:
    """Return one line with the model, the records, and whether they trained it.

    Parameters
    ----------
    found : dict
        What :func:`einthoven.inference.stressing.stress` returns.
    """
    trained = "  TRAINED ON THESE RECORDS" if found["trained_on_these_records"] else ""
    n = len(found["records"])
    return (
        f"{found['model']} under stress: {n} record{'s' * (n != 1)} of {found['corpus']} {found['corpus_version']}, "
        f"protocol {found['protocol']}{trained}; seed {found['seed']}"
    )


def heading(name: str, kind: str) -> str:
    """Return the heading of a column.

    Parameters
    ----------
    name : str
        A key of :data:`SHARES`.
    kind : str
        What the model answers: ``beat`` or ``window``.
    """
    return SHARES[name].format(kind)


def table(found: dict[str, Any]) -> tuple[list[str], list[list[str]]]:
    """Lay out the conditions that some record allows.

    Parameters
    ----------
    found : dict
        What :func:`einthoven.inference.stressing.stress` returns.

    Returns
    -------
    list of str
        Names of the columns.
    list of list of str
        A row for each condition.
    """
    kind = found["kind"]
    columns = ["condition", "records", *(heading(name, kind) for name in SHARES)]
    columns += ["beats/min"] if kind == "beat" else []
    rows = []
    for row in found["conditions"]:
        if row["n_records"]:
            cells = [_cell(row[name], 3 if name == "confidence" else 2) for name in SHARES]
            cells += [_cell(row["answered_per_minute"], 1)] if kind == "beat" else []
            rows.append([row["condition"], str(row["n_records"]), *cells])
    return columns, rows


def legend(found: dict[str, Any]) -> list[str]:
    """Return what the columns mean, a sentence each.

    Parameters
    ----------
    found : dict
        What :func:`einthoven.inference.stressing.stress` returns.
    """
    kind = found["kind"]
    return [
        "marked, unreadable: share of the 5 s stretches of disturbed leads, in disturbed time, that are not good, that are "
        "unreadable, missing or flat.",
        "elsewhere: the same of the stretches that are not disturbed.",
        f"{kind}s marked: share in disturbed time that are unreadable, doubtful, or of a declined record.",
        "declined: share of the records without an answer. warned: share with at least one finding.",
        f"confidence: mean probability of the predicted class of the {kind}s that are answered in disturbed time.",
    ]


def write(found: dict[str, Any], folder: Path) -> None:
    """Write stress.json, table.md and stress.png.

    Parameters
    ----------
    found : dict
        What :func:`einthoven.inference.stressing.stress` returns.
    folder : Path
        Folder of the files.
    """
    columns, rows = table(found)
    body = ["| " + " | ".join(row) + " |" for row in (columns, ["---"] * len(columns), *rows)]
    lines = [f"# {title(found)}", "", found["remark"], "", *body, "", *(f"- {line}" for line in legend(found)), ""]
    lines += [f"Records: {', '.join(found['records'])}.", ""]
    for name, content in (("stress.json", json.dumps(found, indent=1) + "\n"), ("table.md", "\n".join(lines))):
        with written_aside(folder / name) as aside:
            aside.write_text(content, encoding="utf-8")
    plots.stress(found, {name: heading(name, found["kind"]) for name in SHARES}, folder / "stress.png")


def _cell(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:.{digits}f}"
