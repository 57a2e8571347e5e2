"""Knows how predictions become an evaluation: every metric with its interval, beside the baseline. Writes no file."""

import numpy as np

from einthoven.evaluation import metrics, multilabel, official
from einthoven.evaluation.intervals import LEVEL, draw_weights, interval
from einthoven.evaluation.predictions import Predictions

DRAWS = 1000
HEADLINE = ("accuracy", "macro_precision", "macro_recall", "macro_f1", "macro_auc")
"""The metrics that are shown first, where a window bears one class."""


def headline(metrics: dict) -> tuple[str, ...]:
    """Names of the metrics that are shown first for an evaluation."""
    names = multilabel.HEADLINE if "macro_auroc" in metrics else HEADLINE
    return ("challenge_score", *names) if "challenge_score" in metrics else names


def evaluate(predictions: Predictions, unit: str, draws: int = DRAWS, seed: int = 0) -> dict:
    """Score predictions.

    Parameters
    ----------
    predictions : truth and probabilities of the test part
    unit : ``patient`` resamples whole patients, ``beat`` single rows
    draws, seed : of the bootstrap

    Returns
    -------
    plain values for ``metrics.json``: ``n_test``, ``accuracy``, ``macro_precision``, ``macro_recall``, ``macro_f1``,
    ``macro_auc`` (each ``{value, low, high}``; for the classes of the Challenge 2017 its ``challenge_score`` too),
    ``per_class``, ``confusion``, ``baselines``, ``interval``; where a window can bear several classes what
    :func:`einthoven.evaluation.multilabel.evaluate` gives
    """
    if predictions.multilabel:
        return multilabel.evaluate(predictions, unit, draws, seed)
    classes, truth = predictions.classes, predictions.truth
    groups = predictions.patient if unit == "patient" else np.arange(len(truth))
    weights = draw_weights(groups, draws, seed)
    matrix = metrics.confusion(truth, predictions.decided, len(classes))
    point, drawn = metrics.scores(matrix), metrics.scores(drawn_confusions(predictions, weights))
    once = np.ones((1, len(truth)), np.uint16)
    areas = [
        (metrics.auc(truth == at, column, once)[0], metrics.auc(truth == at, column, weights))
        for at, column in enumerate(predictions.probability.T)
    ]
    result = {
        "n_test": len(truth),
        "n_patients": len(np.unique(predictions.patient)),
        "interval": {"level": LEVEL, "unit": unit, "draws": draws},
    }
    for name in ("accuracy", "macro_precision", "macro_recall", "macro_f1"):
        result[name] = interval(float(point[name]), drawn[name]).as_dict()
    defined = [(value, draws_) for value, draws_ in areas if np.isfinite(value)]
    macro = np.mean([value for value, _ in defined]) if defined else np.nan
    result["macro_auc"] = interval(float(macro), _mean_of_draws([row for _, row in defined], draws)).as_dict()
    if classes == official.CHALLENGE2017:
        score = official.challenge2017_score
        result["challenge_score"] = interval(float(score(point["f1"])), score(drawn["f1"])).as_dict()
    result["per_class"] = {}
    for at, name in enumerate(classes):
        row = {"n": int(matrix[at].sum()), "n_patients": len(np.unique(predictions.patient[truth == at]))}
        for metric in ("precision", "recall", "f1"):
            row[metric] = interval(float(point[metric][at]), drawn[metric][:, at]).as_dict()
        row["auc"] = interval(*areas[at]).as_dict()
        result["per_class"][name] = row
    result["confusion"] = {"classes": list(classes), "rows_are_truth": matrix.tolist()}
    result["baselines"] = {"majority": _majority(truth, classes)}
    return result


def drawn_confusions(predictions: Predictions, weights: np.ndarray) -> np.ndarray:
    """Confusion matrices [draws, classes, classes]."""
    n_classes = len(predictions.classes)
    cell = predictions.truth * n_classes + predictions.decided
    member = np.zeros((len(cell), n_classes**2), np.float32)
    member[np.arange(len(cell)), cell] = 1
    return np.stack([row.astype(np.float32) @ member for row in weights]).reshape(-1, n_classes, n_classes)


def _mean_of_draws(rows: list[np.ndarray], draws: int) -> np.ndarray:
    if not rows:
        return np.full(draws, np.nan)
    stacked = np.stack(rows)
    there = np.isfinite(stacked)
    return np.where(there, stacked, 0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)


def _majority(truth: np.ndarray, classes: tuple[str, ...]) -> dict:
    most = int(np.bincount(truth, minlength=len(classes)).argmax())
    got = metrics.scores(metrics.confusion(truth, np.full_like(truth, most), len(classes)))
    names = ("accuracy", "macro_precision", "macro_recall", "macro_f1")
    return {"class": classes[most], **{name: round(float(got[name]), 6) for name in names}}
