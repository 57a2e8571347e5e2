"""Score how well one class is detected: average precision beside its prevalence, AUC, and paired differences."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.evaluation.evaluate import DRAWS
from einthoven.evaluation.intervals import LEVEL, draw_weights, interval
from einthoven.evaluation.metrics import auc
from einthoven.evaluation.multilabel import average_precision
from einthoven.evaluation.paired import against_zero
from einthoven.evaluation.predictions import Predictions

Array = NDArray[Any]
METRICS = {"average_precision": average_precision, "auc": auc}
"""Metrics by name: functions of what is positive, the score, and how often each row is drawn."""


def detected(
    answers: Sequence[Predictions], positive: str, unit: str, draws: int = DRAWS, seed: int = 0
) -> dict[str, Any]:
    """Score the detection of a class by one network, or by networks of several seeds, whose metrics are averaged.

    Parameters
    ----------
    answers : sequence of Predictions
        Single-label predictions of each seed for the same rows.
    positive : str
        The class.
    unit : str
        What intervals resample: ``patient`` whole patients, anything else single rows.
    draws : int
        Draws of the bootstrap.
    seed : int
        Seed of the draws.

    Returns
    -------
    dict
        ``positive``, ``n_positive``, ``prevalence`` (the average precision of chance), each of METRICS as ``{value, low, high}``,
        ``detection_interval``, and ``by_seed``: the values of each metric.
    """
    there, weights = _there(answers[0], positive), _weights(answers[0], unit, draws, seed)
    drawn = {name: _drawn(name, answers, positive, weights) for name in METRICS}
    return {
        "positive": positive,
        "n_positive": int(there.sum()),
        "prevalence": float(there.mean()),
        "detection_interval": {"level": LEVEL, "unit": unit, "draws": draws},
        "by_seed": {name: rows[:, 0].tolist() for name, rows in drawn.items()},
    } | {name: interval(float(rows[:, 0].mean()), rows[:, 1:].mean(axis=0)).as_dict() for name, rows in drawn.items()}


def difference(
    first: Sequence[Predictions],
    second: Sequence[Predictions],
    positive: str,
    unit: str,
    draws: int = DRAWS,
    seed: int = 0,
) -> dict[str, Any]:
    """Test the difference of two models, first minus second, by a paired bootstrap; metrics are averaged over seeds.

    Parameters
    ----------
    first, second : sequence of Predictions
        Predictions of each seed, all for the same rows in the same order.
    positive : str
        The class that is detected.
    unit : str
        What is resampled: ``patient`` whole patients, anything else single rows.
    draws : int
        Draws of the bootstrap.
    seed : int
        Seed of the draws.

    Returns
    -------
    dict
        ``{difference, p}`` of each of METRICS, as :func:`einthoven.evaluation.paired.paired` has them.
    """
    weights = _weights(first[0], unit, draws, seed)
    return {
        name: against_zero(
            _drawn(name, first, positive, weights).mean(axis=0) - _drawn(name, second, positive, weights).mean(axis=0)
        )
        for name in METRICS
    }


def _there(answers: Predictions, positive: str) -> Array:
    return np.asarray(answers.truth == answers.classes.index(positive))


def _weights(answers: Predictions, unit: str, draws: int, seed: int) -> Array:
    """Return how often each row is drawn [1 + draws, n]; the first row is the whole test set."""
    groups = answers.patient if unit == "patient" else np.arange(len(answers.truth))
    return np.concatenate((np.ones((1, len(groups)), np.uint16), draw_weights(groups, draws, seed)))


def _drawn(metric: str, answers: Sequence[Predictions], positive: str, weights: Array) -> Array:
    """Return a metric of each seed [seeds, 1 + draws]."""
    at = answers[0].classes.index(positive)
    return np.stack([METRICS[metric](_there(one, positive), one.deciding[:, at], weights) for one in answers])
