"""Draw the figures that several studies have."""

import csv
from pathlib import Path
from typing import Any

from einthoven.evaluation.predictions import Predictions
from einthoven.report import plots


def draw_roc(label: str, found: dict[str, Any] | None, answers: Path, file: Path) -> None:
    """Draw the ROC curves of a scored model, if it was asked for.

    Parameters
    ----------
    label : str
        Label of the model.
    found : dict or None
        Its evaluation.
    answers : Path
        Folder of its answers.
    file : Path
        The figure.
    """
    if found is not None:
        plots.roc(Predictions.read(answers / f"{label}.csv"), found, file)


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


def draw_protocols(_: object, results: dict[str, Any], file: Path) -> None:
    """Draw macro-F1 of each model, protocol below protocol.

    Parameters
    ----------
    _ : object
        The study under way.
    results : dict
        Of the study, with ``scores`` for each of ``protocols``.
    file : Path
        The figure.
    """
    scores = {f"protocol {name}": by["scores"] for name, by in results["protocols"].items()}
    groups = {name: {label: row["macro_f1"] for label, row in rows.items()} for name, rows in scores.items() if rows}
    plots.spread(groups, "macro-F1, 95 % interval", file)


def draw_cost(metric: str, title: str, each: str, _: object, results: dict[str, Any], file: Path) -> None:
    """Draw a metric of each model against its multiply-accumulates.

    Parameters
    ----------
    metric, title : str
        Name of the metric, and what is written at its axis.
    each : str
        What the multiply-accumulates are counted for.
    _ : object
        The study under way.
    results : dict
        Of the study, with ``scores`` and ``cost``.
    file : Path
        The figure.
    """
    price = {
        name: results["cost"][name]["multiply_accumulates"] / 1e6
        for name in results["scores"]
        if name in results["cost"]
    }
    points = {name: (value, results["scores"][name][metric]) for name, value in price.items()}
    plots.trade(points, f"million multiply-accumulates {each}", title, file)


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
