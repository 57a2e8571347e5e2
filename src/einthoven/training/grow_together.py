"""Grow trees for classes that exclude each other from measurements in memory: one tree a class and round."""

from typing import Any

from numpy.typing import NDArray

from einthoven.models.forest import Forest
from einthoven.models.inputs import InputShape, built
from einthoven.signal.preparation import Preparation
from einthoven.training.boosting import Boosting, boosted
from einthoven.training.tree_network import write_trees

Array = NDArray[Any]


def grown_together(
    features: Array, labels: Array, preparation: Preparation, n_classes: int, how: Boosting, seed: int
) -> tuple[Forest, dict[str, Any]]:
    """Grow a forest on measurements alone.

    Parameters
    ----------
    features : array [n, k]
        Measurements of the windows that train.
    labels : array [n]
        Their class numbers.
    preparation : Preparation
        How the windows were prepared.
    n_classes : int
        Number of classes.
    how : Boosting
        How the trees are boosted.
    seed : int
        Seed of the draws.

    Returns
    -------
    network : Forest
        The trees.
    settings : dict
        Settings of the network.
    """
    trees, baseline = boosted(features, labels, n_classes, how, seed)
    settings = {
        "n_trees": len(trees),
        "n_nodes": max(len(tree.feature) for tree in trees),
        "depth": max(tree.depth for tree in trees),
        "n_read": features.shape[1],
        "n_bins": 0,
        "summed": True,
        "apart": True,
    }
    network = built(Forest, InputShape.of(preparation), n_classes, settings)
    assert isinstance(network, Forest)
    write_trees(network, trees, baseline)
    return network.eval(), settings
