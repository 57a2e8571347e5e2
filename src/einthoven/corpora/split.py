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


def stratified(labels: np.ndarray, share: float, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Part window numbers at random, each class in the same proportion.

    Returns
    -------
    (rest, chosen) : `chosen` has `share` of each class; both ascending
    """
    rng = np.random.default_rng(seed)
    chosen = np.zeros(len(labels), bool)
    for label in np.unique(labels):
        members = rng.permutation(np.flatnonzero(labels == label))
        chosen[members[: round(share * len(members))]] = True
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
