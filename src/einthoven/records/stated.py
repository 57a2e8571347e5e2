"""What a user states about a recording because its file does not, or states wrongly."""

import re
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import RecordUnreadable, StatementMissing

UNITS_MV = {"V": 1000.0, "mV": 1.0, "uV": 0.001, "µV": 0.001, "μV": 0.001, "nV": 1e-6}
_SPELLED_OUT = re.compile(r"(?P<factor>milli|micro|mikro|nano|mc|[munµμ])?[\s_-]?v(olts?)?\.?", re.IGNORECASE)
_FACTORS = {"milli": "mV", "m": "mV", "micro": "uV", "mc": "uV", "u": "uV", "µ": "uV", "μ": "uV", "": "V"}
_FACTORS |= {"mikro": "uV", "nano": "nV", "n": "nV"}


def unit_named(text: str) -> str | None:
    """Return the unit that a text names, whatever its case and however it is spelled out.

    Parameters
    ----------
    text : str
        A unit as a file or a user writes it.

    Returns
    -------
    str or None
        A key of :data:`UNITS_MV`; None for an unknown unit.

    Examples
    --------
    >>> [unit_named(text) for text in ("mv", "microV", "MILLIVOLTS", "mmHg")]
    ['mV', 'uV', 'mV', None]
    """
    exact = next((unit for unit in UNITS_MV if unit.lower() == text.lower()), None)
    spelled = None if exact else _SPELLED_OUT.fullmatch(text)
    return _FACTORS[(spelled["factor"] or "").lower()] if spelled else exact


@dataclass(frozen=True)
class Stated:
    """Statements of a user about one recording; None where nothing is stated."""

    fs_hz: float | None = None
    """Sampling rate in Hz; it overrides that of the file."""
    leads: tuple[str, ...] | None = None
    """Names of all leads in the file's order."""
    unit: str | None = None
    """A key of UNITS_MV; it overrides that of the file."""
    gain: float | None = None
    """Counts per mV; the values of the file are then counts, whatever the file says."""
    zero: float | None = None
    """Count at 0 mV, beside a gain; 0 if it is not stated."""
    annotator: str | None = None
    """Suffix of an annotation file to read too."""
    partial: bool = False
    """Whether a recording is read although some of its files are missing; their samples are missing then."""
    wanted: tuple[str, ...] = ()
    """Names in the file of the leads that are renamed afterwards; of a table only these and known leads are read."""

    def __post_init__(self) -> None:
        if self.annotator is not None and not re.fullmatch(r"[A-Za-z0-9_+-]{1,32}", self.annotator):
            raise RecordUnreadable(
                "The stated annotator is not one.",
                found=f"the annotator {self.annotator[:60]!r}",
                expected="the suffix of an annotation file: letters and digits",
                remedy="annotator='atr'",
            )
        if self.gain is not None and self.unit is not None:
            raise _contradiction(f"--gain {self.gain:g} and --unit {self.unit}", "one of them", "--gain 200")
        if self.zero is not None and self.gain is None:
            raise _contradiction(f"--zero {self.zero:g} without --gain", "both", f"--gain 200 --zero {self.zero:g}")
        if self.gain is not None and not (np.isfinite(self.gain) and self.gain > 0):
            raise _contradiction(f"--gain {self.gain:g}", "counts per mV, above 0", "--gain 200")
        if self.zero is not None and not np.isfinite(self.zero):
            raise _contradiction(f"--zero {self.zero:g}", "the count at 0 mV", "--gain 200 --zero 1024")

    @property
    def states_scale(self) -> bool:
        """Whether the unit or the gain is stated."""
        return self.unit is not None or self.gain is not None

    def to_mv(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return values in mV, by the stated gain or unit; a scale must be stated.

        Parameters
        ----------
        values : array
            Values of the file.

        Returns
        -------
        array, mV
        """
        if self.gain is not None:
            return (np.asarray(values, np.float64) - (self.zero or 0.0)) / self.gain
        return values * UNITS_MV[self.unit or "mV"]

    def but(self, **changes: Any) -> "Stated":
        """Return the same statements with some changed.

        Parameters
        ----------
        **changes
            Fields and their new values.

        Returns
        -------
        Stated
        """
        return replace(self, **changes)


NOTHING = Stated()
"""No statement."""


def _contradiction(found: str, expected: str, remedy: str) -> RecordUnreadable:
    return RecordUnreadable(
        "The stated scale is not one.",
        found=found,
        expected=f"{expected}: --unit V, mV or uV, or --gain in counts per mV and --zero, the count at 0 mV",
        remedy=remedy,
    )


def leads_of(text: str | None) -> tuple[str, ...] | dict[str, str] | None:
    """Return what --leads states: names in order, or a dict from the file's names to new ones.

    Parameters
    ----------
    text : str, optional
        What the user wrote.

    Returns
    -------
    tuple of str, dict of str to str, or None

    Raises
    ------
    StatementMissing
        Where both are mixed.
    """
    if text is None:
        return None
    words = [word.strip() for word in text.split(",") if word.strip()]
    if all("=" in word for word in words):
        return {old: new for old, _, new in (word.partition("=") for word in words)}
    if any("=" in word for word in words) or not words:
        raise StatementMissing(
            "Invalid lead names.",
            found=f"--leads {text}",
            expected="the names of all leads in order, or FILE=LEAD for each lead to rename",
            remedy="--leads ECG1=MLII,ECG2=V1",
        )
    return tuple(words)
