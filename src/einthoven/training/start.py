"""Warm start: a training that begins from a model that was trained before."""

from dataclasses import replace
from pathlib import Path

import torch
from torch import nn

from einthoven import bundle
from einthoven.errors import ConfigurationFault
from einthoven.training.task import Task


def warm_started(network: nn.Module, architecture: str, task: Task, start: str | Path) -> Task:
    """Give a network the weights of another of its architecture, except those of its head if the classes differ.

    Parameters
    ----------
    network : nn.Module
        Changed in place.
    architecture : str
        Its architecture.
    task : Task
        What it will be trained on.
    start : str or Path
        The other's name, bundle or run.

    Returns
    -------
    Task
        The same with all patients whom the other has seen among its own, so that no test set counts them as unseen.

    Raises
    ------
    ConfigurationFault
        If the other is of another architecture, or its weights have other shapes.
    """
    folder = bundle.find(start)
    card = bundle.load_card(folder)
    if card.architecture != architecture:
        raise ConfigurationFault(
            "a training cannot begin from a model of another architecture.",
            found=f"{card.architecture}  ({card.name})",
            expected=architecture,
            remedy=f"--model {card.architecture}",
        )
    ours = network.state_dict()
    theirs = {name: torch.from_numpy(values) for name, values in bundle.load_weights(folder, card).items()}
    # Counters of batches are kept as arrays of one number.
    theirs = {name: v[0] if name in ours and ours[name].ndim == 0 else v for name, v in theirs.items()}
    other = [name for name in ours if name not in theirs or theirs[name].shape != ours[name].shape]
    strange = [name for name in other if not name.startswith("head.")]
    if strange:
        raise ConfigurationFault(
            "a training cannot begin from weights of other shapes.",
            found=f"{len(strange)} differ, {strange[0]} among them  ({card.name})",
            expected="the same settings, leads and window",
            remedy="einthoven models",
        )
    network.load_state_dict(ours | {name: values for name, values in theirs.items() if name not in other})
    told = {
        "name": card.name,
        "corpus": card.training.get("corpus"),
        "weights_sha256": card.weights_sha256,
        "head_began_anew": bool(other),
    }
    contains = sorted({*task.provenance.get("contains", ()), *card.training.get("contains", ())})
    seen = sorted({*task.provenance.get("patients", ()), *card.patients})
    return replace(task, provenance=task.provenance | {"start": told, "patients": seen, "contains": contains})
