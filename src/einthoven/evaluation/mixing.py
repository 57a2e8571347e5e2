"""Mix the predictions of several models, in shares chosen on validation data."""

from collections.abc import Mapping, Sequence
from itertools import product

import numpy as np

from einthoven.evaluation.multilabel import quality
from einthoven.evaluation.predictions import Predictions

_PARTS = 6


def mixed(
    answers: Mapping[str, Predictions], families: Mapping[str, Sequence[str]], shares: Sequence[float]
) -> Predictions:
    """Return the weighted mean of the predictions of families of models.

    Parameters
    ----------
    answers : mapping of Predictions
        Predictions of each model for the same windows.
    families : mapping of sequence of str
        Models of each family; within a family all have the same weight.
    shares : sequence of float
        Share of each family.

    Returns
    -------
    Predictions
        With the weighted sum of the probabilities.
    """
    weighted = [
        (share / len(names), answers[name])
        for share, names in zip(shares, families.values(), strict=True)
        for name in names
    ]
    total = np.sum([share * found.deciding for share, found in weighted], axis=0)
    return weighted[0][1].moved(total.astype(np.float32))


def best_shares(answers: Mapping[str, Predictions], families: Mapping[str, Sequence[str]]) -> list[float]:
    """Return the shares of families, multiples of a sixth, that are best on validation data.

    Parameters
    ----------
    answers : mapping of Predictions
        Predictions of each model for the same windows.
    families : mapping of sequence of str
        Models of each family.

    Returns
    -------
    list of float
        Share of each family.
    """
    whole = [parts for parts in product(range(_PARTS + 1), repeat=len(families)) if sum(parts) == _PARTS]
    tried = [[n / _PARTS for n in parts] for parts in whole]
    return max(tried, key=lambda shares: quality(mixed(answers, families, shares)))
