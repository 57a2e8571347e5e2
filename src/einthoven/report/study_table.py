"""Lay out the table of a study from a cell for each column."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Protocol

from einthoven.report.tables import cells

Cell = Callable[[str, dict[str, Any]], str]
"""Text of a cell, from the row's label and the evaluation of its model."""
BEAT_METRICS = ("accuracy", "macro_precision", "macro_recall", "macro_f1")
"""Metrics of a table of beats."""
_SMOKE = "SMOKE RUN: a few windows and an epoch each; these numbers mean nothing."


def label(name: str, _: dict[str, Any]) -> str:
    """Return the label of a row.

    Parameters
    ----------
    name : str
        The label.
    """
    return name


def part_of_label(at: int) -> Cell:
    """Make a cell of one part of a label whose parts are joined by hyphens.

    Parameters
    ----------
    at : int
        Number of the part, from 0.
    """
    return lambda name, _: name.split("-")[at]


def leaking(found: dict[str, Any]) -> str:
    """Return the mark of an evaluation whose training and test sets share patients.

    Parameters
    ----------
    found : dict
        The evaluation.
    """
    return " (LEAKS PATIENTS)" if found["leaks_patients"] else ""


def protocol(_: str, found: dict[str, Any]) -> str:
    """Return the protocol of an evaluation, with the mark of one that leaks patients.

    Parameters
    ----------
    found : dict
        The evaluation.
    """
    return f"{found['protocol']}{leaking(found)}"


class PublishedResults(Protocol):
    """Published results in a table: the row that they belong to, and its figures as printed."""

    @property
    def name(self) -> str:
        """Label of the row."""

    @property
    def figures(self) -> dict[str, str]:
        """Figures by metric or column."""


def beside(published: Sequence[PublishedResults], metric: str = "") -> Cell:
    """Make a cell of what a paper reports for the model of the row.

    Parameters
    ----------
    published : sequence of Published
        Results by the label of the row.
    metric : str
        The figure that is shown; all with their names, if empty.

    Returns
    -------
    callable
        The cell; empty for a model that no paper reports.
    """
    every = {row.name: ", ".join(f"{name} {text}" for name, text in row.figures.items()) for row in published}
    known = {row.name: row.figures.get(metric, "") for row in published} if metric else every
    return lambda name, _: known.get(name, "")


def figure(*metrics: str, digits: int = 3) -> Cell:
    """Make a cell of a metric's value and interval.

    Parameters
    ----------
    *metrics : str
        Names of metrics; the first one that an evaluation has is shown.
    digits : int
        Digits after the decimal point.

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


def price(results: dict[str, Any], key: str, form: str, per: float = 1.0) -> Cell:
    """Make a cell of the cost of a model, empty if it is unknown.

    Parameters
    ----------
    results : dict
        Results of the study, with ``cost`` by label.
    key : str
        Name of the cost.
    form : str
        Format of the number, for :meth:`str.format`.
    per : float
        Unit of the number.

    Returns
    -------
    callable
        The cell.
    """
    known = results["cost"]
    return lambda name, _: form.format(known[name][key] / per) if name in known else ""


def count(key: str) -> Cell:
    """Make a cell of a count that an evaluation has, such as ``n_test``.

    Parameters
    ----------
    key : str
        Name of the count.
    """
    return lambda _, found: f"{found[key]:,}"


def drawn(found: dict[str, Any], unit: str = "") -> str:
    """Return how the intervals of an evaluation were drawn, in words.

    Parameters
    ----------
    found : dict
        The evaluation.
    unit : str
        Name of what is resampled, in place of the evaluation's own.
    """
    interval = found["interval"]
    return f"{interval['level']:.0%} intervals over {unit or interval['unit']}s, {interval['draws']:,} draws"


def table(
    results: dict[str, Any],
    title: str,
    columns: dict[str, Cell],
    remarks: Sequence[str],
    shown: Sequence[str] = (),
    rows: Iterable[tuple[str, dict[str, Any]]] | None = None,
    published: Sequence[PublishedResults] = (),
) -> dict[str, Any]:
    """Lay out the table of a study.

    Parameters
    ----------
    results : dict
        Results of the study, with ``scores``, ``smoke_run`` and ``seconds``.
    title : str
        Title of the table.
    columns : dict of callable
        Cells by the name of their column.
    remarks : sequence of str
        Remarks below the title.
    shown : sequence of str
        Columns that are shown in a terminal; all, if empty.
    rows : iterable of (str, dict)
        Labels and evaluations; the study's scores, if None.
    published : sequence of Published
        Results of papers for rows of their own, by column.

    Returns
    -------
    dict
        ``title``, ``columns``, ``rows``, ``remarks`` and ``shown``, as plain values.
    """
    rows = results["scores"].items() if rows is None else rows
    body = [[cell(name, found) for cell in columns.values()] for name, found in rows]
    body += [[row.name, *(row.figures.get(column, "") for column in list(columns)[1:])] for row in published]
    hours = f"{sum(results['seconds'].values()) / 3600:.1f} hours of computing."
    return {
        "title": title,
        "columns": list(columns),
        "rows": body,
        "remarks": [*([_SMOKE] if results["smoke_run"] else []), *remarks, hours],
        "shown": list(shown or columns),
    }


def beat_table(results: dict[str, Any], shown: Sequence[str], published: Sequence[PublishedResults]) -> dict[str, Any]:
    """Lay out a study of beats: overall metrics, F1 of each class, and the test against a model of the same kind.

    Parameters
    ----------
    results : dict
        Results of the study, with ``scores``, whose first one the title describes, and ``against_none``, the tests by label.
    shown : sequence of str
        Columns that are shown in a terminal.
    published : sequence of Published
        Results of papers.

    Returns
    -------
    dict
        The table, as :func:`table` gives it.
    """
    first = next(iter(results["scores"].values()))

    def against_none(name: str, _: dict[str, Any]) -> str:
        test = results["against_none"].get(name)
        return f"{test['difference']['value']:+.3f} (p {test['p']:.3f})" if test else ""

    columns: dict[str, Cell] = {"model": label} | {metric: figure(metric) for metric in BEAT_METRICS}
    columns |= {f"F1 {name}": class_f1(name, interval=True) for name in first["per_class"]}
    columns |= {"against none": against_none}
    tested = f"{first['n_test']:,} beats of {first['n_patients']} patients"
    title = f"MIT-BIH, protocol {first['protocol']}: {tested}; {drawn(first)}"
    return table(results, title, columns, [first["remark"]], shown, published=published)


def _spread(found: dict[str, float | None], digits: int = 3) -> str:
    return " (".join(cells(found, digits)) + ")"
