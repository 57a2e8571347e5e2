"""Draw the figures that several studies have."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from einthoven.evaluation.predictions import Predictions
from einthoven.report import plots


def draw_groups(
    metric: str,
    title: str,
    groups: Mapping[str, Mapping[str, str]],
    _: object,
    results: dict[str, Any],
    file: Path,
) -> None:
    """Draw a metric of scored models with its interval, group below group; models without a score are left out.

    Parameters
    ----------
    metric, title : str
        Name of the metric, and its name at the axis.
    groups : mapping of mapping of str
        For each group, the labels of its models by the names that are shown.
    _ : object
        The running study.
    results : dict
        Results of the study, with ``scores``.
    file : Path
        The figure.
    """
    scores = results["scores"]
    rows = {
        group: {name: scores[label][metric] for name, label in labels.items() if label in scores}
        for group, labels in groups.items()
    }
    plots.spread({group: row for group, row in rows.items() if row}, f"{title}, 95 % interval", file)


def draw_roc(label: str, _: object, results: dict[str, Any], file: Path) -> None:
    """Draw the ROC curves of a scored model; nothing if it has no score.

    Parameters
    ----------
    label : str
        Label of the model.
    _ : object
        The running study.
    results : dict
        Results of the study, with ``scores``.
    file : Path
        The figure, in a folder beside that of the predictions.
    """
    found = results["scores"].get(label)
    if found is not None:
        plots.roc(Predictions.read(file.parents[1] / "predictions" / f"{label}.csv"), found, file)


def draw_classes(label: str, _: object, results: dict[str, Any], file: Path, protocol: str = "") -> None:
    """Draw the areas of a scored model's classes, or its confusion matrix; nothing if it has no score.

    Parameters
    ----------
    label : str
        Label of the model.
    _ : object
        The running study.
    results : dict
        Results of the study, with ``scores``.
    file : Path
        The figure.
    protocol : str
        For results with ``scores`` for each of ``protocols``: which one.
    """
    scored = results["protocols"].get(protocol, {"scores": {}}) if protocol else results
    found = scored["scores"].get(label)
    if found is not None:
        (plots.classes if "macro_auroc" in found else plots.confusion)(found, file)


def draw_protocols(_: object, results: dict[str, Any], file: Path) -> None:
    """Draw macro-F1 of each model with its interval, protocol below protocol.

    Parameters
    ----------
    _ : object
        The running study.
    results : dict
        Results of the study, with ``scores`` for each of ``protocols``.
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
        The running study.
    results : dict
        Results of the study, with ``scores`` and ``cost``.
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


def draw_learning(groups: Mapping[str, Mapping[str, str]], _: object, results: dict[str, Any], file: Path) -> None:
    """Draw the validation macro-F1 of each epoch, group below group; models without a score are left out.

    Parameters
    ----------
    groups : mapping of mapping of str
        For each group, the labels of its models by the names that are shown.
    _ : object
        The running study.
    results : dict
        Results of the study, with ``scores``.
    file : Path
        The figure, in a folder beside that of the runs, which end in ``-s0``.
    """
    runs, scores = file.parents[1] / "runs", results["scores"]
    curves = {
        group: {name: _learning_curve(runs / f"{label}-s0") for name, label in labels.items() if label in scores}
        for group, labels in groups.items()
    }
    plots.curves({group: row for group, row in curves.items() if row}, "epoch", "validation macro-F1", file)


def _learning_curve(run: Path) -> list[float]:
    """Return the validation macro-F1 of each epoch, over every start of a run."""
    found: dict[int, float] = {}
    for file in sorted((run / "logs").glob("csv/start*/metrics.csv")):
        with file.open(newline="") as rows:
            found |= {
                int(row["epoch"]): float(row["val_macro_f1"]) for row in csv.DictReader(rows) if row["val_macro_f1"]
            }
    return [found[epoch] for epoch in sorted(found)]
