"""Fit the logistic regression of typical beats and measurements to a task, and save it as a bundle."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from einthoven import bundle
from einthoven.bundle import Card
from einthoven.errors import ConfigurationFault
from einthoven.models.inputs import InputShape, built
from einthoven.models.linear_beat import LinearBeat
from einthoven.training.boosting import NEVER
from einthoven.training.card import card_for
from einthoven.training.module import SCORE, validation_scores
from einthoven.training.task import Task

Array = NDArray[Any]

PENALTY = 30.0
"""Weight of half the squared weights beside the summed log-likelihood of the training windows."""
_OFFSET = 3.0
"""Size of the column that tells the records of a source from the others, whose weights are penalised as all are."""
_ROUNDS = 80
_LEAST_SCALE = 1e-6


def grow_linear(task: Task, settings: Mapping[str, Any], seed: int, folder: Path) -> Card:
    """Fit each class on the training windows of which it is known, and write a bundle.

    Where the names of the records begin with a source (``ludb/12``), each source but the largest has an offset of its own, which
    takes up how often its annotators name a class, and which no answer contains.

    Parameters
    ----------
    task : Task
        Multilabel windows with typical beats and measurements.
    settings : mapping
        Settings of :class:`einthoven.models.linear_beat.LinearBeat`.
    seed : int
        Not used: nothing is drawn.
    folder : Path
        Folder of the run; the bundle is written to ``folder/bundle``.

    Returns
    -------
    Card

    Raises
    ------
    ConfigurationFault
        If each window has one class.
    """
    if not task.multilabel:
        raise ConfigurationFault(
            "A linear_beat is fitted to multilabel windows.",
            found="one class for each window",
            expected="windows that can have several classes",
            remedy="--model typical_beat",
        )
    network = built(LinearBeat, InputShape.of(task.preparation), len(task.classes), settings)
    assert isinstance(network, LinearBeat)
    network.eval()
    _scale(network, task)
    values = np.concatenate((_values(network, task, task.train), _offsets(task.record[task.train])), axis=1)
    n_values = network.head.in_features
    with torch.no_grad():
        for at, truth in enumerate(task.labels[task.train].T):
            known = np.isfinite(truth)
            weights, offset = _fitted(values[known], truth[known] > 0)
            network.head.weight[at] = torch.from_numpy(weights[:n_values].astype(np.float32))
            network.head.bias[at] = offset
    trained: dict[str, Any] = {"best_epoch": 0, "recipe": {"seed": seed, "penalty": PENALTY}}
    if len(task.validation):
        logits = _values(network, task, task.validation) @ network.head.weight.detach().numpy().T
        logits += network.head.bias.detach().numpy()
        score = SCORE[True]
        trained[f"validation_{score}"] = round(validation_scores(logits, task.labels[task.validation])[score], 6)
    card = card_for(task, "linear_beat", settings, folder, trained)
    return bundle.save(folder / "bundle", card, {name: tensor.numpy() for name, tensor in network.state_dict().items()})


def _scale(network: LinearBeat, task: Task) -> None:
    """Set middle and scale of the measurements, and the components of the beats, to those of the training windows."""
    windows = task.windows[task.train]
    assert windows.beat is not None and windows.features is not None
    flat = network.flat(torch.from_numpy(np.asarray(windows.beat))).numpy().astype(np.float64)
    middle = flat.mean(axis=0)
    n = len(network.components)
    _, sizes, rows = np.linalg.svd(flat - middle, full_matrices=False)
    components = np.zeros((n, flat.shape[1]))
    found = rows[:n] / np.maximum(sizes[:n] / np.sqrt(len(flat)), _LEAST_SCALE)[:, None]
    components[: len(found)] = found
    scale = np.maximum(windows.features.std(axis=0), _LEAST_SCALE)
    for name, given in (
        ("middle", np.median(windows.features, axis=0)),
        ("scale", scale),
        ("beat_middle", middle),
        ("components", components),
    ):
        getattr(network, name).copy_(torch.from_numpy(np.asarray(given, np.float32)))


def _values(network: LinearBeat, task: Task, chosen: Array) -> Array:
    windows = task.windows[chosen]
    assert windows.beat is not None and windows.features is not None
    with torch.inference_mode():
        found = network.features(*(torch.from_numpy(np.asarray(part)) for part in (windows.beat, windows.features)))
    return found.numpy().astype(np.float64)


def _offsets(record: Array) -> Array:
    """Return a column [n, sources - 1] for each source of the records but the largest."""
    source = np.array([name.split("/")[0] if "/" in name else "" for name in record.tolist()])
    names, counts = np.unique(source, return_counts=True)
    others = np.delete(names, counts.argmax())
    return np.asarray(_OFFSET * (source[:, None] == others), np.float64)


def _fitted(values: Array, there: Array) -> tuple[Array, float]:
    """Return weights [k] and offset of a class; those of one that is never there, or always, say so alone."""
    if not len(there) or there.all() or not there.any():
        return np.zeros(values.shape[1]), -NEVER if len(there) and there.all() else NEVER
    from scipy.optimize import minimize

    k, sign, truth = values.shape[1], np.where(there, 1.0, -1.0), there.astype(float)

    def loss(flat: Array) -> tuple[float, Array]:
        weights, logits = flat[:k], values @ flat[:k] + flat[k]
        rest = 1 / (1 + np.exp(-np.clip(logits, -50, 50))) - truth
        total = np.logaddexp(0, -sign * logits).sum() + PENALTY / 2 * np.square(weights).sum()
        return float(total), np.append(values.T @ rest + PENALTY * weights, rest.sum())

    start = np.zeros(k + 1)
    start[k] = np.log(truth.mean() / (1 - truth.mean()))
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options={"maxiter": _ROUNDS}).x
    return found[:k], float(found[k])
