"""Hold what a file says of its signal, and make a record of it with what the user states."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from numpy.typing import NDArray

from einthoven.errors import RecordUnreadable, StatementMissing
from einthoven.records import scale
from einthoven.records.identity import SILENT, UNKNOWN, Identity, MachineReading
from einthoven.records.record import Record
from einthoven.records.stated import Stated

_RATE_DIFFERS = 0.01


@dataclass(frozen=True)
class Facts:
    """What a file says of its signal; None or empty where it does not."""

    fs_hz: float | None = None
    """Sampling rate in Hz."""
    rate_source: str = "the file"
    """Where the rate stands, for a warning."""
    unit: str | None = None
    """Unit of all leads, a key of UNITS_MV."""
    gain: float | None = None
    """Counts per mV, where the values are counts."""
    zero: float = 0.0
    """Count at 0 mV."""
    leads: tuple[str, ...] = ()
    """Names of the leads in order."""
    identity: Identity = UNKNOWN
    """Patient, date and device."""
    machine: MachineReading = SILENT
    """What the device says of the recording."""
    comments: tuple[str, ...] = ()
    """Remarks of the file."""
    warnings: tuple[str, ...] = ()
    """What was assumed or left out."""

    def but(self, **changes: Any) -> "Facts":
        """Return the same facts with some changed.

        Parameters
        ----------
        **changes
            Fields and their new values.

        Returns
        -------
        Facts
        """
        return replace(self, **changes)

    def warned(self, *texts: str) -> "Facts":
        """Return the same facts with further warnings.

        Parameters
        ----------
        *texts : str
            The warnings.

        Returns
        -------
        Facts
        """
        return replace(self, warnings=(*self.warnings, *texts))


@dataclass(frozen=True)
class Rows:
    """Rows of a signal before their scale is known."""

    values: NDArray[Any]
    """[leads, samples], as the file has them."""
    names: tuple[str, ...] | None
    """Their names; None if the file does not name them."""
    units: tuple[str | None, ...] = field(default=())
    """Unit of each row where the file states it, a key of UNITS_MV."""


def record_of(path: Path, rows: Rows, facts: Facts, stated: Stated) -> Record:
    """Make a record of rows, with what the file says and what the user states.

    Parameters
    ----------
    path : Path
        The file.
    rows : Rows
        The signal.
    facts : Facts
        What the file says.
    stated : Stated
        What the user states; `leads` is None or as long as there are rows.

    Returns
    -------
    Record

    Raises
    ------
    StatementMissing
        If rate, leads or unit are neither in the file nor stated.
    RecordUnreadable
        If the number of leads differs, or the values cannot be what was stated.
    """
    names = stated.leads or rows.names
    fs_hz = facts.fs_hz if stated.fs_hz is None else stated.fs_hz
    units = tuple(unit or facts.unit for unit in rows.units or (None,) * len(rows.values))
    has_scale = stated.states_scale or facts.gain is not None or all(units)
    if fs_hz is None or names is None or not has_scale:
        raise _missing(path, rows, fs_hz is None, names is None, not has_scale)
    if len(names) != len(rows.values):
        raise other_number_of_leads(path, names, len(rows.values))
    warnings = list(facts.warnings)
    if stated.fs_hz is not None and facts.fs_hz is not None and abs(facts.fs_hz / stated.fs_hz - 1) > _RATE_DIFFERS:
        warnings.append(
            f"{facts.rate_source} {'does not rise as at' if 'column' in facts.rate_source else 'does not say'} "
            f"{stated.fs_hz:g} Hz, but {facts.fs_hz:g} Hz; the stated sampling rate is used"
        )
    scaled = scale.to_millivolts(path, rows.values, names, units, (facts.gain, facts.zero), stated)
    warnings += scaled.warnings
    return Record(
        name=path.stem,
        signal_mv=scaled.signal_mv,
        fs_hz=fs_hz,
        leads=scaled.names,
        source=path,
        comments=facts.comments,
        warnings=tuple(warnings),
        identity=facts.identity,
        machine=facts.machine,
    )


def other_number_of_leads(path: Path, names: tuple[str, ...], n_leads: int) -> RecordUnreadable:
    """Return the error for a statement of more or fewer leads than there are.

    Parameters
    ----------
    path : Path
        The file.
    names : tuple of str
        The leads that were stated.
    n_leads : int
        Leads of the file.

    Returns
    -------
    RecordUnreadable
    """
    wanted = (*names[:n_leads], *(f"LEAD{at + 1}" for at in range(len(names), n_leads)))
    return RecordUnreadable(
        f"The leads stated for {path} are not those of the file.",
        found=f"{len(names)} names: {', '.join(names[:20])}{', …' if len(names) > 20 else ''}",
        expected=f"{n_leads} names, one a lead",
        remedy=f"--leads {','.join(wanted)}      in the file's order"
        if n_leads <= 20
        else "give one recording, with one column a lead",
    )


def _missing(path: Path, rows: Rows, no_rate: bool, no_leads: bool, no_scale: bool) -> StatementMissing:
    names = ",".join(f"LEAD{at + 1}" for at in range(len(rows.values)))
    needed = {
        "--fs 360": no_rate,
        f"--leads {names}": no_leads,
        scale.suggested(rows.values): no_scale,
    }
    missing = [flag for flag, is_missing in needed.items() if is_missing]
    flags = ", ".join("--unit" if flag.startswith("--gain") else flag.split()[0] for flag in missing)
    is_counts = no_scale and "--gain" in missing[-1]
    counts = "; the values are whole numbers, as counts of a converter" if is_counts else ""
    return StatementMissing(
        f"{path} does not state everything that is needed to read it.",
        found=f"{rows.values.shape[0]} leads of {rows.values.shape[1]:,} samples; not stated: {flags}{counts}",
        expected="the sampling rate in Hz, the leads in the file's order, the unit (V, mV or uV) or the gain in counts per mV"
        " and the count at 0 mV",
        remedy=" ".join(missing) + "      with the numbers of your device",
    )
