"""Grow trees for classes that exclude each other from measurements in memory: one tree a class and round."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from einthoven.models.forest import Forest
from einthoven.models.inputs import InputShape, built
from einthoven.signal.preparation import Preparation
from einthoven.training.boosting import Boosting, boosted, stacked

Array = NDArray[Any]

_BATCH = 1024


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
    arrays = stacked(trees)
    settings = {
        "n_trees": len(trees),
        "n_nodes": arrays["feature"].shape[1],
        "depth": max(tree.depth for tree in trees),
        "n_read": features.shape[1],
        "n_bins": 0,
        "summed": True,
        "apart": True,
    }
    network = built(Forest, InputShape.of(preparation), n_classes, settings)
    assert isinstance(network, Forest)
    leaves = arrays["leaves"] + np.repeat(baseline / how.rounds, how.rounds)[:, None]
    with torch.no_grad():
        for name in ("feature", "left", "right"):
            getattr(network, name).copy_(torch.from_numpy(arrays[name].astype(np.int32)))
        network.threshold.copy_(torch.from_numpy(arrays["threshold"]))
        network.leaves.copy_(torch.from_numpy(leaves.astype(np.float32))[:, :, None])
    return network.eval(), settings


def logits_of(network: Forest, features: Array) -> Array:
    """Return the logits of windows.

    Parameters
    ----------
    network : Forest
        The trees.
    features : array [n, k]
        Measurements.

    Returns
    -------
    array [n, classes], float32
    """
    pieces = [features[at : at + _BATCH] for at in range(0, len(features), _BATCH)]
    with torch.inference_mode():
        return np.concatenate([network(torch.from_numpy(np.ascontiguousarray(piece))).numpy() for piece in pieces])
