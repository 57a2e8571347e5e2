"""Choose class weights of single-label predictions that maximise the expected F1, without labels."""

import itertools
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.evaluation.predictions import Predictions

_FACTORS = (0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5)


def for_expected_f1(answers: Predictions, counted: tuple[str, ...]) -> tuple[float, ...]:
    """Return the class weights that maximise the expected mean F1 of some classes.

    Each window counts for a class by its probability, not by its label (Lewis 1995, SIGIR 18:246), so that few validation
    windows are enough.

    Parameters
    ----------
    answers : Predictions
        Single-label predictions.
    counted : tuple of str
        Classes whose F1 counts. The first keeps the weight 1, as do classes that do not count.

    Returns
    -------
    tuple of float
        Weight of each class.
    """
    at = [answers.classes.index(name) for name in counted]
    best, chosen = -1.0, np.ones(len(answers.classes))
    for factors in itertools.product(_FACTORS, repeat=len(at) - 1):
        weights = np.ones(len(answers.classes))
        weights[at[1:]] = factors
        score = expected_f1(answers.deciding, (answers.deciding * weights).argmax(axis=1))[at].mean()
        if score > best + 1e-9:
            best, chosen = score, weights
    return tuple(chosen.tolist())


def expected_f1(probability: NDArray[Any], decided: NDArray[Any]) -> NDArray[Any]:
    """Return the F1 of each class that is expected if the probabilities are calibrated.

    Parameters
    ----------
    probability : array [n, classes]
        Probabilities.
    decided : array [n], int
        Predicted class numbers.

    Returns
    -------
    array [classes]
    """
    predicted = np.eye(probability.shape[1])[decided]
    f1: NDArray[Any] = 2 * (probability * predicted).sum(axis=0) / (probability.sum(axis=0) + predicted.sum(axis=0))
    return f1
