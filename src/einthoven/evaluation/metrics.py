"""Compute the metrics of single-label predictions, each for many resamples at once.

The tests check them against scikit-learn.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]


def confusion(truth: Array, decided: Array, n_classes: int) -> Array:
    """Count predictions by true and predicted class.

    Parameters
    ----------
    truth : array [n], int
        True class numbers.
    decided : array [n], int
        Predicted class numbers.
    n_classes : int
        Number of classes.

    Returns
    -------
    array [classes, classes]
        Rows are the truth, columns the predicted class.
    """
    return np.bincount(truth * n_classes + decided, minlength=n_classes**2).reshape(n_classes, n_classes)


def scores(matrix: Array) -> dict[str, Array]:
    """Compute accuracy, precision, recall and F1 from confusion matrices.

    Parameters
    ----------
    matrix : array [..., classes, classes]
        Confusion matrices.

    Returns
    -------
    dict of arrays
        ``accuracy``, ``macro_precision``, ``macro_recall``, ``macro_f1`` [...] and ``precision``, ``recall``, ``f1``
        [..., classes]. A class that is never predicted has precision 0. A class without truth is NaN, and the macro metrics are
        means over the other classes.
    """
    matrix = np.asarray(matrix, np.float64)
    hit = np.diagonal(matrix, axis1=-2, axis2=-1)
    true, predicted = matrix.sum(axis=-1), matrix.sum(axis=-2)
    there = np.where(true > 0, 1.0, np.nan)
    per_class = {
        "precision": hit / np.maximum(predicted, 1e-12) * there,
        "recall": hit / np.maximum(true, 1e-12) * there,
        "f1": 2 * hit / np.maximum(true + predicted, 1e-12) * there,
    }
    n_there = np.maximum((true > 0).sum(axis=-1), 1)
    macro = {f"macro_{name}": np.nansum(values, axis=-1) / n_there for name, values in per_class.items()}
    accuracy = hit.sum(axis=-1) / np.maximum(matrix.sum(axis=(-2, -1)), 1e-12)
    return {"accuracy": accuracy, **macro, **per_class}


def macro_f1(truth: Array, decided: Array, n_classes: int) -> float:
    """Return the mean F1 over the classes that occur in the truth.

    Parameters
    ----------
    truth : array [n], int
        True class numbers.
    decided : array [n], int
        Predicted class numbers.
    n_classes : int
        Number of classes.

    Returns
    -------
    float
    """
    return float(scores(confusion(truth, decided, n_classes))["macro_f1"])


def auc(positive: Array, score: Array, weights: Array) -> Array:
    """Compute the area under the ROC curve for several weightings; ties count half.

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
    order = np.argsort(score, kind="stable")
    ranked, positive = score[order], positive[order]
    starts = np.flatnonzero(np.r_[True, ranked[1:] != ranked[:-1]])
    areas = np.empty(len(weights))
    for draw, row in enumerate(weights):
        drawn = row[order].astype(np.float64)
        up = np.add.reduceat(drawn * positive, starts)
        down = np.add.reduceat(drawn * ~positive, starts)
        below = np.cumsum(down) - down
        pairs = up.sum() * down.sum()
        areas[draw] = (up * (below + 0.5 * down)).sum() / pairs if pairs > 0 else np.nan
    return areas
