"""Hold the evidence for a class that a model predicts for a whole record."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_LEAST_POINTS = 1.0
"""A smaller change of a probability is none, percentage points."""


@dataclass(frozen=True)
class Measurement:
    """A measurement that a model reads, and its effect on one class.

    Parameters
    ----------
    name, unit : str
        What is measured, and in which unit; ``1`` for a pure number.
    value : float
        Its value; the mean over beats, where several are explained.
    median : float
        Its median in the training data.
    fall : float
        Fall of the probability of the class when the median replaces the value.
    """

    name: str
    unit: str
    value: float
    median: float
    fall: float

    def __str__(self) -> str:
        unit = "" if self.unit == "1" else f" {self.unit}"
        return f"{self.name}: {self.value:.3g}{unit} (median in training data {self.median:.3g}{unit})"


@dataclass(frozen=True)
class Contribution:
    """What the probability of a class is with an input, and without it."""

    name: str
    """The input, as a sentence names it."""
    before: float
    """Probability of the class; of several beats the mean."""
    after: float
    """Probability without the input."""

    @property
    def points(self) -> float:
        """Change of the probability without the input, percentage points."""
        return 100 * (self.after - self.before)

    @property
    def sentence(self) -> str:
        """The change in words, with its unit.

        Examples
        --------
        >>> Contribution("lead V1", 0.83, 0.52).sentence
        'Without lead V1 the probability falls from 0.83 to 0.52 (31 percentage points).'
        >>> Contribution("lead V1", 0.83, 0.832).sentence
        'Without lead V1 the probability stays at 0.83.'
        """
        if abs(self.points) < _LEAST_POINTS:
            return f"Without {self.name} the probability stays at {self.before:.2f}."
        verb = "falls" if self.points < 0 else "rises"
        span = f"from {self.before:.2f} to {self.after:.2f} ({abs(self.points):.0f} percentage points)"
        return f"Without {self.name} the probability {verb} {span}."


@dataclass(frozen=True)
class Evidence:
    """The evidence for one predicted class.

    Parameters
    ----------
    label : int
        Number of the class.
    start_s : float, seconds
        Beginning of the window with the highest probability of the class.
    map : array [samples], 0 to 1
        Importance over that window at the model's sampling rate; over `beat`, if the model reads a typical beat.
    falls : tuple of float
        For each lead used, the fall of the probability when the lead is set to zero.
    beat : array [leads, samples], mV, optional
        The typical beat, if the model reads it.
    trace : array [samples], 0 to 1, optional
        Importance over the window, if `map` is over the typical beat and some of the networks read the signal too.
    parts : tuple of (str, float)
        If the model reads measurements of the rhythm: the name of each input, and the fall of the probability when it is set to
        zero (RR intervals: when they are steady).
    measurements : tuple of Measurement
        If the model reads measurements: those that decided, the largest fall of the probability first.
    probability : float
        Probability of the class in that window, from which the falls are taken.
    """

    label: int
    start_s: float
    map: NDArray[np.floating]
    falls: tuple[float, ...]
    beat: NDArray[np.floating] | None = None
    trace: NDArray[np.floating] | None = None
    parts: tuple[tuple[str, float], ...] = ()
    measurements: tuple[Measurement, ...] = ()
    probability: float = float("nan")

    def without(self, leads: Sequence[str]) -> list[tuple[str, float]]:
        """Return the fall of the probability without each input, or else each lead, the largest first.

        Parameters
        ----------
        leads : sequence of str
            Names of the leads used.

        Returns
        -------
        list of (str, float)
            Name and fall.
        """
        return sorted(self.parts or zip(leads, self.falls, strict=True), key=lambda pair: -pair[1])
