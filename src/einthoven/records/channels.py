"""Make a record from the counts that a file holds for each lead, what a count is worth, and what the user states."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import RecordUnreadable, StatementMissing
from einthoven.records.identity import SILENT, UNKNOWN, Identity, MachineReading, MedianBeats
from einthoven.records.printable import printable, with_printable_texts
from einthoven.records.pulse import pulse_samples
from einthoven.records.record import Annotations, Record
from einthoven.records.stated import UNITS_MV, Stated, unit_named
from einthoven.signal.lead_names import known_lead
from einthoven.signal.leads import canonical

MOST_SAMPLES = 400_000_000
"""Samples of all leads together that are read into memory."""
_BLOCK = 1 << 20  # samples that are converted at once, so that 24 hours need little more memory than their result
_MOST_GAP = 5_000_000  # samples of all leads that may be missing between parts


@dataclass(frozen=True, eq=False)
class Channel:
    """One lead as a file holds it: value = (count - zero) times per_count, in `unit`."""

    name: str
    """Name of the lead in the file."""
    counts: NDArray[Any]
    """Samples [samples], NaN where one is missing."""
    per_count: float = 1.0
    """Value of one count in the unit."""
    unit: str = "uV"
    """Unit as the file writes it; empty if the file does not say."""
    zero: float = 0.0
    """Count at a value of 0."""

    @property
    def known_unit(self) -> str | None:
        """The unit among those of voltage; None for another or none."""
        return unit_named(self.unit.strip())

    def to_mv(self, stated: Stated) -> NDArray[np.float32]:
        """Return the samples in mV, by what is stated, else by the file.

        Parameters
        ----------
        stated : Stated
            What the user states.

        Returns
        -------
        array [samples], float32, mV
        """
        unit = stated.unit or self.known_unit or "mV"
        values = np.empty(len(self.counts), np.float32)
        with np.errstate(over="ignore", invalid="ignore"):
            for start in range(0, len(values), _BLOCK):
                counts = np.asarray(self.counts[start : start + _BLOCK], np.float64)
                if stated.gain is not None:
                    counts = stated.to_mv(counts)
                else:
                    counts = (counts - self.zero) * (self.per_count * UNITS_MV[unit])
                values[start : start + _BLOCK] = counts
        return values


@dataclass(frozen=True, eq=False)
class Content:
    """Everything else that a file says."""

    warnings: tuple[str, ...] = ()
    """What is unusual about the file."""
    comments: tuple[str, ...] = ()
    """Comments of the file."""
    identity: Identity = UNKNOWN
    """Patient, date and device."""
    machine: MachineReading = SILENT
    """The device's own reading."""
    medians: Sequence[Channel] = ()
    """Median beats."""
    medians_fs_hz: float = 0.0
    """Their sampling rate in Hz."""
    annotations: Annotations | None = None
    """Annotations."""


def joined(parts: Sequence[tuple[int, Channel]]) -> list[Channel]:
    """Lay leads that were recorded one after the other on one line of time; what lies between is missing.

    Parameters
    ----------
    parts : sequence of (int, Channel)
        First sample, from 0, and samples of each; several may be of one lead.

    Returns
    -------
    list of Channel
        One for each lead; a lead of one part from 0 on is unchanged.

    Raises
    ------
    ValueError
        If the parts lie so far apart that they are hardly one recording.
    """
    end = max((first + len(each.counts) for first, each in parts), default=0)
    if len({each.name for _, each in parts}) * end - sum(len(each.counts) for _, each in parts) > _MOST_GAP:
        raise ValueError("leads that were recorded far apart from each other")
    by_name: dict[str, list[tuple[int, Channel]]] = {}
    for first, each in parts:
        same = by_name.setdefault(each.name, [])
        if all(first >= before + len(other.counts) for before, other in same):
            same.append((first, each))
    leads = []
    for same in by_name.values():
        first, each = same[0]
        if first or len(same) > 1:
            counts = np.full(end, np.nan)
            for start, other in same:
                inside = counts[start : start + len(other.counts)]
                inside[:] = (other.counts[: len(inside)] - other.zero) * (other.per_count / each.per_count) + each.zero
            each = replace(each, counts=counts)
        leads.append(each)
    return leads


def surface_leads(channels: Sequence[Channel], stated: Stated) -> tuple[list[Channel], tuple[str, ...]]:
    """Leave out the channels of an electrophysiological study that are no leads, such as those of catheters.

    Parameters
    ----------
    channels : sequence of Channel
        All channels of a file.
    stated : Stated
        What the user states; channels that are named there stay.

    Returns
    -------
    channels : list of Channel
        The leads that are known by name, and those that the user names; all channels if none is known.
    warnings : tuple of str
        What was left out.
    """
    if stated.leads is not None and len(stated.leads) == len(channels):
        return list(channels), ()
    kept = [each for each in channels if known_lead(each.name) is not None or each.name in stated.wanted]
    if not kept:
        return list(channels), ()
    others = [each.name for each in channels if each not in kept]
    return kept, (f"left out, because no lead by name: {', '.join(others)}",) if others else ()


def record_of(
    path: Path, fs_hz: float | None, channels: Sequence[Channel], stated: Stated, content: Content | None = None
) -> Record:
    """Make a record.

    Parameters
    ----------
    path : Path
        The file.
    fs_hz : float, Hz
        Sampling rate of all channels, as the file states it; None if it does not.
    channels : sequence of Channel
        Its signals; those in units other than volts are skipped with a warning.
    stated : Stated
        What the user states.
    content : Content, optional
        What else the file says.

    Returns
    -------
    Record

    Raises
    ------
    RecordUnreadable
        If no channel is a voltage, or the leads stated are not as many as the file's.
    StatementMissing
        If neither the file nor the user states the sampling rate or the scale.
    """
    content = content or Content()
    warnings = list(content.warnings)
    kept = _voltages(path, channels, stated, warnings)
    rate = stated.fs_hz if stated.fs_hz is not None else fs_hz
    if rate is None:
        raise _missing(path, "--fs 500", "the sampling rate")
    if fs_hz and rate != fs_hz:
        warnings.append(f"the file states {fs_hz:g} Hz; the stated {rate:g} Hz are used")
    if stated.gain is not None:
        warnings.append(f"the stated gain of {stated.gain:g} per mV is used")
    elif stated.unit is not None and any(unit_named(stated.unit) != each.known_unit for each in kept):
        warnings.append(f"the file states {kept[0].unit or 'no unit'}; the stated {stated.unit} are used")
    signal = _stacked(path, kept, stated, warnings)
    pulse = pulse_samples(signal, rate)
    if pulse.stop:
        signal[:, pulse] = np.nan
        place = "end" if pulse.start else "beginning"
        warnings.append(
            f"{(pulse.stop - pulse.start) / rate:.1f} s of a calibration pulse at the {place} are treated as missing"
        )
    signal.flags.writeable = False  # so that the record keeps it without a copy
    record = Record(
        name=path.stem,
        signal_mv=signal,
        fs_hz=rate,
        leads=tuple(printable(each.name) or f"lead {at + 1}" for at, each in enumerate(kept)),
        source=path,
        comments=content.comments,
        warnings=tuple(printable(each) for each in warnings),
        annotations=content.annotations,
        identity=with_printable_texts(content.identity),
        machine=with_printable_texts(content.machine),
        median_beats=_medians(content),
    )
    return record if stated.leads is None else record.with_leads(stated.leads)


def _voltages(path: Path, channels: Sequence[Channel], stated: Stated, warnings: list[str]) -> list[Channel]:
    """Return the channels that are voltages, or are called so by the user."""
    if not channels:
        raise RecordUnreadable(
            f"{path} cannot be read.",
            found="no lead with samples",
            expected="at least one lead of an ECG",
            remedy="export the recording with its waveform",
        )
    kept = [each for each in channels if each.known_unit is not None]
    if not kept and stated.states_scale:
        kept = [each for each in channels if not each.unit.strip()]
    if not kept and any(not each.unit.strip() for each in channels):
        raise _missing(path, "--gain 200", "the scale: counts per mV")
    if not kept:
        raise RecordUnreadable(
            f"{path} holds no ECG.",
            found=printable("; ".join(f"{each.name} in {each.unit}" for each in channels)[:400]),
            expected="at least one lead in V, mV or uV",
            remedy="name a recording of an ECG",
        )
    skipped = [each.name for each in channels if each not in kept]
    if skipped:
        warnings.append(f"skipped, because not in volts: {', '.join(skipped)}")
    return kept


def _missing(path: Path, flag: str, what: str) -> StatementMissing:
    return StatementMissing(
        f"{path} does not state everything that is needed to read it.",
        found=f"not stated: {flag.split()[0]}",
        expected=what,
        remedy=flag,
    )


def _stacked(path: Path, kept: list[Channel], stated: Stated, warnings: list[str]) -> NDArray[np.float32]:
    """Return all leads in mV [leads, samples]; shorter ones end in missing samples."""
    lengths = [len(each.counts) for each in kept]
    longest = max(lengths)
    if longest * len(kept) > MOST_SAMPLES:
        raise RecordUnreadable(
            f"{path} is too long to be read at once.",
            found=f"{len(kept)} leads of {longest:,} samples",
            expected=f"at most {MOST_SAMPLES:,} samples in all",
            remedy="cut it into shorter recordings",
        )
    signal = np.full((len(kept), longest), np.nan, np.float32)
    for row, each in zip(signal, kept, strict=True):
        row[: len(each.counts)] = each.to_mv(stated)
    if min(lengths) < longest:
        short = ", ".join(each.name for each in kept if len(each.counts) < longest)
        warnings.append(f"shorter than the other leads, the rest is missing: {short}")
    return signal


def _medians(content: Content) -> MedianBeats | None:
    """Return the median beats of equal length; None if there are none."""
    usable = [each for each in content.medians if each.known_unit is not None and len(each.counts)]
    if not usable or not content.medians_fs_hz or len({len(each.counts) for each in usable}) > 1:
        return None
    signal = np.stack([each.to_mv(Stated()) for each in usable])
    signal.flags.writeable = False
    return MedianBeats(signal, float(content.medians_fs_hz), tuple(canonical(each.name) for each in usable))
