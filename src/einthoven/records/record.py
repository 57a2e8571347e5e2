"""Hold one recording: signal in millivolts, sampling rate and leads, checked and read-only."""

import shlex
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven import on_disk
from einthoven.errors import RecordUnreadable
from einthoven.records.identity import SILENT, UNKNOWN, Identity, MachineReading, MedianBeats
from einthoven.signal.finding import Finding
from einthoven.signal.leads import canonical, first_of_several, told_apart, turned
from einthoven.signal.quality import IMPLAUSIBLE_MV

_MOST_MV = 1000.0  # electrodes offset by 300 mV at most (IEC 60601-2-25, 201.12.4.102)
_LARGE_MV = 15.0
_NOMINAL_MV = 255.0  # of 8 bits, where a gain of 1 stands for an unknown one
# The band of QRS complexes (5 to 30 Hz) needs the lower bound; no electrocardiograph reaches the upper one.
_RATES_HZ = (64.0, 100_000.0)


def with_impossible_missing(signal_mv: NDArray[Any]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Mark samples that cannot be voltages of an electrode (over 1 V) as missing.

    Parameters
    ----------
    signal_mv : array [leads, samples], mV
        A signal.

    Returns
    -------
    signal_mv : array [leads, samples], float32, mV
        The signal, NaN where a sample was impossible.
    impossible : array [leads, samples], bool
        Where.
    """
    with np.errstate(over="ignore"):
        signal = np.asarray(signal_mv, np.float32)
    if signal.size == 0 or not max(np.fmax.reduce(signal, axis=None), -np.fmin.reduce(signal, axis=None)) > _MOST_MV:
        return signal, np.broadcast_to(False, signal.shape)
    impossible = np.abs(signal) > _MOST_MV
    return np.where(impossible, np.float32(np.nan), signal), impossible


def _possible(signal_mv: NDArray[Any]) -> tuple[NDArray[np.float32], int]:
    """Return a signal without impossible samples, and their number; a long one is looked at piece by piece."""
    if not on_disk.is_kept(signal_mv):
        signal, impossible = with_impossible_missing(signal_mv)
        return signal, int(impossible.sum())
    n = sum(int(with_impossible_missing(piece)[1].sum()) for _, piece in on_disk.pieces(signal_mv))
    if not n:
        return signal_mv, 0
    return on_disk.built(signal_mv.shape, lambda first, end: with_impossible_missing(signal_mv[:, first:end])[0]), n


@dataclass(frozen=True, eq=False)
class Annotations:
    """Annotations of a recording.

    Parameters
    ----------
    samples : array [n], int64
        Sample numbers; read-only.
    symbols : tuple of str
        WFDB code of each.
    notes : tuple of str
        Text of each, often empty.
    """

    samples: NDArray[np.int64]
    symbols: tuple[str, ...]
    notes: tuple[str, ...]

    def __post_init__(self) -> None:
        object.__setattr__(self, "samples", _read_only(np.asarray(self.samples, np.int64), self.samples))


def _within(annotations: Annotations, n_samples: int) -> tuple[Annotations, list[str]]:
    """Return annotations in order and within the record, and what had to be done for that."""
    at = annotations.samples
    is_inside = (at >= 0) & (at < n_samples)
    order = np.flatnonzero(is_inside)
    told = []
    if not is_inside.all():
        told.append(f"{(~is_inside).sum():,} annotations are outside the record and left out")
    if (np.diff(at[order]) < 0).any():
        told.append("the annotations are not in order of time; they are sorted")
        order = order[np.argsort(at[order], kind="stable")]
    if not told:
        return annotations, []
    symbols, notes = (tuple(texts[one] for one in order) for texts in (annotations.symbols, annotations.notes))
    return Annotations(at[order], symbols, notes), told


@dataclass(frozen=True, eq=False)
class Record:
    """One recording.

    Parameters
    ----------
    name : str
        Name of the recording.
    signal_mv : array [leads, samples], float32, mV
        The signal, NaN where a sample is missing; kept as a read-only array.
    fs_hz : float, Hz
        Sampling rate.
    leads : tuple of str
        Names of the rows, kept in standard spelling. A row that is named -aVR is negated and kept as aVR. Rows of one
        name are numbered: ``ECG[1]``, ``ECG[2]``.
    source : Path, optional
        The file it was read from.
    comments : tuple of str
        Comments of the file (age, sex, drugs, diagnoses).
    warnings : tuple of str
        What is unusual about the file, but no reason to refuse it.
    annotations : Annotations, optional
        Annotations, if they were asked for; kept in order, without those outside the record.
    findings : tuple of Finding
        What was assumed or repaired in reading; each text is among the warnings too.
    identity : Identity
        Patient, date and device, as far as the file says.
    machine : MachineReading
        The device's own statements and measurements.
    median_beats : MedianBeats, optional
        Median beats, if the file holds them.

    Raises
    ------
    RecordUnreadable
        If sampling rate, shape and leads are invalid, or the amplitudes cannot be millivolts.
    """

    name: str
    signal_mv: NDArray[np.float32]
    fs_hz: float
    leads: tuple[str, ...]
    source: Path | None = None
    comments: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    annotations: Annotations | None = None
    findings: tuple[Finding, ...] = ()
    identity: Identity = UNKNOWN
    machine: MachineReading = SILENT
    median_beats: MedianBeats | None = None

    def __post_init__(self) -> None:
        where = f"{self.name} ({self.source})" if self.source else self.name
        signal, n_impossible = _possible(self.signal_mv)
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
                expected=f"a sampling rate of {_RATES_HZ[0]:g} to {_RATES_HZ[1]:,.0f} Hz and samples [leads, samples]",
                remedy="export the recording at its full sampling rate"
                if 1 <= self.fs_hz < _RATES_HZ[0]
                else "--fs 360      states the sampling rate if the file does not",
            )
        warnings = []
        if n_impossible:
            warnings.append(f"{n_impossible:,} samples beyond {_MOST_MV:g} mV are treated as missing")
        signal, leads, were = turned(signal, self.leads)
        findings = (*self.findings, *(_turned_finding(lead) for lead in were))
        warnings += [finding.text for finding in findings]
        if self.annotations is not None:
            annotations, told = _within(self.annotations, signal.shape[1])
            object.__setattr__(self, "annotations", annotations)
            warnings += told
        object.__setattr__(self, "findings", findings)
        object.__setattr__(self, "signal_mv", _read_only(signal, self.signal_mv))
        object.__setattr__(self, "fs_hz", float(self.fs_hz))
        names = told_apart([canonical(lead) for lead in leads])
        for name in first_of_several(names):
            if f"{name}[1]" not in leads:
                several = ", ".join(lead for lead in names if lead.startswith(f"{name}["))
                warnings.append(f"several leads are called {name}: they are read as {several}; {name} means the first")
        object.__setattr__(self, "leads", names)
        spread = _spread_mv(signal)
        most = _NOMINAL_MV if any(finding.code == "gain_of_one" for finding in findings) else IMPLAUSIBLE_MV
        if _LARGE_MV < spread <= most:
            warnings.append(f"a typical lead spans {spread:.0f} mV, more than a heart produces: check the unit")
        object.__setattr__(self, "warnings", tuple(dict.fromkeys((*self.warnings, *warnings))))
        if spread > most:
            raise RecordUnreadable(
                f"The amplitudes of {where} cannot be millivolts.",
                found=f"a typical lead spans {spread:,.0f} mV",
                expected=f"under {IMPLAUSIBLE_MV:g} mV",
                remedy="--unit uV      if the values are microvolts\n"
                "--gain 200 --zero 0      if they are counts, with the gain of the device in counts per mV",
            )

    @property
    def where(self) -> str:
        """The file it was read from, or its name."""
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
            Names of all leads in order, or new names by those of the file.

        Returns
        -------
        Record
            The record, with a warning that lists the renamed leads.

        Raises
        ------
        RecordUnreadable
            If the number of names differs, or a name is not in the file.
        """
        if isinstance(statement, dict):
            firsts = first_of_several(self.leads)
            olds = {old: f"{old}[1]" if old in firsts else old for old in map(canonical, statement)}
            stated = {olds[canonical(old)]: new for old, new in statement.items()}
            unknown = [old for old in stated if old not in self.leads]
            names = tuple(stated.get(lead, lead) for lead in self.leads)
        else:
            unknown = []
            names = tuple(statement)
        if unknown or len(names) != len(self.leads):
            raise RecordUnreadable(
                f"The leads stated for {self.name} are not those of the file.",
                found=f"--leads {','.join(unknown or names)}",
                expected=f"the file's {len(self.leads)} leads: {', '.join(self.leads)}",
                remedy="--leads " + shlex.quote(f"{self.leads[0]}=MLII"),
            )
        pairs = dict(zip(self.leads, (canonical(name) for name in names), strict=True))
        renamed = ", ".join(f"{old} read as {new}" for old, new in pairs.items() if old != new)
        findings = (
            replace(found, leads=tuple(pairs.get(lead, lead) for lead in found.leads)) for found in self.findings
        )
        return replace(
            self,
            leads=names,
            warnings=(*self.warnings, *([f"{renamed}, as stated"] if renamed else [])),
            findings=tuple(findings),
        )


def _turned_finding(lead: str) -> Finding:
    text = f"the lead named -{lead} is turned upside down and read as {lead}"
    return Finding("lead_turned", (lead,), 1.0, text, "")


def _read_only(values: NDArray[Any], given: Any) -> NDArray[Any]:
    """Return a read-only array; a copy if it is the caller's array or a view of it."""
    if on_disk.is_kept(values):
        return values
    if np.may_share_memory(values, given) and (values.flags.writeable or values.base is not None):
        values = values.copy()
    values.flags.writeable = False
    return values


def _spread_mv(signal_mv: NDArray[np.float32]) -> float:
    """Return the range between the 0.5th and the 99.5th percentile of the median lead; 0 if all samples are missing."""
    step = max(1, signal_mv.shape[1] // 20_000)
    pieces = [piece[:, -first % step :: step].copy() for first, piece in on_disk.pieces(signal_mv)]
    thinned = np.concatenate(pieces, axis=1)
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
