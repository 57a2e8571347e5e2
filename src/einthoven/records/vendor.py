"""Read SCP-ECG, Philips Sierra, Mortara, MFER and Edan through ecgdatakit; what it returns is checked here.

The sampling rate is taken from what the file states, since ecgdatakit rounds it to whole Hz.
"""

import re
import warnings as python_warnings
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np

from einthoven.errors import EinthovenError, optional_imports
from einthoven.records.bounds import require_regular
from einthoven.records.channels import Channel, Content, joined, record_of
from einthoven.records.dates import sex_named
from einthoven.records.identity import Identity, MachineReading
from einthoven.records.record import Record
from einthoven.records.scp_bimodal import with_bimodal
from einthoven.records.sierra_size import unpacked_bytes
from einthoven.records.stated import NOTHING, Stated
from einthoven.records.xml_tree import in_utf8, not_a, packed_text, parse_xml

SCP = "SCP-ECG"
SIERRA = "Philips Sierra XML"
MORTARA = "Mortara ELI XML"
MFER = "MFER"
EDAN = "Edan Holter"
_PARSERS = {
    SCP: ("scp_ecg", "SCPECGParser", 1 << 20),
    SIERRA: ("sierra_xml", "SierraXMLParser", 4 << 20),
    MORTARA: ("mortara_el250", "MortaraEL250Parser", 64 << 20),
    MFER: ("mfer", "MFERParser", 128 << 20),
    EDAN: ("edan_arc", "EDANARCHolterParser", 256 << 20),
}
_MEASUREMENTS = {
    "heart_rate": "heart_rate_bpm",
    "rr_interval": "rr_ms",
    "pr_interval": "pr_ms",
    "qrs_duration": "qrs_ms",
    "qt_interval": "qt_ms",
    "qtc_bazett": "qtc_ms",
    "p_axis": "p_axis_deg",
    "qrs_axis": "qrs_axis_deg",
    "t_axis": "t_axis_deg",
}
_MOST_LEADS = 256
_MOST_SAMPLES = 1_000_000  # twelve leads of nearly three minutes; documents hold eleven seconds


def read_scp(path: Path, stated: Stated = NOTHING) -> Record:
    """Read an SCP-ECG file.

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
        If it is damaged, or holds a long recording in its section 12 only.
    LibraryMissing
        If ecgdatakit is not installed.
    """
    return _read(path, stated, SCP)


def read_sierra(path: Path, stated: Stated = NOTHING) -> Record:
    """Read a Philips Sierra document of version 1.03, 1.04, 1.04.01 or 1.04.02.

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
        If it is damaged, of another type or version, or would unpack to more than 12 leads of a few minutes.
    LibraryMissing
        If ecgdatakit is not installed.
    """
    _require_size(path, SIERRA)
    for each in parse_xml(path, SIERRA).iter():
        method = each.get("compression") or each.get("compressmethod") or "none"
        is_plain = method.lower() in ("uncompressed", "none") or (each.get("compressflag") or "").lower() == "false"
        if not is_plain and unpacked_bytes(packed_text(each), 2 * _MOST_SAMPLES) > 2 * _MOST_SAMPLES:
            raise not_a(path, SIERRA, f"a waveform that unpacks to over {_MOST_SAMPLES:,} samples")
    return _read(path, stated, SIERRA)


def read_mortara(path: Path, stated: Stated = NOTHING) -> Record:
    """Read a document of a Mortara (Welch Allyn, Hillrom) ELI.

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
        If it is damaged.
    LibraryMissing
        If ecgdatakit is not installed.
    """
    parse_xml(path, MORTARA)  # refuses entities and bounds its size
    return _read(path, stated, MORTARA)


def read_mfer(path: Path, stated: Stated = NOTHING) -> Record:
    """Read an MFER file (ISO 22077).

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
        If it is damaged or compressed.
    LibraryMissing
        If ecgdatakit is not installed.
    """
    return _read(path, stated, MFER)


def read_edan(path: Path, stated: Stated = NOTHING) -> Record:
    """Read a Holter recording of Edan: an archive, or ``patient.hea`` beside ``ecgraw.dat``. Its scale is not known.

    Parameters
    ----------
    path : Path
        The file.
    stated : Stated
        What the user states: the counts per mV.

    Returns
    -------
    Record

    Raises
    ------
    RecordUnreadable
        If it is damaged.
    StatementMissing
        If the gain is not stated.
    LibraryMissing
        If ecgdatakit is not installed.
    """
    return _read(path, stated, EDAN)


def is_edan_pair(path: Path) -> bool:
    """Return whether a file is one of the two of an Edan recording, whose names are always the same.

    Parameters
    ----------
    path : Path
        A file.

    Returns
    -------
    bool
    """
    pair = {"patient.hea": "ecgraw.dat", "ecgraw.dat": "patient.hea"}
    other = pair.get(path.name.lower())
    if other is None:
        return False
    beside = next((each for each in path.parent.iterdir() if each.name.lower() == other), None)
    if beside is None:
        return False
    header = path if other == "ecgraw.dat" else beside
    require_regular(header)
    with header.open("rb") as file:
        return b"\0" in file.read(64)


def _read(path: Path, stated: Stated, title: str) -> Record:
    with optional_imports():
        import ecgdatakit  # noqa: F401

    _require_size(path, title)
    module, name, _ = _PARSERS[title]
    kind = getattr(import_module(f"ecgdatakit.parsing.parsers.{module}"), name)
    parser = (_SAFER[title](kind) if title in _SAFER else kind)()
    with python_warnings.catch_warnings(record=True) as told:
        python_warnings.simplefilter("always")
        try:
            found = _parsed(parser, path, title in (SIERRA, MORTARA))
        except EinthovenError:
            raise
        except Exception as error:  # damaged files raise errors of any kind in ecgdatakit
            raise not_a(path, title, _in_short(path, error)) from error
    notes = [_in_short(path, each.message) for each in told]
    return _record(path, found, stated, title, notes)


def _parsed(parser: Any, path: Path, is_xml: bool) -> Any:
    if not is_xml:
        return parser.parse(path)
    with TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        copy.write_bytes(in_utf8(path.read_bytes()))
        return parser.parse(copy)


def _with_few_leads(kind: type[Any]) -> type[Any]:
    """Return ecgdatakit's parser of MFER, which refuses the number of leads that would keep it busy for hours."""

    def add_frame(self: Any, content: bytes) -> None:
        if self._state.channels > _MOST_LEADS:
            raise ValueError(f"{self._state.channels:,} leads")
        kind._add_frame(self, content)

    return type(kind.__name__, (kind,), {"_add_frame": add_frame})


_SAFER: dict[str, Callable[[type[Any]], type[Any]]] = {MFER: _with_few_leads, SCP: with_bimodal}


def _require_size(path: Path, title: str) -> None:
    size, most_bytes = path.stat().st_size, _PARSERS[title][2]
    if size > most_bytes:
        raise not_a(path, title, f"{size:,} bytes, over {most_bytes:,}", "cut it into shorter recordings")


def _record(path: Path, found: Any, stated: Stated, title: str, notes: list[str]) -> Record:
    """Make a record of what ecgdatakit read; leads of another rate than the first are skipped."""
    if not found.leads:
        raise not_a(path, title, "no lead with samples", "export it with its waveform")
    exact = found.raw_metadata.get("sampling_rates") or []
    rates = [_rate(lead, exact[at] if at < len(exact) else None, found) for at, lead in enumerate(found.leads)]
    used = [lead for lead, rate in zip(found.leads, rates, strict=True) if rate == rates[0]]
    starts = [int(lead.annotations.get("start_sample", 1)) for lead in used]
    channels = [_channel(lead) for lead in used]
    if len(set(starts)) > 1:  # SCP-ECG: leads that were recorded one after the other
        try:
            channels = joined([(start - min(starts), each) for start, each in zip(starts, channels, strict=True)])
        except ValueError as error:
            raise not_a(path, title, str(error)) from error
    skipped = [lead.label for lead, rate in zip(found.leads, rates, strict=True) if rate != rates[0]]
    if skipped:
        notes.append(f"skipped, because of another sampling rate: {', '.join(skipped)}")
    medians = found.median_beats or []
    content = Content(
        warnings=tuple(dict.fromkeys(notes)),
        identity=_identity(found),
        machine=_machine(found),
        medians=[_channel(lead) for lead in medians],
        medians_fs_hz=float(medians[0].sampling_rate) if medians else 0.0,
    )
    return record_of(path, rates[0], channels, stated, content)


def _rate(lead: Any, exact: float | None, found: Any) -> float:
    """Return the rate that the file states; SCP-ECG rounds the time between samples to 1 us, so a whole rate may be meant."""
    interval_us = found.raw_metadata.get("rhythm_sample_interval_us")
    if exact is None and interval_us:
        low, high = 1e6 / (interval_us + 0.5), 1e6 / (interval_us - 0.5)
        exact = float(round(1e6 / interval_us)) if low <= round(1e6 / interval_us) <= high else 1e6 / interval_us
    return float(exact if exact is not None else lead.sampling_rate)


def _channel(lead: Any) -> Channel:
    per_count = float(lead.resolution) or 1.0
    unit = str(lead.resolution_unit or lead.units or "")
    return Channel(str(lead.label)[:40], np.asarray(lead.samples), per_count, unit, -float(lead.offset) / per_count)


def _identity(found: Any) -> Identity:
    person, session = found.patient, found.recording
    names = (str(person.first_name or "").strip(), str(person.last_name or "").strip())
    device = (
        str(session.device.manufacturer or "").strip(),
        str(session.device.model or session.device.name or "").strip(),
    )
    return Identity(
        name=" ".join(name for name in names if name),
        patient_id=str(person.patient_id or "").strip(),
        birth_date=person.birth_date.date().isoformat() if person.birth_date else "",
        age_years=float(person.age) if person.age is not None and 0 <= person.age < 150 else None,
        sex=sex_named(person.sex or ""),
        recorded_at=session.date.replace(tzinfo=None).isoformat() if session.date else "",
        device=" ".join(dict.fromkeys(part for part in device if part)),
    )


def _machine(found: Any) -> MachineReading:
    """Return the device's reading; intervals that only follow from the boundaries of waves are taken from those."""
    measured = {}
    for name, key in _MEASUREMENTS.items():
        value = getattr(found.measurements, name, None)
        if value is not None and np.isfinite(value):
            measured[key] = float(value)
    spans = {"p_ms": ("p_onset", "p_offset"), "pr_ms": ("p_onset", "qrs_onset"), "qrs_ms": ("qrs_onset", "qrs_offset")}
    for key, (begin, end) in (spans | {"qt_ms": ("qrs_onset", "t_offset")}).items():
        ends = [found.annotations.get(f"median_{name}_ms", "") for name in (begin, end)]
        if key not in measured and all(str(each).isdigit() for each in ends) and int(ends[1]) > int(ends[0]):
            measured[key] = float(int(ends[1]) - int(ends[0]))
    said = [" ".join(part for part in parts if part).strip() for parts in found.interpretation.statements]
    statements = tuple(text for text in said if text)
    if found.interpretation.source in ("confirmed", "overread"):
        machine = str(found.annotations.get("machine_interpretation") or "")
        return MachineReading(tuple(line for line in machine.splitlines() if line.strip()), statements, measured)
    return MachineReading(statements, (), measured)


def _in_short(path: Path, error: object) -> str:
    shown = " ".join(str(error).replace(str(path), path.name).split())
    text = re.sub(r"[^\s:]{0,200}/" + re.escape(path.name), path.name, shown) or type(error).__name__
    is_name = type(error).__name__ == "MissingElementError"
    return f"no element {text[:80]}" if is_name else text[:200]
