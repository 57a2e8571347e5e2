"""Choose the thresholds of multilabel predictions on validation data."""

from dataclasses import replace

import numpy as np

from einthoven.evaluation.multilabel import counted
from einthoven.evaluation.predictions import Predictions

RULES = ("half", "global", "per_class", "half_at_least_one", "global_at_least_one")
"""0.5 for all classes; one threshold for all; a threshold for each; and the first two with at least one class predicted."""
_GRID = np.round(np.arange(0.1, 0.91, 0.02), 2)
_FEWEST = 5


def with_rule(predictions: Predictions, rule: str) -> Predictions:
    """Return validation predictions with the best thresholds under a rule.

    One threshold for all classes is the one with the best micro-F1. A threshold for each class is the one with the best F1 of
    the class; a class with fewer than five positives has 0.5.

    Parameters
    ----------
    predictions : Predictions
        Multilabel predictions for validation data.
    rule : str
        One of RULES.

    Returns
    -------
    Predictions
    """
    n_classes = len(predictions.classes)
    at_least_one = rule.endswith("at_least_one")
    if rule.startswith("half"):
        return replace(predictions, thresholds=(), at_least_one=at_least_one)
    truth, once = predictions.truth > 0, np.ones((1, len(predictions.truth)), np.uint16)
    tried = []
    for limit in _GRID.tolist():
        moved = replace(predictions, thresholds=(limit,) * n_classes, at_least_one=at_least_one)
        tried.append(counted(truth, moved.decided, once))
    if rule.startswith("global"):
        best = int(np.argmax([got["micro_f1"][0] for got in tried]))
        return replace(predictions, thresholds=(float(_GRID[best]),) * n_classes, at_least_one=at_least_one)
    f1 = np.nan_to_num(np.stack([got["f1"][0] for got in tried]))
    chosen = np.where(truth.sum(axis=0) >= _FEWEST, _GRID[f1.argmax(axis=0)], 0.5)
    return replace(predictions, thresholds=tuple(chosen.tolist()), at_least_one=at_least_one)
