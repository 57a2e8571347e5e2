"""Knows the figures of an evaluation as PNG. Computes no metric but the points of a ROC curve."""

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from einthoven.evaluation.predictions import Predictions
from einthoven.paths import written_aside
from einthoven.report.tables import cells

COLOURS = {"N": "#4a5568", "S": "#2563a8", "V": "#c2410c", "F": "#7e22ce", "Q": "#0f766e"}
_OTHER = ("#4a5568", "#2563a8", "#c2410c", "#7e22ce", "#0f766e", "#a16207", "#be185d", "#15803d", "#1e40af", "#525252")


def colour_of(name: str, at: int) -> str:
    """The colour of a class: fixed for AAMI's, else by number."""
    return COLOURS.get(name, _OTHER[at % len(_OTHER)])


def confusion(metrics: dict, path: Path) -> None:
    """Draw the confusion matrix: counts in the cells, shades by row."""
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
    axes.set_xlabel("the model's class")
    axes.set_ylabel("the annotators' class")
    axes.set_title(_caption(metrics), fontsize=9, loc="left")
    _save(figure, path)


def roc(predictions: Predictions, metrics: dict, path: Path) -> None:
    """Draw one ROC curve a class, with its area and interval."""
    figure = Figure(figsize=(5.6, 5.2), layout="constrained")
    axes = figure.add_subplot()
    axes.plot((0, 1), (0, 1), color="#cbd5e0", linewidth=1)
    for at, name in enumerate(predictions.classes):
        positive = predictions.truth == at
        if not positive.any() or positive.all():
            continue
        order = np.argsort(-predictions.probability[:, at], kind="stable")
        up, down = np.cumsum(positive[order]), np.cumsum(~positive[order])
        area, spread = cells(metrics["per_class"][name]["auc"])
        false, true = np.r_[0, down / down[-1]], np.r_[0, up / up[-1]]
        axes.plot(false, true, color=colour_of(name, at), linewidth=1.6, label=f"{name}  {area} ({spread})")
    axes.set_xlabel("false positive rate")
    axes.set_ylabel("true positive rate (sensitivity)")
    axes.set_aspect("equal")
    axes.legend(title="class, AUC and 95 % interval", loc="lower right", fontsize=9, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(_caption(metrics), fontsize=9, loc="left")
    _save(figure, path)


def _caption(metrics: dict) -> str:
    leak = " (LEAKS PATIENTS)" if metrics["leaks_patients"] else ""
    tested = f"{metrics['n_test']:,} beats of {metrics['n_patients']} patients"
    return f"{metrics['model']}\n{metrics['corpus']}, protocol {metrics['protocol']}{leak}\n{tested}"


def _save(figure: Figure, path: Path) -> None:
    FigureCanvasAgg(figure)
    with written_aside(path) as aside:
        figure.savefig(aside, dpi=150, format="png")
