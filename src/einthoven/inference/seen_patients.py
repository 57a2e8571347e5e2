"""Find the patients of a test set that a model was trained on."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.bundle import Card
from einthoven.corpora.corpus import Corpus, Protocol
from einthoven.corpora.split import Split, require_apart
from einthoven.data.store import Store
from einthoven.inference.predictor import Predictor


def require_unseen(
    predictor: Predictor, corpus: Corpus, protocol: Protocol, store: Store, tested: NDArray[Any], always: bool = False
) -> dict[str, tuple[str, ...]]:
    """Refuse test windows of patients that the model was trained on, except those that the protocol declares.

    Parameters
    ----------
    predictor : Predictor
        The model.
    corpus : Corpus
        The corpus.
    protocol : Protocol
        How it is split.
    store : Store
        Its windows.
    tested : array [n]
        Numbers of the test windows.
    always : bool
        Whether they are refused for a protocol that leaks patients, too.

    Returns
    -------
    dict of tuple of str
        The patients that the model was trained on, and which parts they are in.

    Raises
    ------
    PatientLeak
        Where there is such a patient, and the protocol keeps patients apart.
    """
    patients = np.unique(store.index.patient[tested])
    seen = patients[seen_by(predictor, corpus, patients)]
    shared: dict[str, tuple[str, ...]] = {
        f"{corpus.name}/{patient}": ("training of the model", "test") for patient in seen
    }
    if always or not protocol.leaks:
        require_apart(shared, tuple(f"{corpus.name}/{patient}" for patient in protocol.declared_shared))
    return shared


def seen_by(predictor: Predictor, corpus: Corpus, patients: NDArray[Any]) -> NDArray[Any]:
    """Return which patients a model was trained or validated on.

    Parameters
    ----------
    predictor : Predictor
        The model.
    corpus : Corpus
        Corpus of the patients.
    patients : array of str [n]
        Their names.

    Returns
    -------
    array of bool [n]
        Whether the model was trained or validated on each.
    """
    if corpus.name in predictor.card.training.get("contains", ()):
        return np.ones(len(patients), bool)
    known = predictor.card.patients
    return np.array([not known.isdisjoint(corpus.persons(patient)) for patient in patients.tolist()], bool)


def without_seen(predictor: Predictor, corpus: Corpus, store: Store, split: Split) -> tuple[Split, int]:
    """Exclude the records that a model was trained on from a test set, unless those are all.

    Parameters
    ----------
    predictor : Predictor
        The model.
    corpus : Corpus
        The corpus.
    store : Store
        Its windows.
    split : Split
        A split of them.

    Returns
    -------
    split : Split
        The split with a smaller test set.
    n_excluded : int
        Number of records that were excluded.
    """
    patients, member = np.unique(store.index.patient[split.test], return_inverse=True)
    seen = seen_by(predictor, corpus, patients)[member]
    if seen.all():
        return split, 0
    return replace(split, test=split.test[~seen]), len(np.unique(store.index.record[split.test][seen]))


def fold_of(card: Card, corpus: Corpus, protocol: Protocol, store: Store) -> int | None:
    """Return the fold of a cross-validation that a model was trained on, if these are its corpus, protocol and patients.

    Parameters
    ----------
    card : Card
        The model's card.
    corpus : Corpus
        The corpus.
    protocol : Protocol
        How it is split.
    store : Store
        Its windows.

    Returns
    -------
    int or None
        The fold that validated; None for a model of no fold, or of other patients.
    """
    return fold_among(card, corpus, protocol, store.index.patient)


def fold_among(card: Card, corpus: Corpus, protocol: Protocol, patients: NDArray[Any]) -> int | None:
    """Return the fold of a cross-validation that a model was trained on, if these are its corpus, protocol and patients.

    Parameters
    ----------
    card : Card
        The model's card.
    corpus : Corpus
        The corpus.
    protocol : Protocol
        How it is split.
    patients : array of str [n]
        Patients of some of its records.

    Returns
    -------
    int or None
        The fold that validated; None for a model of no fold, or of other patients.
    """
    if (card.training.get("corpus"), card.training.get("protocol")) != (corpus.name, protocol.name):
        return None
    fold: int | None = card.training.get("fold")
    return (
        fold if any(f"{corpus.name}/{patient}" in card.patients for patient in np.unique(patients).tolist()) else None
    )
