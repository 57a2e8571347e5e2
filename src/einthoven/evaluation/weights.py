"""Knows how classes are weighted where one of them is said, so that the answers score best. Asks no label, opens no test part."""

import itertools

import numpy as np

from einthoven.evaluation.predictions import Predictions

_FACTORS = (0.8, 0.9, 1.0, 1.1, 1.2, 1.3, 1.4, 1.5)


def for_expected_f1(answers: Predictions, counted: tuple[str, ...]) -> tuple[float, ...]:
    """Weights of the classes under which some classes' mean F1 is largest in expectation.

    Each window counts for a class by its probability, not by its label (Lewis 1995, SIGIR 18:246), so that few validation
    windows do.

    Parameters
    ----------
    counted : classes whose F1 counts; the first keeps the weight 1, as do classes that do not count

    Returns
    -------
    a weight for each class [C]
    """
    at = [answers.classes.index(name) for name in counted]
    best, chosen = -1.0, np.ones(len(answers.classes))
    for factors in itertools.product(_FACTORS, repeat=len(at) - 1):
        weights = np.ones(len(answers.classes))
        weights[at[1:]] = factors
        score = expected_f1(answers.probability, (answers.probability * weights).argmax(axis=1))[at].mean()
        if score > best + 1e-9:
            best, chosen = score, weights
    return tuple(chosen.tolist())


def expected_f1(probability: np.ndarray, decided: np.ndarray) -> np.ndarray:
    """F1 of each class [C] if every probability [n, C] is true; `decided` are class numbers [n]."""
    said = np.eye(probability.shape[1])[decided]
    return 2 * (probability * said).sum(axis=0) / (probability.sum(axis=0) + said.sum(axis=0))
