"""Shares with their intervals over draws of people or recordings, for the pages of the bench."""

import numpy as np


def share(hits: np.ndarray, persons: np.ndarray) -> dict[str, float]:
    """Mean of hits [n] with the 2.5th and 97.5th percentile of 1,000 draws of persons."""
    known, at = np.unique(persons, return_inverse=True)
    if not len(known):
        return {"value": float("nan"), "low": float("nan"), "high": float("nan"), "n": 0}
    sums, counts = np.bincount(at, hits), np.bincount(at)
    drawn = np.random.default_rng(0).integers(len(known), size=(1000, len(known)))
    low, high = np.quantile(sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1), (0.025, 0.975))
    return {"value": float(np.mean(hits)), "low": float(low), "high": float(high), "n": len(hits)}
