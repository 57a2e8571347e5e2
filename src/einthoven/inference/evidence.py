"""Hold what speaks for a class that a model predicts for a whole record."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Measurement:
    """A measurement that a model reads, and what it means for one class.

    Parameters
    ----------
    name, unit : str
        What is measured; ``1`` for a pure number.
    value : float
        Its value; the mean over the beats, where several are looked at.
    median : float
        Its median in the training data.
    fall : float
        By how much the probability of the class falls when the median takes its place.
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
class Evidence:
    """What speaks for one predicted class.

    Parameters
    ----------
    label : int
        Number of the class.
    start_s : float, seconds
        Where the window begins that has the highest probability of the class.
    map : array [samples], 0 to 1
        Importance over that window at the model's sampling rate; over `beat` where the model reads a typical beat.
    falls : tuple of float
        For each lead used, by how much the probability falls when the lead is set to zero.
    beat : array [leads, samples], mV, optional
        The typical beat, of a model that reads it.
    trace : array [samples], 0 to 1, optional
        Importance over the window, where `map` is over the typical beat and some of the networks read the signal too.
    parts : tuple of (str, float)
        Of a model that measures the rhythm: the name of each input, and by how much the probability falls without it.
    measurements : tuple of Measurement
        Of a model that reads measurements: those that decided, the largest fall of the probability first.
    """

    label: int
    start_s: float
    map: NDArray[np.floating]
    falls: tuple[float, ...]
    beat: NDArray[np.floating] | None = None
    trace: NDArray[np.floating] | None = None
    parts: tuple[tuple[str, float], ...] = ()
    measurements: tuple[Measurement, ...] = ()

    def without(self, leads: Sequence[str]) -> list[tuple[str, float]]:
        """List the inputs, or else the `leads`, with the fall of the probability without each, the largest first."""
        return sorted(self.parts or zip(leads, self.falls, strict=True), key=lambda pair: -pair[1])
