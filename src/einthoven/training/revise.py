"""Fit the second reading of beats: boosted trees over the first answers around each beat."""

import numpy as np
from numpy.typing import NDArray

from einthoven.evaluation.revision import BoostedTrees
from einthoven.training.boosting import Boosting, boosted, stacked

HOW = Boosting(rounds=80, learning_rate=0.1, max_leaf_nodes=12, min_samples_leaf=80, max_features=0.2, rare=0.0)
"""How the trees are boosted."""


def fit_revision(
    values: NDArray[np.float32], labels: NDArray[np.int64], n_classes: int, seed: int, how: Boosting = HOW
) -> BoostedTrees:
    """Fit a revision to first answers of models that did not see the people who are answered.

    Parameters
    ----------
    values : array [n, k]
        Gathered answers, as :func:`einthoven.signal.answers_around.around` gives them.
    labels : array [n]
        Class numbers.
    n_classes : int
        Number of classes.
    seed : int
        Seed of the draws.
    how : Boosting
        How the trees are boosted.

    Returns
    -------
    BoostedTrees
    """
    trees, baseline = boosted(values, labels, n_classes, how, seed)
    return BoostedTrees(**stacked(trees), baseline=baseline.astype(np.float32))
