"""Write boosted trees into a network of trees, and ask it about measurements in memory."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from einthoven.training.boosting import Tree, stacked

Array = NDArray[Any]

_BATCH = 1024


def write_trees(network: nn.Module, trees: list[Tree], baseline: Array, columns: Array | None = None) -> None:
    """Write trees into a network; the baseline of a class is distributed among its trees.

    Parameters
    ----------
    network : nn.Module
        What holds ``feature``, ``threshold``, ``left``, ``right`` and ``leaves``; its trees are as many, and as large.
    trees : list of Tree
        As many for each class, those of the first class first.
    baseline : array [classes]
        Logit of each class without trees.
    columns : array of int, optional
        The columns of the measurements that the trees count; all of them where not stated.
    """
    arrays = stacked(trees)
    if columns is not None:
        arrays["feature"] = columns[arrays["feature"]]
    rounds = len(trees) // len(baseline)
    leaves = arrays["leaves"] + np.repeat(baseline / rounds, rounds)[:, None]
    with torch.no_grad():
        for name in ("feature", "left", "right"):
            getattr(network, name).copy_(torch.from_numpy(arrays[name].astype(np.int32)))
        for name, values in (("threshold", arrays["threshold"]), ("leaves", leaves.astype(np.float32)[:, :, None])):
            getattr(network, name).copy_(torch.from_numpy(values))


def logits_of(network: nn.Module, features: Array) -> Array:
    """Return the logits of windows.

    Parameters
    ----------
    network : nn.Module
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
