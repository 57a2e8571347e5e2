"""Join the rhythms of windows to episodes, and measure how much of a recording each rhythm takes."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

FIBRILLATION, FLUTTER, NOISE = "A", "AFL", "~"
"""Classes of rhythm models that sentences and reports know by their names."""


@dataclass(frozen=True)
class Episode:
    """A stretch of one rhythm."""

    rhythm: str
    """Class of the rhythm."""
    start_s: float
    """Where it begins, s."""
    end_s: float
    """Where it ends, s."""
    probability: float
    """Mean calibrated probability of the rhythm over its windows."""

    @property
    def length_s(self) -> float:
        """How long it lasts, s."""
        return self.end_s - self.start_s


@dataclass(frozen=True)
class Episodes:
    """The rhythms of a recording over time."""

    episodes: tuple[Episode, ...]
    """Stretches of one rhythm, in order."""
    assessed_s: float
    """Time that has a rhythm, s."""

    def share(self, rhythm: str) -> float:
        """Return the share of the assessed time that a rhythm takes.

        Parameters
        ----------
        rhythm : str
            Class of the rhythm.

        Returns
        -------
        float
            From 0 to 1; 0 where nothing is assessed.
        """
        taken = sum(one.length_s for one in self.episodes if one.rhythm == rhythm)
        return taken / self.assessed_s if self.assessed_s else 0.0

    def of(self, rhythm: str) -> tuple[Episode, ...]:
        """Return the episodes of a rhythm.

        Parameters
        ----------
        rhythm : str
            Class of the rhythm.

        Returns
        -------
        tuple of Episode
        """
        return tuple(one for one in self.episodes if one.rhythm == rhythm)

    @property
    def rhythms(self) -> tuple[str, ...]:
        """The rhythms that occur, the longest first."""
        names = dict.fromkeys(one.rhythm for one in self.episodes)
        return tuple(sorted(names, key=lambda name: -self.share(name)))


def episodes_of(bounds_s: Array, rhythms: list[str], probabilities: Array, answered: Array) -> Episodes:
    """Join windows of one rhythm that follow each other.

    Parameters
    ----------
    bounds_s : array [n, 2], s
        Beginning and end of each window, in order; where windows overlap, the later one begins where the earlier ends.
    rhythms : list of str [n]
        Class of each window.
    probabilities : array [n]
        Probability of that class.
    answered : array of bool [n]
        Whether the window has a class.

    Returns
    -------
    Episodes
    """
    found: list[list[Any]] = []
    last_end = -np.inf
    for (start_s, end_s), rhythm, probability, is_answered in zip(
        bounds_s, rhythms, probabilities, answered, strict=True
    ):
        start_s, length_s = max(start_s, last_end), end_s - max(start_s, last_end)
        if not is_answered or length_s <= 0:
            continue
        last_end = end_s
        if found and found[-1][0] == rhythm and abs(found[-1][2] - start_s) < 1e-6:
            found[-1][2] = end_s
            found[-1][3].append((length_s, probability))
        else:
            found.append([rhythm, start_s, end_s, [(length_s, probability)]])
    episodes = tuple(Episode(name, float(a), float(b), _mean(parts)) for name, a, b, parts in found)
    return Episodes(episodes, float(sum(one.length_s for one in episodes)))


def _mean(parts: list[tuple[float, float]]) -> float:
    lengths, values = np.array(parts, float).T
    return float((lengths * values).sum() / lengths.sum())
