"""Knows the metrics of one-class-each predictions, each for many resamples at once. Does not draw the resamples.

Checked against scikit-learn in the tests.
"""

import numpy as np


def confusion(truth: np.ndarray, decided: np.ndarray, n_classes: int) -> np.ndarray:
    """Counts [classes, classes]: rows are the truth, columns what was decided."""
    return np.bincount(truth * n_classes + decided, minlength=n_classes**2).reshape(n_classes, n_classes)


def scores(matrix: np.ndarray) -> dict[str, np.ndarray]:
    """Accuracy, precision, recall and F1 from confusion matrices.

    Parameters
    ----------
    matrix : array [..., classes, classes]

    Returns
    -------
    ``accuracy``, ``macro_precision``, ``macro_recall``, ``macro_f1`` [...] and ``precision``, ``recall``, ``f1``
    [..., classes]. A class that is never decided has precision 0; a class without truth is NaN, and the macro figures
    are means over the classes that are there.
    """
    matrix = np.asarray(matrix, np.float64)
    hit = np.diagonal(matrix, axis1=-2, axis2=-1)
    true, said = matrix.sum(axis=-1), matrix.sum(axis=-2)
    there = np.where(true > 0, 1.0, np.nan)
    per_class = {
        "precision": hit / np.maximum(said, 1e-12) * there,
        "recall": hit / np.maximum(true, 1e-12) * there,
        "f1": 2 * hit / np.maximum(true + said, 1e-12) * there,
    }
    n_there = np.maximum((true > 0).sum(axis=-1), 1)
    macro = {f"macro_{name}": np.nansum(values, axis=-1) / n_there for name, values in per_class.items()}
    accuracy = hit.sum(axis=-1) / np.maximum(matrix.sum(axis=(-2, -1)), 1e-12)
    return {"accuracy": accuracy, **macro, **per_class}


def macro_f1(truth: np.ndarray, decided: np.ndarray, n_classes: int) -> float:
    """Mean F1 over the classes that occur in `truth`."""
    return float(scores(confusion(truth, decided, n_classes))["macro_f1"])


def auc(positive: np.ndarray, score: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """Area under the ROC curve for several weightings; ties count half.

    Parameters
    ----------
    positive : bool [n]; score : [n]; weights : [draws, n], how often each row was drawn

    Returns
    -------
    [draws], NaN where a draw has no positive or no negative row
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
