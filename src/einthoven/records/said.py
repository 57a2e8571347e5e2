"""Write identity and the device's reading as lines of text, and understand them again: WFDB has only comments for them."""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from einthoven.records.identity import MEASUREMENTS, Identity, MachineReading

LABELS = {
    "name": "Patient name",
    "patient_id": "Patient ID",
    "birth_date": "Birth date",
    "age_years": "Age",
    "sex": "Sex",
    "recorded_at": "Recorded at",
    "device": "Device",
}
"""What each field of an identity is called; ``Age`` and ``Sex`` as the headers of the Challenges 2020 and 2021 write them."""
_STATEMENT, _CONFIRMED = "Machine statement", "Confirmed statement"
_MEASURED = {f"Machine {name}": name for name in MEASUREMENTS}
_LINE = re.compile(r"(?P<label>[\w ]+): (?P<value>.+)")
_TAGGED = re.compile(r"<(age|sex)>: *([^\s<]{1,20})")
"""Age and sex as the manual of WFDB's headers recommends it: ``<age>: 51 <sex>: F``."""
_FIELDS = {label.lower(): name for name, label in LABELS.items()}


def one_line(text: str) -> str:
    """Return a text without line breaks and other control characters.

    Parameters
    ----------
    text : str
        A text out of a file, not to be trusted.
    """
    return " ".join("".join(mark if mark.isprintable() else " " for mark in text).split())


def lines_of(identity: Identity, machine: MachineReading, there: Sequence[str] = ()) -> list[str]:
    """Return a line for each thing that is said.

    Parameters
    ----------
    identity : Identity
        Patient, date and device.
    machine : MachineReading
        The device's reading.
    there : sequence of str
        Lines that are written anyway; what they say is not said again.

    Returns
    -------
    list of str

    Examples
    --------
    >>> lines_of(Identity(age_years=69, sex="male"), MachineReading(("Sinus rhythm",)), ["Age: 69"])
    ['Sex: Male', 'Machine statement: Sinus rhythm']
    """
    known, _ = understood(there)
    found = []
    for name, label in LABELS.items():
        value = getattr(identity, name)
        if value not in ("", None) and getattr(known, name) in ("", None):
            shown = value.capitalize() if name == "sex" else f"{value:g}" if name == "age_years" else value
            found.append(f"{label}: {shown}")
    found += [f"{_STATEMENT}: {text}" for text in machine.statements]
    found += [f"{_CONFIRMED}: {text}" for text in machine.confirmed]
    return found + [
        f"{label}: {machine.measurements[n]:g}" for label, n in _MEASURED.items() if n in machine.measurements
    ]


def understood(lines: Iterable[str]) -> tuple[Identity, MachineReading]:
    """Return what lines of text say; lines of another form say nothing.

    Parameters
    ----------
    lines : iterable of str
        Comments of a file.

    Returns
    -------
    identity : Identity
        Patient, date and device.
    machine : MachineReading
        The device's reading.
    """
    fields: dict[str, Any] = {}
    statements, confirmed, measurements = [], [], {}
    for label, value in (pair for line in lines for pair in _pairs(line.strip())):
        if label == _STATEMENT:
            statements.append(value)
        elif label == _CONFIRMED:
            confirmed.append(value)
        elif label in _MEASURED and (number := _number(value)) is not None:
            measurements[_MEASURED[label]] = number
        elif (name := _FIELDS.get(label.lower())) is not None:
            said = _number(value) if name == "age_years" else _sex(value) if name == "sex" else value
            if said not in ("", None):
                fields.setdefault(name, said)
    return Identity(**fields), MachineReading(tuple(statements), tuple(confirmed), measurements)


def _pairs(line: str) -> list[tuple[str, str]]:
    """Return each label of a line with its value.

    >>> _pairs("Age: 51"), _pairs("<age>: 51 <sex>: F <diagnoses> none"), _pairs("Aldomet, Inderal")
    ([('Age', '51')], [('age', '51'), ('sex', 'F')], [])
    """
    tagged = _TAGGED.findall(line)
    if tagged:
        return [(str(label), str(value)) for label, value in tagged]
    match = _LINE.fullmatch(line)
    return [] if match is None else [(match["label"], match["value"].strip())]


def _number(text: str) -> float | None:
    return float(text) if re.fullmatch(r"-?\d{1,9}(\.\d{1,9})?", text) else None


def _sex(text: str) -> str:
    return {"m": "male", "male": "male", "f": "female", "female": "female"}.get(text.lower(), "")
