"""Knows the three parts of a store, and who is in two of them at once. Does not know what a label means."""

from dataclasses import dataclass

import numpy as np

from einthoven.errors import PatientLeak

PARTS = ("train", "validation", "test")


@dataclass(frozen=True)
class Split:
    """Window numbers of the three parts, each ascending int64."""

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray


def audit(split: Split, patients: np.ndarray) -> dict[str, tuple[str, ...]]:
    """Name every patient that two parts or more share.

    Parameters
    ----------
    patients : array [n windows] of patient names

    Returns
    -------
    patient to parts, e.g. ``{"201": ("train", "test")}``; empty where patients are apart
    """
    parts_of: dict[str, list[str]] = {}
    for part in PARTS:
        for patient in np.unique(np.asarray(patients)[getattr(split, part)]):
            parts_of.setdefault(str(patient), []).append(part)
    return {patient: tuple(parts) for patient, parts in parts_of.items() if len(parts) > 1}


def require_apart(shared: dict[str, tuple[str, ...]], declared: tuple[str, ...] = ()) -> None:
    """Refuse a split that shares patients beyond those its protocol declares.

    Raises
    ------
    PatientLeak
        Naming the patients.
    """
    leaking = {patient: parts for patient, parts in shared.items() if patient not in declared}
    if leaking:
        some = ", ".join(f"{patient} in {' and '.join(parts)}" for patient, parts in list(leaking.items())[:5])
        raise PatientLeak(
            f"patients in two parts of a split that claims to keep them apart: {len(leaking)}.",
            found=some + (", …" if len(leaking) > 5 else ""),
            expected="each patient in one part only",
            remedy="test on others, or train again without these; some corpora have a protocol that is named as leaking "
            "(einthoven corpora)",
        )


def stratified(labels: np.ndarray, share: float, seed: int, least: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Part window numbers at random, each class in the same proportion, and `least` of each class of more than that.

    Returns
    -------
    (rest, chosen) : `chosen` has `share` of each class; both ascending
    """
    rng = np.random.default_rng(seed)
    chosen = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        chosen[members[: max(round(share * len(members)), min(least, len(members) - 1))]] = True
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)


def parted(groups: np.ndarray, seed: int) -> Split:
    """Whole groups (patients; window numbers, where windows are the unit) parted at random, 7 : 1 : 2.

    Parameters
    ----------
    groups : group of each window [n]
    """
    names, member = np.unique(groups, return_inverse=True)
    alike = np.zeros(len(names), np.int64)
    rest, test = stratified(alike, 0.2, seed)
    train, validation = stratified(alike[rest], 0.125, seed + 1)
    return Split(*(np.flatnonzero(np.isin(member, part)) for part in (rest[train], rest[validation], test)))


def without(split: Split, left_out: np.ndarray) -> Split:
    """The same parts but for the windows of records that are left out, bool [n]."""
    return Split(*(part[~left_out[part]] for part in (split.train, split.validation, split.test)))


def patients_drawn(
    patients: np.ndarray, targets: np.ndarray, seed: int, fold: int | None = None, n_folds: int = 5
) -> Split:
    """Draw whole patients into the three parts, classes in proportion: 7 : 1 : 2, or by folds.

    Parameters
    ----------
    patients : array [n windows]
        Patient of each window.
    targets : array [n windows] or [n windows, classes]
        What :meth:`einthoven.corpora.labels.LabelSet.targets` gives.
    seed : int
        Of the draw.
    fold : int, optional
        The fold that tests; the next one validates, the others train.
    n_folds : int
        How many folds there are.
    """
    if fold is not None:
        of = patient_folds(patients, targets, n_folds, seed)
        parts = (of != fold) & (of != (fold + 1) % n_folds), of == (fold + 1) % n_folds, of == fold
        return Split(*(np.flatnonzero(part) for part in parts))
    member, kinds = _rarest_class(patients, targets)
    rest, test = stratified(kinds, 0.2, seed, least=1)
    train, validation = stratified(kinds[rest], 0.125, seed + 1, least=1)
    return Split(*(np.flatnonzero(np.isin(member, part)) for part in (rest[train], rest[validation], test)))


def patient_folds(patients: np.ndarray, targets: np.ndarray, n_folds: int, seed: int) -> np.ndarray:
    """Return the fold of each window [n]: whole patients at random, classes in proportion.

    Parameters
    ----------
    patients, targets : arrays
        As of :func:`patients_drawn`.
    n_folds : int
        How many.
    seed : int
        Of the draw.
    """
    member, kinds = _rarest_class(patients, targets)
    fold: np.ndarray = np.full(len(kinds), n_folds - 1)
    left = np.arange(len(kinds))
    for at in range(n_folds - 1):
        rest, chosen = stratified(kinds[left], 1 / (n_folds - at), seed + at)
        fold[left[chosen]] = at
        left = left[rest]
    of_window: np.ndarray = fold[member]
    return of_window


def _rarest_class(patients: np.ndarray, targets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The patient of each window as a number [n], and of each patient the rarest class that any window bears; -1 for none."""
    names, member = np.unique(patients, return_inverse=True)
    n_classes = targets.shape[1] if targets.ndim == 2 else int(targets.max(initial=-1)) + 1
    shows = np.zeros((len(names), n_classes), bool)
    for label in range(n_classes):
        shows[member[targets[:, label] > 0 if targets.ndim == 2 else targets == label], label] = True
    kinds = np.full(len(names), -1)
    for label in np.argsort(-shows.sum(axis=0), kind="stable"):
        kinds[shows[:, label]] = label
    return member, kinds
