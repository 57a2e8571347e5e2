"""Hold one recording: signal in millivolts, rate, lead names; checked once, when made, and read-only."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import RecordUnreadable
from einthoven.signal.leads import canonical
from einthoven.signal.quality import IMPLAUSIBLE_MV

UNITS_MV = {"V": 1000.0, "mV": 1.0, "uV": 0.001, "µV": 0.001, "μV": 0.001, "nV": 1e-6}

_MOST_MV = 1000.0  # electrodes offset by 300 mV at most (IEC 60601-2-25, 201.12.4.102); more is no voltage
_LARGE_MV = 15.0
# Below, the band of QRS complexes (5 to 30 Hz) does not fit; above, no electrocardiograph.
_RATES_HZ = (64.0, 100_000.0)


def possible(signal_mv: NDArray[Any]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Mark samples that cannot be voltages of an electrode (over 1 V) as missing.

    Parameters
    ----------
    signal_mv : array [leads, samples], mV
        A signal.

    Returns
    -------
    signal_mv : array [leads, samples], float32, mV
        The signal, NaN where it is no voltage.
    impossible : array [leads, samples], bool
        Where it was none.
    """
    with np.errstate(over="ignore"):
        signal = np.asarray(signal_mv, np.float32)
    impossible = np.abs(signal) > _MOST_MV
    return (np.where(impossible, np.float32(np.nan), signal) if impossible.any() else signal), impossible


def unit_named(text: str) -> str | None:
    """Return the unit that a text names, in any case.

    Parameters
    ----------
    text : str
        A unit as a file or a person writes it.

    Returns
    -------
    str or None
        A key of :data:`UNITS_MV`; None if it is none of them.
    """
    return next((unit for unit in UNITS_MV if unit.lower() == text.lower()), None)


@dataclass(frozen=True, eq=False)
class Annotations:
    """What annotators wrote.

    Parameters
    ----------
    samples : array [n], int64
        Sample numbers; read-only.
    symbols : tuple of str
        A WFDB code for each.
    notes : tuple of str
        A note for each, often empty.
    """

    samples: NDArray[np.int64]
    symbols: tuple[str, ...]
    notes: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "samples", _read_only(np.asarray(self.samples, np.int64), self.samples))


@dataclass(frozen=True, eq=False)
class Record:
    """One recording.

    Parameters
    ----------
    name : str
        Name of the recording.
    signal_mv : array [leads, samples], float32, mV
        The signal, NaN where a sample is missing. The record keeps a read-only array of its own.
    fs_hz : float, Hz
        Sampling rate.
    leads : tuple of str
        Names in the order of the rows; kept in standard spelling.
    source : Path, optional
        File it was read from.
    comments : tuple of str
        Free text of the file (age, sex, drugs, diagnoses).
    warnings : tuple of str
        Oddities of the file that are no reason to refuse it.
    annotations : Annotations, optional
        What annotators wrote, if it was asked for.

    Raises
    ------
    RecordUnreadable
        If rate, shape and leads do not make a recording.
    RecordUnreadable
        If the amplitudes cannot be millivolts.
    """

    name: str
    signal_mv: NDArray[np.float32]
    fs_hz: float
    leads: tuple[str, ...]
    source: Path | None = None
    comments: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    annotations: Annotations | None = None

    def __post_init__(self) -> None:
        where = f"{self.name} ({self.source})" if self.source else self.name
        signal, impossible = possible(self.signal_mv)
        faults = []
        if not _RATES_HZ[0] <= self.fs_hz <= _RATES_HZ[1]:
            faults.append(f"a sampling rate of {self.fs_hz:g} Hz")
        if signal.ndim != 2 or signal.shape[0] != len(self.leads):
            faults.append(f"an array of shape {signal.shape} for {len(self.leads)} leads")
        elif not signal.size:
            faults.append("no samples")
        if faults:
            raise RecordUnreadable(
                f"{where} is not a recording.",
                found="; ".join(faults),
                expected=f"a rate of {_RATES_HZ[0]:g} to {_RATES_HZ[1]:,.0f} Hz and samples [leads, samples]",
                remedy="--fs 360      states the rate where the file does not",
            )
        warnings = []
        if impossible.any():
            warnings.append(f"{impossible.sum():,} samples beyond {_MOST_MV:g} mV were taken for missing")
        object.__setattr__(self, "signal_mv", _read_only(signal, self.signal_mv))
        object.__setattr__(self, "fs_hz", float(self.fs_hz))
        object.__setattr__(self, "leads", tuple(canonical(lead) for lead in self.leads))
        spread = _spread_mv(signal)
        if _LARGE_MV < spread <= IMPLAUSIBLE_MV:
            warnings.append(f"a typical lead spans {spread:.0f} mV, more than a heart gives: is the unit right?")
        object.__setattr__(self, "warnings", tuple(dict.fromkeys((*self.warnings, *warnings))))
        if spread > IMPLAUSIBLE_MV:
            raise RecordUnreadable(
                f"the amplitudes of {where} cannot be millivolts.",
                found=f"a typical lead spans {spread:,.0f} mV",
                expected=f"under {IMPLAUSIBLE_MV:g} mV",
                remedy="--unit uV      if the values are microvolts; else correct the gain in the file's header",
            )

    @property
    def where(self) -> str:
        """The file it was read from, else its name."""
        return str(self.source or self.name)

    @property
    def n_samples(self) -> int:
        """Samples of each lead."""
        return int(self.signal_mv.shape[1])

    @property
    def duration_s(self) -> float:
        """Length in seconds."""
        return self.n_samples / self.fs_hz

    def with_leads(self, statement: "tuple[str, ...] | dict[str, str]") -> "Record":
        """Return the same record with its leads renamed.

        Parameters
        ----------
        statement : tuple of str, or dict of str to str
            All names in order, or a map from names in the file to what they stand for.

        Returns
        -------
        Record
            The record, with a warning that names what was renamed.

        Raises
        ------
        RecordUnreadable
            If the number of names differs, or a name is not in the file.
        """
        if isinstance(statement, dict):
            stated = {canonical(old): new for old, new in statement.items()}
            unknown = [old for old in stated if old not in self.leads]
            names = tuple(stated.get(lead, lead) for lead in self.leads)
        else:
            unknown = []
            names = tuple(statement)
        if unknown or len(names) != len(self.leads):
            raise RecordUnreadable(
                f"the leads stated for {self.name} are not those of the file.",
                found=f"--leads {','.join(unknown or names)}",
                expected=f"the file's {len(self.leads)} leads: {', '.join(self.leads)}",
                remedy=f"--leads {self.leads[0]}=MLII",
            )
        pairs = zip(self.leads, (canonical(name) for name in names), strict=True)
        told = ", ".join(f"{old} read as {new}" for old, new in pairs if old != new)
        return replace(self, leads=names, warnings=(*self.warnings, *([f"{told}, as stated"] if told else [])))


def _read_only(values: NDArray[Any], given: Any) -> NDArray[Any]:
    """Values in an array that nobody can write to: a copy where they are the caller's array, or a view of it."""
    if np.may_share_memory(values, given) and (values.flags.writeable or values.base is not None):
        values = values.copy()
    values.flags.writeable = False
    return values


def _spread_mv(signal_mv: NDArray[np.float32]) -> float:
    """Range between the 0.5th and the 99.5th percentile of the median lead; 0 where nothing is there."""
    thinned = signal_mv[:, :: max(1, signal_mv.shape[1] // 20_000)]
    if np.isfinite(thinned).all():
        low, high = np.percentile(thinned, (0.5, 99.5), axis=1)
        return float(np.median(high - low))
    spans = []
    for lead in thinned:
        there = lead[np.isfinite(lead)]
        if len(there):
            low, high = np.percentile(there, (0.5, 99.5))
            spans.append(high - low)
    return float(np.median(spans)) if spans else 0.0
