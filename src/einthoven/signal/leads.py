"""Select leads by name; limb leads can be derived from two others, precordial leads never.

A wanted lead is a name, or several separated by ``|`` in order of preference: ``"V1|V5"``.
"""

import re
import shlex
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven import on_disk
from einthoven.errors import LeadMismatch
from einthoven.signal.lead_names import KNOWN, known_lead, parts_of_name

_Row = tuple[tuple[int, float], ...]
"""Numbers of rows, each with its weight in a sum."""

STANDARD = ("I", "II", "III", "aVR", "aVL", "aVF", "V1", "V2", "V3", "V4", "V5", "V6")

_UNNAMED = ("ECG", "EKG", "ECG SIGNAL", "ECG_SIGNAL", "EKG SIGNAL")
"""Names of the one lead of a hand-held device or a strap, which do not say where it lies."""
_MINUS = re.compile(
    r"\s*(lead\s+)?(([-−–]|minus\b|neg(ative)?\b|inverted\b)\s*(?P<lead>.+?)|(?P<before>av[rlf])\s*[-−–])\s*$",
    re.IGNORECASE,
)

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
        An unknown name is returned without surrounding blanks. A lead that is stated as minus itself keeps its minus:
        it is another lead.

    Examples
    --------
    >>> [canonical(name) for name in ("avr", "Lead II", "ml-ii", "D2", "ECG1", "ekg", "minus avr", "aVR-")]
    ['aVR', 'II', 'MLII', 'II', 'ECG1', 'ECG', '-aVR', '-aVR']
    """
    bare = name.strip()
    turned = without_minus(bare)
    if turned is not None:
        return f"-{turned}"
    plain = parts_of_name(bare)[0].upper()
    return known_lead(bare) or ("ECG" if plain in _UNNAMED else bare)


def told_apart(names: Sequence[str]) -> tuple[str, ...]:
    """Return names with a number behind those that several leads share, so that each can be named.

    Parameters
    ----------
    names : sequence of str
        Names in standard spelling.

    Returns
    -------
    tuple of str

    Examples
    --------
    >>> told_apart(("ECG", "ECG", "II"))
    ('ECG[1]', 'ECG[2]', 'II')
    """
    if len(set(names)) == len(names):
        return tuple(names)
    counts, seen = Counter(names), Counter[str]()
    apart = []
    for name in names:
        seen[name] += 1
        apart.append(f"{name}[{seen[name]}]" if counts[name] > 1 else name)
    return tuple(apart)


def first_of_several(names: Sequence[str]) -> tuple[str, ...]:
    """Return the names that several leads shared; each stands for the first of them.

    Parameters
    ----------
    names : sequence of str
        Names as :func:`told_apart` returns them.

    Returns
    -------
    tuple of str
        Without their numbers.

    Examples
    --------
    >>> first_of_several(("ECG[1]", "ECG[2]", "II"))
    ('ECG',)
    """
    return tuple(name.removesuffix("[1]") for name in names if name.endswith("[1]"))


def without_minus(name: str) -> str | None:
    """Return the lead that a name states upside down, as in the order of Cabrera: aVL, I, -aVR, II, aVF, III.

    Parameters
    ----------
    name : str
        A name in any spelling.

    Returns
    -------
    str or None
        The lead in standard spelling; None for a name without minus, or minus an unknown lead.

    Examples
    --------
    >>> without_minus("-aVR"), without_minus("minus AVR"), without_minus("aVR"), without_minus("ML-II")
    ('aVR', 'aVR', None, None)
    """
    match = _MINUS.match(name)
    return known_lead(match["lead"] or match["before"]) if match else None


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
    signal, names, _ = turned(signal, names)
    at = {canonical(name): index for index, name in reversed(list(enumerate(names)))}
    at |= {first: at[f"{first}[1]"] for first in first_of_several(names) if first not in at}
    taken: set[str] = set()
    rows: list[_Row] = []
    used, unmet = [], []
    for wish in wishes:
        options = [canonical(option) for option in wish.split("|")]
        present = next((option for option in options if option in at and option not in taken), None)
        if present is not None:
            taken.add(present)
            rows.append(((at[present], 1.0),))
            used.append(present)
            continue
        found = ((option, _derived(at, option)) for option in options)
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
    return _rows_of(signal, rows), tuple(used)


def _rows_of(signal: NDArray[Any], rows: Sequence[_Row]) -> NDArray[Any]:
    """Return rows of a signal, or sums of its rows; of a signal in a file a part of it where that is possible."""
    places = [parts[0][0] for parts in rows if len(parts) == 1]
    steps = set(np.diff(places).tolist()) or {1}
    if on_disk.is_kept(signal) and len(places) == len(rows) and len(steps) == 1 and min(steps) > 0:
        return signal[places[0] : places[-1] + 1 : min(steps)]

    def piece(first: int, end: int) -> NDArray[Any]:
        on_disk.release(signal)
        return np.stack([_sum_of(signal[:, first:end], parts) for parts in rows])

    if signal.dtype != np.float32:
        return piece(0, signal.shape[1])
    return on_disk.built((len(rows), signal.shape[1]), piece)


def _sum_of(signal: NDArray[Any], parts: _Row) -> NDArray[Any]:
    if len(parts) == 1:
        return np.asarray(signal[parts[0][0]])
    return np.asarray(sum(weight * signal[at] for at, weight in parts), signal.dtype)


def turned(signal: NDArray[Any], names: Sequence[str]) -> tuple[NDArray[Any], tuple[str, ...], tuple[str, ...]]:
    """Turn leads that are stated as minus a lead (-aVR) the right way up.

    Parameters
    ----------
    signal : array [leads, samples]
        The signal.
    names : sequence of str
        Names of its leads.

    Returns
    -------
    signal : array [leads, samples], same dtype
        The signal itself, or a copy with these rows negated.
    names : tuple of str
        The names without their minus.
    were : tuple of str
        The leads that were turned, in standard spelling.
    """
    upright = [without_minus(name) for name in names]
    rows = [at for at, name in enumerate(upright) if name is not None]
    if rows:
        upright_is_minus = np.isin(np.arange(len(names)), rows)[:, None]

        def piece(first: int, end: int) -> NDArray[Any]:
            return np.where(upright_is_minus, -given[:, first:end], given[:, first:end])

        given = signal
        signal = (
            on_disk.built((len(given), given.shape[1]), piece)
            if given.dtype == np.float32
            else piece(0, given.shape[1])
        )
    renamed = tuple(new or old for new, old in zip(upright, names, strict=True))
    return signal, renamed, tuple(renamed[at] for at in rows)


def _renamed(names: Sequence[str], unmet: list[str]) -> str:
    """Return a value of ``--leads`` that names unnamed leads as the missing ones; empty if there is none."""
    nameless = [name for name in names if canonical(name) not in KNOWN.values()]
    if len(nameless) < len(unmet):
        return ""
    if len(set(nameless)) == len(nameless) and not any(mark in name for name in nameless for mark in ",="):
        return shlex.quote(",".join(f"{name}={lead}" for name, lead in zip(nameless, unmet, strict=False)))
    return ",".join(unmet) if len(names) == len(unmet) else ""


def _derived(at: dict[str, int], lead: str) -> _Row | None:
    """Return how a limb lead is derived from two others; None if that is impossible."""
    parts = _LIMB.get(lead, ())
    if not parts or any(name not in at for name, _ in parts):
        return None
    return tuple((at[name], weight) for name, weight in parts)
