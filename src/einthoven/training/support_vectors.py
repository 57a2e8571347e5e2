"""Put a support vector machine on the last state of a trained network."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from einthoven import bundle
from einthoven.bundle import Card
from einthoven.data.batches import tensors
from einthoven.errors import ConfigurationFault
from einthoven.models.inputs import InputShape, arguments, built
from einthoven.models.lstm_svm import LSTMSVM
from einthoven.training.task import Task

Array = NDArray[Any]

MOST_WINDOWS = 20_000
"""Training windows that the machine is fitted to at most; memory and time grow with their square."""
_LEAST_OF_A_CLASS = 2
_BATCH = 512
_NO_PENALTY = 1e6


def with_support_vectors(
    task: Task, settings: Mapping[str, Any], weights: Mapping[str, Array], seed: int
) -> tuple[dict[str, Any], dict[str, Array]]:
    """Fit the machine to the states of the training windows, and Platt's slope and offset to those of validation windows.

    Penalty and kernel are scikit-learn's defaults: C = 1, gamma = one in the number of values times their variance.

    Parameters
    ----------
    task : Task
        Windows, labels and the parts of the split.
    settings : mapping
        Settings of :class:`einthoven.models.lstm_svm.LSTMSVM`.
    weights : mapping of array
        Weights of the trained network.
    seed : int
        Seed of the draw, where there are more than MOST_WINDOWS training windows.

    Returns
    -------
    settings : dict
        With the number of support vectors.
    weights : dict of array
        With the machine in place of the dense layer; as they were where ``svm`` is not set.

    Raises
    ------
    ConfigurationFault
        If a training or validation part lacks a class.
    """
    if not settings.get("svm", True):
        return dict(settings), dict(weights)
    train = task.train
    if len(train) > MOST_WINDOWS:
        train = np.sort(np.random.default_rng(seed).choice(train, MOST_WINDOWS, replace=False))
    network = _network(task, settings, weights)
    truth = {part: _truth(task, chosen) for part, chosen in (("training", train), ("validation", task.validation))}
    for part, there in truth.items():
        _require_both(task, part, there)
    states, held_out = _states(network, task, train), _states(network, task, task.validation)
    fitted = _fitted(states, truth["training"], held_out, truth["validation"])
    decided = dict(settings) | {"n_vectors": len(fitted["vectors"])}
    kept = {name: value for name, value in weights.items() if not name.startswith("head.")}
    return decided, kept | {f"head.{name}": np.asarray(value, np.float32) for name, value in fitted.items()}


def on_trained(task: Task, trained: Path, folder: Path, seed: int = 0) -> Card:
    """Put a machine on a network that was trained without one, and write its bundle.

    Parameters
    ----------
    task : Task
        What the network was trained on.
    trained : Path
        Folder of its bundle.
    folder : Path
        Folder of the new run; the bundle is written to ``folder/bundle``.
    seed : int
        As :func:`with_support_vectors` takes it.

    Returns
    -------
    Card
        Without calibration and doubt, which were those of the network.

    Raises
    ------
    ConfigurationFault
        If a training or validation part lacks a class.
    """
    card = bundle.load_card(trained)
    weights = bundle.load_weights(trained, card)
    settings, weights = with_support_vectors(task, card.settings | {"svm": True}, weights, seed)
    told = replace(card, name=folder.resolve().name, settings=settings, calibration=None, doubt=None, graph_sha256="")
    return bundle.save(folder / "bundle", told, weights)


def _network(task: Task, settings: Mapping[str, Any], weights: Mapping[str, Array]) -> LSTMSVM:
    network = built(LSTMSVM, InputShape.of(task.preparation), len(task.classes), settings)
    assert isinstance(network, LSTMSVM)
    network.load_state_dict({name: torch.from_numpy(np.asarray(value)) for name, value in weights.items()})
    return network.eval()


def _truth(task: Task, chosen: Array) -> Array:
    """Return which windows have each class [n, classes], bool."""
    labels = task.labels[chosen]
    return np.asarray(labels > 0 if task.multilabel else labels[:, None] == np.arange(len(task.classes)))


def _require_both(task: Task, part: str, there: Array) -> None:
    n = there.sum(axis=0)
    rare = [f"{name}: {k} of {len(there)}" for name, k in zip(task.classes, n, strict=True) if not _enough(k, there)]
    if rare:
        raise ConfigurationFault(
            f"A support vector machine cannot be fitted: the {part} part lacks windows of a class, or others than its own.",
            found="; ".join(rare),
            expected=f"at least {_LEAST_OF_A_CLASS} windows with each class, and as many without it",
            remedy="--set svm=False      keeps the network's own last layer",
        )


def _enough(n: int, there: Array) -> bool:
    return _LEAST_OF_A_CLASS <= n <= len(there) - _LEAST_OF_A_CLASS


def _states(network: LSTMSVM, task: Task, chosen: Array) -> Array:
    """Return the last states of windows [n, width]."""
    found = []
    with torch.inference_mode():
        for at in np.array_split(chosen, -(-len(chosen) // _BATCH)):
            found.append(network.features(*_given(network, task, at)).numpy())
    return np.concatenate(found)


def _given(network: LSTMSVM, task: Task, chosen: Array) -> tuple[Any, ...]:
    return arguments(network, tensors(task.windows[chosen]))


def _fitted(states: Array, truth: Array, held_out: Array, held_out_truth: Array) -> dict[str, Array]:
    """Return the buffers of :class:`einthoven.models.lstm_svm.SupportVectors`."""
    from sklearn.linear_model import LogisticRegression  # it has no types
    from sklearn.svm import SVC

    gamma = 1 / (states.shape[1] * max(float(states.var()), np.finfo(np.float32).tiny))
    n_classes = truth.shape[1]
    duals = np.zeros((n_classes, len(states)))
    found = {name: np.zeros(n_classes) for name in ("intercept", "slope", "offset")}
    for at in range(n_classes):
        machine = SVC(kernel="rbf", gamma=gamma).fit(states, truth[:, at])
        duals[at, machine.support_] = machine.dual_coef_[0]
        platt = LogisticRegression(C=_NO_PENALTY).fit(
            machine.decision_function(held_out)[:, None], held_out_truth[:, at]
        )
        found["intercept"][at] = machine.intercept_.item()
        found["slope"][at], found["offset"][at] = platt.coef_.item(), platt.intercept_.item()
    used = duals.any(axis=0)
    if n_classes == 2 and (truth.sum(axis=1) == 1).all():
        # One class is the other's opposite: the difference of the two logits is the logit of the second.
        duals[0] = 0
        for values in found.values():
            values[0] = 0
    return {"vectors": states[used], "coefficients": duals[:, used], "gamma": np.asarray(gamma)} | found
