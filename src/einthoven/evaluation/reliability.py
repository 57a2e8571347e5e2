"""Measure whether probabilities mean what they say: calibration error, Brier score, likelihood, and risk against coverage.

The tests check the metrics against scikit-learn and against formulas written out.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.evaluation.intervals import Interval, draw_weights, interval
from einthoven.evaluation.predictions import Predictions

Array = NDArray[Any]

BINS = 15
"""Bins of equal width of the confidence."""
ANSWERED = ("1.0", "0.9", "0.8")
"""Shares of the rows that are answered, the surest first, for which the error is given."""
METRICS = ("ece", "brier", "nll", "aurc")
_FEWEST_ROWS = 10
_AT_ONCE = 2_000_000
_MOST_ROWS, _RISK_BINS = 10_000, 1000


def reliability(predictions: Predictions, unit: str, draws: int, seed: int = 0) -> dict[str, Any]:
    """Measure the printed probabilities, and the errors of the decisions that they rank.

    Confidence is the highest probability of a row that is printed, and it is right where that class is the true one: ``ece`` is the
    mean over BINS bins of equal width of the difference between mean confidence and share of right ones, weighted by rows.
    ``brier`` is the squared error summed over the classes, ``nll`` the negative logarithm of the true class's probability.
    ``aurc`` is the mean error of the decisions over all shares of rows that are answered, the surest first; ``error_at`` is the
    error at some of them. For multilabel predictions confidence is of each class of each row: the higher of p and 1 - p; a row's
    error is its share of wrong classes, and its confidence the mean over its classes.

    Intervals are percentiles of draws. Draws raise a calibration error, so its interval is extended to include the value.

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

    Returns
    -------
    dict
        ``ece``, ``brier``, ``nll``, ``aurc`` as ``{value, low, high}``; ``error_at`` with one for each of ANSWERED;
        ``ece_by_patient``: ``mean`` and ``max`` of the difference between mean confidence and accuracy of a patient, over patients
        with at least ten rows; ``reliability_by_class``: ``ece``, ``brier`` and ``nll`` of each class against the others;
        ``calibrated``: whether the probabilities are.
    """
    weights = _Draws(predictions.patient if unit == "patient" else np.arange(len(predictions.truth)), draws, seed)
    right, confidence = outcomes(predictions)
    found: dict[str, Any] = {"calibrated": predictions.score is not None}
    found["ece"] = _extended(_ece(confidence, right, weights))
    for name, losses in zip(("brier", "nll"), _losses(predictions), strict=True):
        found[name] = _spread(weights.means(losses[:, None])[:, 0])
    risk = weights.risks(*errors(predictions))
    found["aurc"] = _spread(risk[:, 0])
    found["error_at"] = {share: _spread(risk[:, 1 + at]) for at, share in enumerate(ANSWERED)}
    found["ece_by_patient"] = _by_patient(predictions.patient, confidence, right, draws, seed)
    found["reliability_by_class"] = {
        name: _of_class(predictions, at, weights) for at, name in enumerate(predictions.classes)
    }
    return found


def outcomes(predictions: Predictions) -> tuple[Array, Array]:
    """Return which most probable classes are right, and their probability.

    Parameters
    ----------
    predictions : Predictions
        Truth and probabilities.

    Returns
    -------
    right : array [n, k], float
        Whether it is right; of multilabel predictions for each class [n, classes], otherwise [n, 1].
    confidence : array [n, k]
        Its probability.
    """
    p = np.asarray(predictions.probability, np.float64)
    if predictions.multilabel:
        return ((p >= 0.5) == (predictions.truth > 0)).astype(np.float64), np.maximum(p, 1 - p)
    right = p.argmax(axis=1) == predictions.truth
    return right[:, None].astype(np.float64), p.max(axis=1)[:, None]


def errors(predictions: Predictions) -> tuple[Array, Array]:
    """Return the error of each decision and the sureness that ranks it.

    Parameters
    ----------
    predictions : Predictions
        Truth, probabilities and scores.

    Returns
    -------
    error : array [n]
        1 where the predicted class is wrong; of multilabel predictions the share of wrong classes.
    sureness : array [n]
        One less the risk where there is one; otherwise the probability of the predicted class, or the mean over classes.
    """
    decided, p = predictions.decided, np.asarray(predictions.probability, np.float64)
    if predictions.multilabel:
        wrong: Array = (decided != (predictions.truth > 0)).mean(axis=1)
        sureness = np.maximum(p, 1 - p).mean(axis=1)
    else:
        wrong = (decided != predictions.truth).astype(np.float64)
        sureness = p[np.arange(len(p)), decided]
    return wrong, sureness if predictions.risk is None else 1 - predictions.risk


def bins_of(confidence: Array) -> Array:
    """Return the bin of each confidence.

    Parameters
    ----------
    confidence : array
        Values from 0 to 1.

    Returns
    -------
    array of int
        0 to BINS - 1; 1 is in the last.
    """
    return np.minimum((confidence * BINS).astype(np.int64), BINS - 1)


def risk_curve(predictions: Predictions) -> tuple[Array, Array]:
    """Return the error among the surest rows for each number of rows that are answered.

    Parameters
    ----------
    predictions : Predictions
        Truth, probabilities and scores.

    Returns
    -------
    coverage : array [n]
        Share of the rows that are answered.
    risk : array [n]
        Error among them.
    """
    error, sureness = errors(predictions)
    order = np.argsort(-sureness, kind="stable")
    counted = np.arange(1, len(error) + 1)
    return counted / len(error), np.cumsum(error[order]) / counted


def _ece(confidence: Array, right: Array, weights: "_Draws") -> Array:
    """Return the calibration error of each draw [draws]."""
    k = confidence.shape[1]
    columns = np.zeros((len(confidence), BINS))
    np.add.at(columns, (np.arange(len(confidence))[:, None], bins_of(confidence)), (right - confidence) / k)
    return np.asarray(np.abs(weights.means(columns)).sum(axis=1))


def _losses(predictions: Predictions) -> tuple[Array, Array]:
    """Return squared error and negative log-likelihood of each row; of multilabel ones means over classes."""
    p = np.asarray(predictions.probability, np.float64)
    if predictions.multilabel:
        there = predictions.truth > 0
        likelihood = np.log(np.clip(np.where(there, p, 1 - p), 1e-12, 1))
        return ((p - there) ** 2).mean(axis=1), -likelihood.mean(axis=1)
    rows = np.arange(len(p))
    brier = ((p - np.eye(p.shape[1])[predictions.truth]) ** 2).sum(axis=1)
    return brier, -np.log(np.clip(p[rows, predictions.truth], 1e-12, 1))


def _of_class(predictions: Predictions, at: int, weights: "_Draws") -> dict[str, Any]:
    """Return the calibration error, Brier score and likelihood of one class against the others."""
    p = np.asarray(predictions.probability[:, at], np.float64)
    there = predictions.truth[:, at] > 0 if predictions.multilabel else predictions.truth == at
    columns = np.zeros((len(p), BINS + 2))
    columns[np.arange(len(p)), bins_of(p)] = there - p
    columns[:, BINS] = (there - p) ** 2
    columns[:, BINS + 1] = -np.log(np.clip(np.where(there, p, 1 - p), 1e-12, 1))
    means = weights.means(columns)
    ece = np.abs(means[:, :BINS]).sum(axis=1)
    return {"ece": _extended(ece), "brier": _spread(means[:, BINS]), "nll": _spread(means[:, BINS + 1])}


def _by_patient(patient: Array, confidence: Array, right: Array, draws: int, seed: int) -> dict[str, Any]:
    """Return mean and largest difference between confidence and accuracy of a patient; patients are drawn."""
    _, member, n = np.unique(patient, return_inverse=True, return_counts=True)
    gap = np.abs(np.bincount(member, (right - confidence).mean(axis=1))) / n
    gap = gap[n >= _FEWEST_ROWS]
    if not len(gap):
        nothing = interval(np.nan, np.zeros(0)).as_dict()
        return {"mean": nothing, "max": nothing}
    weights = draw_weights(np.arange(len(gap)), draws, seed)
    largest = np.array([gap[row > 0].max() for row in weights])
    return {
        "mean": interval(float(gap.mean()), weights @ gap / len(gap)).as_dict(),
        "max": interval(float(gap.max()), largest).as_dict(),
    }


def _risks(error: Array, drawn: Array) -> Array:
    """Return the area under the curve of risk over coverage, and the error at each of ANSWERED [draws, 1 + shares].

    `error` and `drawn` [draws, n] are the errors, or sums of errors, and the numbers of rows in order of their sureness.
    """
    taken, wrong = np.cumsum(drawn, axis=1), np.cumsum(error, axis=1)
    total, risk = taken[:, -1:], wrong / np.maximum(taken, 1e-12)
    found = [(risk * drawn).sum(axis=1) / total[:, 0]]
    for share in ANSWERED:
        enough = (taken < np.ceil(float(share) * total - 1e-9)).sum(axis=1)
        found.append(np.take_along_axis(risk, np.minimum(enough, risk.shape[1] - 1)[:, None], axis=1)[:, 0])
    return np.stack(found, axis=1)


class _Draws:
    """All rows once, and draws of whole groups with replacement.

    Parameters
    ----------
    groups : array [n]
        Group of each row.
    draws : int
        Number of draws.
    seed : int
        Seed of the draws.
    """

    def __init__(self, groups: Array, draws: int, seed: int):
        names, self.member, counts = np.unique(groups, return_inverse=True, return_counts=True)
        once = np.ones((1, len(names)), np.uint16)
        self.weights = np.concatenate((once, draw_weights(names, draws, seed))).astype(np.float64)
        self.total = self.weights @ counts.astype(np.float64)

    def sums(self, columns: Array) -> Array:
        """Return the sums of columns [n, k] in each draw [1 + draws, k]."""
        by_group = np.zeros((self.weights.shape[1], columns.shape[1]))
        np.add.at(by_group, self.member, columns)
        return np.asarray(self.weights @ by_group)

    def means(self, columns: Array) -> Array:
        """Return the means of columns [n, k] in each draw [1 + draws, k]."""
        return np.asarray(self.sums(columns) / self.total[:, None])

    def risks(self, error: Array, sureness: Array) -> Array:
        """Return what :func:`_risks` does for each draw; many rows of few groups are drawn in bins of equal sureness."""
        order = np.argsort(-sureness, kind="stable")
        n, n_groups = len(order), self.weights.shape[1]
        step = max(1, _AT_ONCE // max(1, n))
        if n <= _MOST_ROWS or n_groups * _RISK_BINS > _AT_ONCE:
            drawn = (self.weights[at : at + step][:, self.member[order]] for at in range(0, len(self.weights), step))
            return np.concatenate([_risks(some * error[order], some) for some in drawn])
        whole = np.ones((1, n))
        value = _risks(whole * error[order], whole)
        cell = np.empty(n, np.int64)
        cell[order] = np.arange(n) * _RISK_BINS // n
        cell += self.member * _RISK_BINS
        tables = [np.bincount(cell, of, n_groups * _RISK_BINS).reshape(n_groups, -1) for of in (error, np.ones(n))]
        return np.concatenate((value, _risks(*(self.weights[1:] @ table for table in tables))))


def _spread(values: Array) -> dict[str, float | None]:
    return interval(float(values[0]), values[1:]).as_dict()


def _extended(values: Array) -> dict[str, float | None]:
    """Return a value with its interval, extended to include it."""
    found = interval(float(values[0]), values[1:])
    return Interval(found.value, min(found.low, found.value), max(found.high, found.value)).as_dict()
