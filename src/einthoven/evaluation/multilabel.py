"""Score multilabel predictions (several classes a window, or none): every metric with its interval.

The tests check the metrics against scikit-learn.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.evaluation import metrics, official
from einthoven.evaluation.intervals import LEVEL, draw_weights, interval
from einthoven.evaluation.predictions import Predictions

Array = NDArray[Any]

HEADLINE = (
    "macro_auroc",
    "macro_auprc",
    "micro_f1",
    "macro_f1",
    "hamming_loss",
    "subset_accuracy",
    "label_ranking",
)
"""The metrics that are shown first."""
_COUNTED = ("micro_f1", "macro_f1", "hamming_loss", "subset_accuracy")


def evaluate(
    predictions: Predictions, unit: str, draws: int, seed: int = 0, official_score: str = ""
) -> dict[str, Any]:
    """Score multilabel predictions.

    A class without both labels in the test set has no AUROC and AUPRC; it is named in ``undefined`` and left out of their
    means. In a draw without positives of a class the mean is over the other classes.

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
        ``per_class``, ``undefined``, ``decision``, ``baselines``; with `official_score` also its name and ``challenge_score``.

    Raises
    ------
    ConfigurationFault
        If there is no such official score, or it is defined for other classes.
    """
    truth, decided = predictions.truth > 0, predictions.decided
    groups = predictions.patient if unit == "patient" else np.arange(len(truth))
    weights = np.concatenate((np.ones((1, len(truth)), np.uint16), draw_weights(groups, draws, seed)))
    found = scores(predictions, weights)
    defined = np.isfinite(found["auroc"][0])
    result: dict[str, Any] = {
        "n_test": len(truth),
        "n_patients": len(np.unique(predictions.patient)),
        "interval": {"level": LEVEL, "unit": unit, "draws": draws},
    }
    result |= {name: _spread(found[name]) for name in HEADLINE}
    if official_score:
        score = official.multilabel_score(official_score, predictions.classes, truth, decided, weights)
        result |= {"official_score": official_score, "challenge_score": _spread(score)}
    result["undefined"] = [
        name for name, is_defined in zip(predictions.classes, defined, strict=True) if not is_defined
    ]
    result["decision"] = {"thresholds": list(predictions.thresholds) or 0.5, "at_least_one": predictions.at_least_one}
    if predictions.said is not None:
        result["decision"] = "decided part by part"
    result["per_class"] = {}
    for at, name in enumerate(predictions.classes):
        row: dict[str, Any] = {
            "n": int(truth[:, at].sum()),
            "n_patients": len(np.unique(predictions.patient[truth[:, at]])),
        }
        row |= {metric: _spread(found[metric][:, at]) for metric in ("precision", "recall", "f1", "auroc", "auprc")}
        result["per_class"][name] = row
    result["baselines"] = baselines(truth, predictions.classes)
    return result


def quality(predictions: Predictions) -> float:
    """Return one number to choose models by on validation data: the mean of macro AUROC, macro AUPRC and micro-F1.

    Parameters
    ----------
    predictions : Predictions
        Truth and probabilities of validation data.

    Returns
    -------
    float
    """
    found = scores(predictions, np.ones((1, len(predictions.truth)), np.uint16))
    return float(np.mean([found[name][0] for name in ("macro_auroc", "macro_auprc", "micro_f1")]))


def scores(predictions: Predictions, weights: Array) -> dict[str, Array]:
    """Compute all metrics for several weightings of the rows.

    Parameters
    ----------
    predictions : Predictions
        Truth and probabilities.
    weights : array [draws, n]
        How often each row was drawn. The first draw decides which classes have both labels.

    Returns
    -------
    dict of arrays
        Each of HEADLINE [draws]; ``precision``, ``recall``, ``f1``, ``auroc``, ``auprc`` [draws, classes].
    """
    truth = predictions.truth > 0
    columns = list(zip(truth.T, predictions.deciding.T, strict=True))
    found = counted(truth, predictions.decided, weights)
    found["auroc"] = np.stack([metrics.auc(there, score, weights) for there, score in columns], axis=1)
    found["auprc"] = np.stack([average_precision(there, score, weights) for there, score in columns], axis=1)
    defined = np.isfinite(found["auroc"][0])
    for name in ("auroc", "auprc"):
        found[f"macro_{name}"] = _mean(found[name][:, defined])
    return found | {"label_ranking": _weighted(label_ranking(truth, predictions.deciding), weights)}


def counted(truth: Array, decided: Array, weights: Array) -> dict[str, Array]:
    """Compute the metrics of decisions for several weightings of the rows.

    Parameters
    ----------
    truth : array [n, classes], bool
        True classes of each row.
    decided : array [n, classes], bool
        Predicted classes of each row.
    weights : array [draws, n]
        How often each row was drawn.

    Returns
    -------
    dict of arrays
        ``micro_f1``, ``macro_f1`` (over classes with positives), ``hamming_loss``, ``subset_accuracy`` [draws]; ``precision``,
        ``recall``, ``f1`` [draws, classes], NaN for a class without positives.
    """
    drawn = weights.astype(np.float64)
    hit, true, predicted = (drawn @ values.astype(np.float64) for values in (truth & decided, truth, decided))
    there = np.where(true > 0, 1.0, np.nan)
    f1 = 2 * hit / np.maximum(true + predicted, 1e-12) * there
    return {
        "micro_f1": 2 * hit.sum(axis=1) / np.maximum((true + predicted).sum(axis=1), 1e-12),
        "macro_f1": _mean(f1),
        "hamming_loss": _weighted((truth != decided).mean(axis=1), weights),
        "subset_accuracy": _weighted((truth == decided).all(axis=1), weights),
        "precision": hit / np.maximum(predicted, 1e-12) * there,
        "recall": hit / np.maximum(true, 1e-12) * there,
        "f1": f1,
    }


def average_precision(positive: Array, score: Array, weights: Array) -> Array:
    """Compute the area under the steps of precision over recall for several weightings.

    Parameters
    ----------
    positive : array [n], bool
        Whether each row is positive.
    score : array [n]
        Predicted score.
    weights : array [draws, n]
        How often each row was drawn.

    Returns
    -------
    array [draws]
        NaN where a draw has no positive or no negative row.
    """
    order = np.argsort(-score, kind="stable")
    ranked, positive = score[order], positive[order]
    ends = np.flatnonzero(np.r_[ranked[1:] != ranked[:-1], True])
    drawn = weights[:, order].astype(np.float64)
    hits, taken = np.cumsum(drawn * positive, axis=1)[:, ends], np.cumsum(drawn, axis=1)[:, ends]
    total, rows = hits[:, -1:], taken[:, -1]
    precision = hits / np.maximum(taken, 1e-12)
    area = (np.diff(hits, axis=1, prepend=0) * precision).sum(axis=1) / np.maximum(total[:, 0], 1e-12)
    return np.where((total[:, 0] > 0) & (total[:, 0] < rows), area, np.nan)


def label_ranking(truth: Array, score: Array) -> Array:
    """Compute the label-ranking average precision of each row.

    Parameters
    ----------
    truth : array [n, classes], bool
        True classes of each row.
    score : array [n, classes]
        Predicted scores.

    Returns
    -------
    array [n]
        1 for a row with no class or with all of them.
    """
    at_least = score[:, None, :] >= score[:, :, None]  # [n, class, classes that rank as high]
    rank = at_least.sum(axis=2)
    true_rank = (at_least & truth[:, None, :]).sum(axis=2)
    n_true = truth.sum(axis=1)
    mean = np.where(truth, true_rank / rank, 0).sum(axis=1) / np.maximum(n_true, 1)
    return np.where((n_true == 0) | (n_true == truth.shape[1]), 1.0, mean)


def baselines(truth: Array, classes: tuple[str, ...]) -> dict[str, dict[str, float]]:
    """Score two predictors that ignore the signal: no class, and always the most frequent class.

    Parameters
    ----------
    truth : array [n, classes], bool
        True classes of each row.
    classes : tuple of str
        Their names.

    Returns
    -------
    dict
        ``micro_f1``, ``macro_f1``, ``hamming_loss`` and ``subset_accuracy`` of each.
    """
    once, most = np.ones((1, len(truth)), np.uint16), int(truth.sum(axis=0).argmax())
    nothing = np.zeros_like(truth)
    always = nothing.copy()
    always[:, most] = True
    found = {}
    for name, decided in (("nothing", nothing), (f"always {classes[most]}", always)):
        got = counted(truth, decided, once)
        found[name] = {metric: round(float(got[metric][0]), 6) for metric in _COUNTED}
    return found


def _weighted(values: Array, weights: Array) -> Array:
    """Return the mean of values [n] in each draw."""
    drawn = weights.astype(np.float64)
    mean: Array = drawn @ np.asarray(values, np.float64) / np.maximum(drawn.sum(axis=1), 1e-12)
    return mean


def _mean(values: Array) -> Array:
    """Return the mean over the columns that are defined [draws]; NaN where none is."""
    there = np.isfinite(values)
    total = np.where(there, values, 0).sum(axis=1)
    return np.where(there.any(axis=1), total / np.maximum(there.sum(axis=1), 1), np.nan)


def _spread(values: Array) -> dict[str, float | None]:
    return interval(float(values[0]), values[1:]).as_dict()
