"""Read HL7 Annotated ECG (aECG): the rhythm, its median beats, and what the device says.

Source: ANSI/HL7 V3 ECG, R1-2004 (PORT_MT020001), and the implementation guide of 2005. A sample is origin + scale * digit.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from xml.etree.ElementTree import Element

from einthoven.records.channels import Channel, Content, joined, record_of
from einthoven.records.dates import age_between, from_digits, sex_named, years
from einthoven.records.identity import Identity, MachineReading
from einthoven.records.record import Record
from einthoven.records.stated import NOTHING, UNITS_MV, Stated, unit_named
from einthoven.records.xml_tree import not_a, number_of, numbers_in, parse_xml, text_of
from einthoven.signal.lead_names import known_lead

TITLE = "HL7 aECG"
_SECONDS = {"s": 1.0, "ms": 1e-3, "us": 1e-6, "µs": 1e-6}
_TO_MS = {"s": 1000.0, "us": 1e-3, "µs": 1e-3}
_MEASUREMENTS = {
    "HEART_RATE": "heart_rate_bpm",
    "TIME_PD_RR": "rr_ms",
    "TIME_PD_P": "p_ms",
    "TIME_PD_PR": "pr_ms",
    "TIME_PD_PQ": "pr_ms",
    "TIME_PD_QRS": "qrs_ms",
    "TIME_PD_QT": "qt_ms",
    "TIME_PD_QTC": "qtc_ms",
    "TIME_PD_QTCB": "qtc_ms",
    "ANGLE_P_FRONT": "p_axis_deg",
    "ANGLE_QRS_FRONT": "qrs_axis_deg",
    "ANGLE_T_FRONT": "t_axis_deg",
}
_LEAD_CODE = re.compile(r"(.*(?:LEAD_|ELEC_POTL_))?(?!TIME_)(\S{1,40})", re.IGNORECASE)
_SUBJECT = "componentOf/timepointEvent/componentOf/subjectAssignment/subject/trialSubject"


def read_aecg(path: Path, stated: Stated = NOTHING) -> Record:
    """Read an HL7 aECG.

    Parameters
    ----------
    path : Path
        The file.
    stated : Stated
        What the user states.

    Returns
    -------
    Record

    Raises
    ------
    RecordUnreadable
        If it is no whole aECG, or its rhythm has no lead or no sampling rate.
    """
    root = parse_xml(path, TITLE)
    if root.tag != "AnnotatedECG":
        raise not_a(path, TITLE, f"the root element <{root.tag[:40]}>")
    rhythms, beats = _series(root)
    if not rhythms:
        raise not_a(path, TITLE, "no series: the document has no waveform", "export it with its waveform")
    warnings = []
    if len(rhythms) > 1:
        warnings.append(f"the first of {len(rhythms)} rhythms of the document is read")
    fs_hz, channels = _waveform(path, rhythms[0])
    medians_fs_hz, medians = _waveform(path, beats[0]) if beats else (0.0, [])
    content = Content(
        warnings=tuple(warnings),
        identity=_identity(root, rhythms[0]),
        machine=_machine([rhythms[0], *beats[:1]]),
        medians=medians,
        medians_fs_hz=medians_fs_hz,
    )
    return record_of(path, fs_hz, channels, stated, content)


def _series(root: Element) -> tuple[list[Element], list[Element]]:
    """Return the series of rhythms, and those of median beats."""
    rhythms: list[Element] = []
    beats: list[Element] = []
    for series in root.findall("component/series"):
        is_beat = _code(series) == "REPRESENTATIVE_BEAT"
        (beats if is_beat else rhythms).append(series)
        beats.extend(series.findall("derivation/derivedSeries"))
    return rhythms, beats


def _waveform(path: Path, series: Element) -> tuple[float, list[Channel]]:
    """Return sampling rate and leads; sets of leads recorded one after the other are laid on one line of time."""
    sets = []
    for sequences in series.findall("component/sequenceSet"):
        fs_hz, start_s = _time(path, sequences)
        channels = [channel for each in sequences.findall("component/sequence") for channel in _lead(path, each)]
        if channels:
            sets.append((fs_hz, start_s, channels))
    if not sets:
        raise not_a(path, TITLE, f"no lead in the series {_code(series) or 'without a code'}")
    fs_hz = sets[0][0]
    begin_s = min(start_s for _, start_s, _ in sets)
    parts = []
    for rate, start_s, channels in sets:
        if rate == fs_hz:
            parts += [(round((start_s - begin_s) * rate), channel) for channel in channels]
    try:
        return fs_hz, joined(parts)
    except ValueError as error:
        raise not_a(path, TITLE, str(error)) from error


def _time(path: Path, sequences: Element) -> tuple[float, float]:
    """Return the sampling rate in Hz and the time of the first sample in s, whatever it counts from."""
    for sequence in sequences.findall("component/sequence"):
        if not _code(sequence).startswith("TIME_"):
            continue
        increment, head = sequence.find("value/increment"), sequence.find("value/head")
        step = number_of(_attribute(increment, "value"))
        unit = _attribute(increment, "unit") or "s"
        if not step or step < 0 or unit not in _SECONDS:
            raise not_a(path, TITLE, f"a time increment of {_attribute(increment, 'value') or 'nothing'} {unit}"[:80])
        rate = 1 / (step * _SECONDS[unit])
        near = round(rate)
        start = from_digits(_attribute(head, "value"))
        if "T" in start:
            return (near if abs(rate - near) < 1e-6 * rate else rate), datetime.fromisoformat(start).timestamp()
        seconds = (number_of(_attribute(head, "value")) or 0.0) * _SECONDS.get(_attribute(head, "unit") or "s", 1.0)
        return (near if abs(rate - near) < 1e-6 * rate else rate), seconds
    raise not_a(path, TITLE, "no sequence of times, hence no sampling rate")


def _lead(path: Path, sequence: Element) -> Iterator[Channel]:
    code = _code(sequence)
    named = _LEAD_CODE.fullmatch(code)
    if named is None or (not named[1] and known_lead(code) is None):
        return
    name = named[2]
    name = "-aVR" if name.upper() == "AVRNEG" else name.replace("_", " ")
    try:
        digits = numbers_in(text_of_raw(sequence.find("value/digits")))
    except ValueError as error:
        raise not_a(path, TITLE, f"lead {name}: digits that are no numbers") from error
    if not len(digits):
        return
    scale, origin = sequence.find("value/scale"), sequence.find("value/origin")
    per_count = number_of(_attribute(scale, "value"))
    unit = _attribute(scale, "unit")
    if scale is None:
        yield Channel(name, digits, unit="")
        return
    if not per_count:
        raise not_a(path, TITLE, f"lead {name}: a scale of {_attribute(scale, 'value') or 'nothing'}"[:80])
    shift = number_of(_attribute(origin, "value")) or 0.0
    own, other = unit_named(unit), unit_named(_attribute(origin, "unit") or unit)
    if own and other:
        shift *= UNITS_MV[other] / UNITS_MV[own]
    yield Channel(name, digits, per_count, unit, -shift / per_count)


def text_of_raw(element: Element | None) -> str:
    """Return the text right below an element, with its blanks.

    Parameters
    ----------
    element : Element, optional
        The element.

    Returns
    -------
    str
    """
    return (element.text or "") if element is not None else ""


def _identity(root: Element, rhythm: Element) -> Identity:
    subject = root.find(_SUBJECT)
    person = subject.find("subjectDemographicPerson") if subject is not None else None
    birth = from_digits(_attribute(_under(person, "birthTime"), "value"))[:10]
    moment = next(
        (
            found
            for place in (rhythm, root)
            for end in ("low", "center", "high")
            if (found := from_digits(_attribute(place.find(f"effectiveTime/{end}"), "value")))
        ),
        "",
    )
    device = rhythm.find("author/seriesAuthor")
    maker = text_of(device, "manufacturerOrganization/name")
    model = text_of(device, "manufacturedSeriesDevice/manufacturerModelName")
    name = text_of(person, "name")
    return Identity(
        name="" if not name.strip("-? ") else name,
        patient_id=_attribute(_under(subject, "id"), "extension"),
        birth_date=birth,
        age_years=_stated_age(root) or age_between(birth, moment),
        sex=sex_named(_attribute(_under(person, "administrativeGenderCode"), "code")),
        recorded_at=moment,
        device=" ".join(part for part in (maker, model) if part),
    )


def _stated_age(root: Element) -> float | None:
    for seen in root.findall("controlVariable/relatedObservation"):
        if _code(seen) == "21612-7":  # LOINC: reported age
            value = seen.find("value")
            return years(number_of(_attribute(value, "value")), _attribute(value, "unit"))
    return None


def _machine(series: list[Element]) -> MachineReading:
    """Return statements and measurements of whole beats; those of single leads and beats are left out."""
    statements: list[str] = []
    confirmed: list[str] = []
    measurements: dict[str, float] = {}
    for each in series:
        for annotations in each.findall("subjectOf/annotationSet"):
            by_person = annotations.find("author/assignedEntity/assignedAuthorType/assignedPerson") is not None
            for annotation in annotations.findall("component/annotation"):
                _note(annotation, confirmed if by_person else statements, measurements)
    return MachineReading(tuple(statements), tuple(confirmed), measurements)


def _note(annotation: Element, statements: list[str], measurements: dict[str, float]) -> None:
    code = _code(annotation).upper()
    is_of_one_lead = any(
        "LEAD_" in _code(boundary).upper()
        for boundary in annotation.findall("support/supportingROI/component/boundary")
    )
    if code == "MDC_ECG_BEAT" or is_of_one_lead:
        return
    value = annotation.find("value")
    if "_INTERPRETATION" in code and not code.endswith("_SEVERITY"):
        said = text_of(value) or _attribute(value, "displayName") or _attribute(value, "value")
        if said and said not in statements:
            statements.append(said)
    key = _MEASUREMENTS.get(code.rpartition("_ECG_")[2].removesuffix("_GL"))
    number = number_of(_attribute(value, "value"))
    if key and number is not None:
        unit = _attribute(value, "unit")
        factor = 60.0 if key == "heart_rate_bpm" and unit == "Hz" else 1.0
        factor = _TO_MS.get(unit, 1.0) if key.endswith("_ms") else factor
        measurements.setdefault(key, number * factor)
    for inner in annotation.findall("component/annotation"):
        _note(inner, statements, measurements)


def _code(element: Element) -> str:
    return _attribute(element.find("code"), "code")


def _under(element: Element | None, name: str) -> Element | None:
    return element.find(name) if element is not None else None


def _attribute(element: Element | None, name: str) -> str:
    return (element.get(name) or "").strip() if element is not None else ""
