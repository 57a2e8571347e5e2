"""Grow the trees that decide about a beat in turn, and save them as a bundle."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven import bundle
from einthoven.bundle import Card
from einthoven.errors import ConfigurationFault
from einthoven.models.beat_forest import BeatForest
from einthoven.models.inputs import InputShape, built
from einthoven.signal.features import FEATURES
from einthoven.signal.preparation import Preparation
from einthoven.training.boosting import Boosting, Tree, boosted
from einthoven.training.card import card_for
from einthoven.training.module import SCORE, validation_scores
from einthoven.training.task import Task
from einthoven.training.tree_network import logits_of, write_trees

Array = NDArray[Any]

BY_SHAPE = Boosting(rounds=100, learning_rate=0.15, max_leaf_nodes=16, min_samples_leaf=40, max_features=0.2, rare=0.0)
BY_TIMING = Boosting(rounds=100, learning_rate=0.1, max_leaf_nodes=10, min_samples_leaf=100, max_features=0.2, rare=0.0)
_TIMING = ("rr", "p_waves", "patterns")
_P_WAVE = "P wave"


def of_timing(preparation: Preparation) -> Array:
    """Return the columns that the second decision may use: intervals, and P waves.

    Parameters
    ----------
    preparation : Preparation
        How the windows are prepared.

    Returns
    -------
    array of int
        Columns of the features.

    Raises
    ------
    ConfigurationFault
        If no intervals are among the inputs.
    """
    names = [(kind, name) for kind in preparation.feature_sets for name in FEATURES[kind].names]
    found = [at for at, (kind, name) in enumerate(names) if kind in _TIMING or (kind == "shapes" and _P_WAVE in name)]
    if "rr" not in preparation.inputs:
        raise ConfigurationFault(
            "beat_forest needs the intervals around a beat.",
            found=f"inputs {', '.join(preparation.inputs)}",
            expected="rr among the inputs of windows around heartbeats",
            remedy="--prepare.scaling millivolt --prepare.inputs signal rr p_waves patterns shapes likeness",
        )
    return np.array(found)


def grown(
    features: Array,
    labels: Array,
    preparation: Preparation,
    n_classes: int,
    seed: int,
    by_shape: Boosting = BY_SHAPE,
    by_timing: Boosting = BY_TIMING,
) -> tuple[BeatForest, dict[str, int]]:
    """Grow both decisions.

    Parameters
    ----------
    features : array [n, k]
        Measurements of the beats that train.
    labels : array [n]
        Their class numbers.
    preparation : Preparation
        How the windows were prepared.
    n_classes : int
        Number of classes.
    seed : int
        Seed of the draws.
    by_shape, by_timing : Boosting
        How the trees of both decisions are boosted.

    Returns
    -------
    network : BeatForest
        The trees.
    sizes : dict of str to int
        Settings of the network, which the trees decide.
    """
    columns, early_or_not = of_timing(preparation), labels < 2
    first = boosted(features, np.maximum(labels - 1, 0), n_classes - 1, by_shape, seed)
    second = boosted(features[early_or_not][:, columns], labels[early_or_not], 2, by_timing, seed)
    sizes = _sizes(first[0], "n_", "")
    sizes |= _sizes(second[0], "n_timing_", "timing_")
    network = built(BeatForest, InputShape.of(preparation), n_classes, sizes)
    assert isinstance(network, BeatForest)
    write_trees(network.first, *first)
    write_trees(network.second, *second, columns)
    return network.eval(), sizes


def _sizes(trees: list[Tree], many: str, one: str) -> dict[str, int]:
    """Return the settings of the network that the trees decide."""
    n_nodes, depth = max(len(tree.feature) for tree in trees), max(tree.depth for tree in trees)
    return {f"{many}trees": len(trees), f"{many}nodes": n_nodes, f"{one}depth": depth}


def grow_in_turn(
    task: Task,
    settings: Mapping[str, Any],
    seed: int,
    folder: Path,
    by_shape: Boosting = BY_SHAPE,
    by_timing: Boosting = BY_TIMING,
) -> Card:
    """Grow the trees on the training part of a task, and write their bundle.

    Parameters
    ----------
    task : Task
        Beats, labels and the parts of the split; its first two classes are told apart by timing.
    settings : mapping
        None: the trees decide all of them.
    seed : int
        Seed of the draws.
    folder : Path
        Folder of the run; the bundle is written to ``folder/bundle``.
    by_shape, by_timing : Boosting
        How the trees of both decisions are boosted.

    Returns
    -------
    Card

    Raises
    ------
    ConfigurationFault
        If there are settings, fewer than three classes, several classes a window, or no intervals among the inputs.
    """
    if settings or task.multilabel or len(task.classes) < 3:
        raise ConfigurationFault(
            "No beat_forest can be grown here.",
            found=f"settings {dict(settings)}; classes {', '.join(task.classes)}; multilabel {task.multilabel}",
            expected="no settings, and one of at least three classes a beat, the first two distinguished by timing",
            remedy="leave out --set, and use a corpus of beats such as mitdb",
        )
    features, labels = _measured(task, task.train), task.labels[task.train]
    network, sizes = grown(features, labels, task.preparation, len(task.classes), seed, by_shape, by_timing)
    recipe = {"seed": seed, "by_shape": asdict(by_shape), "by_timing": asdict(by_timing)}
    trained: dict[str, Any] = {"best_epoch": 0, "recipe": recipe}
    if len(task.validation):
        logits = logits_of(network, _measured(task, task.validation))
        score = SCORE[task.multilabel]
        trained[f"validation_{score}"] = round(validation_scores(logits, task.labels[task.validation])[score], 6)
    card = card_for(task, "beat_forest", sizes, folder, trained)
    return bundle.save(folder / "bundle", card, {name: tensor.numpy() for name, tensor in network.state_dict().items()})


def _measured(task: Task, chosen: Array) -> Array:
    features = task.windows.features
    assert features is not None
    return np.asarray(features[chosen], np.float32)
