"""Measure how well generated windows imitate real ones: how far they can be distinguished, and whether they are copies."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import optional_imports

Array = NDArray[Any]

_MOST = 1000


def compare(
    train: Array,
    train_labels: Array,
    held_out: Array,
    held_out_labels: Array,
    made: Array,
    made_labels: Array,
    classes: tuple[str, ...],
    seed: int = 0,
    n_trees: int = 100,
) -> dict[str, dict[str, Any]]:
    """Compare generated windows with real ones, class by class.

    Parameters
    ----------
    train : array [n, leads, samples]
        Windows that trained the generator.
    train_labels : array [n], int
        Their class numbers.
    held_out : array [m, leads, samples]
        Real windows that did not.
    held_out_labels : array [m], int
        Their class numbers.
    made : array [k, leads, samples]
        Generated windows.
    made_labels : array [k], int
        Their class numbers.
    classes : tuple of str
        Names of the classes.
    seed : int
        Seed of the draws and of the random forest.
    n_trees : int
        Trees of the forest.

    Returns
    -------
    dict
        For each generated class ``n_real`` and ``n_made``; ``two_sample_accuracy`` of a random forest that distinguishes generated
        from real windows (0.5 is perfect; Lopez-Paz and Oquab 2017, arXiv 1610.06545), and the same between two halves of the
        real windows, for scale; ``nearest_real``, the median root mean square distance of generated windows to the nearest
        training window, and the same of held-out windows. Far below that of held-out windows, the generator copies.

    Raises
    ------
    LibraryMissing
        If scikit-learn is not installed.
    """
    rng = np.random.default_rng(seed)
    found: dict[str, dict[str, Any]] = {}
    for label in np.unique(made_labels).tolist():
        real, generated, unseen = (
            _sample(windows[labels == label], rng)
            for windows, labels in ((train, train_labels), (made, made_labels), (held_out, held_out_labels))
        )
        half = len(real) // 2
        found[classes[label]] = {
            "n_real": int((train_labels == label).sum()),
            "n_made": int((made_labels == label).sum()),
            "two_sample_accuracy": _two_sample_accuracy(real, generated, seed, n_trees),
            "two_sample_accuracy_between_real": _two_sample_accuracy(real[:half], real[half:], seed, n_trees),
            "nearest_real": _nearest(generated, real),
            "nearest_real_of_held_out": _nearest(unseen, real) if len(unseen) else None,
        }
    return found


def _sample(windows: Array, rng: np.random.Generator) -> Array:
    """Return at most a thousand windows [n, leads * samples] in random order."""
    chosen = rng.permutation(len(windows))[:_MOST]
    return np.asarray(windows[np.sort(chosen)], np.float32).reshape(len(chosen), -1)[rng.permutation(len(chosen))]


def _two_sample_accuracy(first: Array, second: Array, seed: int, n_trees: int) -> float:
    """Return the cross-validated accuracy of a forest that distinguishes two equally large samples."""
    with optional_imports():
        from sklearn.ensemble import RandomForestClassifier  # scikit-learn has no types
        from sklearn.model_selection import cross_val_score  # scikit-learn has no types

    n = min(len(first), len(second))
    if n < 10:
        return float("nan")
    x = np.concatenate((first[:n], second[:n]))
    y = np.repeat((0, 1), n)
    forest = RandomForestClassifier(n_trees, min_samples_leaf=2, random_state=seed)
    return round(float(cross_val_score(forest, x, y, cv=5).mean()), 4)


def _nearest(windows: Array, others: Array) -> float:
    with optional_imports():
        from sklearn.neighbors import NearestNeighbors  # scikit-learn has no types

    distance, _ = NearestNeighbors(n_neighbors=1).fit(others).kneighbors(windows)
    return round(float(np.median(distance) / np.sqrt(windows.shape[1])), 4)
