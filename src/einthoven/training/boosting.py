"""Boost decision trees with scikit-learn's histograms, and take them as arrays."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.training.levels import levels, limits_of, thresholds

Array = NDArray[Any]

NEVER = -20.0
"""Logit of a class that no training window has."""


@dataclass(frozen=True)
class Tree:
    """A tree, by its nodes."""

    feature: Array
    """[nodes]: the value that a node compares."""
    threshold: Array
    """[nodes]: with what; larger values go right."""
    left: Array
    """[nodes]: the node below on the left; itself, for a leaf."""
    right: Array
    """[nodes]: the node below on the right; itself, for a leaf."""
    leaves: Array
    """[nodes, outputs]: what a leaf gives."""
    depth: int
    """Steps from the first node to the deepest leaf."""


@dataclass(frozen=True)
class Boosting:
    """How trees are boosted; the settings of scikit-learn's HistGradientBoostingClassifier, and the weight of rare classes."""

    rounds: int = 250
    """Rounds of one tree a class."""
    learning_rate: float = 0.05
    """Share of each tree's output that counts."""
    max_leaf_nodes: int = 15
    """Leaves of a tree, at most."""
    min_samples_leaf: int = 20
    """Training windows in a leaf, at least."""
    l2_regularization: float = 5.0
    """Penalty on the outputs of leaves."""
    max_features: float = 0.3
    """Share of the values that each branch may choose from."""
    rare: float = 0.25
    """Exponent of a class's rarity in its weight; 0 for no weights."""

    @property
    def settings(self) -> dict[str, Any]:
        """Keyword arguments of scikit-learn, without the rounds."""
        return {name: value for name, value in asdict(self).items() if name not in ("rounds", "rare")}

    def weights(self, labels: Array, n_classes: int) -> Array | None:
        """Return the weight of each window.

        Parameters
        ----------
        labels : array [n]
            Class numbers.
        n_classes : int
            Number of classes.

        Returns
        -------
        array [n] or None
            None where all count the same.
        """
        if not self.rare:
            return None
        of_class = (len(labels) / np.maximum(1, np.bincount(labels, minlength=n_classes))) ** self.rare
        return np.asarray((of_class / of_class.mean())[labels])


def boosted(measured: Array, labels: Array, n_classes: int, how: Boosting, seed: int) -> tuple[list[Tree], Array]:
    """Boost one tree for each class and round.

    Parameters
    ----------
    measured : array [n, values]
        What the trees decide on.
    labels : array [n]
        Class numbers.
    n_classes : int
        Number of classes; those without an example get a logit of -20.
    how : Boosting
        How they are boosted.
    seed : int
        Seed of the draws.

    Returns
    -------
    trees : list of Tree
        As many for each class, those of the first class first; their leaves have one output.
    baseline : array [classes]
        Logit of each class without trees.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    rounds = how.rounds
    grown = HistGradientBoostingClassifier(max_iter=rounds, early_stopping=False, random_state=seed, **how.settings)
    weights = how.weights(labels, n_classes)
    limits = None if weights is None else limits_of(measured)
    grown.fit(measured if limits is None else levels(measured, limits), labels, sample_weight=weights)
    known: list[int] = grown.classes_.tolist()
    baseline = np.full(n_classes, NEVER)
    nothing = _nothing()
    trees = [nothing] * (rounds * n_classes)
    if len(known) == 2:  # one tree a round then, for the second class against the first
        baseline[known] = 0.0, float(grown._baseline_prediction.item())
        columns = [[None, of_round[0]] for of_round in grown._predictors]
    else:
        baseline[known] = np.ravel(grown._baseline_prediction)
        columns = grown._predictors
    for at, of_round in enumerate(columns):
        for column, predictor in zip(known, of_round, strict=True):
            if predictor is not None:
                trees[column * rounds + at] = histogram_tree(predictor, predictor.nodes["value"][:, None], limits)
    return trees, baseline


def histogram_tree(predictor: Any, leaves: Array, limits: list[Array] | None = None) -> Tree:
    """Return a tree of scikit-learn's gradient boosting.

    Parameters
    ----------
    predictor : TreePredictor
        As scikit-learn has it.
    leaves : array [nodes, outputs]
        Outputs of its nodes.
    limits : list of array, optional
        Limits between the levels of each column, if it grew on levels.

    Returns
    -------
    Tree
    """
    nodes = predictor.nodes
    here, is_leaf = np.arange(len(nodes)), nodes["is_leaf"].astype(bool)
    left, right = (np.where(is_leaf, here, nodes[below]) for below in ("left", "right"))
    feature, threshold = nodes["feature_idx"], nodes["num_threshold"]
    if limits is not None:
        threshold = thresholds(feature, np.where(is_leaf, 0, threshold), limits)
    return Tree(feature, threshold, left, right, leaves, int(nodes["depth"].max()))


def stacked(trees: list[Tree]) -> dict[str, Array]:
    """Return trees as arrays [trees, nodes] by name; shorter trees are filled with leaves of 0 that nothing leads to.

    Parameters
    ----------
    trees : list of Tree
        Trees whose leaves have one output.

    Returns
    -------
    dict of str to array
        ``feature``, ``threshold``, ``left``, ``right`` and ``leaves``.
    """
    n_nodes = max(len(tree.feature) for tree in trees)
    here = np.tile(np.arange(n_nodes), (len(trees), 1))
    found: dict[str, Array] = {
        "feature": np.zeros(here.shape, np.int16),
        "threshold": np.zeros(here.shape, np.float32),
        "left": here.astype(np.int16),
        "right": here.astype(np.int16),
        "leaves": np.zeros(here.shape, np.float32),
    }
    for row, tree in enumerate(trees):
        for name, values in found.items():
            column = getattr(tree, name)
            values[row, : len(column)] = column[:, 0] if name == "leaves" else column
    return found


def _nothing() -> Tree:
    """Return a tree that adds nothing."""
    one = np.zeros(1, np.int64)
    return Tree(one, np.zeros(1), one, one, np.zeros((1, 1)), 1)
