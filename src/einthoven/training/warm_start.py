"""Start a training from the weights of a trained model."""

from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from einthoven import bundle
from einthoven.errors import ConfigurationFault
from einthoven.training.task import Task


def warm_started(network: nn.Module, architecture: str, task: Task, start: str | Path) -> Task:
    """Load the weights of a trained model into a network, except those of its head if the classes differ.

    Parameters
    ----------
    network : nn.Module
        The network, changed in place.
    architecture : str
        Its architecture.
    task : Task
        What it will be trained on.
    start : str or Path
        Name, bundle or run of the trained model.

    Returns
    -------
    Task
        The task with all patients of the trained model among its own, so that no test set counts them as unseen.

    Raises
    ------
    ConfigurationFault
        If the trained model has another architecture, or weights of other shapes.
    """
    folder = bundle.find(start)
    card = bundle.load_card(folder)
    if card.architecture != architecture:
        raise ConfigurationFault(
            "A training can only start from a model of the same architecture.",
            found=f"{card.architecture}  ({card.name})",
            expected=architecture,
            remedy=f"--model {card.architecture}",
        )
    ours = network.state_dict()
    theirs = {name: torch.from_numpy(values) for name, values in bundle.load_weights(folder, card).items()}
    # Counters of batches are kept as arrays of one number.
    theirs = {name: v[0] if name in ours and ours[name].ndim == 0 else v for name, v in theirs.items()}
    different = [name for name in ours if name not in theirs or theirs[name].shape != ours[name].shape]
    outside_head = [name for name in different if not name.startswith("head.")]
    if outside_head:
        raise ConfigurationFault(
            "A training can only start from weights of the same shapes.",
            found=f"{len(outside_head)} differ, e.g. {outside_head[0]}  ({card.name})",
            expected="the same settings, leads and window",
            remedy="einthoven models",
        )
    network.load_state_dict(ours | {name: values for name, values in theirs.items() if name not in different})
    trained_model = {
        "name": card.name,
        "corpus": card.training.get("corpus"),
        "weights_sha256": card.weights_sha256,
        "head_began_anew": bool(different),
    }
    contains = sorted({*task.provenance.get("contains", ()), *card.training.get("contains", ())})
    seen = sorted({*task.provenance.get("patients", ()), *card.patients})
    return replace(task, provenance=task.provenance | {"start": trained_model, "patients": seen, "contains": contains})
