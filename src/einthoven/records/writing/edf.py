"""Write a record as EDF+ through edfio.

Source: Kemp and Olivan 2003, Clin Neurophysiol 114:1755 (EDF+); labels and units of its table of standard texts.
"""

import unicodedata
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import OutputRefused, optional_imports
from einthoven.records.edf_texts import END, text_of
from einthoven.records.identity import Identity
from einthoven.records.record import Record
from einthoven.records.said import lines_of, one_line
from einthoven.signal.counts import per_mv_of

if TYPE_CHECKING:
    from edfio import EdfAnnotation, Patient, Recording

_LEAST, _MOST = -32768, 32767
_WIDTH, _PER_S = 8, 16  # lengths in sixteenths of a second add up without rounding
_SHORTEST_S = 0.25
_DIGITS = 6  # of seconds of an annotation: EDFlib refuses more than nine


def write_edf(record: Record, file: Path) -> None:
    """Write an EDF+ file: a signal a lead in microvolts, and what else is known as annotations and in the header.

    Data records of a fixed length cannot hold every number of samples. Where the last one is not full, the last sample of
    each lead is repeated, and an annotation says where the recording ends.

    Parameters
    ----------
    record : Record
        The record.
    file : Path
        The file.

    Raises
    ------
    OutputRefused
        If samples are missing, which EDF cannot mark.
    LibraryMissing
        If edfio is not installed.
    """
    with optional_imports():
        import edfio
    if not np.isfinite(record.signal_mv).all():
        raise OutputRefused(
            f"{file.name} cannot be written.",
            found=f"{int((~np.isfinite(record.signal_mv)).sum()):,} missing samples",
            expected="a recording without gaps: EDF has no mark for a missing sample",
            remedy="--format wfdb",
        )
    size, duration = data_record(record.fs_hz, record.n_samples)
    filled = -record.n_samples % size
    signals = []
    for lead, row in zip(record.leads, record.signal_mv.astype(np.float64), strict=True):
        low, high = _range_uv(row)
        held = np.append(row * 1000, np.full(filled, row[-1] * 1000)).clip(low, high)
        label = _ascii(lead if lead.upper().startswith("ECG") else f"ECG {lead}")[:16].strip() or "ECG"
        signals.append(
            edfio.EdfSignal(held, size / duration, label=label, physical_dimension="uV", physical_range=(low, high))
        )
    said = _annotations(record, edfio.EdfAnnotation)
    said += [edfio.EdfAnnotation(round(record.duration_s, _DIGITS), None, END)] if filled else []
    who = record.identity
    patient, recording = _patient(who, edfio.Patient), _recording(who, edfio.Recording)
    moment = _moment(who.recorded_at)
    edfio.Edf(
        signals,
        patient=patient,
        recording=recording,
        starttime=None if moment is None else moment.time(),
        data_record_duration=duration,
        annotations=said,
    ).write(file)


def data_record(fs_hz: float, n_samples: int) -> tuple[int, float]:
    """Return how many samples of a lead a data record holds, and how long it lasts.

    Parameters
    ----------
    fs_hz : float, Hz
        Sampling rate.
    n_samples : int
        Samples of the recording.

    Returns
    -------
    size : int
        Samples; the recording is filled up to a multiple of them.
    duration : float, s
        It states the sampling rate exactly, or as nearly as lengths below a minute can.

    Examples
    --------
    >>> data_record(500, 5000), data_record(360, 650_000), data_record(257.5, 2575)
    ((500, 1.0), (360, 1.0), (515, 2.0))
    """
    rate = Fraction(fs_hz).limit_denominator(1_000_000)
    lengths = sorted((Fraction(at, _PER_S) for at in range(1, 60 * _PER_S)), key=lambda length: abs(length - 1))
    sizes = {round(rate * length): length for length in reversed(lengths) if rate * length >= 1}
    exact = [size for size, length in reversed(sizes.items()) if size == rate * length]
    inexact = min(sizes, key=lambda size: abs(size / (rate * sizes[size]) - 1))
    whole = (size for size in exact if n_samples % size == 0 and sizes[size] >= _SHORTEST_S)
    size = next(whole, exact[0] if exact else inexact)
    return size, float(sizes[size])


def _eight(value: float) -> str:
    """Return a number in at most eight characters, without an exponent."""
    for digits in range(_WIDTH, -1, -1):
        text = f"{value:.{digits}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
        if len(text) <= _WIDTH:
            return text
    raise OverflowError(f"{value:g} does not fit into {_WIDTH} characters")


def _range_uv(row: NDArray[np.float64]) -> tuple[float, float]:
    """Return the physical minimum and maximum of a lead: the counts of its source where 16 bits hold them, else the finest."""
    per_mv, (low, high) = per_mv_of(row), (float(row.min()), float(row.max()))
    if per_mv is None or (high - low) * per_mv > _MOST - _LEAST:
        # Half of the range above its middle stays free: the eight characters of each end may round inwards.
        per_mv = (_MOST - _LEAST) / (1.001 * (high - low) + 0.1)
    middle = 0 if max(high, -low) * per_mv < _MOST else round((high + low) / 2 * per_mv)
    ends = [(middle + end) / per_mv * 1000 for end in (_LEAST, _MOST)]
    return float(_eight(ends[0])), float(_eight(ends[1]))


def _annotations(record: Record, kind: "type[EdfAnnotation]") -> "list[EdfAnnotation]":
    said = [kind(0, None, one_line(line)) for line in (*lines_of(Identity(), record.machine), *record.comments)]
    if (found := record.annotations) is not None:
        pairs = zip(found.samples.tolist(), found.symbols, found.notes, strict=True)
        for at, symbol, note in pairs:
            said.append(kind(round(at / record.fs_hz, _DIGITS), None, one_line(text_of(symbol, note))))
    return said


def _patient(who: Identity, kind: "type[Patient]") -> "Patient":
    return kind(
        code=_word(who.patient_id, 20),
        sex={"male": "M", "female": "F"}.get(who.sex, "X"),  # type: ignore[arg-type]
        birthdate=_date(who.birth_date),
        name=_word(who.name, 30),
        additional=() if who.age_years is None else (f"Age={who.age_years:g}",),
    )


def _recording(who: Identity, kind: "type[Recording]") -> "Recording":
    moment = _moment(who.recorded_at)
    return kind(startdate=None if moment is None else moment.date(), equipment_code=_word(who.device, 30))


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        return None
    return moment if 1985 <= moment.year <= 2084 else None  # the years that EDF can state


def _date(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _word(text: str, longest: int) -> str:
    """Return a subfield of the header: ASCII without blanks, ``X`` for nothing."""
    return "_".join(_ascii(text).split())[:longest] or "X"


def _ascii(text: str) -> str:
    plain: Any = unicodedata.normalize("NFKD", one_line(text)).encode("ascii", "ignore")
    return str(plain.decode())
