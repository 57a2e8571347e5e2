"""Show a study: its table, its page, its figures and its learning curves."""

import base64
import csv
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, PackageLoader

from einthoven import __version__
from einthoven.report import plots
from einthoven.report.tables import cells

Cell = Callable[[str, dict[str, Any]], str]
"""Text of a cell, from the row's label and the evaluation of its model."""
_SMOKE = "SMOKE RUN: a few windows and an epoch each; these numbers mean nothing."


def label(name: str, _: dict[str, Any]) -> str:
    """Return the label of a row."""
    return name


def leaking(_: str, found: dict[str, Any]) -> str:
    """Return the mark of an evaluation whose parts share patients."""
    return " (LEAKS PATIENTS)" if found["leaks_patients"] else ""


def figure(*metrics: str, digits: int = 3) -> Cell:
    """Make a cell of a metric's value and interval.

    Parameters
    ----------
    *metrics : str
        Names of a metric; the first one that an evaluation has is shown.
    digits : int
        Digits behind the point.

    Returns
    -------
    callable
        The cell.
    """
    return lambda _, found: _spread(next(found[name] for name in metrics if name in found), digits)


def class_f1(name: str, interval: bool = False) -> Cell:
    """Make a cell of the F1 of a class.

    Parameters
    ----------
    name : str
        Name of the class.
    interval : bool
        Whether its interval is shown too.

    Returns
    -------
    callable
        The cell.
    """
    return lambda _, found: (
        _spread(found["per_class"][name]["f1"]) if interval else cells(found["per_class"][name]["f1"])[0]
    )


def count(key: str) -> Cell:
    """Make a cell of a count that an evaluation has, such as its rows."""
    return lambda _, found: f"{found[key]:,}"


def drawn(found: dict[str, Any], unit: str = "") -> str:
    """Return how the intervals of an evaluation were drawn, in words; over another unit's name, if it is stated."""
    told = found["interval"]
    return f"{told['level']:.0%} intervals over {unit or told['unit']}s, {told['draws']:,} draws"


def table(
    results: dict[str, Any],
    title: str,
    columns: dict[str, Cell],
    remarks: Sequence[str],
    shown: Sequence[str] = (),
    rows: Iterable[tuple[str, dict[str, Any]]] | None = None,
    published: Sequence[tuple[str, dict[str, str]]] = (),
) -> dict[str, Any]:
    """Lay out the table of a study.

    Parameters
    ----------
    results : dict
        Of the study, with ``scores``, ``smoke_run`` and ``seconds``.
    title : str
        Title of the table.
    columns : dict of callable
        Cells by the head of their column.
    remarks : sequence of str
        What a reader must know.
    shown : sequence of str
        Columns that are shown in a terminal; all, if empty.
    rows : iterable of (str, dict)
        Labels and evaluations; the study's scores, if None.
    published : sequence of (str, dict)
        Labels and figures of papers, by column.

    Returns
    -------
    dict
        ``title``, ``columns``, ``rows``, ``remarks`` and ``shown``, plain values.
    """
    rows = results["scores"].items() if rows is None else rows
    body = [[cell(name, found) for cell in columns.values()] for name, found in rows]
    body += [[name, *(figures.get(column, "") for column in list(columns)[1:])] for name, figures in published]
    hours = f"{sum(results['seconds'].values()) / 3600:.1f} hours of computing."
    return {
        "title": title,
        "columns": list(columns),
        "rows": body,
        "remarks": [*([_SMOKE] if results["smoke_run"] else []), *remarks, hours],
        "shown": list(shown or columns),
    }


def draw_classes(label: str, _: object, results: dict[str, Any], file: Path) -> None:
    """Draw a scored model's classes, if it was asked for: their areas, or which are taken for which.

    Parameters
    ----------
    label : str
        Label of the model.
    _ : object
        The study under way.
    results : dict
        Of the study, with ``scores``.
    file : Path
        The figure.
    """
    found = results["scores"].get(label)
    if found is not None:
        (plots.classes if "macro_auroc" in found else plots.confusion)(found, file)


def learning_curve(logs: Path) -> list[float]:
    """Return the validation macro-F1 of each epoch, over every start of a run.

    Parameters
    ----------
    logs : Path
        Folder of the run's logs.

    Returns
    -------
    list of float
        One value an epoch.
    """
    found: dict[int, float] = {}
    for file in sorted(logs.glob("csv/start*/metrics.csv")):
        with file.open(newline="") as rows:
            found |= {
                int(row["epoch"]): float(row["val_macro_f1"]) for row in csv.DictReader(rows) if row["val_macro_f1"]
            }
    return [found[epoch] for epoch in sorted(found)]


def markdown(results: dict[str, Any]) -> str:
    """Return the study's table as a page of Markdown."""
    lines = [f"# {results['title']}", "", *[line + "\n" for line in results["remarks"]]]
    body = (results["columns"], ["---"] * len(results["columns"]), *results["rows"])
    lines += ["| " + " | ".join(str(value) for value in row) + " |" for row in body]
    return "\n".join([*lines, ""])


def render(results: dict[str, Any], figures: Sequence[Path]) -> str:
    """Return the study as one self-contained page.

    Parameters
    ----------
    results : dict
        Of the study, with its table.
    figures : sequence of Path
        PNG files, shown in this order under their names.

    Returns
    -------
    str
        HTML.
    """
    loader = PackageLoader("einthoven.report")
    page = Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True).get_template("study.html")
    embedded = [(file.stem, base64.b64encode(file.read_bytes()).decode()) for file in figures]
    return page.render(results=results, figures=embedded, version=__version__)


def _spread(found: dict[str, float | None], digits: int = 3) -> str:
    return " (".join(cells(found, digits)) + ")"
