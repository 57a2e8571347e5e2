"""What is learned from what: a store and a protocol become a task."""

from dataclasses import dataclass, replace

import numpy as np

from einthoven.corpora.corpus import Corpus, Protocol
from einthoven.corpora.split import Split, audit, require_apart
from einthoven.data.store import Store
from einthoven.errors import ConfigurationFault, CorpusIncomplete, PatientLeak
from einthoven.signal.preparation import Preparation
from einthoven.signal.windows import Windows, WindowSource, concatenated


@dataclass(frozen=True)
class Task:
    """Windows, labels and the two parts that training may see; the test part is not in it.

    Parameters
    ----------
    windows : WindowSource
        Windows of a store, or in memory.
    labels : array [n] or [n, classes]
        Class numbers, -1 outside the protocol; zeros and ones where a window can bear several classes.
    train, validation : array
        Window numbers.
    classes, meanings : tuple of str
        Names of the classes, and what they mean.
    label_set : str
        The label set in words.
    preparation : Preparation
        Of the windows.
    provenance : dict
        Plain values for the card: corpus, protocol, patients and more.
    attribution : str
        The data, with its licence.
    record : array [n]
        Record of each window.
    synthetic : array [n], bool
        Windows that were generated.
    """

    windows: WindowSource
    labels: np.ndarray
    train: np.ndarray
    validation: np.ndarray
    classes: tuple[str, ...]
    label_set: str
    meanings: tuple[str, ...]
    preparation: Preparation
    provenance: dict
    attribution: str
    record: np.ndarray
    synthetic: np.ndarray

    def __post_init__(self):
        if self.synthetic[self.validation].any():
            raise PatientLeak(
                "generated windows are in the validation part.",
                found=f"{self.synthetic[self.validation].sum()} of {len(self.validation)}",
                expected="none: generated windows train, and do nothing else",
                remedy="generate after the split, from its training part",
            )

    @property
    def multilabel(self) -> bool:
        """Whether a window can bear several classes at once."""
        return self.labels.ndim == 2

    def counts(self, chosen: np.ndarray) -> np.ndarray:
        """Windows of each class [classes] among some window numbers."""
        if self.multilabel:
            return self.labels[chosen].sum(axis=0).astype(np.int64)
        return np.bincount(self.labels[chosen], minlength=len(self.classes))

    def with_generated(self, windows: Windows, labels: np.ndarray, how: dict) -> "Task":
        """Return the same task with generated windows in its training part, marked as such.

        Parameters
        ----------
        windows : Windows
            With the parts of the task's own.
        labels : array [k]
            Their class numbers.
        how : dict
            Settings of their making, for the card.
        """
        first, n = len(self.windows), len(windows)
        counts = np.bincount(labels, minlength=len(self.classes))
        told = {name: int(count) for name, count in zip(self.classes, counts, strict=True) if count}
        return replace(
            self,
            windows=concatenated((self.windows[:], windows)),
            labels=np.concatenate((self.labels, labels)),
            train=np.concatenate((self.train, np.arange(first, first + n))),
            record=np.concatenate((self.record, np.full(n, "synthetic"))),
            synthetic=np.concatenate((self.synthetic, np.ones(n, bool))),
            provenance=self.provenance | {"synthetic": {"windows": told, "how": how}},
        )


def split_of(
    store: Store, protocol: Protocol, seed: int, left_out: tuple[str, ...] = (), fold: int | None = None
) -> Split:
    """Part a store, and refuse a split that shares patients though its protocol keeps them apart.

    Raises
    ------
    PatientLeak, ConfigurationFault, CorpusIncomplete
        Where patients are shared beyond those declared, a record to leave out does not exist, or there is nobody to train on or
        to validate by.
    """
    unknown = sorted(set(left_out) - set(np.unique(store.index.record).tolist()))
    if unknown:
        raise ConfigurationFault(
            f"a record to leave out is not in protocol {protocol.name}.",
            found=", ".join(unknown),
            expected="names of records that the protocol uses",
            remedy="--leave-out 208",
        )
    if fold is not None and not 0 <= fold < protocol.n_folds:
        raise ConfigurationFault(
            f"protocol {protocol.name} has no such fold.",
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
        f"the {part} part of protocol {protocol.name} is empty.",
        found=f"folds {folds}" if folds else f"{len(store.windows):,} windows, none of them in it",
        expected=protocol.summary,
        remedy="--from a folder that holds its recordings, or another --protocol or --fold",
    )


def task_of(
    corpus: Corpus, protocol: Protocol, store: Store, seed: int, left_out: tuple[str, ...] = (), fold: int | None = None
) -> Task:
    """The task of a protocol over a store.

    Parameters
    ----------
    seed : of the split, where the protocol draws one
    left_out : records that neither train nor validate
    fold : which fold of the training patients validates; None for the protocol's own validation part
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
        "patients": [f"{corpus.name}/{patient}" for patient in np.unique(store.index.patient[seen]).tolist()],
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
        attribution=f"Trained on {corpus.title} {corpus.version} ({corpus.licence}): {corpus.citation}. {corpus.address}",
    )
