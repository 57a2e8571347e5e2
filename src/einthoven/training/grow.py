"""Grow a forest from a task (with scikit-learn) and save it as a bundle."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from einthoven import bundle
from einthoven.bundle import Card
from einthoven.data.batches import tensors
from einthoven.errors import ConfigurationFault
from einthoven.models.forest import Forest
from einthoven.models.inputs import InputShape, built, call
from einthoven.training.boosting import NEVER, Boosting, Tree, boosted, histogram_tree
from einthoven.training.card import card_for
from einthoven.training.module import SCORE, validation_scores
from einthoven.training.task import Task

Array = NDArray[Any]
N_TREES, LEAST, SHARE = 100, 2, 0.1
"""Settings of randomised trees: their number, windows in a leaf, and the share of the values that each branch may choose from."""
BOOSTED = Boosting()
_BATCH = 512
_APART = {
    "learning_rate": 0.05,
    "max_leaf_nodes": 4,
    "max_features": 0.1,
    "min_samples_leaf": 3,
    "l2_regularization": 5.0,
}
"""Settings of boosted trees for each class by itself."""
_ROUNDS_APART = 100


def grow(task: Task, settings: Mapping[str, Any], seed: int, folder: Path, how: Boosting = BOOSTED) -> Card:
    """Grow a forest on the training part of a task, and write its bundle.

    The trees are extremely randomised; with ``summed`` they are boosted, and with ``apart`` each class is boosted by itself.

    Parameters
    ----------
    task : Task
        Windows, labels and the parts of the split.
    settings : mapping
        Settings of :class:`einthoven.models.forest.Forest`, except those that the trees decide.
    seed : int
        Seed of the trees.
    folder : Path
        Folder of the run; the bundle is written to ``folder/bundle``.
    how : Boosting
        How the trees are boosted, with ``summed`` and without ``apart``.

    Returns
    -------
    Card
        The forest's card.

    Raises
    ------
    ConfigurationFault
        If no forest can be grown with these settings, or on these labels.
    """
    settings = dict(settings)
    shape, n_classes = InputShape.of(task.preparation), len(task.classes)
    measuring = _measuring(shape, n_classes, settings)
    measured = np.concatenate(
        [measuring.measured(part.get("beat"), part["features"]).numpy() for part in _inputs(task, task.train)]
    )
    grown = (_apart if settings.get("apart") else partial(_boosted, how)) if settings.get("summed") else _randomised
    trees, told = grown(measured, task, settings, seed)
    decided = settings | {
        "n_trees": len(trees),
        "n_nodes": max(len(tree.feature) for tree in trees),
        "depth": max(tree.depth for tree in trees),
        "multilabel": task.multilabel,
    }
    network = _forest(shape, n_classes, decided)
    with torch.no_grad():
        network.leaves.zero_()
        for at, tree in enumerate(trees):
            n = len(tree.feature)
            network.feature[at, :n] = torch.from_numpy(tree.feature).int()
            network.threshold[at, :n] = torch.from_numpy(tree.threshold).float()
            network.left[at, :n] = torch.from_numpy(tree.left).int()
            network.right[at, :n] = torch.from_numpy(tree.right).int()
            network.leaves[at, :n] = torch.from_numpy(tree.leaves).float()
    trained = {"best_epoch": 0, "recipe": {"seed": seed} | told}
    if len(task.validation):
        with torch.no_grad():
            logits = np.concatenate([call(network.eval(), part).numpy() for part in _inputs(task, task.validation)])
        score = SCORE[task.multilabel]
        trained[f"validation_{score}"] = round(validation_scores(logits, task.labels[task.validation])[score], 6)
    card = card_for(task, "forest", decided, folder, trained)
    return bundle.save(folder / "bundle", card, {name: tensor.numpy() for name, tensor in network.state_dict().items()})


def _inputs(task: Task, chosen: Array) -> Iterator[dict[str, torch.Tensor]]:
    """Yield windows in batches, as tensors."""
    for at in np.array_split(chosen, -(-len(chosen) // _BATCH)):
        yield tensors(task.windows[at])


def _forest(shape: InputShape, n_classes: int, settings: dict[str, Any]) -> Forest:
    network = built(Forest, shape, n_classes, settings)
    assert isinstance(network, Forest)
    return network


def _measuring(shape: InputShape, n_classes: int, settings: dict[str, Any]) -> Forest:
    """Return a forest that has not grown, for the values that it decides on."""
    try:
        least = n_classes if settings.get("summed") else 1
        if settings.get("n_trees", least) < least or settings.get("n_bins", 0) < 0:
            raise ValueError(f"{least} trees at least, and no spans below 0")
        return _forest(shape, n_classes, {"n_trees": n_classes} | settings).eval()
    except (TypeError, ValueError, RuntimeError) as error:
        raise ConfigurationFault(
            "No forest can be grown with these settings.",
            found=f"{settings} for {n_classes} classes: {str(error).splitlines()[0]}",
            expected="settings of forest; summed with apart, and a multiple of the number of classes as n_trees",
            remedy="--set summed=True apart=True",
        ) from error


def _randomised(measured: Array, task: Task, settings: dict[str, Any], seed: int) -> tuple[list[Tree], dict[str, Any]]:
    from sklearn.ensemble import ExtraTreesClassifier  # it has no types

    how = {"min_samples_leaf": LEAST, "max_features": SHARE}
    grown = ExtraTreesClassifier(
        settings.get("n_trees", N_TREES), random_state=seed, n_jobs=max(1, torch.get_num_threads()), **how
    ).fit(measured, task.labels[task.train])
    known = [np.asarray(values) for values in (grown.classes_ if task.multilabel else [grown.classes_])]
    trees = []
    for tree in (estimator.tree_ for estimator in grown.estimators_):
        here, is_leaf = np.arange(tree.node_count), tree.children_left < 0
        left, right = (np.where(is_leaf, here, below) for below in (tree.children_left, tree.children_right))
        feature = np.where(is_leaf, 0, tree.feature)
        trees.append(
            Tree(feature, tree.threshold, left, right, _probabilities(tree.value, known, task), tree.max_depth)
        )
    return trees, how


def _boosted(
    how: Boosting, measured: Array, task: Task, settings: dict[str, Any], seed: int
) -> tuple[list[Tree], dict[str, Any]]:
    """Boost one tree a class and round (scikit-learn's histograms); the baseline is distributed among the leaves."""
    if task.multilabel:
        raise ConfigurationFault(
            "Boosted trees that share their rounds are for windows of one class each.",
            found="multilabel windows",
            expected="one class for each window",
            remedy="--set summed=True apart=True",
        )
    n_classes = len(task.classes)
    rounds = settings.get("n_trees", how.rounds * n_classes) // n_classes
    how = replace(how, rounds=rounds)
    trees, baseline = boosted(measured, task.labels[task.train], n_classes, how, seed)
    whole = []
    for at, tree in enumerate(trees):
        leaves = np.tile(baseline / len(trees), (len(tree.feature), 1))
        leaves[:, at // rounds] += tree.leaves[:, 0]
        whole.append(replace(tree, leaves=leaves))
    return whole, {"rounds": rounds, "weight_of_rare": how.rare} | how.settings


def _apart(measured: Array, task: Task, settings: dict[str, Any], seed: int) -> tuple[list[Tree], dict[str, Any]]:
    """Boost each class against all windows that are known to be without it, in the order of the classes."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    n_classes = len(task.classes)
    rounds = settings.get("n_trees", _ROUNDS_APART * n_classes) // n_classes
    labels = task.labels[task.train]
    has_class = labels > 0 if task.multilabel else labels[:, None] == np.arange(n_classes)
    is_known = np.isfinite(labels) if task.multilabel else np.ones(has_class.shape, bool)
    trees = []
    for known, there in zip(is_known.T, has_class.T, strict=True):
        column = there[known]
        if column.all() or not column.any():
            one = np.zeros(1, np.int64)
            only = np.full((1, 1), (-1 if column.all() else 1) * NEVER / rounds)
            trees += [Tree(one, np.zeros(1), one, one, only, 1)] * rounds
            continue
        grown = HistGradientBoostingClassifier(max_iter=rounds, early_stopping=False, random_state=seed, **_APART).fit(
            measured[known], column
        )
        share = grown._baseline_prediction.item() / rounds
        for (predictor,) in grown._predictors:
            trees.append(histogram_tree(predictor, predictor.nodes["value"][:, None] + share))
    return trees, {"rounds": rounds} | _APART


def _probabilities(values: Array, known: list[Array], task: Task) -> Array:
    """Return the probabilities at each node [nodes, classes] of scikit-learn's [nodes, outputs, values]."""
    shares = values / np.maximum(values.sum(axis=2, keepdims=True), 1e-12)
    out = np.zeros((len(values), len(task.classes)))
    if task.multilabel:
        for at, labels in enumerate(known):
            positive = np.flatnonzero(labels == 1)
            out[:, at] = shares[:, at, positive[0]] if len(positive) else 0.0
    else:
        out[:, known[0]] = shares[:, 0]
    return out
