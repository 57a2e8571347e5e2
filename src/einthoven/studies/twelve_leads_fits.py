"""Fit trees and regressions to the pooled twelve-lead records, and answer the records that each did not see."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven import bundle
from einthoven.bundle import Card
from einthoven.corpora.ptbxl import PTBXL
from einthoven.corpora.scp import LABEL_SETS, SUBCLASSES
from einthoven.corpora.statements_elsewhere import CLASSES
from einthoven.data.sources import digest
from einthoven.evaluation.calibration import sigmoid
from einthoven.inference.predictor import load
from einthoven.studies.twelve_leads_data import CORPORA, OWN, PREPARATION, Pool
from einthoven.training.grow import grow
from einthoven.training.grow_linear import grow_linear
from einthoven.training.task import Task

Array = NDArray[Any]

N_MEASURED = PREPARATION.n_features
TREES = {"n_bins": 0, "n_read": N_MEASURED, "summed": True, "apart": True}
LINEAR = {"n_components": 48}
ROUNDS = 100
SEED = 0
EXCLUDING = ("AFIB", "AFLT", "PACE")
"""Rhythms with which an electrocardiogram is not normal."""
PROTOCOL = "jackknife"


@dataclass(frozen=True)
class Asked:
    """A question: which of the pool's classes are answered, and how they are called on the card."""

    name: str
    """``diagnoses`` or ``rhythms``."""
    columns: slice
    """Columns of the pool's labels."""
    label_set: str
    """Name of the label set."""
    meanings: tuple[str, ...]
    """Meaning of each class."""

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes."""
        return CLASSES[self.columns]


DIAGNOSES = Asked("diagnoses", slice(0, len(SUBCLASSES)), LABEL_SETS["subclasses"].name, tuple(SUBCLASSES.values()))
RHYTHM = Asked(
    "rhythms",
    slice(len(SUBCLASSES), len(CLASSES)),
    LABEL_SETS["rhythms"].name,
    LABEL_SETS["rhythms"].meanings,
)


def task_of(pool: Pool, asked: Asked, train: Array) -> Task:
    """Return the task of a question on some windows.

    Parameters
    ----------
    pool : Pool
        The windows.
    asked : Asked
        The question.
    train : array [n], bool
        Which windows train; those of which no class is known are left out.
    """
    labels = pool.labels[:, asked.columns]
    rows = np.flatnonzero(train & np.isfinite(labels).any(axis=1))
    names = sorted({name.split("/")[0] for name in pool.person[rows].tolist()}, key=list(CORPORA).index)
    corpora = [CORPORA[name] for name in names]
    provenance = {
        "corpus": OWN,
        "corpora": names,
        "corpus_version": ", ".join(f"{one.name} {one.version}" for one in corpora),
        "contains": [],
        "protocol": PROTOCOL,
        "protocol_summary": "folds 1 to 9 of PTB-XL train, with all mapped records of the other corpora; fold 10 tests",
        "leaks_patients": False,
        "remark": PTBXL.protocol(PROTOCOL).remark,
        "split_seed": SEED,
        "left_out": [],
        "fold": None,
        "label_set": asked.label_set,
        "left_out_of_the_store": {},
        "patients": bundle.packed(sorted(set(pool.person[rows].tolist()))),
        "records": {"train": sorted(pool.files(rows)), "validation": []},
        "store_fingerprint": digest(sorted(pool.fingerprints.items())),
    }
    said = (f"{one.title} {one.version} ({one.licence}): {one.citation}. {one.address}" for one in corpora)
    return Task(
        windows=pool.windows,
        labels=labels,
        train=rows,
        validation=np.zeros(0, np.int64),
        classes=asked.classes,
        label_set=asked.label_set,
        meanings=asked.meanings,
        preparation=PREPARATION,
        provenance=provenance,
        attribution=" ".join(f"Trained on {text}" for text in said),
        record=pool.record,
        synthetic=np.zeros(len(pool.record), bool),
        typical=pool.typical,
    )


def trained(pool: Pool, asked: Asked, train: Array, folder: Path, quick: bool = False) -> dict[str, Path]:
    """Fit the trees and the regression of a question, and return their bundles.

    Parameters
    ----------
    pool : Pool
        The windows.
    asked : Asked
        The question.
    train : array [n], bool
        Which windows train.
    folder : Path
        Folder of both.
    quick : bool
        Whether there are few trees, for a smoke run.

    Returns
    -------
    dict of Path
        ``trees`` and ``regression``.
    """
    task = task_of(pool, asked, train)
    n_trees = (2 if quick else ROUNDS) * len(asked.classes)
    grow(task, TREES | {"n_trees": n_trees}, SEED, folder / f"{asked.name}-trees")
    grow_linear(task, LINEAR, SEED, folder / f"{asked.name}-regression")
    return {kind: folder / f"{asked.name}-{kind}" / "bundle" for kind in ("trees", "regression")}


def probabilities(model: Path, pool: Pool, rows: Array) -> Array:
    """Return what a model answers.

    Parameters
    ----------
    model : Path
        Its bundle.
    pool : Pool
        The windows.
    rows : array [n], bool
        Which of them.

    Returns
    -------
    array [n, classes]
    """
    return np.asarray(sigmoid(load(model).logits(pool.windows[np.flatnonzero(rows)]).astype(np.float64)))


@dataclass(frozen=True)
class Earlier:
    """A member of the model that the study ptbxl-model wrote."""

    place: Path
    """Its bundle."""
    architecture: str
    """Name of its architecture."""
    fold: int
    """Fold of protocol jackknife that it did not see."""
    weight: float
    """Its weight in the ensemble."""


def earlier_members(model: Path, like: Card, folder: Path) -> list[Earlier]:
    """Write the members of an ensemble as bundles whose windows have the measurements of the new trees, too.

    Parameters
    ----------
    model : Path
        The ensemble that the study ptbxl-model wrote.
    like : Card
        Card of the trees.
    folder : Path
        Folder of the members.
    """
    card = bundle.load_card(model)
    tensors = bundle.load_weights(model, card)
    found = []
    members = zip(card.settings["members"], card.training["members"], card.settings["weights"], strict=True)
    for at, ((architecture, settings), facts, weight) in enumerate(members):
        ahead = f"members.{at}."
        own = {
            name.removeprefix(ahead): np.asarray(values, _wide(values))
            for name, values in tensors.items()
            if name.startswith(ahead)
        }
        net = replace(
            card,
            name=f"member-{at}",
            architecture=architecture,
            settings=settings,
            preparation=like.preparation,
            density=like.density,
            feature_medians=like.feature_medians,
            graph_sha256="",
            calibration=None,
            conformal=None,
            at_least_one=False,
            results=(),
        )
        bundle.save(folder / net.name, net, own)
        found.append(Earlier(folder / net.name, architecture, int(facts["fold"]), float(weight)))
    return found


def _wide(values: Array) -> Any:
    """Return the type that a member was trained with: an ensemble keeps weights and branches in fewer bits."""
    if values.dtype == np.float16:
        return np.float32
    return np.int32 if values.dtype in (np.int8, np.int16) else values.dtype


def excluded(diagnoses: Array, rhythms: Array) -> Array:
    """Return probabilities of diagnoses whose first, the normal electrocardiogram, is excluded by a rhythm.

    As :class:`einthoven.models.ensemble.Ensemble` does with ``excluded_by``.

    Parameters
    ----------
    diagnoses : array [n, classes]
        Probabilities of the diagnoses.
    rhythms : array [n, rhythms]
        Probabilities of the rhythms.
    """
    at = [RHYTHM.classes.index(name) for name in EXCLUDING]
    found = diagnoses.copy()
    found[:, 0] *= allowed(rhythms[:, at])
    return found


def allowed(present: Array) -> Array:
    """Return the factor of the first class: near 1 where no other is likely, near 0 where one is.

    Parameters
    ----------
    present : array [n, k]
        Probabilities of what excludes it.
    """
    absent = np.square(np.prod(1 - present, axis=1))
    there = np.square(1 - np.prod(1 - present, axis=1))
    return np.asarray(absent / (absent + there))


def shares_of(families: Sequence[str], parts: int) -> list[tuple[float, ...]]:
    """Return every way to give each family a multiple of one part.

    Parameters
    ----------
    families : sequence of str
        The families.
    parts : int
        Parts of the whole.
    """
    whole = (one for one in product(range(parts + 1), repeat=len(families)) if sum(one) == parts)
    return [tuple(n / parts for n in one) for one in whole]
