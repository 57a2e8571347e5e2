"""Make the card of a trained model."""

import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from einthoven import __version__
from einthoven.bundle import Card
from einthoven.signal.density import Density
from einthoven.training.task import Task


def card_for(
    task: Task, architecture: str, settings: Mapping[str, Any], folder: Path, training: Mapping[str, Any]
) -> Card:
    """Return the card of a trained model; checksum and count of its weights are added when it is saved.

    Parameters
    ----------
    task : Task
        What it was trained on.
    architecture : str
        Name of its architecture.
    settings : mapping
        Settings that differ from the architecture's defaults.
    folder : Path
        Folder of the run; its name becomes the model's.
    training : mapping
        Further values for the card's part ``training``.

    Returns
    -------
    Card
    """
    counts = {part: _counts(task, getattr(task, part)) for part in ("train", "validation")}
    versions = {"einthoven": __version__, "torch": torch.__version__, "python": platform.python_version()}
    return Card(
        name=folder.resolve().name,
        architecture=architecture,
        settings=dict(settings),
        classes=task.classes,
        labels=task.label_set,
        meanings=task.meanings,
        preparation=task.preparation,
        training={**task.provenance, "counts": counts, **training, "versions": versions},
        multilabel=task.multilabel,
        feature_medians=_feature_medians(task),
        density=_density(task),
        attribution=task.attribution,
    )


def _counts(task: Task, chosen: NDArray[Any]) -> dict[str, int]:
    return dict(zip(task.classes, task.counts(chosen).tolist(), strict=True))


def _density(task: Task) -> Density | None:
    """Return the density of the training recordings, where there are enough of them."""
    if task.typical is None:
        return None
    records = np.unique(task.record[task.train[~task.synthetic[task.train]]])
    names = {name: task.provenance[name] for name in ("corpus", "protocol", "fold")}
    return Density.fit(task.typical.of(records), names | {"records": len(records)})


def _feature_medians(task: Task) -> tuple[float, ...]:
    """Return the median of each measurement over the real training windows."""
    features = task.windows.features
    if features is None:
        return ()
    real = task.train[~task.synthetic[task.train]]
    return tuple(float(f"{value:.5g}") for value in np.median(features[real], axis=0))
