"""Read XML whose samples are decimal numbers between commas: GE CardioSoft, and Schiller's EDI."""

import re
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np
from numpy.typing import NDArray

from einthoven.records.channels import Channel, Content, record_of
from einthoven.records.dates import age_between, from_digits, sex_named, years
from einthoven.records.identity import Identity, MachineReading
from einthoven.records.record import Record
from einthoven.records.stated import NOTHING, Stated
from einthoven.records.xml_tree import not_a, number_of, numbers_in, parse_xml, text_of

CARDIOSOFT = "GE CardioSoft XML"
SCHILLER = "Schiller XML"
_CARDIOSOFT = {
    "VentricularRate": "heart_rate_bpm",
    "RRInterval": "rr_ms",
    "PDuration": "p_ms",
    "PQInterval": "pr_ms",
    "QRSDuration": "qrs_ms",
    "QTInterval": "qt_ms",
    "QTCInterval": "qtc_ms",
    "PAxis": "p_axis_deg",
    "RAxis": "qrs_axis_deg",
    "QRSAxis": "qrs_axis_deg",
    "TAxis": "t_axis_deg",
}
_SCHILLER = {
    "HR": "heart_rate_bpm",
    "RR": "rr_ms",
    "P": "p_ms",
    "PQ": "pr_ms",
    "PR": "pr_ms",
    "QRS": "qrs_ms",
    "QT": "qt_ms",
    "QTC": "qtc_ms",
    "AXIS_P": "p_axis_deg",
    "AXIS_QRS": "qrs_axis_deg",
    "AXIS_T": "t_axis_deg",
}


def read_cardiosoft(path: Path, stated: Stated = NOTHING) -> Record:
    """Read the strip of a CardioSoft document.

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
        If it is no whole document, or has no strip.
    """
    root = parse_xml(path, CARDIOSOFT)
    strips = [
        strip for strip in root.iter() if strip.tag in ("StripData", "Strip") and strip.find("WaveformData") is not None
    ]
    if not strips:
        found = (
            "full disclosure only, no strip" if root.find("FullDisclosure") is not None else "no strip with a waveform"
        )
        raise not_a(path, CARDIOSOFT, found, "export the strip, e.g. the resting ECG, from CardioSoft")
    warnings = (f"the first of {len(strips)} strips of the document is read",) if len(strips) > 1 else ()
    settings = root.find("StripData")
    fs_hz, channels = _cardiosoft_leads(path, strips[0], settings)
    median = root.find("RestingECGMeasurements/MedianSamples")
    medians_fs_hz, medians = _cardiosoft_leads(path, median, None) if median is not None else (0.0, [])
    measured = root.find("RestingECGMeasurements")
    statements = tuple(
        text
        for name in ("DiagnosisText", "ConclusionText", "Statement")
        for each in root.findall(f"Interpretation//{name}")
        if (text := text_of(each))
    )
    content = Content(
        warnings=warnings,
        identity=_cardiosoft_identity(root),
        machine=MachineReading(tuple(dict.fromkeys(statements)), (), _measurements(measured, _CARDIOSOFT)),
        medians=medians,
        medians_fs_hz=medians_fs_hz,
    )
    return record_of(path, fs_hz, channels, stated, content)


def read_schiller(path: Path, stated: Stated = NOTHING) -> Record:
    """Read the rhythm of a Schiller EDI document.

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
        If it is no whole document, or has no rhythm.
    """
    root = parse_xml(path, SCHILLER)
    waves = {text_of(each, "type"): each for each in reversed([*root.iter("wavedata")])}
    if "ECG_RHYTHMS" not in waves:
        raise not_a(
            path, SCHILLER, f"waves of the kinds {', '.join(waves)[:100] or 'none'}", "export it with its rhythm"
        )
    fs_hz, channels = _schiller_leads(path, waves["ECG_RHYTHMS"])
    medians_fs_hz, medians = _schiller_leads(path, waves["ECG_AVERAGES"]) if "ECG_AVERAGES" in waves else (0.0, [])
    measured: dict[str, float] = {}
    for each in root.iter("annotation_global"):
        key, value = _SCHILLER.get(text_of(each, "name")), number_of(text_of(each, "value"))
        if key and value is not None:
            measured.setdefault(key, value)
    statements = tuple(
        text
        for each in root.iter("textdata")
        if text_of(each, "type") == "INTERPRETATION"
        for inner in each.findall("textdata")
        if (text := text_of(inner))
    )
    content = Content(
        identity=_schiller_identity(root),
        machine=MachineReading(statements, (), measured),
        medians=medians,
        medians_fs_hz=medians_fs_hz,
    )
    return record_of(path, fs_hz, channels, stated, content)


def _cardiosoft_leads(path: Path, strip: Element, settings: Element | None) -> tuple[float, list[Channel]]:
    """Return rate and leads of a strip, whose settings may stand one level above."""
    places = [place for place in (strip, settings) if place is not None]
    fs_hz = next((value for place in places if (value := number_of(text_of(place, "SampleRate")))), None)
    scale = next((found for place in places if (found := place.find("Resolution")) is not None), None)
    per_count = number_of(text_of(scale))
    if not fs_hz or fs_hz < 0 or not per_count:
        raise not_a(path, CARDIOSOFT, f"a rate of {fs_hz or 'no'} Hz and a resolution of {per_count or 'nothing'}")
    unit = (scale.get("units") or "" if scale is not None else "").strip()
    leads = [
        Channel(
            (each.get("lead") or "unnamed")[:40],
            _numbers(path, CARDIOSOFT, each),
            per_count,
            re.sub("perlsb$", "", unit, flags=re.IGNORECASE),
        )
        for each in strip.findall("WaveformData")
    ]
    return fs_hz, leads


def _schiller_leads(path: Path, wave: Element) -> tuple[float, list[Channel]]:
    value = number_of(text_of(wave, "resolution/samplerate/value"))
    per_count = number_of(text_of(wave, "resolution/yres/unitperbit"))
    unit = text_of(wave, "resolution/yres/units")
    if not value or value < 0 or not per_count:
        raise not_a(path, SCHILLER, f"a rate of {value or 'no'} Hz and {per_count or 'no'} units per bit")
    leads = []
    for each in wave.findall("channel"):
        kind = text_of(each, "datastype")
        if kind not in ("COMMASEPARATE", ""):
            raise not_a(
                path, SCHILLER, f"samples of the kind {kind[:40]}", "export them as COMMASEPARATE, or as HL7 aECG"
            )
        counts = _numbers(path, SCHILLER, each.find("data"))
        n_stated = number_of(text_of(each, "samplecount"))
        if n_stated is not None and n_stated != len(counts):
            raise not_a(path, SCHILLER, f"{len(counts):,} samples where {n_stated:,.0f} are stated")
        leads.append(
            Channel(text_of(each, "name")[:40], counts, per_count, re.sub("perlsb$", "", unit, flags=re.IGNORECASE))
        )
    return value, leads


def _numbers(path: Path, title: str, element: Element | None) -> NDArray[np.float64]:
    try:
        return numbers_in((element.text or "") if element is not None else "")
    except ValueError as error:
        raise not_a(path, title, "samples that are no numbers") from error


def _measurements(block: Element | None, names: dict[str, str]) -> dict[str, float]:
    measured: dict[str, float] = {}
    for name, key in names.items():
        value = number_of(text_of(block, name))
        if value is not None:
            measured.setdefault(key, value)
    return measured


def _moment(element: Element | None) -> str:
    """Return an ISO date and time from elements Year, Month, Day, Hour, Minute, Second."""
    parts = [number_of(text_of(element, name)) for name in ("Year", "Month", "Day", "Hour", "Minute", "Second")]
    if any(part is None for part in parts[:3]):
        return ""
    digits = "".join(
        f"{int(part):0{4 if at == 0 else 2}d}" for at, part in enumerate(parts) if part is not None and part >= 0
    )
    return from_digits(digits)


def _cardiosoft_identity(root: Element) -> Identity:
    person = root.find("PatientInfo")
    birth, moment = (
        _moment(person.find("BirthDateTime") if person is not None else None)[:10],
        _moment(root.find("ObservationDateTime")),
    )
    age = person.find("Age") if person is not None else None
    stated_age = years(number_of(text_of(age)), (age.get("units") or "Years") if age is not None else "")
    names = text_of(person, "Name/GivenName"), text_of(person, "Name/FamilyName")
    device = text_of(root, "DeviceInfo/Desc") or text_of(root, "ClinicalInfo/DeviceInfo/Desc")
    return Identity(
        name=" ".join(name for name in names if name),
        patient_id=text_of(person, "PID"),
        birth_date=birth,
        age_years=stated_age if stated_age is not None else age_between(birth, moment),
        sex=sex_named(text_of(person, "Gender")),
        recorded_at=moment,
        device=device,
    )


def _schiller_identity(root: Element) -> Identity:
    person = root.find("patdata")
    start = text_of(root, "examdescript/startdatetime/date"), text_of(root, "examdescript/startdatetime/time")
    moment = from_digits(start[0] + start[1][:6]) or from_digits(start[0])
    birth = from_digits(text_of(person, "birthdate"))[:10]
    names = text_of(person, "firstname"), text_of(person, "lastname")
    hardware = root.find("examdescript/aquiringdevice/hardware")
    return Identity(
        name=" ".join(name for name in names if name),
        patient_id=text_of(person, "id"),
        birth_date=birth,
        age_years=age_between(birth, moment),
        sex=sex_named(text_of(person, "gender")),
        recorded_at=moment,
        device=" ".join(part for part in (text_of(hardware, "vendor"), text_of(hardware, "model")) if part),
    )
