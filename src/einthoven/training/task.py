"""Combine a store and a protocol into a training task: windows, labels and the parts of the split."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.corpora.corpus import Corpus, Protocol
from einthoven.corpora.split import Split, audit, require_apart
from einthoven.data.store import Store, Typical
from einthoven.errors import ConfigurationFault, CorpusIncomplete, PatientLeak
from einthoven.signal.preparation import Preparation
from einthoven.signal.windows import Windows, WindowSource, concatenated

Array = NDArray[Any]


@dataclass(frozen=True)
class Task:
    """Windows, labels and the two parts that training may see; the test set is not in it.

    Parameters
    ----------
    windows : WindowSource
        Windows of a store, or in memory.
    labels : array [n] or [n, classes]
        Class numbers, -1 outside the protocol; zeros and ones of multilabel windows, NaN where a class is not known.
    train, validation : array
        Window numbers.
    classes : tuple of str
        Names of the classes.
    label_set : str
        Name of the label set.
    meanings : tuple of str
        Descriptions of the classes.
    preparation : Preparation
        How the windows were prepared.
    provenance : dict
        Plain values for the card: corpus, protocol, patients and more.
    attribution : str
        The data, with its licence.
    record : array [n]
        Record of each window.
    synthetic : array [n], bool
        Which windows were generated.
    typical : Typical, optional
        What the signals of the records look like.
    targets : array [n, classes], optional
        What the training windows are taught in place of their labels, see :mod:`einthoven.training.distil`.

    Raises
    ------
    PatientLeak
        If generated windows are in the validation part.
    """

    windows: WindowSource
    labels: Array
    train: Array
    validation: Array
    classes: tuple[str, ...]
    label_set: str
    meanings: tuple[str, ...]
    preparation: Preparation
    provenance: dict[str, Any]
    attribution: str
    record: Array
    synthetic: Array
    typical: Typical | None = None
    targets: Array | None = None

    def __post_init__(self) -> None:
        if self.synthetic[self.validation].any():
            raise PatientLeak(
                "Generated windows are in the validation part.",
                found=f"{self.synthetic[self.validation].sum()} of {len(self.validation)}",
                expected="none: generated windows are for training only",
                remedy="generate after the split, from its training part",
            )

    @property
    def multilabel(self) -> bool:
        """Whether a window can have more than one class."""
        return self.labels.ndim == 2

    def counts(self, chosen: Array) -> Array:
        """Count the windows of each class.

        Parameters
        ----------
        chosen : array
            Window numbers.

        Returns
        -------
        array [classes], int64
        """
        labels = self.labels[chosen]
        counts: Array = (
            np.nansum(labels, axis=0).astype(np.int64)
            if self.multilabel
            else np.bincount(labels, minlength=len(self.classes))
        )
        return counts

    def with_generated(self, windows: Windows, labels: Array, how: dict[str, Any]) -> "Task":
        """Return a task with generated windows in its training part, marked as such.

        Parameters
        ----------
        windows : Windows
            Generated windows, with the same parts as the task's.
        labels : array [k]
            Their class numbers.
        how : dict
            Settings of the generation, for the card.

        Returns
        -------
        Task
        """
        first, n = len(self.windows), len(windows)
        counts = np.bincount(labels, minlength=len(self.classes))
        generated = {name: int(count) for name, count in zip(self.classes, counts, strict=True) if count}
        targets = None if self.targets is None else np.concatenate((self.targets, _certain(labels, self.targets)))
        return replace(
            self,
            windows=concatenated((self.windows[:], windows)),
            targets=targets,
            labels=np.concatenate((self.labels, labels)),
            train=np.concatenate((self.train, np.arange(first, first + n))),
            record=np.concatenate((self.record, np.full(n, "synthetic"))),
            synthetic=np.concatenate((self.synthetic, np.ones(n, bool))),
            provenance=self.provenance | {"synthetic": {"windows": generated, "how": how}},
        )


def _certain(labels: Array, targets: Array) -> Array:
    """Return targets [k, classes] that are the labels."""
    return np.eye(targets.shape[1], dtype=targets.dtype)[labels]


def split_of(
    store: Store, protocol: Protocol, seed: int, left_out: tuple[str, ...] = (), fold: int | None = None
) -> Split:
    """Split a store, and refuse a split that shares patients although its protocol separates them.

    Parameters
    ----------
    store : Store
        The store.
    protocol : Protocol
        How it is split.
    seed : int
        Seed of the split, for a protocol that draws one.
    left_out : tuple of str
        Records that are used neither for training nor for validation.
    fold : int, optional
        Fold of the training patients that validates; by default the protocol's own validation part.

    Returns
    -------
    Split

    Raises
    ------
    ConfigurationFault
        If a record to leave out or the fold does not exist.
    CorpusIncomplete
        If the training or the validation part is empty.
    PatientLeak
        If parts share patients other than the declared ones.
    """
    unknown = sorted(set(left_out) - set(np.unique(store.index.record).tolist()))
    if unknown:
        raise ConfigurationFault(
            f"A record to leave out is not in protocol {protocol.name}.",
            found=", ".join(unknown),
            expected="names of records that the protocol uses",
            remedy="--leave-out 208",
        )
    if fold is not None and not 0 <= fold < protocol.n_folds:
        raise ConfigurationFault(
            f"Protocol {protocol.name} has no such fold.",
            found=f"fold {fold}",
            expected=f"0 to {protocol.n_folds - 1}" if protocol.n_folds else "none: it is not cross-validated",
            remedy="--fold 0" if protocol.n_folds else "leave out --fold",
        )
    split = protocol.parts(store.index, seed, left_out, fold)
    for part in ("train", "validation"):
        if not len(getattr(split, part)):
            raise _empty(store, protocol, part)
    if not protocol.leaks:
        require_apart(audit(split, store.index.patient), protocol.declared_shared)
    return split


def _empty(store: Store, protocol: Protocol, part: str) -> CorpusIncomplete:
    groups, counts = np.unique(store.index.folds, return_counts=True)
    folds = ", ".join(f"{name}: {n}" for name, n in zip(groups, counts, strict=True) if name)
    return CorpusIncomplete(
        f"The {part} part of protocol {protocol.name} is empty.",
        found=f"folds {folds}" if folds else f"{len(store.windows):,} windows, none of them in it",
        expected=protocol.summary,
        remedy="--from a folder with its recordings, or another --protocol or --fold",
    )


def task_of(
    corpus: Corpus, protocol: Protocol, store: Store, seed: int, left_out: tuple[str, ...] = (), fold: int | None = None
) -> Task:
    """Return the task of a protocol over a store.

    Parameters
    ----------
    corpus : Corpus
        Corpus of the store.
    protocol : Protocol
        How the store is split.
    store : Store
        The store.
    seed : int
        Seed of the split, for a protocol that draws one.
    left_out : tuple of str
        Records that are used neither for training nor for validation.
    fold : int, optional
        Fold of the training patients that validates; by default the protocol's own validation part.

    Returns
    -------
    Task

    Raises
    ------
    ConfigurationFault, CorpusIncomplete, PatientLeak
        As :func:`split_of`.
    """
    split = split_of(store, protocol, seed, left_out, fold)
    seen = np.concatenate((split.train, split.validation))
    provenance = {
        "corpus": corpus.name,
        "corpus_version": corpus.version,
        "contains": list(corpus.contains),
        "protocol": protocol.name,
        "protocol_summary": protocol.summary,
        "leaks_patients": protocol.leaks,
        "remark": protocol.remark,
        "split_seed": seed,
        "left_out": sorted(left_out),
        "fold": fold,
        "label_set": protocol.labels.name,
        "left_out_of_the_store": store.left_out,
        "patients": sorted(
            {name for patient in np.unique(store.index.patient[seen]).tolist() for name in corpus.persons(patient)}
        ),
        "records": {
            part: np.unique(store.index.record[getattr(split, part)]).tolist() for part in ("train", "validation")
        },
        "store_fingerprint": store.fingerprint,
    }
    return Task(
        windows=store.windows,
        labels=protocol.labels.targets(store.index.symbol),
        train=split.train,
        validation=split.validation,
        classes=protocol.labels.classes,
        label_set=protocol.labels.name,
        meanings=protocol.labels.meanings,
        preparation=store.preparation,
        provenance=provenance,
        record=store.index.record,
        synthetic=np.zeros(len(store.windows), bool),
        typical=store.typical,
        attribution=f"Trained on {corpus.title} {corpus.version} ({corpus.licence}): {corpus.citation}. {corpus.address}",
    )
