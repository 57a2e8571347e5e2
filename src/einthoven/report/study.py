"""Knows how a study reads: one table, one page, its learning curves. Computes no score."""

import base64
import csv
from collections.abc import Sequence
from pathlib import Path

from jinja2 import Environment, PackageLoader

from einthoven import __version__
from einthoven.report.tables import cells

_METRICS = ("accuracy", "macro_precision", "macro_recall", "macro_f1")
_SMOKE = "SMOKE RUN: a few windows and an epoch each; these numbers mean nothing."


def learning_curve(logs: Path) -> list[float]:
    """Validation macro-F1 of each epoch, over every start of a run."""
    found: dict[int, float] = {}
    for file in sorted(logs.glob("csv/start*/metrics.csv")):
        with file.open(newline="") as rows:
            found |= {
                int(row["epoch"]): float(row["val_macro_f1"]) for row in csv.DictReader(rows) if row["val_macro_f1"]
            }
    return [found[epoch] for epoch in sorted(found)]


def table(results: dict, paper: Sequence[dict]) -> dict:
    """Title, columns, rows and remarks of a study's main table.

    Parameters
    ----------
    results : with ``scores``, ``against_none``, ``trained``; paper : rows of published numbers
    """
    scores = results["scores"]
    first = next(iter(scores.values()))  # the title speaks of its test part
    classes = list(first["per_class"])
    columns = ["model", *_METRICS, *[f"F1 {name}" for name in classes], "against none"]
    rows = []
    for label, found in scores.items():
        test = results["against_none"].get(label)
        against = f"{test['difference']['value']:+.3f} (p {test['p']:.3f})" if test else ""
        per = [" (".join(cells(found["per_class"][name]["f1"])) + ")" for name in classes]
        rows.append([label, *[" (".join(cells(found[name])) + ")" for name in _METRICS], *per, against])
    for row in paper:
        figures = ["" if name not in row else f"{row[name]:.3f}" for name in _METRICS]
        rows.append([f"Song et al. 2026: {row['what']}", *figures, *[""] * len(classes), ""])
    drawn = first["interval"]
    title = (
        f"MIT-BIH, protocol {results['protocol']}: {first['n_test']:,} beats of {first['n_patients']} patients; "
        f"{drawn['level']:.0%} intervals over {drawn['unit']}s, {drawn['draws']:,} draws"
    )
    hours = sum(results["seconds"].values()) / 3600
    remarks = [*([_SMOKE] if results["smoke_run"] else []), first["remark"], f"{hours:.1f} hours of computing."]
    return {"title": title, "columns": columns, "rows": rows, "remarks": remarks}


def markdown(results: dict) -> str:
    """The study's table as a page of Markdown."""
    lines = [f"# {results['title']}", "", *[line + "\n" for line in results["remarks"]]]
    lines += [
        _row(results["columns"]),
        _row(["---"] * len(results["columns"])),
        *[_row(row) for row in results["rows"]],
    ]
    return "\n".join([*lines, ""])


def render(results: dict, figures: Sequence[Path]) -> str:
    """The study as one self-contained page.

    Parameters
    ----------
    figures : PNG files, shown in this order under their names
    """
    loader = PackageLoader("einthoven.report")
    page = Environment(loader=loader, autoescape=True, trim_blocks=True, lstrip_blocks=True).get_template("study.html")
    drawn = [(file.stem, base64.b64encode(file.read_bytes()).decode()) for file in figures]
    return page.render(results=results, figures=drawn, version=__version__)


def _row(values: Sequence[object]) -> str:
    return "| " + " | ".join(str(value) for value in values) + " |"
