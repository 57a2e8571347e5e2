"""Boosted trees in NumPy: logits from values, and the second reading of the beats of a recording."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.signal import answers_around
from einthoven.signal.preparation import Preparation
from einthoven.signal.windows import Windows

Array = NDArray[Any]

_BLOCK = 1024
_FORM = {"feature": "iu", "threshold": "f", "left": "iu", "right": "iu", "leaves": "f", "baseline": "f"}


@dataclass(frozen=True, eq=False)
class BoostedTrees:
    """Boosted trees (Friedman 2001): those of the first class first, and as many for each.

    Parameters
    ----------
    feature : array [trees, nodes], int
        Which value a node compares.
    threshold : array [trees, nodes]
        With what; larger values go right.
    left, right : array [trees, nodes], int
        Nodes below; a leaf leads to itself.
    leaves : array [trees, nodes]
        What a leaf adds to the logit of its class.
    baseline : array [classes]
        Logit of each class without trees.
    """

    feature: Array
    threshold: Array
    left: Array
    right: Array
    leaves: Array
    baseline: Array

    def __call__(self, values: Array) -> Array:
        """Return logits.

        Parameters
        ----------
        values : array [n, k]
            What the trees decide on.

        Returns
        -------
        array [n, classes], float32
        """
        return np.concatenate([self._block(values[at : at + _BLOCK]) for at in range(0, max(1, len(values)), _BLOCK)])

    def _block(self, values: Array) -> Array:
        n_trees, n_nodes = self.feature.shape
        first = np.arange(n_trees) * n_nodes
        feature, threshold, leaves = self.feature.ravel(), self.threshold.ravel(), self.leaves.ravel()
        below = np.stack((self.left.ravel(), self.right.ravel())).astype(np.int64)
        rows = np.arange(len(values))[:, None]
        node = np.broadcast_to(first, (len(values), n_trees))
        while True:
            above = (values[rows, feature[node]] > threshold[node]).astype(np.int8)
            deeper = first + below[above, node]
            if np.array_equal(deeper, node):
                break
            node = deeper
        of_class = leaves[node].reshape(len(values), len(self.baseline), n_trees // len(self.baseline))
        return np.asarray(of_class.sum(axis=2) + self.baseline, np.float32)

    def tensors(self) -> dict[str, Array]:
        """Return the arrays by name, for a file."""
        return {name: getattr(self, name) for name in _FORM}

    @classmethod
    def of_tensors(cls, tensors: Mapping[str, Array], n_values: int, n_classes: int) -> "BoostedTrees":
        """Return the trees that a file holds.

        Parameters
        ----------
        tensors : mapping of str to array
            As :meth:`tensors` gives them.
        n_values : int
            Number of values that they decide on.
        n_classes : int
            Number of classes.

        Returns
        -------
        BoostedTrees

        Raises
        ------
        ValueError
            If arrays are missing, of other shapes, or point outside; or a node leads back, so that a reading would never end.
        """
        if set(tensors) != set(_FORM) or any(tensors[name].dtype.kind not in kinds for name, kinds in _FORM.items()):
            raise ValueError(f"it holds {', '.join(sorted(tensors))}")
        found = cls(**{name: tensors[name] for name in _FORM})
        n_nodes = found.feature.shape[-1]
        nodes = np.arange(n_nodes)
        fits = (
            found.feature.ndim == 2
            and all(getattr(found, name).shape == found.feature.shape for name in _FORM if name != "baseline")
            and found.baseline.shape == (n_classes,)
            and len(found.feature) % n_classes == 0
            and found.feature.min() >= 0
            and found.feature.max() < n_values
            and all(
                ((below == nodes) | (below > nodes)).all() and below.max() < n_nodes
                for below in (found.left, found.right)
            )
        )
        if not fits:
            raise ValueError(f"its trees do not fit {n_values} values and {n_classes} classes")
        return found


def revised(trees: BoostedTrees, logits: Array, windows: Windows, record: Array, preparation: Preparation) -> Array:
    """Read beats a second time, with the first answers to all beats of their recording at hand (stacking, Wolpert 1992).

    Parameters
    ----------
    trees : BoostedTrees
        Trees over the values that :func:`einthoven.signal.answers_around.around` gathers.
    logits : array [n, classes]
        First answers; of each recording all of its beats in their order.
    windows : Windows
        The windows of the same beats.
    record : array [n]
        Recording of each.
    preparation : Preparation
        How they were prepared.

    Returns
    -------
    array [n, classes], float32
        The second answers, as logits.
    """
    found = np.empty(logits.shape, np.float32)
    for one in np.unique(record):
        here = np.flatnonzero(record == one)
        found[here] = trees(answers_around.around(softmax(logits[here]), windows[here], preparation))
    return found


def softmax(logits: Array) -> Array:
    """Return probabilities.

    Parameters
    ----------
    logits : array [n, classes]
        Logits.

    Returns
    -------
    array [n, classes]
    """
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(powers / powers.sum(axis=1, keepdims=True))
