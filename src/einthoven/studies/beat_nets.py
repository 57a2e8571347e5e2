"""Train the nets among the models of beats: shape beside the typical beat, timing against the rhythm, on several databases."""

from dataclasses import replace
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from einthoven.corpora.labels import AAMI4_WIDE
from einthoven.signal.windows import Windows, concatenated
from einthoven.studies import beats_data
from einthoven.studies.beats_data import CLASSES, Pool
from einthoven.training.fit import fit
from einthoven.training.recipe import Recipe
from einthoven.training.task import Task

Array = NDArray[Any]

AUGMENT: Final = ("shift", "stretch", "gain", "other_leads", "noise")
RECIPE = Recipe(
    epochs=5, lr=3e-3, weight_decay=0.02, balance=0.3, smoothing=0.05, keep="last", augment=AUGMENT, precision="fp32"
)
RHYTHMS: tuple[Literal["runs", "patterns"], ...] = ("runs", "patterns")
"""Rhythms that are simulated in training; one net for each, and for each fold."""
_VALIDATED = 5
"""Every fifth beat of the fold that is held back is scored after each epoch."""


def train(
    pool: Pool, trained: list[str], held: list[str], rhythm: Any, folder: Path, told: dict[str, Any], quick: bool
) -> None:
    """Train a net on some records.

    Parameters
    ----------
    pool : Pool
        The beats.
    trained, held : list of str
        Records that train, and that are held back.
    rhythm : str
        Of RHYTHMS.
    folder : Path
        Folder of the run.
    told : dict
        What the card says of the data.
    quick : bool
        Whether this is a smoke run.
    """
    rng = np.random.default_rng((0, len(trained)))
    pieces: list[Windows] = []
    labels, names = [], []
    for record in trained:
        at = beats_data.drawn(pool.labels[pool.rows(record)], False, rng)
        pieces.append(pool.windows[pool.rows(record).start + at])
        labels.append(pool.labels[pool.rows(record)][at])
        names.append(np.full(len(at), record))
    n_train = sum(map(len, labels))
    for record in held:
        at = np.flatnonzero(pool.labels[pool.rows(record)] >= 0)[::_VALIDATED]
        pieces.append(pool.windows[pool.rows(record).start + at])
        labels.append(pool.labels[pool.rows(record)][at])
        names.append(np.full(len(at), record))
    windows = concatenated([Windows(one.signal, one.beat, one.features) for one in pieces])
    task = Task(
        windows=windows,
        labels=np.concatenate(labels),
        train=np.arange(n_train),
        validation=np.arange(n_train, len(windows)),
        classes=CLASSES,
        label_set=AAMI4_WIDE.name,
        meanings=AAMI4_WIDE.meanings,
        preparation=pool.preparation,
        provenance=told,
        attribution="",
        record=np.concatenate(names),
        synthetic=np.zeros(len(windows), bool),
        typical=pool.typical,
    )
    recipe = replace(RECIPE, simulate=(rhythm,))
    if quick:
        recipe = replace(recipe, epochs=1, simulated=20)
    fit(task, "patient_context", {}, recipe, folder)
