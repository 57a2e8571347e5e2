"""Adapt the probabilities of two classes to each person's own share of a class, without labels."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

_ROUNDS, _ENOUGH = 200, 1e-7


def by_person(probability: Array, person: Array, of: int, beside: int, share: float, counts: float) -> Array:
    """Adapt the probabilities of two classes from the share in all people to each person's own share.

    The own share is the one that is consistent with the predicted probabilities (Saerens, Latinne and Decaestecker 2002, Neural
    Computation 14:21), with a beta prior: the share in all people counts like so many windows of the person. The sum of the two
    classes stays as it is, and so do all other classes.

    Parameters
    ----------
    probability : array [n, classes]
        Predicted probabilities.
    person : array [n]
        Person of each window.
    of : int
        Number of the class whose share is estimated.
    beside : int
        Number of the class it is estimated against.
    share : float
        Share of class `of` among windows of the two classes in the training data, above 0 and below 1.
    counts : float
        Number of windows that `share` counts like.

    Returns
    -------
    array [n, classes]
        Adapted probabilities of the same type.
    """
    moved = probability.astype(np.float64)
    for one in np.unique(person):
        here = person == one
        mass = moved[here][:, [of, beside]].sum(axis=1)
        part = moved[here, of] / np.maximum(mass, 1e-12)
        own = _own_share(part, mass, share, counts)
        adapted = _adapted(part, own, share)
        moved[here, of], moved[here, beside] = adapted * mass, (1 - adapted) * mass
    return moved.astype(probability.dtype)


def with_adapted_priors(probability: Array, person: Array, classes: Sequence[str], own: Mapping[str, Any]) -> Array:
    """Adapt probabilities by :func:`by_person` as a bundle's card states.

    Parameters
    ----------
    probability : array [n, classes]
        Predicted probabilities.
    person : array [n]
        Person of each window.
    classes : sequence of str
        Names of the classes.
    own : mapping
        ``of`` and ``beside`` (names of classes), ``share`` and ``counts``; empty for no adaptation.

    Returns
    -------
    array [n, classes]
    """
    if not own:
        return probability
    of, beside = (classes.index(own[name]) for name in ("of", "beside"))
    return by_person(probability, person, of, beside, own["share"], own["counts"])


def _own_share(part: Array, mass: Array, share: float, counts: float) -> float:
    """Return the share that is consistent with a person's probabilities."""
    own = share
    for _ in range(_ROUNDS):
        last, own = own, ((_adapted(part, own, share) * mass).sum() + counts * share) / (mass.sum() + counts)
        if abs(own - last) < _ENOUGH:
            break
    return own


def _adapted(part: Array, own: float, share: float) -> Array:
    """Return probabilities under another prior, by Bayes' rule."""
    yes, no = part * own / share, (1 - part) * (1 - own) / (1 - share)
    return yes / np.maximum(yes + no, 1e-300)
