"""Predict sets of classes that hold the true one with a probability that the user chooses, in each class alike.

Class-conditional (Mondrian) split conformal prediction: Vovk 2012, ACML 25:475.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import ConfigurationFault

Array = NDArray[Any]

FEWEST = 25
"""Calibration records of a class below which nothing is promised for it."""
_MOST_KEPT = 100


@dataclass(frozen=True)
class Conformal:
    """Scores of validation records by class, from which sets are made.

    A record's score for a class is one less its calibrated probability. A class is in the set if its score is not above the
    quantile of the class's own records.

    Raises
    ------
    ValueError
        If ranks and scores do not pair, or a score is no number from 0 to 1.
    """

    classes: tuple[str, ...]
    """Classes in the order of the probabilities."""
    n: tuple[int, ...]
    """Validation records of each class."""
    ranks: tuple[tuple[int, ...], ...]
    """For each class the ranks, from 1, of the scores that are kept."""
    scores: tuple[tuple[float, ...], ...]
    """For each class the scores of these ranks, in increasing order."""
    held_out: dict[str, Any] = field(default_factory=dict)
    """What was measured on records that did not make the quantiles: ``coverage``, ``by_class``, ``mean_size``, ``n``, the data."""

    def __post_init__(self) -> None:
        if not len(self.classes) == len(self.n) == len(self.ranks) == len(self.scores):
            raise ValueError(f"conformal scores of {len(self.scores)} classes for {len(self.classes)}")
        for ranks, scores in zip(self.ranks, self.scores, strict=True):
            if len(ranks) != len(scores) or list(ranks) != sorted(ranks) or list(scores) != sorted(scores):
                raise ValueError("ranks and scores of a conformal set do not pair, or do not increase")
            if any(not 0 <= score <= 1 for score in scores):
                raise ValueError("a conformal score is no number from 0 to 1")

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> "Conformal":
        """Read plain values, as :func:`dataclasses.asdict` gives them.

        Parameters
        ----------
        plain : mapping
            The fields.

        Raises
        ------
        ValueError
            If they are no conformal scores.
        """
        try:
            return cls(
                tuple(plain["classes"]),
                tuple(int(n) for n in plain["n"]),
                tuple(tuple(int(rank) for rank in ranks) for ranks in plain["ranks"]),
                tuple(tuple(float(score) for score in scores) for scores in plain["scores"]),
                dict(plain.get("held_out", {})),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"no conformal scores: {type(error).__name__}: {error}") from error

    @property
    def not_promised(self) -> tuple[str, ...]:
        """Classes with too few validation records; nothing is promised for them, and they are in no set."""
        return tuple(name for name, n in zip(self.classes, self.n, strict=True) if n < FEWEST)

    def limits(self, coverage: float) -> Array:
        """Return the largest score with which each class is in the set.

        Parameters
        ----------
        coverage : float
            Wanted probability that the true class is in the set, above 0 and below 1.

        Returns
        -------
        array [classes]
            Infinity where the records of a class are too few for this coverage; below zero where nothing is promised.
        """
        require_coverage(coverage)
        found = []
        for n, ranks, scores in zip(self.n, self.ranks, self.scores, strict=True):
            rank = math.ceil(round((n + 1) * coverage, 9))
            kept = [score for at, score in zip(ranks, scores, strict=True) if at >= rank]
            found.append(-1.0 if n < FEWEST else kept[0] if kept else math.inf)
        return np.array(found)

    def sets(self, probability: Array, coverage: float) -> Array:
        """Return the classes in the set of each record.

        Parameters
        ----------
        probability : array [n, classes]
            Calibrated probabilities of records.
        coverage : float
            Wanted probability that the true class is in the set.

        Returns
        -------
        array [n, classes], bool
        """
        return np.asarray(1 - np.asarray(probability, np.float64) <= self.limits(coverage) + 1e-9)


def conformal(
    probability: Array, truth: Array, classes: Sequence[str], held_out: dict[str, Any] | None = None
) -> Conformal:
    """Keep the scores of validation records.

    Parameters
    ----------
    probability : array [n, classes]
        Calibrated probabilities of records that the model, or the members that answer, did not see.
    truth : array [n], int, or array [n, classes]
        Class numbers; zeros and ones of multilabel records.
    classes : sequence of str
        Names of the classes.
    held_out : dict, optional
        What was measured on other records.

    Returns
    -------
    Conformal
    """
    there = truth > 0 if truth.ndim == 2 else truth[:, None] == np.arange(len(classes))
    n, ranks, scores = [], [], []
    for at in range(len(classes)):
        sorted_ = np.sort(1 - np.asarray(probability[there[:, at], at], np.float64))
        kept = np.unique(np.ceil(np.linspace(min(1, len(sorted_)), len(sorted_), _MOST_KEPT)).astype(int))
        kept = kept[kept > 0]
        n.append(len(sorted_))
        ranks.append(tuple(kept.tolist()))
        scores.append(tuple(min(1.0, math.ceil(value * 1e5) / 1e5) for value in sorted_[kept - 1]))
    return Conformal(tuple(classes), tuple(n), tuple(ranks), tuple(scores), held_out or {})


def measured(sets: Array, truth: Array, classes: Sequence[str], coverage: float) -> dict[str, Any]:
    """Return the coverage by class and the mean size of sets for held-out records.

    Parameters
    ----------
    sets : array [n, classes], bool
        The sets.
    truth : array [n], int, or array [n, classes]
        Class numbers; zeros and ones of multilabel records.
    classes : sequence of str
        Names of the classes.
    coverage : float
        What was wanted.

    Returns
    -------
    dict
        ``coverage``, ``by_class`` (None for a class without records), ``mean_size`` and ``n``.
    """
    there = truth > 0 if truth.ndim == 2 else truth[:, None] == np.arange(len(classes))
    by_class = {
        name: round(float(sets[there[:, at], at].mean()), 4) if there[:, at].any() else None
        for at, name in enumerate(classes)
    }
    size = round(float(sets.sum(axis=1).mean()), 4)
    return {"coverage": coverage, "by_class": by_class, "mean_size": size, "n": len(sets)}


def require_coverage(coverage: float) -> None:
    """Refuse a coverage that no set can have.

    Parameters
    ----------
    coverage : float
        Wanted probability that the true class is in the set.

    Raises
    ------
    ConfigurationFault
        If it is not above 0 and below 1.
    """
    if not 0 < coverage < 1:
        raise ConfigurationFault(
            "There is no set with this coverage.",
            found=f"coverage {coverage:g}",
            expected="a number above 0 and below 1",
            remedy="--coverage 0.9",
        )
