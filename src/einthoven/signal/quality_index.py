"""Tell from the measurements of a stretch how likely it is readable, by boosted trees (trained by bench/quality.py)."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.paths import ASSETS
from einthoven.signal.quality_features import FEATURES

Array = NDArray[Any]

WEIGHTS = ASSETS / "quality" / "index.npz"
"""The trees: arrays [trees, nodes], and the limits."""
_MOST, _PREVIOUS = 6.0, 0.4


@lru_cache
def _trees() -> dict[str, Array]:
    with np.load(WEIGHTS, allow_pickle=False) as kept:
        trees = dict(kept)
    assert tuple(trees["features"].tolist()) == FEATURES, (
        "the index was trained on other measurements: bench/quality.py"
    )
    return trees


def limits() -> tuple[float, float]:
    """Return the index below which a stretch is unreadable, and that below which it is noisy."""
    unreadable, noisy = _sigmoid(np.asarray(_trees()["limits"], np.float64)).tolist()
    return unreadable, noisy


def after(scores: Array, before: float | None = None) -> Array:
    """Return the scores of consecutive stretches, lowered where the stretch before was worse: noise lasts.

    Parameters
    ----------
    scores : array [n]
        Scores of the stretches by themselves.
    before : float, optional
        Score of the stretch before the first.

    Returns
    -------
    array [n]
    """
    clipped = np.clip(scores, -_MOST, _MOST)
    previous = np.concatenate((clipped[:1] if before is None else [np.clip(before, -_MOST, _MOST)], clipped[:-1]))
    return np.asarray(np.minimum(clipped, (1 - _PREVIOUS) * clipped + _PREVIOUS * previous))


def index(scores: Array) -> Array:
    """Return the index of quality of scores.

    Parameters
    ----------
    scores : array [n]
        Scores after :func:`after`.

    Returns
    -------
    array [n]
        From 0 to 1; below the first of :func:`limits` a stretch is not readable.
    """
    return _sigmoid(scores)


def scores(features: Array) -> Array:
    """Return the log-odds that stretches are readable, each by itself.

    Parameters
    ----------
    features : array [..., k]
        Measurements of :mod:`einthoven.signal.quality_features`.

    Returns
    -------
    array [...]
    """
    trees = _trees()
    values = np.nan_to_num(features).reshape(-1, features.shape[-1])
    row, tree = np.arange(len(values))[:, None], np.arange(len(trees["feature"]))[None]
    node = np.zeros((len(values), tree.shape[1]), np.int64)
    for _ in range(int(trees["depth"])):
        below = values[row, trees["feature"][tree, node]] <= trees["threshold"][tree, node]
        node = np.where(below, trees["left"][tree, node], trees["right"][tree, node])
    total = trees["base"] + trees["value"][tree, node].sum(axis=1)
    return np.asarray(total, np.float64).reshape(features.shape[:-1])


def _sigmoid(score: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-np.clip(score, -60, 60))))
