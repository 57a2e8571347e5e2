"""Check the laws that limb leads obey, and find the wrong name or sign that breaks them.

Einthoven 1913: II = I + III. Goldberger 1942: aVR = -(I + II) / 2, aVL = (I - III) / 2, aVF = (II + III) / 2.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

LIMB = ("I", "II", "III", "aVR", "aVL", "aVF")
LAWS: Mapping[str, Mapping[str, float]] = {
    "II = I + III": {"II": 1.0, "I": -1.0, "III": -1.0},
    "aVR = -(I + II) / 2": {"aVR": 1.0, "I": 0.5, "II": 0.5},
    "aVL = (I - III) / 2": {"aVL": 1.0, "I": -0.5, "III": 0.5},
    "aVF = (II + III) / 2": {"aVF": 1.0, "II": -0.5, "III": -0.5},
}
"""Each law as a sum that is zero."""
_LARGEST = 0.3
"""Largest breach by filters, gains and rounding: root mean square of the sum over that of its terms."""
_MENDED = 0.15
_UNEXPLAINED = 0.1
"""Largest rest of a law with other gains, as a share of its first term."""
_SMALLEST_MV = 0.01
"""A breach under this root mean square is rounding, mV."""


@dataclass(frozen=True)
class Breach:
    """Limb leads that contradict each other.

    Parameters
    ----------
    laws : dict of str to float
        Each broken law, and its breach as a share of its terms.
    inverted : str
        The lead that was recorded upside down; empty if that does not explain the breach.
    exchanged : tuple of str
        Two leads whose names are exchanged; empty if that does not explain the breach.
    by_gains : bool
        Whether the laws would hold if each lead had another gain.
    """

    laws: dict[str, float]
    inverted: str
    exchanged: tuple[str, ...]
    by_gains: bool


def breach(signal_mv: Array, leads: tuple[str, ...]) -> Breach | None:
    """Check the laws of the limb leads that a recording has.

    Parameters
    ----------
    signal_mv : array [leads, samples], mV
        The recording between 0.5 and 40 Hz.
    leads : tuple of str
        Names of its leads.

    Returns
    -------
    Breach or None
        None if every law holds, or none can be checked.
    """
    rows = {lead: signal_mv[at] for at, lead in reversed(list(enumerate(leads))) if lead in LIMB}
    shares = _shares(rows)
    broken = {law: share for law, share in shares.items() if share > _LARGEST}
    if not broken:
        return None
    if len(shares) < 2:
        return Breach(broken, "", (), False)
    turned = {lead: {**rows, lead: -rows[lead]} for lead in rows}
    inverted = [lead for lead, each in turned.items() if _holds(each)]
    if inverted:
        return Breach(broken, inverted[0] if len(inverted) == 1 else "", (), False)
    pairs = [pair for pair in combinations(rows, 2) if _holds(_with_exchanged(rows, pair))]
    if pairs:
        return Breach(broken, "", pairs[0] if len(pairs) == 1 else (), False)
    if _holds_with_gains(rows):
        return Breach(broken, "", (), True)
    inverted = [lead for lead, each in turned.items() if _holds_with_gains(each)]
    return Breach(broken, inverted[0] if len(inverted) == 1 else "", (), len(inverted) == 1)


def gain_of_first(signal_mv: Array, leads: tuple[str, ...]) -> float:
    """Return the factor by which lead I must be multiplied to have the gain of lead II.

    Parameters
    ----------
    signal_mv : array [leads, samples], mV
        The recording between 0.5 and 40 Hz.
    leads : tuple of str
        Names of its leads, I, II and III among them.

    Returns
    -------
    float
        1 if it would not be positive.
    """
    one, two, three = (signal_mv[leads.index(lead)] for lead in ("I", "II", "III"))
    (gain, _), *_ = np.linalg.lstsq(np.stack((one, three), axis=1), two, rcond=None)
    return float(gain) if gain > 0 else 1.0


def _shares(rows: dict[str, Array]) -> dict[str, float]:
    """Return the breach of each law that can be checked, as a share of its terms."""
    found = {}
    for law, terms in LAWS.items():
        if all(lead in rows for lead in terms):
            parts = np.stack([weight * rows[lead] for lead, weight in terms.items()])
            rest = float(np.sqrt(np.square(parts.sum(axis=0)).mean()))
            size = float(np.sqrt(np.square(parts).mean()))
            found[law] = rest / size if rest > _SMALLEST_MV and size > 0 else 0.0
    return found


def _holds(rows: dict[str, Array]) -> bool:
    return all(share <= _MENDED for share in _shares(rows).values())


def _holds_with_gains(rows: dict[str, Array]) -> bool:
    """Return whether all laws hold if each term may have a gain of its own, of the sign that the law gives it."""
    for terms in LAWS.values():
        if all(lead in rows for lead in terms):
            first, *others = (weight * rows[lead] for lead, weight in terms.items())
            gains, *_ = np.linalg.lstsq(-np.stack(others, axis=1), first, rcond=None)
            rest = first + gains @ np.stack(others)
            if (gains <= 0).any() or np.square(rest).mean() > _UNEXPLAINED**2 * np.square(first).mean():
                return False
    return True


def _with_exchanged(rows: dict[str, Array], pair: tuple[str, str]) -> dict[str, Array]:
    first, second = pair
    return {**rows, first: rows[second], second: rows[first]}
