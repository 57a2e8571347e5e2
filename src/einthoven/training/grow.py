"""Knows how a forest is grown from a task (scikit-learn underneath) and becomes a bundle. Opens no test window."""

import platform
from pathlib import Path

import numpy as np
import torch

from einthoven import __version__, bundle
from einthoven.bundle import Card
from einthoven.models.forest import Forest
from einthoven.training.module import SCORE, judged
from einthoven.training.task import Task

N_TREES, LEAST, SHARE = 100, 2, 0.1
"""Trees, windows in a leaf, and the share of the measurements that each branch may choose from."""
_BATCH = 512


def grow(task: Task, settings: dict, seed: int, folder: Path) -> Card:
    """Grow a forest on the training part of a task.

    Parameters
    ----------
    settings : of :class:`einthoven.models.forest.Forest`, but for what the trees decide; ``n_trees`` among them
    seed : of the trees
    folder : the bundle goes to ``folder/bundle``

    Returns
    -------
    its card
    """
    from sklearn.ensemble import ExtraTreesClassifier

    shape = (task.windows.shape[1], len(task.classes), task.windows.shape[2])
    measuring = Forest(*shape, **{name: value for name, value in settings.items() if name != "n_trees"}).eval()
    pieces = [task.windows[at] for at in np.array_split(task.train, -(-len(task.train) // _BATCH))]
    measured = np.concatenate([measuring.measured(torch.from_numpy(np.array(piece))).numpy() for piece in pieces])
    trees = ExtraTreesClassifier(
        settings.get("n_trees", N_TREES),
        min_samples_leaf=LEAST,
        max_features=SHARE,
        random_state=seed,
        n_jobs=max(1, torch.get_num_threads()),
    ).fit(measured, task.labels[task.train])
    grown = [estimator.tree_ for estimator in trees.estimators_]
    decided = settings | {
        "n_trees": len(grown),
        "n_nodes": max(tree.node_count for tree in grown),
        "depth": max(tree.max_depth for tree in grown),
        "several": task.multi,
    }
    network = Forest(*shape, **decided)
    known = [np.asarray(values) for values in (trees.classes_ if task.multi else [trees.classes_])]
    with torch.no_grad():
        network.leaves.zero_()
        for at, tree in enumerate(grown):
            n = tree.node_count
            here = np.arange(n)
            is_leaf = tree.children_left < 0
            network.feature[at, :n] = torch.from_numpy(np.where(is_leaf, 0, tree.feature)).int()
            network.threshold[at, :n] = torch.from_numpy(tree.threshold).float()
            network.left[at, :n] = torch.from_numpy(np.where(is_leaf, here, tree.children_left)).int()
            network.right[at, :n] = torch.from_numpy(np.where(is_leaf, here, tree.children_right)).int()
            network.leaves[at, :n] = torch.from_numpy(_answers(tree.value, known, task)).float()
    with torch.no_grad():
        at = np.array_split(task.validation, -(-len(task.validation) // _BATCH))
        logits = np.concatenate([network.eval()(torch.from_numpy(np.array(task.windows[part]))).numpy() for part in at])
    card = Card(
        name=folder.resolve().name,
        architecture="forest",
        settings=decided,
        classes=task.classes,
        labels=task.label_set,
        meanings=task.meanings,
        preparation=task.preparation,
        training={
            **task.provenance,
            "counts": {
                part: dict(zip(task.classes, task.counts(getattr(task, part)).tolist(), strict=True))
                for part in ("train", "validation")
            },
            "best_epoch": 0,
            f"validation_{SCORE[task.multi]}": round(
                judged(logits, task.labels[task.validation])[SCORE[task.multi]], 6
            ),
            "recipe": {"min_samples_leaf": LEAST, "max_features": SHARE, "seed": seed},
            "versions": {"einthoven": __version__, "torch": torch.__version__, "python": platform.python_version()},
        },
        multi=task.multi,
        attribution=task.attribution,
    )
    return bundle.save(folder / "bundle", card, {name: tensor.numpy() for name, tensor in network.state_dict().items()})


def _answers(values: np.ndarray, known: list[np.ndarray], task: Task) -> np.ndarray:
    """Probabilities of each class at each node [nodes, classes], from scikit-learn's [nodes, outputs, values]."""
    shares = values / np.maximum(values.sum(axis=2, keepdims=True), 1e-12)
    out = np.zeros((len(values), len(task.classes)))
    if task.multi:
        for at, labels in enumerate(known):
            there = np.flatnonzero(labels == 1)
            out[:, at] = shares[:, at, there[0]] if len(there) else 0.0
    else:
        out[:, known[0]] = shares[:, 0]
    return out
