"""Read what GE MUSE exports: RestingECG in XML, and the text with one row a sample.

Samples in XML are little-endian integers in Base64, times LeadAmplitudeUnitsPerBit. MUSE stores I, II and V1 to V6.
"""

import binascii
import re
import zlib
from base64 import b64decode
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np

from einthoven.records.channels import Channel, Content, record_of
from einthoven.records.dates import age_between, from_words, sex_named, years
from einthoven.records.identity import Identity, MachineReading
from einthoven.records.record import Record
from einthoven.records.stated import NOTHING, Stated
from einthoven.records.xml_tree import not_a, number_of, numbers_in, packed_text, parse_xml, text_of
from einthoven.signal.leads import STANDARD

TITLE = "GE MUSE XML"
TEXT_TITLE = "GE MUSE text"
_MEASUREMENTS = {
    "VentricularRate": "heart_rate_bpm",
    "PRInterval": "pr_ms",
    "QRSDuration": "qrs_ms",
    "QTInterval": "qt_ms",
    "QTCorrected": "qtc_ms",
    "PAxis": "p_axis_deg",
    "RAxis": "qrs_axis_deg",
    "TAxis": "t_axis_deg",
}
_HEAD = re.compile(r"\s*Rhythm signal:\s*(\d{1,9})\s*X\s*(\d{1,3})[^\n]*\n", re.IGNORECASE)
_MOST_TEXT = 64 << 20


def read_muse(path: Path, stated: Stated = NOTHING) -> Record:
    """Read a RestingECG document of GE MUSE.

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
        If it is no whole document, has no rhythm, or a lead has not the samples that it states.
    """
    root = parse_xml(path, TITLE)
    if root.tag.lower() != "restingecg":
        raise not_a(path, TITLE, f"the root element <{root.tag[:40]}>")
    waveforms = {text_of(each, "WaveformType").lower() or "rhythm": each for each in reversed(root.findall("Waveform"))}
    rhythm = waveforms.get("rhythm") or next((each for kind, each in waveforms.items() if kind != "median"), None)
    if rhythm is None:
        raise not_a(path, TITLE, "no rhythm waveform", "export it from MUSE with its waveforms")
    warnings: list[str] = []
    fs_hz, channels = _waveform(path, rhythm, warnings)
    medians_fs_hz, medians = _waveform(path, waveforms["median"], []) if "median" in waveforms else (0.0, [])
    content = Content(
        warnings=tuple(warnings),
        identity=_identity(root),
        machine=_machine(root),
        medians=medians,
        medians_fs_hz=medians_fs_hz,
    )
    return record_of(path, fs_hz, channels, stated, content)


def read_muse_text(path: Path, stated: Stated = NOTHING) -> Record:
    """Read the text of GE MUSE: ``Rhythm signal: 5000 X 12``, then a row of microvolts for each sample, leads in standard order.

    The text does not state its sampling rate.

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
        If rows or columns are not as many as the first line states.
    StatementMissing
        If the sampling rate is not stated.
    """
    size = path.stat().st_size
    if size > _MOST_TEXT:
        raise not_a(path, TEXT_TITLE, f"{size:,} bytes, over {_MOST_TEXT:,}", "cut it into shorter recordings")
    text = path.read_text("latin-1")
    head = _HEAD.match(text)
    if head is None:
        raise not_a(path, TEXT_TITLE, "a first line other than 'Rhythm signal: SAMPLES X LEADS'")
    n_samples, n_leads = int(head[1]), int(head[2])
    try:
        values = numbers_in(re.split(r"[A-Za-z]", text[head.end() :], maxsplit=1)[0])
    except ValueError as error:
        raise not_a(path, TEXT_TITLE, "a row that is not of numbers") from error
    if not n_samples or not n_leads or len(values) != n_samples * n_leads:
        raise not_a(path, TEXT_TITLE, f"{len(values):,} numbers for {n_samples:,} samples of {n_leads} leads")
    names = STANDARD if n_leads == len(STANDARD) else tuple(f"lead {at + 1}" for at in range(n_leads))
    rows = values.reshape(n_samples, n_leads).T
    channels = [Channel(name, row) for name, row in zip(names, rows, strict=True)]
    return record_of(path, None, channels, stated)


def _waveform(path: Path, waveform: Element, warnings: list[str]) -> tuple[float, list[Channel]]:
    base = number_of(text_of(waveform, "SampleBase"))
    exponent = number_of(text_of(waveform, "SampleExponent")) or 0.0
    if not base or base < 0 or abs(exponent) > 9:
        raise not_a(path, TITLE, f"a SampleBase of {text_of(waveform, 'SampleBase')[:40] or 'nothing'}")
    leads = [_lead(path, each, warnings) for each in waveform.findall("LeadData")]
    return base * 10**exponent, leads


def _lead(path: Path, lead: Element, warnings: list[str]) -> Channel:
    name = text_of(lead, "LeadID")[:40]
    try:
        payload = b64decode(packed_text(lead.find("WaveFormData")), validate=True)
    except (binascii.Error, ValueError) as error:
        raise not_a(path, TITLE, f"lead {name}: a waveform that is not Base64") from error
    size = int(number_of(text_of(lead, "LeadSampleSize")) or 2)
    n_stated = number_of(text_of(lead, "LeadSampleCountTotal"))
    if size not in (1, 2, 4) or len(payload) % size or not payload:
        raise not_a(path, TITLE, f"lead {name}: {len(payload):,} bytes in samples of {size} bytes")
    counts = np.frombuffer(payload, f"<i{size}")
    if n_stated is not None and n_stated != len(counts):
        raise not_a(path, TITLE, f"lead {name}: {len(counts):,} samples where {n_stated:,.0f} are stated")
    checksum = text_of(lead, "LeadDataCRC32")
    if checksum.isdecimal() and checksum not in ("0", str(zlib.crc32(payload))):
        warnings.append(f"the checksum of lead {name} is not that of its samples")
    if text_of(lead, "LeadOff").upper() == "TRUE":
        warnings.append(f"the device marks lead {name} as off")
    stated = text_of(lead, "LeadAmplitudeUnitsPerBit")
    per_count, unit = number_of(stated), text_of(lead, "LeadAmplitudeUnits")
    if not stated:
        return Channel(name, counts, unit="")
    if not per_count:
        raise not_a(path, TITLE, f"lead {name}: {stated[:40]} units per bit")
    baseline = number_of(text_of(lead, "FirstSampleBaseline")) or 0.0
    return Channel(name, counts, per_count, unit, -baseline)


def _identity(root: Element) -> Identity:
    person, test = root.find("PatientDemographics"), root.find("TestDemographics")
    birth = from_words(text_of(person, "DateofBirth"))
    moment = from_words(text_of(test, "AcquisitionDate"), text_of(test, "AcquisitionTime"))
    age = years(number_of(text_of(person, "PatientAge")), text_of(person, "AgeUnits"))
    names = text_of(person, "PatientFirstName"), text_of(person, "PatientLastName")
    device = text_of(test, "AcquisitionDevice")
    return Identity(
        name=" ".join(name for name in names if name),
        patient_id=text_of(person, "PatientID"),
        birth_date=birth,
        age_years=age if age is not None else age_between(birth, moment),
        sex=sex_named(text_of(person, "Gender")),
        recorded_at=moment,
        device=f"GE {device}" if device else "",
    )


def _machine(root: Element) -> MachineReading:
    """Return the device's own reading, and the physician's where the record is confirmed."""
    final, original = _statements(root.find("Diagnosis")), _statements(root.find("OriginalDiagnosis"))
    is_confirmed = text_of(root, "TestDemographics/Status").upper() in ("CONFIRMED", "OVERREAD")
    measured: dict[str, float] = {}
    for block in ("OriginalRestingECGMeasurements", "RestingECGMeasurements"):
        for tag, key in _MEASUREMENTS.items():
            value = number_of(text_of(root, f"{block}/{tag}"))
            if value is not None:
                measured.setdefault(key, value)
    return MachineReading(original or (() if is_confirmed else final), final if is_confirmed else (), measured)


def _statements(diagnosis: Element | None) -> tuple[str, ...]:
    """Return whole lines: parts are joined up to the one that ends its line."""
    lines: list[str] = []
    parts: list[str] = []
    for statement in diagnosis.findall("DiagnosisStatement") if diagnosis is not None else []:
        parts.append(text_of(statement, "StmtText"))
        if any((flag.text or "").strip().upper() == "ENDSLINE" for flag in statement.findall("StmtFlag")):
            lines.append(" ".join(part for part in parts if part))
            parts = []
    lines.append(" ".join(part for part in parts if part))
    return tuple(line for line in lines if line)
