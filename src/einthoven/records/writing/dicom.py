"""Write a record as a DICOM waveform through pydicom.

Source: DICOM PS3.3, A.34 (waveform objects) and C.10.9; PS3.16, CID 3001 (leads).
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from einthoven.errors import OutputRefused, optional_imports
from einthoven.records.edf_texts import text_of
from einthoven.records.identity import MEASUREMENTS, Identity
from einthoven.records.record import Record
from einthoven.records.said import one_line
from einthoven.signal.counts import Counts, counts
from einthoven.signal.leads import STANDARD

_CODES = {"I": 1, "II": 2, "V1": 3, "V2": 4, "V3": 5, "V4": 6, "V5": 7, "V6": 8} | {
    "III": 61,
    "aVR": 62,
    "aVL": 63,
    "aVF": 64,
}
"""Codes of leads in the nomenclature of ISO/IEEE 11073-10101, block 2."""
_OURS = "99EINTHOVEN"
_MOST_LEADS, _MOST_12_SAMPLES = 24, 16384
_MEANINGS = {
    "heart_rate_bpm": "Heart rate",
    "rr_ms": "RR interval",
    "p_ms": "P duration",
    "pr_ms": "PR interval",
    "qrs_ms": "QRS duration",
    "qt_ms": "QT interval",
    "qtc_ms": "QTc interval",
    "p_axis_deg": "P axis",
    "qrs_axis_deg": "QRS axis",
    "t_axis_deg": "T axis",
}
_UCUM = {"ms": "ms", "1/min": "/min", "degrees": "deg"}


def write_dicom(record: Record, file: Path) -> None:
    """Write a DICOM file: twelve-lead, general, 32-bit or ambulatory ECG, by leads, length and rate.

    Parameters
    ----------
    record : Record
        The record.
    file : Path
        The file.

    Raises
    ------
    OutputRefused
        If it has more leads than DICOM allows.
    LibraryMissing
        If pydicom is not installed.
    """
    with optional_imports():
        import pydicom
        from pydicom import uid
    if len(record.leads) > _MOST_LEADS:
        raise OutputRefused(
            f"{file.name} cannot be written.",
            found=f"{len(record.leads)} leads",
            expected=f"at most {_MOST_LEADS} leads in a DICOM waveform",
            remedy="--format wfdb",
        )
    beats, found = record.median_beats, counts(record.signal_mv)
    kind = getattr(uid, _storage(record, found.bits))
    meta = pydicom.dataset.FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = kind, uid.generate_uid()
    meta.TransferSyntaxUID = uid.ExplicitVRLittleEndian
    whole = pydicom.Dataset()
    whole.file_meta = meta
    whole.SpecificCharacterSet = "ISO_IR 192"
    whole.SOPClassUID, whole.SOPInstanceUID = kind, meta.MediaStorageSOPInstanceUID
    whole.StudyInstanceUID, whole.SeriesInstanceUID = uid.generate_uid(), uid.generate_uid()
    whole.Modality, whole.SeriesNumber, whole.InstanceNumber, whole.StudyID = "ECG", 1, 1, ""
    whole.AccessionNumber = whole.ReferringPhysicianName = ""
    whole.AcquisitionContextSequence = []
    _identify(whole, record.identity)
    whole.WaveformSequence = [_waveform("RHYTHM", record.leads, record.fs_hz, found, pydicom.Dataset)]
    if beats is not None:
        medians = counts(beats.signal_mv)
        whole.WaveformSequence.append(_waveform("MEDIAN BEAT", beats.leads, beats.fs_hz, medians, pydicom.Dataset))
    said = _said(record, pydicom.Dataset)
    if said:
        whole.WaveformAnnotationSequence = said
    whole.save_as(file, enforce_file_format=True)


def _storage(record: Record, bits: int) -> str:
    """Return the class of waveform that a record fits into."""
    if bits > 16:
        return "General32bitECGWaveformStorage"
    if record.fs_hz < 200:
        return "AmbulatoryECGWaveformStorage"
    twelve = set(record.leads) == set(STANDARD) and record.n_samples <= _MOST_12_SAMPLES and record.fs_hz <= 1000
    return "TwelveLeadECGWaveformStorage" if twelve else "GeneralECGWaveformStorage"


def _identify(whole: Any, who: Identity) -> None:
    moment = _moment(who.recorded_at)
    whole.PatientName, whole.PatientID = one_line(who.name)[:64], one_line(who.patient_id)[:64]
    whole.PatientBirthDate = who.birth_date.replace("-", "") if len(who.birth_date) == 10 else ""
    whole.PatientSex = {"male": "M", "female": "F"}.get(who.sex, "")
    if who.age_years is not None and 0 <= who.age_years < 1000:
        whole.PatientAge = f"{int(who.age_years):03d}Y" if who.age_years >= 2 else f"{int(12 * who.age_years):03d}M"
    whole.Manufacturer = one_line(who.device)[:64]
    whole.AcquisitionDateTime = "" if moment is None else f"{moment:%Y%m%d%H%M%S.%f}"
    whole.StudyDate = whole.ContentDate = "" if moment is None else f"{moment:%Y%m%d}"
    whole.StudyTime = whole.ContentTime = "" if moment is None else f"{moment:%H%M%S.%f}"


def _moment(text: str) -> datetime | None:
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _waveform(label: str, leads: Sequence[str], fs_hz: float, found: Counts, dataset: Any) -> Any:
    wave = dataset()
    wave.MultiplexGroupLabel, wave.MultiplexGroupTimeOffset = label, "0"
    wave.WaveformOriginality = "ORIGINAL" if label == "RHYTHM" else "DERIVED"
    wave.NumberOfWaveformChannels, wave.NumberOfWaveformSamples = found.values.shape
    wave.SamplingFrequency = _decimal(fs_hz)
    bits = 16 if found.bits == 16 else 32
    wave.WaveformBitsAllocated, wave.WaveformSampleInterpretation = bits, "SS" if bits == 16 else "SL"
    padding = -(1 << (bits - 1))
    stored = np.where(found.missing, padding, found.values).astype(f"<i{bits // 8}")
    wave.WaveformPaddingValue = np.array(padding, stored.dtype).tobytes()
    wave.ChannelDefinitionSequence = [
        _channel(lead, per_mv, bits, dataset) for lead, per_mv in zip(leads, found.per_mv, strict=True)
    ]
    wave.WaveformData = np.ascontiguousarray(stored.T).tobytes()
    wave["WaveformData"].VR = wave["WaveformPaddingValue"].VR = "OW"
    return wave


def _channel(lead: str, per_mv: float, bits: int, dataset: Any) -> Any:
    channel = dataset()
    channel.ChannelLabel = one_line(lead)[:16]
    known = _CODES.get(lead)
    source = ("MDC", f"2:{known}", f"Lead {lead}") if known else (_OURS, one_line(lead)[:16], one_line(lead)[:64])
    channel.ChannelSourceSequence = [_code(*source, dataset)]
    channel.ChannelSensitivity = _decimal(1 / per_mv)
    channel.ChannelSensitivityUnitsSequence = [_code("UCUM", "mV", "millivolt", dataset)]
    channel.ChannelSensitivityCorrectionFactor, channel.ChannelBaseline = "1", "0"
    channel.ChannelSampleSkew, channel.WaveformBitsStored = "0", bits
    return channel


def _said(record: Record, dataset: Any) -> list[Any]:
    """Return statements, measurements, comments and annotations as items of the annotation sequence."""
    items = []
    for text in (*record.machine.statements, *record.machine.confirmed, *record.comments):
        item = dataset()
        item.UnformattedTextValue = one_line(text)
        items.append(item)
    for name, value in record.machine.measurements.items():
        item = dataset()
        unit = _UCUM[MEASUREMENTS[name]]
        item.ConceptNameCodeSequence = [_code(_OURS, name, _MEANINGS[name], dataset)]
        item.MeasurementUnitsCodeSequence = [_code("UCUM", unit, unit, dataset)]
        item.NumericValue = _decimal(value)
        items.append(item)
    if (found := record.annotations) is not None:
        for at, symbol, note in zip(found.samples.tolist(), found.symbols, found.notes, strict=True):
            item = dataset()
            item.UnformattedTextValue = one_line(text_of(symbol, note))
            item.ReferencedWaveformChannels, item.TemporalRangeType = [1, 0], "POINT"
            item.ReferencedSamplePositions = int(at) + 1
            items.append(item)
    for item in items:
        item.AnnotationGroupNumber = 1
    return items


def _code(scheme: str, value: str, meaning: str, dataset: Any) -> Any:
    code = dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = value, scheme, meaning
    return code


def _decimal(value: float) -> str:
    """Return a decimal string of at most 16 characters."""
    return next(text for digits in range(15, 0, -1) if len(text := f"{value:.{digits}g}") <= 16)
