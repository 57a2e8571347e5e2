"""Teach a network what other models answer, beside the labels (Hinton, Vinyals and Dean 2015, arXiv:1503.02531)."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.model_selection import KFold
from torch import nn

from einthoven.data.batches import tensors
from einthoven.errors import ConfigurationFault
from einthoven.evaluation.calibration import softmax
from einthoven.models.inputs import call
from einthoven.training.task import Task

Array = NDArray[Any]
_BATCH = 256
_TREES = {
    "max_iter": 250,
    "learning_rate": 0.05,
    "max_leaf_nodes": 15,
    "min_samples_leaf": 20,
    "l2_regularization": 1.0,
}
LABELS, NETWORKS, TREES = 0.4, 0.4, 0.2
"""Shares of what a network is taught: the labels, the networks that teach it, and trees that did not see the window."""


def network_answers(network: nn.Module, task: Task) -> Array:
    """Return what a trained network answers, for windows that trained it, too.

    Parameters
    ----------
    network : nn.Module
        The network.
    task : Task
        The windows.

    Returns
    -------
    array [n, classes]
        Probabilities, not calibrated.
    """
    found = []
    with torch.inference_mode():
        for first in range(0, len(task.windows), _BATCH):
            found.append(call(network.eval(), tensors(task.windows[slice(first, first + _BATCH)])).numpy())
    return softmax(np.concatenate(found))


def tree_answers(task: Task, n_folds: int = 5) -> Array:
    """Return what boosted trees over the measurements answer for the training windows, each by trees that did not see its record.

    Parameters
    ----------
    task : Task
        Windows with measurements, labels and the training part.
    n_folds : int
        Parts of the training records, each answered by trees of the others.

    Returns
    -------
    array [n, classes]
        Probabilities; zeros outside the training part.
    """
    records, member = np.unique(task.record[task.train], return_inverse=True)
    measured = np.asarray(task.windows[task.train].parts["features"])
    found = np.zeros((len(task.labels), len(task.classes)))
    for _, apart in KFold(n_folds, shuffle=True, random_state=0).split(records):
        unseen = np.isin(member, apart)
        trees = HistGradientBoostingClassifier(**_TREES, random_state=0)
        trees.fit(measured[~unseen], task.labels[task.train[~unseen]])
        rows = np.ix_(task.train[unseen], np.asarray(trees.classes_))
        found[rows] = trees.predict_proba(measured[unseen])
    return found


def taught(task: Task, networks: Array, trees: Array, teachers: Sequence[str]) -> Task:
    """Return a task whose training windows are taught with the answers of others beside their labels.

    Parameters
    ----------
    task : Task
        Windows of one class each.
    networks, trees : array [n, classes]
        Probabilities that networks and trees answer.
    teachers : sequence of str
        Names of the models that answered, for the card.

    Returns
    -------
    Task

    Raises
    ------
    ConfigurationFault
        If windows can have several classes, or answers are of other windows or classes.
    """
    shape = len(task.labels), len(task.classes)
    if task.multilabel or networks.shape != shape or trees.shape != shape:
        raise ConfigurationFault(
            "Answers of these models cannot teach this task.",
            found=f"answers {networks.shape} and {trees.shape}; {'several classes' if task.multilabel else 'one class'} a window",
            expected=f"answers {shape}, one class a window",
            remedy="teach with models of the same windows and classes",
        )
    truth = np.eye(len(task.classes))[np.maximum(task.labels, 0)]
    targets = LABELS * truth + NETWORKS * networks + TREES * trees
    targets = (targets / targets.sum(axis=1, keepdims=True)).astype(np.float32)
    how = {"labels": LABELS, "networks": NETWORKS, "trees": TREES, "by": list(teachers)}
    return replace(task, targets=targets, provenance=task.provenance | {"taught": how})
