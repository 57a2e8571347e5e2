"""Compute the scores that challenges rank by; a protocol names its score."""

import csv
from collections.abc import Callable, Sequence
from functools import cache
from importlib.resources import files
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import ConfigurationFault

Array = NDArray[Any]
Score = TypeVar("Score")

CHALLENGE2017 = ("N", "A", "O", "~")
"""Classes of the Challenge 2017."""
_NORMAL = "NSR"
"""Normal class of the Challenge 2021."""


def challenge2017_score(f1: Array) -> Array:
    """Return the score of the Challenge 2017: the mean F1 of N, A and O (Clifford et al. 2017); noise does not count.

    Parameters
    ----------
    f1 : array [..., 4]
        F1 of each class in the order of CHALLENGE2017; NaN for a class without truth.

    Returns
    -------
    array [...]
        The mean over the classes that are not NaN; NaN where all are.
    """
    f1 = np.asarray(f1)[..., :3]
    there = np.isfinite(f1)
    n = there.sum(axis=-1)
    return np.where(n, np.where(there, f1, 0).sum(axis=-1) / np.maximum(n, 1), np.nan)


@cache
def challenge2021_weights() -> tuple[tuple[str, ...], Array]:
    """Return the classes of the Challenge 2021, and the reward for each predicted class (column) by true class (row).

    Returns
    -------
    classes : tuple of str
        The 26 scored classes.
    reward : array [26, 26]
        Reward, 0 to 1.
    """
    text = files("einthoven.evaluation").joinpath("challenge2021_weights.csv").read_text()
    head, *rows = csv.reader(text.splitlines())
    return tuple(head[1:]), np.array([row[1:] for row in rows], float)


def weighted_score(truth: Array, decided: Array, worth: Array, normal: int, weights: Array) -> Array:
    """Return the score of the Challenges 2020 and 2021: 1 for the truth, 0 for always predicting the normal class.

    Each record spreads one point over the classes that are true or predicted (Reyna et al. 2021, Will two do?, equation 1).

    Parameters
    ----------
    truth : array [n, classes], bool
        Classes of each record.
    decided : array [n, classes], bool
        Predicted classes of each record.
    worth : array [classes, classes]
        Reward for each predicted class (column) by true class (row).
    normal : int
        Number of the normal class.
    weights : array [draws, n]
        How often each row was drawn.

    Returns
    -------
    array [draws]
    """
    drawn = weights.astype(np.float64)
    always = np.zeros_like(decided)
    always[:, normal] = True
    got, right, inactive = (drawn @ _points(truth, predicted, worth) for predicted in (decided, truth, always))
    return np.where(right > inactive, (got - inactive) / np.maximum(right - inactive, 1e-12), 0.0)


def single_label_score(name: str, classes: Sequence[str], f1: Array) -> Array:
    """Return an official score of single-label predictions.

    Parameters
    ----------
    name : str
        A key of SINGLE_LABEL.
    classes : sequence of str
        Classes of the predictions.
    f1 : array [..., classes]
        F1 of each class.

    Returns
    -------
    array [...]

    Raises
    ------
    ConfigurationFault
        If there is no such score, or the classes are not its own.
    """
    wanted, score = _known(name, SINGLE_LABEL)
    return score(f1[..., _columns(name, wanted(), classes)])


def multilabel_score(name: str, classes: Sequence[str], truth: Array, decided: Array, weights: Array) -> Array:
    """Return an official score of multilabel predictions.

    Parameters
    ----------
    name : str
        A key of MULTILABEL.
    classes : sequence of str
        Classes of the predictions.
    truth : array [n, classes], bool
        Classes of each row.
    decided : array [n, classes], bool
        Predicted classes of each row.
    weights : array [draws, n]
        How often each row was drawn.

    Returns
    -------
    array [draws]

    Raises
    ------
    ConfigurationFault
        If there is no such score, or the classes are not its own.
    """
    wanted, score = _known(name, MULTILABEL)
    order = _columns(name, wanted(), classes)
    return score(truth[:, order], decided[:, order], weights)


def _challenge2021_score(truth: Array, decided: Array, weights: Array) -> Array:
    names, worth = challenge2021_weights()
    return weighted_score(truth, decided, worth, names.index(_NORMAL), weights)


SINGLE_LABEL: dict[str, tuple[Callable[[], tuple[str, ...]], Callable[[Array], Array]]] = {
    "challenge2017": (lambda: CHALLENGE2017, challenge2017_score)
}
"""Scores of single-label predictions by name: their classes, and the score from the F1 of these."""
MULTILABEL: dict[str, tuple[Callable[[], tuple[str, ...]], Callable[[Array, Array, Array], Array]]] = {
    "challenge2021": (lambda: challenge2021_weights()[0], _challenge2021_score)
}
"""Scores of multilabel predictions by name: their classes, and the score from truth, decisions and draws."""


def _known(name: str, scores: dict[str, Score]) -> Score:
    if name not in scores:
        raise ConfigurationFault(
            "Unknown official score.",
            found=name,
            expected=", ".join(scores),
            remedy=f'official_score="{next(iter(scores))}"      in the protocol, or leave it empty',
        )
    return scores[name]


def _columns(name: str, wanted: tuple[str, ...], classes: Sequence[str]) -> list[int]:
    """Return where the classes of a score stand among the classes of the predictions."""
    if set(wanted) != set(classes):
        raise ConfigurationFault(
            f"The official score {name} is defined for other classes.",
            found=", ".join(classes),
            expected=", ".join(wanted),
            remedy='official_score=""      in the protocol',
        )
    return [list(classes).index(each) for each in wanted]


def _points(truth: Array, predicted: Array, worth: Array) -> Array:
    """Return the points of each record [n]."""
    either = np.maximum((truth | predicted).sum(axis=1), 1)
    points: Array = np.einsum("ni,ij,nj->n", truth.astype(float), worth, predicted.astype(float)) / either
    return points
