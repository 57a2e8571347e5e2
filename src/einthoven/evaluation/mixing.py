"""Mix the predictions of several models in shares that are chosen on validation data."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import product

import numpy as np

from einthoven.evaluation.multilabel import quality
from einthoven.evaluation.predictions import Predictions

_PARTS = 6


def mixed(
    answers: Mapping[str, Predictions], families: Mapping[str, Sequence[str]], shares: Sequence[float]
) -> Predictions:
    """Return the predictions of families of models, weighted by the families' shares.

    Parameters
    ----------
    answers : mapping of Predictions
        Predictions of each model for the same windows.
    families : mapping of sequence of str
        Models of each family; within a family all have the same weight.
    shares : sequence of float
        A share for each family.

    Returns
    -------
    Predictions
        With the weighted sum of the probabilities.
    """
    weighed = [
        (share / len(names), answers[name])
        for share, names in zip(shares, families.values(), strict=True)
        for name in names
    ]
    total = np.sum([share * found.probability for share, found in weighed], axis=0)
    return replace(weighed[0][1], probability=total.astype(np.float32))


def best_shares(answers: Mapping[str, Predictions], families: Mapping[str, Sequence[str]]) -> list[float]:
    """Return the shares of families, multiples of a sixth, with which validation predictions are best.

    Parameters
    ----------
    answers : mapping of Predictions
        Predictions of each model for the same windows.
    families : mapping of sequence of str
        Models of each family.

    Returns
    -------
    list of float
        A share for each family.
    """
    whole = [parts for parts in product(range(_PARTS + 1), repeat=len(families)) if sum(parts) == _PARTS]
    tried = [[n / _PARTS for n in parts] for parts in whole]
    return max(tried, key=lambda shares: quality(mixed(answers, families, shares)))
