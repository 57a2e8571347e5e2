"""Score predictions: every metric with its interval, and a baseline."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.evaluation import metrics, multilabel, official
from einthoven.evaluation.intervals import LEVEL, draw_weights, interval
from einthoven.evaluation.predictions import Predictions
from einthoven.evaluation.reliability import reliability

Array = NDArray[Any]

DRAWS = 1000
HEADLINE = ("accuracy", "macro_precision", "macro_recall", "macro_f1", "macro_auc")
"""The metrics that are shown first for single-label predictions."""
_OVERALL = HEADLINE[:4]


def headline(metrics: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the names of the metrics that are shown first.

    Parameters
    ----------
    metrics : mapping
        What :func:`evaluate` returned.

    Returns
    -------
    tuple of str
    """
    names = multilabel.HEADLINE if "macro_auroc" in metrics else HEADLINE
    return ("challenge_score", *names) if "challenge_score" in metrics else names


def evaluate(
    predictions: Predictions, unit: str, draws: int = DRAWS, seed: int = 0, official_score: str = ""
) -> dict[str, Any]:
    """Score predictions.

    Parameters
    ----------
    predictions : Predictions
        Truth and probabilities of the test set.
    unit : str
        What intervals resample: ``patient`` whole patients, anything else single rows.
    draws : int
        Draws of the bootstrap.
    seed : int
        Seed of the draws.
    official_score : str
        Official score to compute besides, as the protocol names it; empty for none.

    Returns
    -------
    dict
        Plain values for ``metrics.json``: ``n_test``, ``n_patients``, ``interval``, each of HEADLINE as ``{value, low, high}``,
        ``per_class``, ``confusion``, ``baselines``, and what :func:`einthoven.evaluation.reliability.reliability` returns; with
        `official_score` also its name and ``challenge_score``. For multilabel predictions what
        :func:`einthoven.evaluation.multilabel.evaluate` returns in place of the first.

    Raises
    ------
    ConfigurationFault
        If there is no such official score, or it is defined for other classes.
    """
    if predictions.multilabel:
        found = multilabel.evaluate(predictions, unit, draws, seed, official_score)
        return _with_reliability(found, predictions, unit, draws, seed)
    classes, truth = predictions.classes, predictions.truth
    groups = predictions.patient if unit == "patient" else np.arange(len(truth))
    weights = draw_weights(groups, draws, seed)
    matrix = metrics.confusion(truth, predictions.decided, len(classes))
    point, drawn = metrics.scores(matrix), metrics.scores(drawn_confusions(predictions, weights))
    once = np.ones((1, len(truth)), np.uint16)
    areas = [
        (float(metrics.auc(truth == at, column, once)[0]), metrics.auc(truth == at, column, weights))
        for at, column in enumerate(predictions.deciding.T)
    ]
    result: dict[str, Any] = {
        "n_test": len(truth),
        "n_patients": len(np.unique(predictions.patient)),
        "interval": {"level": LEVEL, "unit": unit, "draws": draws},
    }
    for name in _OVERALL:
        result[name] = interval(float(point[name]), drawn[name]).as_dict()
    defined = [(value, draws_) for value, draws_ in areas if np.isfinite(value)]
    macro = np.mean([value for value, _ in defined]) if defined else np.nan
    result["macro_auc"] = interval(float(macro), _mean_of_draws([row for _, row in defined], draws)).as_dict()
    if official_score:
        result |= _official(official_score, classes, point["f1"], drawn["f1"])
    result["per_class"] = {}
    for at, name in enumerate(classes):
        row: dict[str, Any] = {
            "n": int(matrix[at].sum()),
            "n_patients": len(np.unique(predictions.patient[truth == at])),
        }
        for metric in ("precision", "recall", "f1"):
            row[metric] = interval(float(point[metric][at]), drawn[metric][:, at]).as_dict()
        row["auc"] = interval(*areas[at]).as_dict()
        result["per_class"][name] = row
    result["confusion"] = {"classes": list(classes), "rows_are_truth": matrix.tolist()}
    result["baselines"] = {"majority": _majority(truth, classes)}
    return _with_reliability(result, predictions, unit, draws, seed)


def _with_reliability(
    result: dict[str, Any], predictions: Predictions, unit: str, draws: int, seed: int
) -> dict[str, Any]:
    """Add what :func:`einthoven.evaluation.reliability.reliability` measures, by class to the rows of the classes."""
    found = reliability(predictions, unit, draws, seed)
    for name, row in found.pop("reliability_by_class").items():
        result["per_class"][name] |= row
    return result | found


def drawn_confusions(predictions: Predictions, weights: Array) -> Array:
    """Return the confusion matrix of each draw.

    Parameters
    ----------
    predictions : Predictions
        Single-label predictions.
    weights : array [draws, n]
        How often each row was drawn.

    Returns
    -------
    array [draws, classes, classes]
        Rows are the truth, columns the predicted class.
    """
    n_classes = len(predictions.classes)
    cell = predictions.truth * n_classes + predictions.decided
    member = np.zeros((len(cell), n_classes**2), np.float32)
    member[np.arange(len(cell)), cell] = 1
    return np.stack([row.astype(np.float32) @ member for row in weights]).reshape(-1, n_classes, n_classes)


def _official(name: str, classes: tuple[str, ...], point: Array, drawn: Array) -> dict[str, Any]:
    value, draws = (official.single_label_score(name, classes, f1) for f1 in (point, drawn))
    return {"official_score": name, "challenge_score": interval(float(value), draws).as_dict()}


def _mean_of_draws(rows: list[Array], draws: int) -> Array:
    if not rows:
        return np.full(draws, np.nan)
    stacked = np.stack(rows)
    there = np.isfinite(stacked)
    mean: Array = np.where(there, stacked, 0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)
    return mean


def _majority(truth: Array, classes: tuple[str, ...]) -> dict[str, Any]:
    most = int(np.bincount(truth, minlength=len(classes)).argmax())
    got = metrics.scores(metrics.confusion(truth, np.full_like(truth, most), len(classes)))
    return {"class": classes[most], **{name: round(float(got[name]), 6) for name in _OVERALL}}
