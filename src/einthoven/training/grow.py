"""Grow a forest from a task (with scikit-learn) and save it as a bundle."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from einthoven import bundle
from einthoven.bundle import Card
from einthoven.data.batches import tensors
from einthoven.errors import ConfigurationFault
from einthoven.models.forest import Forest
from einthoven.models.inputs import InputShape, built, call
from einthoven.training.card import card_for
from einthoven.training.module import SCORE, judged
from einthoven.training.task import Task

N_TREES, LEAST, SHARE = 100, 2, 0.1
"""Of randomised trees: how many, windows in a leaf, and the share of the measurements that each branch may choose from."""
ROUNDS, RARE = 250, 0.25
"""Of boosted trees: rounds of one tree a class, and the power of a class's rarity that it weighs more by."""
_BATCH = 512
_NEVER = -20.0
"""Logit of a class that no training window bears."""
_APART = {
    "learning_rate": 0.05,
    "max_leaf_nodes": 4,
    "max_features": 0.1,
    "min_samples_leaf": 3,
    "l2_regularization": 5.0,
}
"""Of boosted trees for each class by itself, which few windows bear."""
_ROUNDS_APART = 100


def grow(task: Task, settings: dict, seed: int, folder: Path) -> Card:
    """Grow a forest on the training part of a task: extremely randomised trees, or, where ``summed`` is set, boosted ones, each
    class by itself where ``apart`` is.

    Parameters
    ----------
    settings : of :class:`einthoven.models.forest.Forest`, but for what the trees decide; ``n_trees`` among them
    seed : of the trees
    folder : the bundle goes to ``folder/bundle``

    Returns
    -------
    its card
    """
    shape, n_classes = InputShape.of(task.preparation), len(task.classes)
    measuring = _measuring(shape, n_classes, settings)
    measured = np.concatenate(
        [measuring.measured(part.get("beat"), part["features"]).numpy() for part in _inputs(task, task.train)]
    )
    kind = (_apart if settings.get("apart") else _boosted) if settings.get("summed") else _randomised
    trees, how = kind(measured, task, settings, seed)
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
    with torch.no_grad():
        logits = np.concatenate([call(network.eval(), part).numpy() for part in _inputs(task, task.validation)])
    score = SCORE[task.multilabel]
    trained = {
        "best_epoch": 0,
        f"validation_{score}": round(judged(logits, task.labels[task.validation])[score], 6),
        "recipe": {"seed": seed} | how,
    }
    card = card_for(task, "forest", decided, folder, trained)
    return bundle.save(folder / "bundle", card, {name: tensor.numpy() for name, tensor in network.state_dict().items()})


def _inputs(task: Task, chosen: np.ndarray) -> Iterator[dict[str, torch.Tensor]]:
    """Yield windows in batches, as tensors."""
    for at in np.array_split(chosen, -(-len(chosen) // _BATCH)):
        yield tensors(task.windows[at])


def _forest(shape: InputShape, n_classes: int, settings: dict) -> Forest:
    network = built(Forest, shape, n_classes, settings)
    assert isinstance(network, Forest)
    return network


def _measuring(shape: InputShape, n_classes: int, settings: dict) -> Forest:
    """Return a forest that has not grown, for what it measures.

    Raises
    ------
    ConfigurationFault
        Where a setting is not a forest's, or contradicts another.
    """
    try:
        least = n_classes if settings.get("summed") else 1
        if settings.get("n_trees", least) < least or settings.get("n_bins", 0) < 0:
            raise ValueError(f"{least} trees at least, and no spans below 0")
        return _forest(shape, n_classes, {"n_trees": n_classes} | settings).eval()
    except (TypeError, ValueError, RuntimeError) as error:
        raise ConfigurationFault(
            "no forest can be grown with these settings.",
            found=f"{settings} for {n_classes} classes: {str(error).splitlines()[0]}",
            expected="keyword arguments of Forest; summed where the trees are apart, and as many of them for each class",
            remedy="--set summed=True apart=True",
        ) from error


@dataclass(frozen=True)
class _Tree:
    """One tree: of each node the measurement it asks for, the limit, the nodes below (itself, for a leaf), and its answer."""

    feature: np.ndarray
    threshold: np.ndarray
    left: np.ndarray
    right: np.ndarray
    leaves: np.ndarray
    depth: int


def _randomised(measured: np.ndarray, task: Task, settings: dict, seed: int) -> tuple[list[_Tree], dict]:
    from sklearn.ensemble import ExtraTreesClassifier

    how = {"min_samples_leaf": LEAST, "max_features": SHARE}
    grown = ExtraTreesClassifier(
        settings.get("n_trees", N_TREES), random_state=seed, n_jobs=max(1, torch.get_num_threads()), **how
    ).fit(measured, task.labels[task.train])
    known = [np.asarray(values) for values in (grown.classes_ if task.multilabel else [grown.classes_])]
    trees = []
    for tree in (estimator.tree_ for estimator in grown.estimators_):
        here, is_leaf = np.arange(tree.node_count), tree.children_left < 0
        left, right = (np.where(is_leaf, here, below) for below in (tree.children_left, tree.children_right))
        asked = np.where(is_leaf, 0, tree.feature)
        trees.append(_Tree(asked, tree.threshold, left, right, _answers(tree.value, known, task), tree.max_depth))
    return trees, how


def _boosted(measured: np.ndarray, task: Task, settings: dict, seed: int) -> tuple[list[_Tree], dict]:
    """Gradient boosting with one tree a class and round (scikit-learn's histograms); the baseline is shared out among the leaves.

    Raises
    ------
    ConfigurationFault
        Where a window can bear several classes.
    """
    from sklearn.ensemble import HistGradientBoostingClassifier

    if task.multilabel:
        raise ConfigurationFault(
            "boosted trees that share their rounds tell single classes apart.",
            found="windows that can bear several",
            expected="one class a window",
            remedy="--set summed=True apart=True",
        )
    rounds = settings.get("n_trees", ROUNDS * len(task.classes)) // len(task.classes)
    labels = task.labels[task.train]
    weights = (len(labels) / np.maximum(1, task.counts(task.train))) ** RARE
    how = {"learning_rate": 0.05, "max_leaf_nodes": 15, "l2_regularization": 5.0, "max_features": 0.3}
    grown = HistGradientBoostingClassifier(max_iter=rounds, early_stopping=False, random_state=seed, **how).fit(
        measured, labels, sample_weight=(weights / weights.mean())[labels]
    )
    n_trees = sum(len(each) for each in grown._predictors)
    trees = []
    for each in grown._predictors:
        for column, predictor in zip(grown.classes_.tolist(), each, strict=True):
            leaves = np.full((len(predictor.nodes), len(task.classes)), _NEVER / n_trees)
            leaves[:, grown.classes_] = grown._baseline_prediction.ravel() / n_trees
            leaves[:, column] += predictor.nodes["value"]
            trees.append(_histogram_tree(predictor, leaves))
    return trees, {"rounds": rounds, "weight_of_rare": RARE} | how


def _apart(measured: np.ndarray, task: Task, settings: dict, seed: int) -> tuple[list[_Tree], dict]:
    """Gradient boosting of each class against all windows that do not bear it, in the order of the classes."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    n_classes = len(task.classes)
    rounds = settings.get("n_trees", _ROUNDS_APART * n_classes) // n_classes
    labels = task.labels[task.train]
    bears = labels > 0 if task.multilabel else labels[:, None] == np.arange(n_classes)
    trees = []
    for column in bears.T:
        if column.all() or not column.any():
            one = np.zeros(1, np.int64)
            only = np.full((1, 1), (-1 if column.all() else 1) * _NEVER / rounds)
            trees += [_Tree(one, np.zeros(1), one, one, only, 1)] * rounds
            continue
        grown = HistGradientBoostingClassifier(max_iter=rounds, early_stopping=False, random_state=seed, **_APART).fit(
            measured, column
        )
        share = grown._baseline_prediction.item() / rounds
        for (predictor,) in grown._predictors:
            trees.append(_histogram_tree(predictor, predictor.nodes["value"][:, None] + share))
    return trees, {"rounds": rounds} | _APART


def _histogram_tree(predictor, leaves: np.ndarray) -> _Tree:
    """A tree of scikit-learn's gradient boosting, with the answers of its nodes [nodes, answers]."""
    nodes = predictor.nodes
    here, is_leaf = np.arange(len(nodes)), nodes["is_leaf"].astype(bool)
    left, right = (np.where(is_leaf, here, nodes[below]) for below in ("left", "right"))
    return _Tree(nodes["feature_idx"], nodes["num_threshold"], left, right, leaves, int(nodes["depth"].max()))


def _answers(values: np.ndarray, known: list[np.ndarray], task: Task) -> np.ndarray:
    """Probabilities of each class at each node [nodes, classes], from scikit-learn's [nodes, outputs, values]."""
    shares = values / np.maximum(values.sum(axis=2, keepdims=True), 1e-12)
    out = np.zeros((len(values), len(task.classes)))
    if task.multilabel:
        for at, labels in enumerate(known):
            there = np.flatnonzero(labels == 1)
            out[:, at] = shares[:, at, there[0]] if len(there) else 0.0
    else:
        out[:, known[0]] = shares[:, 0]
    return out
