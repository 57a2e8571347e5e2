"""Read what EDF+ and BDF+ write as text: onsets of data records, annotations, patient and recording."""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from einthoven.records.dates import age_between, sex_named
from einthoven.records.identity import Identity
from einthoven.records.record import Annotations

_ONSET = re.compile(rb"([+-]\d{1,12}(?:\.\d{0,12})?)(?:\x15[\d.]{0,20})?\x14")
_BEATS = "NLRBAaJSVrFejnE/fQ"
_NOTE = '"'


def onsets_of(content: NDArray[np.uint8]) -> NDArray[np.float64] | None:
    """Return the time of each data record.

    Parameters
    ----------
    content : array of uint8 [data records, bytes]
        The signal of annotations.

    Returns
    -------
    array [data records], s, or None
        None if a data record does not begin with its onset.
    """
    found = [_ONSET.match(row.tobytes()) for row in content]
    if any(each is None for each in found):
        return None
    return np.array([float(each[1]) for each in found if each is not None])


def annotations_of(
    contents: Sequence[NDArray[np.uint8]], fs_hz: float, onsets: NDArray[np.float64] | None
) -> Annotations | None:
    """Return the annotations in order of time.

    Parameters
    ----------
    contents : sequence of array of uint8 [data records, bytes]
        The signals of annotations.
    fs_hz : float, Hz
        Sampling rate of the ECG.
    onsets : array [data records], s, optional
        Times of the data records; the first is sample 0.

    Returns
    -------
    Annotations or None
        A text that is a WFDB code of a beat becomes its symbol, any other a note; None if there are none.
    """
    start = float(onsets[0]) if onsets is not None and len(onsets) else 0.0
    found = sorted(
        (round((onset - start) * fs_hz), text)
        for content in contents
        for row in content
        for onset, text in _texts(row.tobytes())
    )
    if not found:
        return None
    symbols = tuple(text if text in _BEATS and len(text) == 1 else _NOTE for _, text in found)
    notes = tuple("" if symbol != _NOTE else text for (_, text), symbol in zip(found, symbols, strict=True))
    return Annotations(np.array([at for at, _ in found], np.int64), symbols, notes)


def identity_of(patient: str, recording: str, date: str, time: str, is_plus: bool) -> Identity:
    """Return who was recorded when.

    Parameters
    ----------
    patient, recording : str
        The fields of 80 characters; EDF+ divides them: number, sex, birth date, name; start date, number, technician, equipment.
    date, time : str
        Start as ``dd.mm.yy`` and ``hh.mm.ss``; years from 85 on are of the last century.
    is_plus : bool
        Whether it is EDF+ or BDF+; EDF states no more than a free text, taken as the patient's number.

    Returns
    -------
    Identity
    """
    moment = _start(date, time)
    if not is_plus:
        return Identity(patient_id="" if patient.strip("X ") == "" else patient, recorded_at=moment)
    number, sex, born, name = [*patient.split(), "X", "X", "X", "X"][:4]
    parts = recording.split()
    began = _day(parts[1]) if len(parts) > 1 and parts[0] == "Startdate" else ""
    if began and moment:
        moment = began + moment[10:]
    elif began == "" and len(parts) > 1 and parts[1] == "X":
        moment = ""
    birth = _day(born)
    return Identity(
        name=_known(name).replace("_", " "),
        patient_id=_known(number).replace("_", " "),
        birth_date=birth,
        age_years=age_between(birth, moment),
        sex=sex_named(_known(sex)),
        recorded_at=moment,
        device=_known([*parts, "X", "X", "X", "X", "X"][4]).replace("_", " "),
    )


def _texts(content: bytes) -> Iterator[tuple[float, str]]:
    """Yield onset in s and text of each annotation of a data record; empty texts only keep the time."""
    for entry in content.split(b"\0"):
        found = _ONSET.match(entry)
        if found is None:
            continue
        for text in entry[found.end() :].split(b"\x14"):
            said = text.decode("utf-8", errors="replace").strip()
            if said:
                yield float(found[1]), said


def _known(text: str) -> str:
    return "" if text == "X" else text


def _day(text: str) -> str:
    try:
        return datetime.strptime(text, "%d-%b-%Y").date().isoformat()
    except ValueError:
        return ""


def _start(date: str, time: str) -> str:
    try:
        day, month, year = (int(part) for part in re.split(r"[.\-/]", date))
        hour, minute, second = (int(part) for part in re.split(r"[.:]", time))
        return datetime(year + (1900 if year >= 85 else 2000), month, day, hour, minute, second).isoformat()
    except ValueError:
        return ""
