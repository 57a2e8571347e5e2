"""Knows how a person's own share of a class is worked out from the answers for that person. Asks no label, knows no class."""

from collections.abc import Mapping, Sequence

import numpy as np

_ROUNDS, _ENOUGH = 200, 1e-7


def by_person(
    probability: np.ndarray, person: np.ndarray, of: int, beside: int, share: float, counts: float
) -> np.ndarray:
    """Probabilities of two classes, moved from the share that all people have together to each person's own.

    The own share is the one under which the answers agree with themselves (Saerens, Latinne and Decaestecker 2002, Neural
    Computation 14:21), with a beta distribution ahead of it: the share of all people counts like so many windows of the person's
    own. What the two classes have together stays, and so do all others.

    Parameters
    ----------
    probability : array [n, classes]; person : whose window each is [n]
    of, beside : class numbers: the class whose share is sought, and the one it is sought among
    share : of class `of` among windows of the two, where the answers come from, above 0 and below 1; counts : windows that it
        counts like

    Returns
    -------
    array [n, classes], of the type it was
    """
    moved = probability.astype(np.float64)
    for one in np.unique(person):
        here = person == one
        mass = moved[here][:, [of, beside]].sum(axis=1)
        part = moved[here, of] / np.maximum(mass, 1e-12)
        own = _own(part, mass, share, counts)
        adapted = _adapted(part, own, share)
        moved[here, of], moved[here, beside] = adapted * mass, (1 - adapted) * mass
    return moved.astype(probability.dtype)


def with_adapted_priors(
    probability: np.ndarray, person: np.ndarray, classes: Sequence[str], own: Mapping[str, str | float]
) -> np.ndarray:
    """:func:`by_person` as a card says it: ``of`` and ``beside`` by name, ``share``, ``counts``; of an empty card nothing."""
    if not own:
        return probability
    of, beside = (classes.index(own[name]) for name in ("of", "beside"))
    return by_person(probability, person, of, beside, own["share"], own["counts"])


def _own(part: np.ndarray, mass: np.ndarray, share: float, counts: float) -> float:
    """The share that a person's answers agree with."""
    own = share
    for _ in range(_ROUNDS):
        last, own = own, ((_adapted(part, own, share) * mass).sum() + counts * share) / (mass.sum() + counts)
        if abs(own - last) < _ENOUGH:
            break
    return own


def _adapted(part: np.ndarray, own: float, share: float) -> np.ndarray:
    """Bayes: what was answered under one share, under another."""
    yes, no = part * own / share, (1 - part) * (1 - own) / (1 - share)
    return yes / np.maximum(yes + no, 1e-300)
