"""Knows how probabilities become a decision where several classes can be said, chosen on validation data. Opens no test part."""

from dataclasses import replace

import numpy as np

from einthoven.evaluation.multilabel import counted
from einthoven.evaluation.predictions import Predictions

RULES = ("half", "global", "per_class", "half_at_least_one", "global_at_least_one")
"""0.5 for all; one threshold for all; one for each class, tuned; and the first two with at least one class said."""
_GRID = np.round(np.arange(0.1, 0.91, 0.02), 2)


def with_rule(predictions: Predictions, rule: str) -> Predictions:
    """Validation predictions with the thresholds that serve them best under a rule of RULES.

    One threshold for all is the one of the best micro-F1; one for each class that of the class's best F1, and 0.5 for a class
    with under five positives, of which nothing can be learned.
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
    chosen = np.where(truth.sum(axis=0) >= 5, _GRID[f1.argmax(axis=0)], 0.5)
    return replace(predictions, thresholds=tuple(chosen.tolist()), at_least_one=at_least_one)
