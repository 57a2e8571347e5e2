"""Select leads by name; limb leads can be derived from two others, precordial leads never.

A wanted lead is a name, or several separated by ``|`` in order of preference: ``"V1|V5"``.
"""

import shlex
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import LeadMismatch

STANDARD = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")
_CANONICAL = {name.upper(): name for name in (*STANDARD, "MLII", "MLI", "MLIII")}
_CANONICAL |= {"ML2": "MLII", "ML1": "MLI", "ML3": "MLIII", "MODIFIEDLII": "MLII"}

# Einthoven 1913 and Goldberger 1942: of six limb leads two are independent. Each row: lead = a * first + b * second.
_LIMB = {
    "I": (("II", 1.0), ("III", -1.0)),
    "II": (("I", 1.0), ("III", 1.0)),
    "III": (("II", 1.0), ("I", -1.0)),
    "aVR": (("I", -0.5), ("II", -0.5)),
    "aVL": (("I", 1.0), ("II", -0.5)),
    "aVF": (("II", 1.0), ("I", -0.5)),
}


def canonical(name: str) -> str:
    """Return the standard spelling of a lead's name.

    Parameters
    ----------
    name : str
        A name in any spelling.

    Returns
    -------
    str
        An unknown name is returned without surrounding blanks.

    Examples
    --------
    >>> canonical("avr"), canonical("Lead II"), canonical("ml-ii"), canonical("ECG1")
    ('aVR', 'II', 'MLII', 'ECG1')
    """
    bare = name.strip()
    key = bare.upper().replace(" ", "").replace("-", "").replace("_", "").removeprefix("LEAD")
    return _CANONICAL.get(key, bare)


def select(
    signal: NDArray[Any], names: Sequence[str], wishes: Sequence[str], source: str = "the record"
) -> tuple[NDArray[Any], tuple[str, ...]]:
    """Select leads by name, whatever their order; each lead is used once.

    Parameters
    ----------
    signal : array [leads, samples]
        The signal.
    names : sequence of str
        Names of its leads.
    wishes : sequence of str
        Name of each wanted lead, or alternatives ``"MLII|II"``.
    source : str
        Where the signal comes from, for the error.

    Returns
    -------
    signal : array [wanted leads, samples]
        The selected leads.
    used : tuple of str
        Their names.

    Raises
    ------
    LeadMismatch
        If a wanted lead is missing, and cannot be derived from two other limb leads either.
    """
    at = {canonical(name): index for index, name in reversed(list(enumerate(names)))}
    taken: set[str] = set()
    rows, used, unmet = [], [], []
    for wish in wishes:
        options = [canonical(option) for option in wish.split("|")]
        present = next((option for option in options if option in at and option not in taken), None)
        if present is not None:
            taken.add(present)
            rows.append(signal[at[present]])
            used.append(present)
            continue
        found = ((option, _derived(signal, at, option)) for option in options)
        option, derived = next(((option, row) for option, row in found if row is not None), ("", None))
        if derived is None:
            unmet.append(options[0])
            continue
        rows.append(derived)
        used.append(option)
    if unmet:
        named = _renamed(names, unmet)
        raise LeadMismatch(
            "The model needs leads that the record does not have.",
            found=f"{', '.join(names)}  ({source})",
            expected=", ".join(wish.replace("|", " or ") for wish in wishes)
            + f": {len(wishes)} leads" * (len(wishes) > 1),
            remedy=(f"--leads {named}   if these are the leads of the file\n" if named else "")
            + "einthoven models      lists each model with its leads",
        )
    return np.stack(rows), tuple(used)


def _renamed(names: Sequence[str], unmet: list[str]) -> str:
    """Return a value of ``--leads`` that names unnamed leads as the missing ones; empty if there is none."""
    nameless = [name for name in names if canonical(name) not in _CANONICAL.values()]
    if len(nameless) < len(unmet):
        return ""
    if len(set(nameless)) == len(nameless) and not any(mark in name for name in nameless for mark in ",="):
        return shlex.quote(",".join(f"{name}={lead}" for name, lead in zip(nameless, unmet, strict=False)))
    return ",".join(unmet) if len(names) == len(unmet) else ""


def _derived(signal: NDArray[Any], at: dict[str, int], lead: str) -> NDArray[Any] | None:
    """Return a limb lead derived from two others; None if that is impossible."""
    parts = _LIMB.get(lead, ())
    if not parts or any(name not in at for name, _ in parts):
        return None
    return np.asarray(sum(weight * signal[at[name]] for name, weight in parts), signal.dtype)
