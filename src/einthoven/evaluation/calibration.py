"""Fit and apply the map from a model's logits to the probabilities that are printed; decisions are made without it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

METHODS = ("temperature", "vector", "dirichlet")
"""Methods for classes that exclude each other, the simplest first."""
MULTILABEL_METHOD = "platt"
"""The method for multilabel models: a slope and an offset for each class."""


@dataclass(frozen=True)
class Calibration:
    """A map from logits to probabilities.

    Raises
    ------
    ValueError
        If the method is unknown, a number is not finite or missing, or a slope of ``temperature`` or ``platt`` is not above zero.
    """

    method: str
    """``temperature``: all logits are multiplied by one slope. ``vector``: the logarithms of the uncalibrated probabilities have a
    slope and an offset for each class. ``dirichlet``: they are multiplied by a matrix. ``platt``, for multilabel models: each
    class's own logit has a slope and an offset."""
    classes: tuple[str, ...]
    """Classes in the order of the logits."""
    slopes: tuple[float, ...]
    """One number, one for each class, or for ``dirichlet`` a row for each class one after another."""
    offsets: tuple[float, ...] = ()
    """One number for each class; empty for ``temperature``."""
    fitted_on: dict[str, Any] = field(default_factory=dict)
    """The data: ``corpus``, ``protocol``, ``n``, ``n_patients``, and ``answers``, whose members made them."""

    def __post_init__(self) -> None:
        k = len(self.classes)
        expected = {"temperature": (1, 0), "vector": (k, k), "dirichlet": (k * k, k), "platt": (k, k)}
        if self.method not in expected:
            raise ValueError(f"the calibration's method is {self.method!r}; expected {', '.join(expected)}")
        if (len(self.slopes), len(self.offsets)) != expected[self.method]:
            raise ValueError(
                f"{self.method} has {len(self.slopes)} slopes and {len(self.offsets)} offsets for {k} classes; "
                f"expected {expected[self.method][0]} and {expected[self.method][1]}"
            )
        if not all(math.isfinite(value) for value in (*self.slopes, *self.offsets)):
            raise ValueError("a number of the calibration is not finite")
        if self.method in ("temperature", "platt") and min(self.slopes) <= 0:
            raise ValueError(f"a slope of the calibration is {min(self.slopes)}; expected above 0")

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> "Calibration":
        """Read plain values, as :func:`dataclasses.asdict` gives them.

        Parameters
        ----------
        plain : mapping
            ``method``, ``classes``, ``slopes``, ``offsets`` and ``fitted_on``.

        Raises
        ------
        ValueError
            If they are no calibration.
        """
        try:
            return cls(
                str(plain["method"]),
                tuple(plain["classes"]),
                tuple(float(value) for value in plain["slopes"]),
                tuple(float(value) for value in plain.get("offsets", ())),
                dict(plain.get("fitted_on", {})),
            )
        except (KeyError, TypeError) as error:
            raise ValueError(f"no calibration: {type(error).__name__}: {error}") from error

    def require_classes(self, classes: Sequence[str]) -> None:
        """Refuse to calibrate a model of other classes.

        Parameters
        ----------
        classes : sequence of str
            Classes of the model.

        Raises
        ------
        ValueError
            If they are others, or in another order.
        """
        if tuple(classes) != self.classes:
            raise ValueError(f"the calibration is for {', '.join(self.classes)}; the classes are {', '.join(classes)}")

    def apply(self, logits: Array) -> Array:
        """Return calibrated probabilities.

        Parameters
        ----------
        logits : array [n, classes]
            The model's logits.

        Returns
        -------
        array [n, classes]
            Of the same type; rows sum to one except for ``platt``.
        """
        values = np.asarray(logits, np.float64)
        slopes, offsets = np.asarray(self.slopes), np.asarray(self.offsets or 0.0)
        if self.method == "platt":
            return np.asarray(sigmoid(values * slopes + offsets), logits.dtype)
        known = log_softmax(values)
        k = len(self.classes)
        moved = known @ slopes.reshape(k, k).T if self.method == "dirichlet" else known * slopes
        return np.asarray(np.exp(log_softmax(moved + offsets)), logits.dtype)

    def moved_thresholds(self, thresholds: Sequence[float]) -> tuple[float, ...]:
        """Return thresholds of a multilabel model on the scale of the calibrated probabilities.

        Parameters
        ----------
        thresholds : sequence of float
            Thresholds of the uncalibrated probabilities.

        Returns
        -------
        tuple of float
        """
        limits = np.clip(np.asarray(thresholds, np.float64), 1e-9, 1 - 1e-9)
        moved: list[float] = self.apply(np.log(limits / (1 - limits))[None])[0].tolist()
        return tuple(moved)


def log_softmax(logits: Array) -> Array:
    """Return the logarithms of the probabilities of classes that exclude each other.

    Parameters
    ----------
    logits : array [..., classes]
        Logits.

    Returns
    -------
    array [..., classes]
    """
    shifted = logits - logits.max(axis=-1, keepdims=True)
    known: Array = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return known


def softmax(logits: Array) -> Array:
    """Return the probabilities of classes that exclude each other.

    Parameters
    ----------
    logits : array [..., classes]
        Logits.

    Returns
    -------
    array [..., classes]
    """
    return np.asarray(np.exp(log_softmax(logits)))


def sigmoid(logits: Array) -> Array:
    """Return the probabilities of classes that do not exclude each other.

    Parameters
    ----------
    logits : array [n, classes]
        Logits.

    Returns
    -------
    array [n, classes]
    """
    return np.asarray(1 / (1 + np.exp(-np.clip(logits, -60, 60))))
