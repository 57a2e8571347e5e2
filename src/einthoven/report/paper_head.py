"""Say in words what the head of a printed page holds: whose recording it is, measurements, statements, and what was declined."""

from dataclasses import dataclass

from einthoven.inference.answer import RecordAnswer
from einthoven.inference.trained_on import remark
from einthoven.interpretation.asked import QUESTIONS
from einthoven.interpretation.interpretation import Interpretation
from einthoven.records.identity import Identity

_COVERAGE = 0.9
_MOST_PROBABLE, _LEAST_SHOWN = 5, 0.05
_LEAST_INTERVALS = 16
"""From so many intervals on the lowest and the highest rate say more than the mean."""
MEASURED = ("PR", "QRS", "QT", "QTc Fridericia", "QTc Bazett", "P axis", "QRS axis", "T axis")
"""Measurements of a page, in order."""
OF_DEVICE = {
    "heart rate": "heart_rate_bpm",
    "PR": "pr_ms",
    "QRS": "qrs_ms",
    "QT": "qt_ms",
    "QTc Bazett": "qtc_ms",
    "P axis": "p_axis_deg",
    "QRS axis": "qrs_axis_deg",
    "T axis": "t_axis_deg",
}
"""Name of a measurement among those of a device."""


@dataclass(frozen=True)
class Measured:
    """A row of the measurements."""

    name: str
    """What is measured."""
    value: str
    """Its value with the unit, or a dash."""
    detail: str
    """Quartiles and number of beats, or why there is no value."""
    device: str
    """What the device measured, if the file says."""


@dataclass(frozen=True)
class Head:
    """The words of a page."""

    title: str
    """Name or number of the patient, else of the recording."""
    identity: tuple[tuple[str, str], ...]
    """What the file says of patient, date and device."""
    measured: tuple[Measured, ...]
    """Measurements."""
    statements: tuple[str, ...]
    """The summary, without what was not assessed; empty if nothing was asked."""
    probable: tuple[tuple[str, str, bool], ...]
    """The most probable statements of the model of twelve leads: name, calibrated probability, and whether it is predicted."""
    set_text: str
    """The set that holds the true statements with a stated probability; empty without one."""
    rest: tuple[str, ...]
    """What was not assessed and why, findings about leads, quality, what the device says, and models that the recording trained."""


def head_of(found: Interpretation) -> Head:
    """Return the words of the head.

    Parameters
    ----------
    found : Interpretation
        The interpretation.

    Returns
    -------
    Head
    """
    identity = found.record.identity
    return Head(
        title=identity.name or identity.patient_id or f"Recording {found.record.name}",
        identity=tuple(told_of(identity)),
        measured=tuple(measured_of(found)),
        statements=_statements(found),
        probable=() if found.diagnosis_answer is None else _probable(found.diagnosis_answer),
        set_text="" if found.diagnosis_answer is None else _set(found.diagnosis_answer),
        rest=tuple(_rest(found)),
    )


def _statements(found: Interpretation) -> tuple[str, ...]:
    said = tuple(one.text for one in found.statements if one.code != "not_assessed")
    return said if said or not found.asked else ("Nothing could be assessed.",)


def told_of(identity: Identity) -> list[tuple[str, str]]:
    """Return what a file says of patient, date and device, under a word for each.

    Parameters
    ----------
    identity : Identity
        What the file says.

    Returns
    -------
    list of (str, str)
        Without what it does not say.
    """
    age = "" if identity.age_years is None else f"{identity.age_years:g}"
    rows = {
        "name": identity.name,
        "ID": identity.patient_id,
        "born": identity.birth_date,
        "age": age,
        "sex": identity.sex,
        "recorded": identity.recorded_at.replace("T", " "),
        "device": identity.device,
    }
    return [(name, text) for name, text in rows.items() if text]


def measured_of(found: Interpretation) -> list[Measured]:
    """Return the measurements, beside those of the device.

    Parameters
    ----------
    found : Interpretation
        The interpretation.

    Returns
    -------
    list of Measured
        The heart rate first; nothing else where the waves are not known.
    """
    theirs = found.record.machine.measurements
    rows = []
    if found.rate is not None:
        spread = "" if found.rate.n < _LEAST_INTERVALS else f"{found.rate.min:.0f} to {found.rate.max:.0f}, "
        device = _of_device(theirs.get("heart_rate_bpm"), "/min")
        rows.append(Measured("heart rate", f"{found.rate.mean:.0f}/min", f"{spread}{found.rate.n} intervals", device))
    if found.delineation is None:
        return rows
    for name in MEASURED:
        one = found.delineation.intervals[name]
        device = _of_device(theirs.get(OF_DEVICE.get(name, "")), one.unit)
        if one.value is None:
            rows.append(Measured(name, "–", one.reason, device))
            continue
        spread = "" if one.low is None else f"{one.low:.0f} to {one.high:.0f}, ".replace("-", "−")
        rows.append(Measured(name, _with_unit(one.value, one.unit), f"{spread}n = {one.n}", device))
    return rows


def _of_device(value: float | None, unit: str) -> str:
    return "" if value is None else _with_unit(value, unit)


def _with_unit(value: float, unit: str) -> str:
    return f"{value:.0f}{'' if unit in ('°', '/min') else ' '}{unit}".replace("-", "−")


def _probable(answer: RecordAnswer) -> tuple[tuple[str, str, bool], ...]:
    rows = zip(answer.classes, answer.card.meanings, answer.record_probabilities, answer.is_predicted, strict=True)
    ranked = sorted(rows, key=lambda row: -row[2])
    shown = [
        (f"{meaning} ({name})", f"{chance:.2f}", bool(is_predicted))
        for name, meaning, chance, is_predicted in ranked
        if name not in answer.card.never_found and (is_predicted or chance >= _LEAST_SHOWN)
    ]
    return tuple(shown[:_MOST_PROBABLE])


def _set(answer: RecordAnswer) -> str:
    found = answer.prediction_set(_COVERAGE)
    if found.classes is None:
        return ""
    return f"Not excluded at {_COVERAGE:.0%}: {', '.join(found.classes) if found.can_tell else 'cannot tell'}."


def _rest(found: Interpretation) -> list[str]:
    told = [f"Not assessed: {QUESTIONS[name]} ({why.rstrip('.')})." for name, why in found.not_assessed().items()]
    told += [finding.sentence for finding in found.findings]
    told += quality_of(found)
    if found.record.machine.statements:
        told.append(f"The device says: {' · '.join(found.record.machine.statements)}")
    return told + trained_by(found)


def trained_by(found: Interpretation) -> list[str]:
    """Return a sentence for each model that was trained or validated on a recording of this name and rate.

    Parameters
    ----------
    found : Interpretation
        The interpretation.

    Returns
    -------
    list of str
    """
    asked = (found.delineation, found.rhythm_answer, found.beat_answer, found.diagnosis_answer)
    return [f"{one.card.name}: {said}" for one in asked if one is not None for said in remark(one.card, found.record)]


def quality_of(found: Interpretation) -> list[str]:
    """Return a sentence about the time that is not good in each lead; empty where all is good.

    Parameters
    ----------
    found : Interpretation
        The interpretation.

    Returns
    -------
    list of str
    """
    poor: dict[tuple[str, str], float] = {}
    for row in found.quality.stretches:
        if row.verdict != "good":
            key = (row.lead, row.verdict)
            poor[key] = poor.get(key, 0.0) + row.end_s - row.start_s
    if not poor:
        return []
    listed = ", ".join(f"{lead} {seconds:.0f} s {verdict}" for (lead, verdict), seconds in poor.items())
    return [f"Quality: {listed}."]
