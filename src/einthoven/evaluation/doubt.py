"""Choose which answers are marked doubtful, from the errors on validation data."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

UNMEASURED_LIMIT = 0.6
"""Probability of the predicted class below which an item is doubtful, for a model without measured limits."""
BEATS_MARKED, RECORDS_MARKED, PEOPLE_MARKED = 0.0925, 0.2, 0.1
"""Shares of the validation beats, records and people that are marked: the least sure."""


@dataclass(frozen=True)
class Doubt:
    """Below which probability an item is doubtful, and above which expected error a recording of beats is.

    Raises
    ------
    ValueError
        If a limit is no number from 0 to 1.
    """

    limit: float
    """Calibrated probability of the predicted class below which a beat or record is doubtful."""
    person_limit: float = 1.0
    """Mean over a recording's beats of one less that probability, above which the recording is remarked upon."""
    measured: dict[str, Any] = field(default_factory=dict)
    """On which data, and what was found there: ``marked``, ``errors_caught``, ``error`` and ``error_of_the_others``."""

    def __post_init__(self) -> None:
        if not all(math.isfinite(value) and 0 <= value <= 1 for value in (self.limit, self.person_limit)):
            raise ValueError(f"limits of doubt are {self.limit} and {self.person_limit}; expected numbers from 0 to 1")

    @classmethod
    def from_dict(cls, plain: Mapping[str, Any]) -> "Doubt":
        """Read plain values, as :func:`dataclasses.asdict` gives them.

        Parameters
        ----------
        plain : mapping
            The fields.

        Raises
        ------
        ValueError
            If they are no limits of doubt.
        """
        try:
            limits = float(plain["limit"]), float(plain.get("person_limit", 1.0))
            return cls(*limits, dict(plain.get("measured", {})))
        except (KeyError, TypeError) as error:
            raise ValueError(f"no limits of doubt: {type(error).__name__}: {error}") from error


def doubt(confidence: Array, wrong: Array, person: Array, share: float, data: dict[str, Any]) -> Doubt:
    """Choose limits that mark a share of validation answers.

    Parameters
    ----------
    confidence : array [n]
        Calibrated probability of the predicted class.
    wrong : array [n], bool
        Whether the prediction is wrong.
    person : array [n]
        Patient of each row; expected errors are compared between patients with several rows.
    share : float
        Share of the rows to mark.
    data : dict
        What the card states about the data.

    Returns
    -------
    Doubt
    """
    limit = math.floor(float(np.quantile(confidence, share)) * 1e4) / 1e4
    _, member, n = np.unique(person, return_inverse=True, return_counts=True)
    expected = (np.bincount(member, 1 - confidence) / n)[n > 1]
    person_limit = round(float(np.quantile(expected, 1 - PEOPLE_MARKED)), 4) if len(expected) else 1.0
    return Doubt(limit, person_limit, measured(confidence < limit, wrong) | {"n": len(wrong)} | data)


def measured(marked: Array, wrong: Array) -> dict[str, float]:
    """Return how many errors are among the answers that are marked.

    Parameters
    ----------
    marked : array [n], bool
        Which answers are doubtful.
    wrong : array [n], bool
        Which are wrong.

    Returns
    -------
    dict
        ``marked``, the share; ``errors_caught``, the share of the errors; ``error`` of all and ``error_of_the_others``.
    """
    found = {
        "marked": marked.mean(),
        "errors_caught": (marked & wrong).sum() / max(1, wrong.sum()),
        "error": wrong.mean(),
        "error_of_the_others": wrong[~marked].mean() if not marked.all() else 0.0,
    }
    return {name: round(float(value), 4) for name, value in found.items()}
