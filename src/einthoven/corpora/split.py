"""Split windows into training, validation and test set, and audit that no patient is in two of them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import PatientLeak

Array = NDArray[Any]

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Split:
    """Window numbers of the three parts.

    Parameters
    ----------
    train : array, int64
        Windows of the training set, ascending.
    validation : array, int64
        Windows of the validation set, ascending.
    test : array, int64
        Windows of the test set, ascending.
    """

    train: Array
    validation: Array
    test: Array


def audit(split: Split, patients: Array) -> dict[str, tuple[str, ...]]:
    """Return every patient that is in two parts or more.

    Parameters
    ----------
    split : Split
        The parts.
    patients : array [n], str
        Patient of each window.

    Returns
    -------
    dict of str to tuple of str
        Parts of each such patient, e.g. ``{"201": ("train", "test")}``.
    """
    parts_of: dict[str, list[str]] = {}
    for part in PARTS:
        for patient in np.unique(np.asarray(patients)[getattr(split, part)]):
            parts_of.setdefault(str(patient), []).append(part)
    return {patient: tuple(parts) for patient, parts in parts_of.items() if len(parts) > 1}


def require_apart(shared: Mapping[str, tuple[str, ...]], declared: tuple[str, ...] = ()) -> None:
    """Refuse a split with patients in two parts, except those that its protocol declares.

    Parameters
    ----------
    shared : mapping of str to tuple of str
        What :func:`audit` found.
    declared : tuple of str
        Patients that the protocol declares to be in several parts.

    Raises
    ------
    PatientLeak
        If there are others.
    """
    leaking = {patient: parts for patient, parts in shared.items() if patient not in declared}
    if leaking:
        some = ", ".join(f"{patient} in {' and '.join(parts)}" for patient, parts in list(leaking.items())[:5])
        raise PatientLeak(
            f"Patients in two parts of a split that claims to keep them apart: {len(leaking)}.",
            found=some + (", …" if len(leaking) > 5 else ""),
            expected="each patient in one part only",
            remedy="test on other patients, or train again without these; einthoven corpora lists protocols that leak by design",
        )


def stratified(labels: Array, share: float, seed: int, least: int = 0) -> tuple[Array, Array]:
    """Draw a share of each class at random.

    Parameters
    ----------
    labels : array [n]
        Class of each window.
    share : float
        Share to draw, 0 to 1.
    seed : int
        Seed of the draw.
    least : int
        Least number to draw of each class that has more than that.

    Returns
    -------
    rest : array, int64
        Numbers of the windows that were not drawn, ascending.
    chosen : array, int64
        Numbers of the windows that were drawn, ascending.
    """
    rng = np.random.default_rng(seed)
    chosen = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        chosen[members[: max(round(share * len(members)), min(least, len(members) - 1))]] = True
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)


def random_split(groups: Array, seed: int) -> Split:
    """Split whole groups at random, 7 : 1 : 2.

    Parameters
    ----------
    groups : array [n]
        Group of each window: its patient, or its own number.
    seed : int
        Seed of the draw.

    Returns
    -------
    Split
    """
    names, member = np.unique(groups, return_inverse=True)
    alike = np.zeros(len(names), np.int64)
    rest, test = stratified(alike, 0.2, seed)
    train, validation = stratified(alike[rest], 0.125, seed + 1)
    return Split(*(np.flatnonzero(np.isin(member, part)) for part in (rest[train], rest[validation], test)))


def without_records(split: Split, left_out: Array) -> Split:
    """Return a split without some windows.

    Parameters
    ----------
    split : Split
        The parts.
    left_out : array [n], bool
        Windows to exclude.

    Returns
    -------
    Split
    """
    return Split(*(part[~left_out[part]] for part in (split.train, split.validation, split.test)))


def patient_split(patients: Array, targets: Array, seed: int, fold: int | None = None, n_folds: int = 5) -> Split:
    """Split whole patients at random, classes in proportion: 7 : 1 : 2, or by folds.

    Parameters
    ----------
    patients : array [n], str
        Patient of each window.
    targets : array [n] or [n, classes]
        What :meth:`einthoven.corpora.labels.LabelSet.targets` returns.
    seed : int
        Seed of the draw.
    fold : int, optional
        The fold that tests; the next one validates, the others train.
    n_folds : int
        Number of folds.

    Returns
    -------
    Split
    """
    if fold is not None:
        of = patient_folds(patients, targets, n_folds, seed)
        parts = (of != fold) & (of != (fold + 1) % n_folds), of == (fold + 1) % n_folds, of == fold
        return Split(*(np.flatnonzero(part) for part in parts))
    member, kinds = _rarest_class(patients, targets)
    rest, test = stratified(kinds, 0.2, seed, least=1)
    train, validation = stratified(kinds[rest], 0.125, seed + 1, least=1)
    return Split(*(np.flatnonzero(np.isin(member, part)) for part in (rest[train], rest[validation], test)))


def patient_folds(patients: Array, targets: Array, n_folds: int, seed: int) -> Array:
    """Draw folds of whole patients, classes in proportion.

    Parameters
    ----------
    patients : array [n], str
        Patient of each window.
    targets : array [n] or [n, classes]
        What :meth:`einthoven.corpora.labels.LabelSet.targets` returns.
    n_folds : int
        Number of folds.
    seed : int
        Seed of the draw.

    Returns
    -------
    array [n], int
        Fold of each window.
    """
    member, kinds = _rarest_class(patients, targets)
    fold: Array = stratified_folds(kinds, n_folds, seed)[member]
    return fold


def stratified_folds(labels: Array, n_folds: int, seed: int) -> Array:
    """Draw folds of single items, each class in the same proportion.

    Parameters
    ----------
    labels : array [n]
        Class of each item.
    n_folds : int
        Number of folds.
    seed : int
        Seed of the draw.

    Returns
    -------
    array [n], int
        Fold of each item.
    """
    fold: Array = np.full(len(labels), n_folds - 1)
    left = np.arange(len(labels))
    for at in range(n_folds - 1):
        rest, chosen = stratified(labels[left], 1 / (n_folds - at), seed + at)
        fold[left[chosen]] = at
        left = left[rest]
    return fold


def _rarest_class(patients: Array, targets: Array) -> tuple[Array, Array]:
    """Return the patient of each window as a number [n], and the rarest class of each patient [patients]; -1 for none."""
    names, member = np.unique(patients, return_inverse=True)
    n_classes = targets.shape[1] if targets.ndim == 2 else int(targets.max(initial=-1)) + 1
    shows = np.zeros((len(names), n_classes), bool)
    for label in range(n_classes):
        shows[member[targets[:, label] > 0 if targets.ndim == 2 else targets == label], label] = True
    kinds = np.full(len(names), -1)
    for label in np.argsort(-shows.sum(axis=0), kind="stable"):
        kinds[shows[:, label]] = label
    return member, kinds
