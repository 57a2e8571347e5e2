"""Check architecture, windows and recipe before anything is trained."""

import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from torch import nn

from einthoven.errors import ConfigurationFault
from einthoven.models import FILLERS, SIMULATIONS, own
from einthoven.models.inputs import InputShape, answers_samples, built, call, missing_parts, reads
from einthoven.signal.leads import STANDARD
from einthoven.signal.preparation import Preparation
from einthoven.training.recipe import Recipe
from einthoven.training.task import Task


def require_model(architecture: str) -> str:
    """Return the name of an architecture: a key of MODELS, or ``mynet.py:Class`` of a file ``./mynet.py:Class``, which is run.

    Parameters
    ----------
    architecture : str
        The name or file that the user gave.

    Returns
    -------
    str
        Its name.

    Raises
    ------
    ConfigurationFault
        If there is none, it gives no class, it answers samples, or the user's class breaks a clause of the contract.
    """
    if architecture in FILLERS | SIMULATIONS:
        kind = "fills gaps and gives no class" if architecture in FILLERS else "is a simulation and is not trained"
        raise ConfigurationFault(
            f"{architecture} {kind}.",
            found=f"--model {architecture}",
            expected="an architecture that answers windows",
            remedy=f"einthoven study {architecture} --from DIR --out studies/{architecture}"
            if architecture in FILLERS
            else f"einthoven study {architecture} --out studies/{architecture}",
        )
    name = own.resolved(architecture)
    if answers_samples(own.named(name)):
        raise ConfigurationFault(
            f"{name} answers each sample of a lead; labels of beats and records cannot train it.",
            found=f"--model {name}",
            expected="an architecture that answers windows",
            remedy="einthoven study delineation --from DIR --out studies/delineation",
        )
    return name


def require_inputs(architecture: str, preparation: Preparation) -> None:
    """Refuse windows that lack a part which an architecture reads.

    Parameters
    ----------
    architecture : str
        Name of an architecture.
    preparation : Preparation
        How the windows are prepared.

    Raises
    ------
    ConfigurationFault
        If a part is missing; the remedy names inputs that have it.
    """
    shape, model = InputShape.of(preparation), own.named(architecture)
    if missing := missing_parts(model, shape):
        wanted = "--prepare.inputs signal beat " + ("summary" if preparation.is_whole else "rr p_waves similarity")
        if preparation.is_cropped:
            wanted += " --prepare.crop-s 0"
        if not preparation.is_whole and preparation.signal.scaling != "millivolt":
            wanted += " --prepare.scaling millivolt"
        raise ConfigurationFault(
            f"{architecture} reads parts that these windows do not have.",
            found=f"windows with {', '.join(shape.parts)}; no {', no '.join(missing)}",
            expected=", ".join(reads(model)),
            remedy=f"{wanted}      (einthoven features lists the measurements)",
        )


def require_recipe(recipe: Recipe, task: Task) -> None:
    """Refuse a recipe that does not fit the windows.

    Parameters
    ----------
    recipe : Recipe
        How to train.
    task : Task
        Windows and labels.

    Raises
    ------
    ConfigurationFault
        If balance, mixup, the loss or an augmentation does not fit the labels, the targets or the leads.
    """
    if (recipe.balance and task.multilabel) or (recipe.mixup and not task.multilabel):
        raise ConfigurationFault(
            "The recipe does not fit these windows.",
            found=f"balance {recipe.balance:g}, mixup {recipe.mixup:g}, multilabel: {task.multilabel}",
            expected="balance for windows of one class each, mixup for multilabel windows",
            remedy=f"--train.{'balance' if task.multilabel else 'mixup'} 0",
        )
    if task.targets is not None and recipe.loss != "cross_entropy":
        raise ConfigurationFault(
            "Only cross-entropy can teach the answers of other models.",
            found=f"loss {recipe.loss}",
            expected="cross_entropy",
            remedy="--train.loss cross_entropy",
        )
    if "rotated" in recipe.augment and task.preparation.leads != STANDARD:
        raise ConfigurationFault(
            "Only the twelve standard leads can be rotated.",
            found=", ".join(task.preparation.leads),
            expected=", ".join(STANDARD),
            remedy=f"--train.augment {' '.join(name for name in recipe.augment if name != 'rotated')}",
        )


def network_for(architecture: str, shape: InputShape, n_classes: int, settings: Mapping[str, Any]) -> nn.Module:
    """Build a network of MODELS, or of a user's architecture, for windows of some shape.

    Parameters
    ----------
    architecture : str
        Name of an architecture.
    shape : InputShape
        Shape of the windows.
    n_classes : int
        Number of classes.
    settings : mapping
        Settings that differ from the architecture's defaults.

    Returns
    -------
    nn.Module
        In training mode.

    Raises
    ------
    ConfigurationFault
        If there is no such architecture, or it cannot be built with these settings.
    """
    model = own.named(architecture)
    try:
        network = built(model, shape, n_classes, settings)
        with torch.no_grad():
            call(network.eval(), shape.sample())
        return network.train()
    except (TypeError, ValueError, RuntimeError, IndexError) as error:
        raise ConfigurationFault(
            f"{architecture} cannot be built with these settings.",
            found=f"{settings} on {shape.n_leads} x {shape.n_samples}: {str(error).splitlines()[0]}",
            expected=f"keyword arguments of {model.__name__}",
            remedy=f"einthoven models {architecture}",
        ) from error


def native_bf16() -> bool:
    """Return whether this machine has native bf16 arithmetic: in its GPU, or as AVX-512 BF16, AMX or Arm BF16 in its CPU."""
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    cpuinfo = Path("/proc/cpuinfo")
    flags = cpuinfo.read_text().split() if platform.system() == "Linux" and cpuinfo.exists() else []
    return bool({"avx512_bf16", "amx_bf16", "bf16"} & set(flags))
