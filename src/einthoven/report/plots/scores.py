"""Draw the scores of an evaluation: confusion matrix, classes with intervals, ROC curves."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from einthoven.evaluation.predictions import Predictions
from einthoven.report.colours import colour_of
from einthoven.report.plots.figure import caption, save
from einthoven.report.tables import cells


def confusion(metrics: dict[str, Any], path: Path) -> None:
    """Draw the confusion matrix: counts and shares of the row in the cells, shaded by row.

    Parameters
    ----------
    metrics : dict
        The evaluation, as in metrics.json.
    path : Path
        The PNG file.
    """
    names = metrics["confusion"]["classes"]
    counts = np.array(metrics["confusion"]["rows_are_truth"], float)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    figure = Figure(figsize=(1.6 + 0.85 * len(names), 1.9 + 0.85 * len(names)), layout="constrained")
    axes = figure.add_subplot()
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    for row, column in np.ndindex(*counts.shape):
        ink = "white" if share[row, column] > 0.55 else "#1a202c"
        text = f"{counts[row, column]:,.0f}\n{share[row, column]:.1%}"
        axes.text(column, row, text, ha="center", va="center", color=ink, fontsize=9)
    axes.set_xticks(range(len(names)), names)
    axes.set_yticks(range(len(names)), names)
    axes.set_xlabel("predicted class")
    axes.set_ylabel("annotated class")
    axes.set_title(caption(metrics), fontsize=9, loc="left")
    save(figure, path)


def classes(metrics: dict[str, Any], path: Path) -> None:
    """Draw AUROC and average precision of each class with their intervals, the frequent classes first.

    Parameters
    ----------
    metrics : dict
        The evaluation, as in metrics.json.
    path : Path
        The PNG file.
    """
    rows = sorted(metrics["per_class"].items(), key=lambda item: item[1]["n"])
    figure = Figure(figsize=(8.4, 1.6 + 0.26 * len(rows)), layout="constrained")
    panels = figure.subplots(1, 2, sharey=True)
    for axes, metric, label in zip(panels, ("auroc", "auprc"), ("AUROC", "average precision"), strict=True):
        for y, (_, row) in enumerate(rows):
            found = row[metric]
            if found["value"] is not None:
                axes.plot((found["low"], found["high"]), (y, y), color="#2563a8", linewidth=2, alpha=0.55)
                axes.plot(found["value"], y, "o", color="#2563a8", markersize=5)
        axes.set_xlim(0, 1.02)
        axes.set_xlabel(f"{label}, 95 % interval")
        axes.grid(axis="x", color="#e2e8f0")
        axes.spines[["top", "right", "left"]].set_visible(False)
    panels[0].set_yticks(range(len(rows)), [f"{name}  ({row['n']:,})" for name, row in rows], fontsize=8)
    panels[0].tick_params(axis="y", length=0)
    figure.suptitle(caption(metrics), fontsize=9, x=0.01, ha="left")
    save(figure, path)


def roc(predictions: Predictions, metrics: dict[str, Any], path: Path) -> None:
    """Draw the ROC curve of each class, with its area and interval.

    Parameters
    ----------
    predictions : Predictions
        Predictions of the test set.
    metrics : dict
        The evaluation, as in metrics.json.
    path : Path
        The PNG file.
    """
    figure = Figure(figsize=(8.2 if len(predictions.classes) > 8 else 5.6, 5.2), layout="constrained")
    axes = figure.add_subplot()
    axes.plot((0, 1), (0, 1), color="#cbd5e0", linewidth=1)
    for at, name in enumerate(predictions.classes):
        positive = predictions.truth[:, at] > 0 if predictions.multilabel else predictions.truth == at
        if not positive.any() or positive.all():
            continue
        order = np.argsort(-predictions.deciding[:, at], kind="stable")
        up, down = np.cumsum(positive[order]), np.cumsum(~positive[order])
        area, spread = cells(metrics["per_class"][name]["auroc" if predictions.multilabel else "auc"])
        false, true = np.r_[0, down / down[-1]], np.r_[0, up / up[-1]]
        axes.plot(false, true, color=colour_of(name, at), linewidth=1.6, label=f"{name}  {area} ({spread})")
    axes.set_xlabel("false positive rate (1 − specificity)")
    axes.set_ylabel("true positive rate (sensitivity)")
    axes.set_aspect("equal")
    many = len(predictions.classes) > 8
    place = {"loc": "center left", "bbox_to_anchor": (1.0, 0.5)} if many else {"loc": "lower right"}
    axes.legend(title="class, AUC and 95 % interval", fontsize=7 if many else 9, frameon=False, **place)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(caption(metrics), fontsize=9, loc="left")
    save(figure, path)
