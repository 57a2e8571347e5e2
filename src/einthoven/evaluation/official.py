"""Knows the scores that challenges rank by. Opens no file but the weights that come with it."""

import csv
from functools import cache
from importlib.resources import files

import numpy as np

CHALLENGE2017 = ("N", "A", "O", "~")
"""Classes of the Challenge 2017."""


def challenge2017_score(f1: np.ndarray) -> np.ndarray:
    """The score of the Challenge 2017: the mean F1 of N, A and O (Clifford et al. 2017); noise does not count.

    Parameters
    ----------
    f1 : [..., 4], in the order of CHALLENGE2017; NaN for a class without truth, which the mean leaves out; NaN where all are
    """
    f1 = np.asarray(f1)[..., :3]
    there = np.isfinite(f1)
    n = there.sum(axis=-1)
    return np.where(n, np.where(there, f1, 0).sum(axis=-1) / np.maximum(n, 1), np.nan)


@cache
def challenge2021_weights() -> tuple[tuple[str, ...], np.ndarray]:
    """Classes of the Challenge 2021, and what an answer (column) is worth where another is true (row) [26, 26]."""
    text = files("einthoven.evaluation").joinpath("challenge2021_weights.csv").read_text()
    head, *rows = csv.reader(text.splitlines())
    return tuple(head[1:]), np.array([row[1:] for row in rows], float)


def weighted_score(
    truth: np.ndarray, decided: np.ndarray, worth: np.ndarray, normal: int, weights: np.ndarray
) -> np.ndarray:
    """The score of the Challenges 2020 and 2021: 1 for the truth, 0 for always saying the normal class.

    Each record spreads one point over the classes that are true or said (Reyna et al. 2021, Will two do?, equation 1).

    Parameters
    ----------
    truth, decided : bool [n, classes]; worth : [classes, classes]; normal : number of the normal class
    weights : [draws, n], how often each row was drawn

    Returns
    -------
    [draws]
    """
    drawn = weights.astype(np.float64)
    always = np.zeros_like(decided)
    always[:, normal] = True
    got, right, inactive = (drawn @ _points(truth, said, worth) for said in (decided, truth, always))
    return np.where(right > inactive, (got - inactive) / np.maximum(right - inactive, 1e-12), 0.0)


def _points(truth: np.ndarray, said: np.ndarray, worth: np.ndarray) -> np.ndarray:
    """Points of each record [n]."""
    either = np.maximum((truth | said).sum(axis=1), 1)
    return np.einsum("ni,ij,nj->n", truth.astype(float), worth, said.astype(float)) / either
