"""Knows the metrics of predictions where a window can bear several classes or none, each with its interval. Writes no file.

Checked against scikit-learn in the tests.
"""

import numpy as np

from einthoven.evaluation import metrics, official
from einthoven.evaluation.intervals import LEVEL, draw_weights, interval
from einthoven.evaluation.predictions import Predictions

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


def evaluate(predictions: Predictions, unit: str, draws: int, seed: int = 0) -> dict:
    """Score predictions.

    A class without both labels in the test part has no AUROC and AUPRC; it is named in ``undefined`` and left out of their
    means. In a draw that has no positive of a class the mean is over the others.

    Parameters
    ----------
    predictions : truth and probabilities of the test part
    unit : ``patient`` resamples whole patients, anything else single rows
    draws, seed : of the bootstrap

    Returns
    -------
    plain values for ``metrics.json``: ``n_test``, each of HEADLINE as ``{value, low, high}``, for the classes of the Challenge
    2021 its weighted ``challenge_score``, ``per_class``, ``undefined``, ``baselines``, ``interval``
    """
    truth, decided = predictions.truth > 0, predictions.decided
    groups = predictions.patient if unit == "patient" else np.arange(len(truth))
    weights = np.concatenate((np.ones((1, len(truth)), np.uint16), draw_weights(groups, draws, seed)))
    found = scores(predictions, weights)
    defined = np.isfinite(found["auroc"][0])
    result = {
        "n_test": len(truth),
        "n_patients": len(np.unique(predictions.patient)),
        "interval": {"level": LEVEL, "unit": unit, "draws": draws},
    }
    result |= {name: _spread(found[name]) for name in HEADLINE}
    names, worth = official.challenge2021_weights()
    if set(names) == set(predictions.classes):
        order = [predictions.classes.index(name) for name in names]
        said = truth[:, order], decided[:, order]
        result["challenge_score"] = _spread(official.weighted_score(*said, worth, names.index("NSR"), weights))
    result["undefined"] = [
        name for name, is_defined in zip(predictions.classes, defined, strict=True) if not is_defined
    ]
    result["decision"] = {"thresholds": list(predictions.thresholds) or 0.5, "at_least_one": predictions.at_least_one}
    if predictions.said is not None:
        result["decision"] = "decided part by part"
    result["per_class"] = {}
    for at, name in enumerate(predictions.classes):
        row = {"n": int(truth[:, at].sum()), "n_patients": len(np.unique(predictions.patient[truth[:, at]]))}
        row |= {metric: _spread(found[metric][:, at]) for metric in ("precision", "recall", "f1", "auroc", "auprc")}
        result["per_class"][name] = row
    result["baselines"] = baselines(truth, predictions.classes)
    return result


def quality(predictions: Predictions) -> float:
    """One number to choose models by on validation data: the mean of macro AUROC, macro AUPRC and micro-F1."""
    found = scores(predictions, np.ones((1, len(predictions.truth)), np.uint16))
    return float(np.mean([found[name][0] for name in ("macro_auroc", "macro_auprc", "micro_f1")]))


def scores(predictions: Predictions, weights: np.ndarray) -> dict[str, np.ndarray]:
    """All metrics for several weightings of the rows at once.

    Parameters
    ----------
    weights : [draws, n], how often each row was drawn; the first draw says which classes have both labels

    Returns
    -------
    each of HEADLINE [draws]; ``precision``, ``recall``, ``f1``, ``auroc``, ``auprc`` [draws, classes]
    """
    truth = predictions.truth > 0
    columns = list(zip(truth.T, predictions.probability.T, strict=True))
    found = counted(truth, predictions.decided, weights)
    found["auroc"] = np.stack([metrics.auc(there, score, weights) for there, score in columns], axis=1)
    found["auprc"] = np.stack([average_precision(there, score, weights) for there, score in columns], axis=1)
    defined = np.isfinite(found["auroc"][0])
    for name in ("auroc", "auprc"):
        found[f"macro_{name}"] = _mean(found[name][:, defined])
    return found | {"label_ranking": _weighted(label_ranking(truth, predictions.probability), weights)}


def counted(truth: np.ndarray, decided: np.ndarray, weights: np.ndarray) -> dict[str, np.ndarray]:
    """The metrics of decisions, for several weightings of the rows at once.

    Parameters
    ----------
    truth, decided : bool [n, classes]; weights : [draws, n], how often each row was drawn

    Returns
    -------
    ``micro_f1``, ``macro_f1`` (over classes with positives), ``hamming_loss``, ``subset_accuracy`` [draws]; ``precision``,
    ``recall``, ``f1`` [draws, classes], NaN for a class without positives
    """
    drawn = weights.astype(np.float64)
    hit, true, said = (drawn @ values.astype(np.float64) for values in (truth & decided, truth, decided))
    there = np.where(true > 0, 1.0, np.nan)
    f1 = 2 * hit / np.maximum(true + said, 1e-12) * there
    return {
        "micro_f1": 2 * hit.sum(axis=1) / np.maximum((true + said).sum(axis=1), 1e-12),
        "macro_f1": _mean(f1),
        "hamming_loss": _weighted((truth != decided).mean(axis=1), weights),
        "subset_accuracy": _weighted((truth == decided).all(axis=1), weights),
        "precision": hit / np.maximum(said, 1e-12) * there,
        "recall": hit / np.maximum(true, 1e-12) * there,
        "f1": f1,
    }


def average_precision(positive: np.ndarray, score: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Area under the steps of precision over recall, for several weightings.

    Parameters
    ----------
    positive : bool [n]; score : [n]; weights : [draws, n]

    Returns
    -------
    [draws], NaN where a draw has no positive or no negative row
    """
    order = np.argsort(-score, kind="stable")
    ranked, positive = score[order], positive[order]
    ends = np.flatnonzero(np.r_[ranked[1:] != ranked[:-1], True])
    drawn = weights[:, order].astype(np.float64)
    hits, said = np.cumsum(drawn * positive, axis=1)[:, ends], np.cumsum(drawn, axis=1)[:, ends]
    total, rows = hits[:, -1:], said[:, -1]
    precision = hits / np.maximum(said, 1e-12)
    area = (np.diff(hits, axis=1, prepend=0) * precision).sum(axis=1) / np.maximum(total[:, 0], 1e-12)
    return np.where((total[:, 0] > 0) & (total[:, 0] < rows), area, np.nan)


def label_ranking(truth: np.ndarray, score: np.ndarray) -> np.ndarray:
    """Label-ranking average precision of each row [n]; 1 for a row that bears no class or all of them.

    Parameters
    ----------
    truth : bool [n, classes]; score : [n, classes]
    """
    at_least = score[:, None, :] >= score[:, :, None]  # [n, class, others that rank as high]
    rank = at_least.sum(axis=2)
    true_rank = (at_least & truth[:, None, :]).sum(axis=2)
    n_true = truth.sum(axis=1)
    mean = np.where(truth, true_rank / rank, 0).sum(axis=1) / np.maximum(n_true, 1)
    return np.where((n_true == 0) | (n_true == truth.shape[1]), 1.0, mean)


def baselines(truth: np.ndarray, classes: tuple[str, ...]) -> dict:
    """What one gets by saying nothing, and by always saying the most frequent class."""
    once, most = np.ones((1, len(truth)), np.uint16), int(truth.sum(axis=0).argmax())
    nothing = np.zeros_like(truth)
    always = nothing.copy()
    always[:, most] = True
    found = {}
    for name, decided in (("nothing", nothing), (f"always {classes[most]}", always)):
        got = counted(truth, decided, once)
        found[name] = {metric: round(float(got[metric][0]), 6) for metric in _COUNTED}
    return found


def _weighted(values: np.ndarray, weights: np.ndarray) -> np.ndarray:
    drawn = weights.astype(np.float64)
    return drawn @ np.asarray(values, np.float64) / np.maximum(drawn.sum(axis=1), 1e-12)


def _mean(values: np.ndarray) -> np.ndarray:
    """Mean over the columns that are there [draws]; NaN where none is."""
    there = np.isfinite(values)
    total = np.where(there, values, 0).sum(axis=1)
    return np.where(there.any(axis=1), total / np.maximum(there.sum(axis=1), 1), np.nan)


def _spread(values: np.ndarray) -> dict:
    return interval(float(values[0]), values[1:]).as_dict()
