"""Describe a recording before any model reads it: what it is, how good it is, and which models can answer it."""

import shlex
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from einthoven.bundle import Card
from einthoven.inference.fitting import Fit, fitting
from einthoven.records.identity import MEASUREMENTS
from einthoven.records.plain import as_plain
from einthoven.records.record import Record
from einthoven.records.said import LABELS, one_line
from einthoven.records.writing.files import safe_name
from einthoven.report.times import clock
from einthoven.signal import doctor, quality
from einthoven.signal.counts import per_mv_of
from einthoven.signal.finding import Finding
from einthoven.signal.quality import Quality

_LOOKED_AT = 200_000


@dataclass(frozen=True)
class About:
    """What is known of a recording before any model reads it."""

    file: str
    """The file, as the user named it."""
    title: str
    """Name of its format."""
    record: Record
    """The recording."""
    quality: Quality
    """Quality of its leads; of a long recording in five minutes of it."""
    findings: tuple[Finding, ...]
    """What is wrong with leads, units or rate."""
    fits: tuple[Fit, ...]
    """Whether each model can answer it, those first that can."""
    options: tuple[str, ...]
    """Options that it was read with, for the command."""

    @property
    def commands(self) -> tuple[str, ...]:
        """The commands that classify it with the first model that fits, and find its waves, as far as models fit."""
        found = []
        for finds_waves in (False, True):
            fit = next((fit for fit in self.fits if fit.fits and fit.card.answers_samples == finds_waves), None)
            if fit is not None:
                end = [*self.options, "--out", f"{safe_name(self.record.name)}{'-waves' * finds_waves}.html"]
                how = (
                    ["delineate", self.file, "--model", fit.card.name]
                    if finds_waves
                    else ["predict", fit.card.name, self.file]
                )
                found.append(shlex.join(["einthoven", *how, *end]))
        return tuple(found)


def about(record: Record, file: str, title: str, cards: Sequence[Card], options: Sequence[str] = ()) -> About:
    """Examine a recording.

    Parameters
    ----------
    record : Record
        The recording.
    file : str
        Its file, as the user named it.
    title : str
        Name of its format.
    cards : sequence of Card
        Cards of the models that may fit.
    options : sequence of str
        Options that it was read with.

    Returns
    -------
    About
    """
    seen = quality.examine_pieces(record.signal_mv, record.leads, record.fs_hz)
    findings = doctor.examine(record)
    fits = fitting(record, cards, seen, findings)
    return About(file, title, record, seen, findings, tuple(fits), tuple(options))


def rows(found: About) -> list[tuple[str, str]]:
    """Return what the file says, as pairs of a name and a text.

    Parameters
    ----------
    found : About
        The recording.
    """
    record = found.record
    identity = {label: getattr(record.identity, name) for name, label in LABELS.items()}
    measured = [
        f"{name.rsplit('_', 1)[0].replace('_', ' ')} {value:g} {MEASUREMENTS[name]}"
        for name, value in record.machine.measurements.items()
    ]
    n_annotations = 0 if record.annotations is None else len(record.annotations.samples)
    beats = record.median_beats
    told = {finding.text for finding in found.findings}
    pairs = [
        ("format", found.title),
        ("name", record.name),
        (f"leads ({len(record.leads)})", ", ".join(record.leads)),
        ("sampling rate", f"{record.fs_hz:g} Hz"),
        ("unit", _unit(record)),
        ("length", f"{_length(record.duration_s)} ({record.n_samples:,} samples)"),
        ("annotations", f"{n_annotations:,}" if n_annotations else ""),
        ("median beats", f"{', '.join(beats.leads)} at {beats.fs_hz:g} Hz" if beats else ""),
        *((label.lower(), f"{value:g}" if isinstance(value, float) else value) for label, value in identity.items()),
        *(("the device states", text) for text in record.machine.statements),
        *(("confirmed", text) for text in record.machine.confirmed),
        ("the device measured", ", ".join(measured)),
        *(("comment", text) for text in record.comments),
        *(("warning", text) for text in record.warnings if text not in told),
    ]
    return [(name, one_line(text)) for name, text in pairs if text]


def quality_rows(found: About) -> list[tuple[str, str]]:
    """Return the quality of the leads, leads alike in one row: their names, and the seconds of each verdict.

    Parameters
    ----------
    found : About
        The recording.
    """
    alike: dict[str, list[str]] = {}
    for lead in found.quality.leads:
        seconds = found.quality.seconds(lead)
        only = next(iter(seconds)) if len(seconds) == 1 else None
        told = f"{only} throughout" if only else ", ".join(f"{value:.0f} s {name}" for name, value in seconds.items())
        alike.setdefault(told, []).append(lead)
    return [(one_line(", ".join(leads)), told) for told, leads in alike.items()]


def is_sampled(found: About) -> bool:
    """Return whether the quality is that of pieces of the recording.

    Parameters
    ----------
    found : About
        The recording.
    """
    return int(found.quality.bounds[-1]) < found.record.n_samples


def fit_rows(found: About) -> list[tuple[str, str, str]]:
    """Return the models, what they tell apart, and whether they fit or why not.

    Parameters
    ----------
    found : About
        The recording.
    """
    return [
        (fit.card.name, fit.card.labels, one_line(fit.reason + (f" ({fit.remedy})" if fit.remedy else "")) or "fits")
        for fit in found.fits
    ]


def as_dict(found: About) -> dict[str, Any]:
    """Return all of it as plain values for JSON.

    Parameters
    ----------
    found : About
        The recording.

    Returns
    -------
    dict
        What a JSON file of the recording has, without samples, annotations and median beats; and ``file``, ``format``,
        ``duration_s``, ``step_mv``, ``warnings``, ``findings``, ``quality``, ``models`` and ``commands``.
    """
    record = found.record
    left_out = ("einthoven_recording", "annotations", "median_beats")
    plain = {key: value for key, value in as_plain(record).items() if key not in left_out}
    return {"file": found.file, "format": found.title, **plain} | {
        "duration_s": record.duration_s,
        "step_mv": {
            lead: None if at is None else 1 / at for lead, at in zip(record.leads, _per_mv(record), strict=True)
        },
        "warnings": list(record.warnings),
        "findings": [asdict(finding) | {"leads": list(finding.leads)} for finding in found.findings],
        "quality": {
            "seconds_looked_at": float(found.quality.bounds[-1]) / record.fs_hz,
            "leads": {lead: found.quality.seconds(lead) for lead in found.quality.leads},
        },
        "models": [{"name": fit.card.name, "fits": fit.fits, "reason": fit.reason} for fit in found.fits],
        "commands": list(found.commands),
    }


def _per_mv(record: Record) -> list[float | None]:
    some = record.signal_mv[:, :_LOOKED_AT]
    return [per_mv_of(row[np.isfinite(row)]) for row in some]


def _unit(record: Record) -> str:
    """Return the unit, and the steps of the samples where they are whole counts of a converter."""
    known = {at for at in _per_mv(record) if at is not None}
    if not known:
        return "mV"
    low, high = min(known), max(known)
    steps = f"{1000 / high:.3g}" if low == high else f"{1000 / high:.3g} to {1000 / low:.3g}"
    per_mv = f"{low:g}" if low == high else f"{low:g} to {high:g}"
    return f"mV, in steps of {steps} µV ({per_mv} counts per mV)"


def _length(seconds: float) -> str:
    return f"{seconds:.1f} s" if seconds < 60 else f"{clock(seconds)} ({seconds:,.1f} s)"
