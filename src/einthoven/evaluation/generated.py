"""Knows how good generated windows are: can they be told from real ones, and are they copies. Numpy and scikit-learn; no torch."""

import numpy as np

from einthoven.errors import optional_imports

_MOST = 1000


def compare(
    train: np.ndarray,
    train_labels: np.ndarray,
    held_out: np.ndarray,
    held_out_labels: np.ndarray,
    made: np.ndarray,
    made_labels: np.ndarray,
    classes: tuple[str, ...],
    seed: int = 0,
) -> dict:
    """Compare generated windows with real ones, class by class.

    Parameters
    ----------
    train, held_out, made : windows [n, leads, samples]: those the generator learned from, real ones it never saw, its own
    train_labels, held_out_labels, made_labels : class numbers [n]

    Returns
    -------
    for each generated class: ``n_real``, ``n_made``; ``two_sample_accuracy`` of a random forest that tells generated from real
    windows (0.5 is perfect; Lopez-Paz and Oquab 2017, arXiv 1610.06545), and the same ``between_real`` halves, for scale;
    ``nearest_real``: median root mean square distance to the nearest training window, of generated and of held-out windows:
    well below the second, the generator repeats what it saw
    """
    rng = np.random.default_rng(seed)
    found = {}
    for label in np.unique(made_labels).tolist():
        real, own, unseen = (
            _some(windows[labels == label], rng)
            for windows, labels in ((train, train_labels), (made, made_labels), (held_out, held_out_labels))
        )
        half = len(real) // 2
        found[classes[label]] = {
            "n_real": int((train_labels == label).sum()),
            "n_made": int((made_labels == label).sum()),
            "two_sample_accuracy": _told_apart(real, own, seed),
            "two_sample_accuracy_between_real": _told_apart(real[:half], real[half:], seed),
            "nearest_real": _nearest(own, real),
            "nearest_real_of_held_out": _nearest(unseen, real) if len(unseen) else None,
        }
    return found


def _some(windows: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """At most a thousand windows [n, leads * samples], in an order of their own."""
    chosen = rng.permutation(len(windows))[:_MOST]
    return np.asarray(windows[np.sort(chosen)], np.float32).reshape(len(chosen), -1)[rng.permutation(len(chosen))]


def _told_apart(first: np.ndarray, second: np.ndarray, seed: int) -> float:
    """Accuracy, on windows held out, of a forest that tells two equally large samples apart."""
    with optional_imports():
        from sklearn.ensemble import RandomForestClassifier
        from sklearn.model_selection import cross_val_score

    n = min(len(first), len(second))
    if n < 10:
        return float("nan")
    x = np.concatenate((first[:n], second[:n]))
    y = np.repeat((0, 1), n)
    forest = RandomForestClassifier(100, min_samples_leaf=2, random_state=seed)
    return round(float(cross_val_score(forest, x, y, cv=5).mean()), 4)


def _nearest(windows: np.ndarray, others: np.ndarray) -> float:
    with optional_imports():
        from sklearn.neighbors import NearestNeighbors

    distance, _ = NearestNeighbors(n_neighbors=1).fit(others).kneighbors(windows)
    return round(float(np.median(distance) / np.sqrt(windows.shape[1])), 4)
