"""Read what EDF+ and BDF+ write as text: onsets of data records, annotations, patient and recording."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from einthoven.records.dates import age_between, sex_named
from einthoven.records.identity import Identity, MachineReading
from einthoven.records.record import Annotations, Record
from einthoven.records.said import understood

_ONSET = re.compile(rb"([+-]\d{1,12}(?:\.\d{0,12})?)(?:\x15[\d.]{0,20})?\x14")
_BEATS = "NLRBAaJSVrFejnE/fQ"
_NOTE, _RHYTHM = '"', "+"
END = "Recording ends"
"""Annotation at the end of a recording whose last data record had to be filled up."""


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
        A text that is a WFDB code of a beat becomes its symbol, a rhythm (``(AFIB``) a change of rhythm, any other a note. None if
        there are none.
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
    symbols, notes = zip(*(symbol_and_note(text) for _, text in found), strict=True)
    return Annotations(np.array([at for at, _ in found], np.int64), symbols, notes)


def symbol_and_note(text: str) -> tuple[str, str]:
    """Return the WFDB code and the note of an annotation that is a text.

    Parameters
    ----------
    text : str
        The code of a beat, a rhythm such as ``(AFIB``, or any other text, which is a note.

    Returns
    -------
    symbol, note : str

    Examples
    --------
    >>> symbol_and_note("V"), symbol_and_note("(AFIB"), symbol_and_note("cough")
    (('V', ''), ('+', '(AFIB'), ('"', 'cough'))
    """
    if len(text) == 1 and text in _BEATS:
        return text, ""
    return (_RHYTHM if re.fullmatch(r"\([A-Z]{1,6}", text) else _NOTE), text


def text_of(symbol: str, note: str) -> str:
    """Return an annotation as a text, from which :func:`symbol_and_note` tells it again.

    Parameters
    ----------
    symbol : str
        WFDB code.
    note : str
        Its note, often empty.

    Returns
    -------
    str
        The code; of a note or a rhythm its text alone.
    """
    return note if note and symbol in (_NOTE, _RHYTHM) else f"{symbol} {note}".strip()


def machine_of(contents: Sequence[NDArray[np.uint8]]) -> MachineReading:
    """Return the device's reading, as far as annotations say so in the words of :mod:`einthoven.records.said`.

    Parameters
    ----------
    contents : sequence of array of uint8 [data records, bytes]
        The signals of annotations.

    Returns
    -------
    MachineReading
    """
    return understood(text for content in contents for row in content[:1] for _, text in _texts(row.tobytes()))[1]


def cut_at_end(record: Record) -> Record:
    """Return a record without what follows the annotation that the recording ends, and without that annotation.

    Parameters
    ----------
    record : Record
        A record of an EDF file.

    Returns
    -------
    Record
    """
    found = record.annotations
    if found is None or END not in found.notes:
        return record
    at = found.notes.index(END)
    kept = Annotations(found.samples[:at], found.symbols[:at], found.notes[:at]) if at else None
    if not 0 < found.samples[at] < record.n_samples:
        return record
    return replace(record, signal_mv=record.signal_mv[:, : found.samples[at]], annotations=kept)


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
