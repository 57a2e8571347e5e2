"""Read DICOM waveforms: 12-lead, general and ambulatory ECG, through pydicom.

Source: DICOM PS3.3, C.10.9 (Waveform Module). A sample is its value * sensitivity * correction factor + baseline.
"""

import re
import warnings as python_warnings
import zlib
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from einthoven.errors import RecordUnreadable, optional_imports
from einthoven.records.bounds import most_unpacked
from einthoven.records.channels import Channel, Content, joined, record_of
from einthoven.records.dates import age_between, from_digits, sex_named, years
from einthoven.records.edf_texts import symbol_and_note
from einthoven.records.identity import Identity, MachineReading
from einthoven.records.printable import printable
from einthoven.records.record import Annotations, Record
from einthoven.records.stated import NOTHING, Stated
from einthoven.records.xml_tree import not_a, number_of

if TYPE_CHECKING:
    from pydicom import Dataset

TITLE = "DICOM waveform"
_MOST_BYTES = 512 << 20
_DEFLATED = "1.2.840.10008.1.2.1.99"
_META_AT = 144  # preamble, DICM, and the element that states the length of the group
_LONGEST_NAME = 200
_BIG_ENDIAN = "1.2.840.10008.1.2.2"
_KINDS = {"SB": "i1", "UB": "u1", "SS": "i2", "US": "u2", "SL": "i4", "UL": "u4"}
_LEADS = ("I", "II", *(f"V{n}" for n in range(1, 8)), *(f"V{n}R" for n in range(2, 8)), "X", "Y", "Z", "CC5", "CM5")
_MORE_LEADS = {61: "III", 62: "aVR", 63: "aVL", 64: "aVF", 65: "-aVR", 66: "V8", 67: "V9", 68: "V8R", 69: "V9R"}
_LEAD_CODE = re.compile(r"(?:5\.6\.3-9-|2:)(\d{1,3})")  # SCP-ECG and MDC number the leads alike
_MEASUREMENTS = {
    r"(ventricular )?(heart )?rate": "heart_rate_bpm",
    r"rr interval( global)?": "rr_ms",
    r"p (wave )?duration( global)?": "p_ms",
    r"p[rq] interval( global)?": "pr_ms",
    r"qrs duration( global)?": "qrs_ms",
    r"qt interval( global)?": "qt_ms",
    r"qtc[bf]?( interval)?( global)?|corrected qt interval": "qtc_ms",
    r"p( wave)? axis": "p_axis_deg",
    r"(qrs|r) axis": "qrs_axis_deg",
    r"t( wave)? axis": "t_axis_deg",
}


def read_dicom(path: Path, stated: Stated = NOTHING) -> Record:
    """Read a DICOM file with a waveform.

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
        If it is damaged, or has no ECG waveform.
    LibraryMissing
        If pydicom is not installed.
    """
    with optional_imports():
        import pydicom

    size = path.stat().st_size
    if size > _MOST_BYTES:
        raise not_a(path, TITLE, f"{size:,} bytes, over {_MOST_BYTES:,}", "cut it into shorter recordings")
    with python_warnings.catch_warnings():
        python_warnings.simplefilter("ignore")
        try:
            meta = pydicom.filereader.read_file_meta_info(path)
            syntax, n_meta = str(meta.get("TransferSyntaxUID", "")), int(meta.get("FileMetaInformationGroupLength", 0))
        except Exception:  # files without a preamble have no such group; pydicom has no common error
            syntax, n_meta = "", 0
        try:
            if syntax == _DEFLATED:
                plain = BytesIO(_inflated(path, _META_AT + n_meta))
                data = pydicom.filereader.read_dataset(plain, is_implicit_VR=False, is_little_endian=True)
            else:
                data = pydicom.dcmread(path, force=True, stop_before_pixels=True)
            return _record(path, data, stated, syntax)
        except RecordUnreadable:
            raise
        except Exception as error:  # pydicom parses values when they are asked for, with errors of many kinds
            if type(error).__module__.startswith("einthoven"):
                raise
            raise not_a(path, TITLE, f"a damaged data set: {type(error).__name__}: {str(error)[:120]}") from error


def _inflated(path: Path, start: int) -> bytes:
    """Return the data set of a deflated file, which is bounded in size."""
    with path.open("rb") as file:
        file.seek(start)
        packed = file.read()
    most = most_unpacked(len(packed))
    try:
        plain = zlib.decompressobj(-zlib.MAX_WBITS).decompress(packed, most + 1)
    except zlib.error as error:
        raise not_a(path, TITLE, f"a deflated data set that is damaged: {error}") from error
    if len(plain) > most:
        raise not_a(path, TITLE, f"a deflated data set of over {most:,} bytes")
    return plain


def _record(path: Path, found: "Dataset", stated: Stated, syntax: str) -> Record:
    groups = [*(found.get("WaveformSequence") or ())]
    if not groups:
        what = "that holds a PDF" if "EncapsulatedDocument" in found else "without a waveform"
        modality = printable(str(found.get("Modality") or "")[:16])
        raise RecordUnreadable(
            f"{path} cannot be read.",
            found=f"a DICOM file {what}" + (f" (modality {modality})" if modality else ""),
            expected="a DICOM file with an ECG waveform (12-lead, general or ambulatory)",
            remedy="export the ECG itself, not a report or a picture of it",
        )
    is_big = syntax == _BIG_ENDIAN
    rhythms = [group for group in groups if not _is_median(group, groups)] or groups[:1]
    fs_hz = float(rhythms[0].SamplingFrequency)
    parts, notes = [], []
    for group in rhythms:
        if float(group.SamplingFrequency) == fs_hz:
            first = round(float(group.get("MultiplexGroupTimeOffset") or 0) / 1000 * fs_hz)
            parts += [(first, channel) for channel in _channels(path, group, is_big)]
        else:
            notes.append(f"skipped: a group of leads at {float(group.SamplingFrequency):g} Hz")
    earliest = min((first for first, _ in parts), default=0)
    medians = next((group for group in groups if group not in rhythms), None)
    content = Content(
        warnings=tuple(notes),
        identity=_identity(found),
        machine=_machine(found),
        annotations=_annotations(found),
        medians=[*_channels(path, medians, is_big)] if medians is not None else (),
        medians_fs_hz=float(medians.SamplingFrequency) if medians is not None else 0.0,
    )
    try:
        channels = joined([(first - earliest, channel) for first, channel in parts])
    except ValueError as error:
        raise not_a(path, TITLE, str(error)) from error
    return record_of(path, fs_hz, channels, stated, content)


def _is_median(group: "Dataset", groups: "list[Dataset]") -> bool:
    """Return whether a group holds median beats: by its label, or derived beside an original."""
    label = str(group.get("MultiplexGroupLabel") or "").upper()
    if any(word in label for word in ("MEDIAN", "REPRESENTATIVE", "AVERAGE", "TEMPLATE")):
        return True
    others = {str(each.get("WaveformOriginality") or "") for each in groups}
    return "RHYTHM" not in label and group.get("WaveformOriginality") == "DERIVED" and "ORIGINAL" in others


def _channels(path: Path, group: "Dataset", is_big: bool) -> Iterator[Channel]:
    kind = _KINDS.get(str(group.WaveformSampleInterpretation))
    n_channels, n_samples = int(group.NumberOfWaveformChannels), int(group.NumberOfWaveformSamples)
    if kind is None:
        raise not_a(path, TITLE, f"samples of the kind {str(group.WaveformSampleInterpretation)[:8]}")
    stored = np.dtype((">" if is_big else "<") + kind)
    content, n_bytes = bytes(group.WaveformData), n_channels * n_samples * stored.itemsize
    definitions = [*group.ChannelDefinitionSequence]
    if n_bytes <= 0 or len(content) < n_bytes or len(definitions) != n_channels:
        sizes = f"{len(content):,} bytes and {len(definitions)} definitions"
        raise not_a(path, TITLE, f"{sizes} for {n_channels} leads of {n_samples:,} samples")
    values = np.frombuffer(content, stored, n_channels * n_samples).reshape(n_samples, n_channels)
    padding = group.get("WaveformPaddingValue")
    missing = np.frombuffer(bytes(padding), stored)[:1] if isinstance(padding, bytes) else np.atleast_1d(padding or 0)
    for column, definition in zip(values.T, definitions, strict=True):
        yield _channel(column, int(missing[0]) if len(missing) else 0, definition)


def _channel(column: Any, padding: int, definition: "Dataset") -> Channel:
    """Return one lead; a padding value other than 0, which every ECG passes through, marks missing samples."""
    if padding and (column == padding).any():
        column = np.where(column == padding, np.nan, column.astype(np.float64))
    sensitivity = float(definition.get("ChannelSensitivity") or 0)
    if not sensitivity:
        return Channel(_lead(definition), column, unit="")
    units = [*(definition.get("ChannelSensitivityUnitsSequence") or ())]
    unit = str(units[0].get("CodeValue") or "") if units else ""
    per_count = sensitivity * float(definition.get("ChannelSensitivityCorrectionFactor") or 1)
    return Channel(
        _lead(definition), column, per_count, unit, -float(definition.get("ChannelBaseline") or 0) / per_count
    )


def _lead(definition: "Dataset") -> str:
    """Return the name of a lead: by its code, else by the meaning of the code, else by its label."""
    sources = [*(definition.get("ChannelSourceSequence") or ())]
    source: Any = sources[0] if sources else {}
    code = _LEAD_CODE.fullmatch(str(source.get("CodeValue") or ""))
    number = int(code[1]) if code else 0
    named = _MORE_LEADS.get(number) or (_LEADS[number - 1] if 1 <= number <= len(_LEADS) else "")
    meaning = re.sub(r"\(.*?\)", "", str(source.get("CodeMeaning") or "")[:_LONGEST_NAME]).strip()
    label = str(definition.get("ChannelLabel") or "").strip()
    return (named or re.sub(r"^lead\s+", "", meaning, flags=re.IGNORECASE) or label or "unnamed")[:40]


def _identity(found: "Dataset") -> Identity:
    def text(keyword: str) -> str:
        return str(found.get(keyword) or "").strip()

    moment = from_digits(text("AcquisitionDateTime"))
    for kind in ("Acquisition", "Content", "Study"):
        moment = moment or from_digits(text(f"{kind}Date") + text(f"{kind}Time"))
    birth, age = from_digits(text("PatientBirthDate")), text("PatientAge")
    family, _, given = text("PatientName").split("=")[0].partition("^")
    name = " ".join(part for part in (given.replace("^", " ").strip(), family) if part)
    stated_age = years(number_of(age[:-1]), age[-1:]) if age else None
    return Identity(
        name=name,
        patient_id=text("PatientID"),
        birth_date=birth,
        age_years=stated_age if stated_age is not None else age_between(birth, moment),
        sex=sex_named(text("PatientSex")),
        recorded_at=moment,
        device=" ".join(part for part in (text("Manufacturer"), text("ManufacturerModelName")) if part),
    )


def _annotations(found: "Dataset") -> Annotations | None:
    """Return the texts that stand at a sample: the code of a beat, a rhythm, or a note."""
    at: list[tuple[int, str]] = []
    for note in found.get("WaveformAnnotationSequence") or ():
        said, positions = str(note.get("UnformattedTextValue") or "").strip(), note.get("ReferencedSamplePositions")
        if said and positions:
            at.append((int(np.atleast_1d(positions)[0]) - 1, said))
    if not at:
        return None
    at.sort(key=lambda each: each[0])
    symbols, notes = zip(*(symbol_and_note(text) for _, text in at), strict=True)
    return Annotations(np.array([sample for sample, _ in at], np.int64), symbols, notes)


def _machine(found: "Dataset") -> MachineReading:
    statements: list[str] = []
    measurements: dict[str, float] = {}
    for note in found.get("WaveformAnnotationSequence") or ():
        said = str(note.get("UnformattedTextValue") or "").strip()
        if said and not note.get("ReferencedSamplePositions"):
            statements.append(said)
        names = [*(note.get("ConceptNameCodeSequence") or ())]
        value = number_of(str(note.get("NumericValue") or ""))
        if not names or value is None:
            continue
        meaning = str(names[0].get("CodeMeaning") or "").strip().lower()
        key = next((key for pattern, key in _MEASUREMENTS.items() if re.fullmatch(pattern, meaning)), None)
        if key:
            measurements.setdefault(key, value)
    return MachineReading(tuple(statements), (), measurements)
