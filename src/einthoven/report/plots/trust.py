"""Draw how far probabilities can be trusted: a reliability diagram, and risk against coverage."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from einthoven.evaluation.predictions import Predictions
from einthoven.evaluation.reliability import BINS, bins_of, outcomes, risk_curve
from einthoven.report.plots.figure import caption, save
from einthoven.report.tables import cells


def reliability(predictions: Predictions, metrics: dict[str, Any], path: Path) -> None:
    """Draw the share of right predictions against their confidence, and how many have it.

    Parameters
    ----------
    predictions : Predictions
        Predictions of the test set.
    metrics : dict
        The evaluation, as in metrics.json.
    path : Path
        The PNG file.
    """
    right, confidence = (values.ravel() for values in outcomes(predictions))
    member = bins_of(confidence)
    n = np.bincount(member, minlength=BINS)
    there = n > 0
    mean, share = (np.bincount(member, values, BINS)[there] / n[there] for values in (confidence, right))
    figure = Figure(figsize=(5.6, 6.2), layout="constrained")
    axes, below = figure.subplots(2, 1, sharex=True, height_ratios=(4, 1))
    axes.plot((0, 1), (0, 1), color="#cbd5e0", linewidth=1)
    value, spread = cells(metrics["ece"], 4)
    axes.plot(mean, share, "o-", color="#2563a8", label=f"calibration error {value} ({spread})")
    axes.set_ylabel("share of right predictions")
    axes.set_ylim(0, 1.02)
    axes.legend(loc="upper left", frameon=False, fontsize=9)
    below.bar((np.arange(BINS) + 0.5) / BINS, n / n.sum(), 0.9 / BINS, color="#94a3b8")
    below.set_ylabel("share")
    below.set_xlabel("confidence: highest probability" if not predictions.multilabel else "confidence of each class")
    below.set_xlim(0, 1)
    for one in (axes, below):
        one.spines[["top", "right"]].set_visible(False)
    axes.set_title(caption(metrics), fontsize=9, loc="left")
    save(figure, path)


def risk(predictions: Predictions, metrics: dict[str, Any], path: Path) -> None:
    """Draw the error among the answered rows against the share that is answered, the surest first.

    Parameters
    ----------
    predictions : Predictions
        Predictions of the test set.
    metrics : dict
        The evaluation, as in metrics.json.
    path : Path
        The PNG file.
    """
    figure = Figure(figsize=(5.6, 4.4), layout="constrained")
    axes = figure.add_subplot()
    value, spread = cells(metrics["aurc"], 4)
    axes.plot(*risk_curve(predictions), color="#2563a8", label=f"area {value} ({spread})")
    for share, found in metrics["error_at"].items():
        axes.plot(float(share), found["value"], "o", color="#2563a8", markersize=5)
        if found["low"] is not None:
            axes.plot((float(share),) * 2, (found["low"], found["high"]), color="#2563a8", linewidth=2, alpha=0.5)
    axes.set_xlabel("share of the test set that is answered")
    axes.set_ylabel("error among them")
    axes.set_xlim(0, 1.02)
    axes.set_ylim(bottom=0)
    axes.legend(loc="upper left", frameon=False, fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(caption(metrics), fontsize=9, loc="left")
    save(figure, path)
