"""Hold what speaks for a class that a model predicts for a whole record."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


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
    """

    label: int
    start_s: float
    map: NDArray[np.floating]
    falls: tuple[float, ...]
    beat: NDArray[np.floating] | None = None
    trace: NDArray[np.floating] | None = None
    parts: tuple[tuple[str, float], ...] = ()

    def without(self, leads: Sequence[str]) -> list[tuple[str, float]]:
        """List the inputs, or else the `leads`, with the fall of the probability without each, the largest first."""
        return sorted(self.parts or zip(leads, self.falls, strict=True), key=lambda pair: -pair[1])
