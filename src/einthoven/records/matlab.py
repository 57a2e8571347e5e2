"""Knows MATLAB files: CPSC 2018's struct, and the Challenges' ``val`` matrix with its header. Does not know HDF5 (version 7.3)."""

from pathlib import Path

import numpy as np

from einthoven.errors import RecordUnreadable, StatementMissing
from einthoven.records import matfile, wfdb
from einthoven.records.header import read_header, with_unit
from einthoven.records.record import UNITS_MV, Record
from einthoven.signal.leads import STANDARD

_CPSC2018_HZ = 500.0  # Liu et al. 2018, J Med Imaging Health Inform 8:1368: 500 Hz, twelve leads, mV


def read_matlab(path: Path, *, fs_hz=None, leads=None, unit=None, annotator=None) -> Record:
    """Read a MATLAB file in mV; see :func:`einthoven.records.read`.

    A ``val`` matrix with a header beside it is a WFDB record. A struct ``ECG`` with ``data`` is CPSC 2018's: twelve
    leads in standard order, 500 Hz, mV. A ``val`` matrix alone needs rate, leads and unit stated.
    """
    header_path = path.with_suffix(".hea")
    with path.open("rb") as file:
        is_signal_file = matfile.is_version_4(file.read(4))
    if header_path.exists() and is_signal_file:
        return wfdb.read_wfdb(header_path, fs_hz=fs_hz, leads=leads, unit=unit, annotator=annotator)
    try:
        content = matfile.load(path)
    except ValueError as error:
        raise _unreadable(path, str(error)) from error
    if "ECG" in content:
        return _from_struct(path, content["ECG"], fs_hz, leads, unit)
    matrix = content.get("val")
    if not isinstance(matrix, np.ndarray) or matrix.ndim != 2:
        found = (
            f"variables {', '.join(content)}" if matrix is None else f"a variable val that is no matrix: {path.name}"
        )
        raise _unreadable(path, found if content else "no variable")
    if header_path.exists():
        return _with_header(path, matrix, header_path, fs_hz, leads, unit)
    missing = [flag for flag, value in (("--fs", fs_hz), ("--leads", leads), ("--unit", unit)) if value is None]
    if missing:
        raise StatementMissing(
            f"{path} holds a matrix and no header lies beside it.",
            found=f"val of shape {matrix.shape}, no {header_path.name}",
            expected=f"rate, leads and unit; not stated: {', '.join(missing)}",
            remedy="--fs 300 --leads I --unit mV",
        )
    return Record(path.stem, matrix * UNITS_MV[unit], fs_hz, tuple(leads), source=path)


def _from_struct(path: Path, ecg: matfile.Value, fs_hz, leads, unit) -> Record:
    data = ecg.get("data") if isinstance(ecg, dict) else None
    if not isinstance(data, np.ndarray):
        raise _unreadable(path, "a variable ECG that is not CPSC 2018's struct")
    names = tuple(leads) if leads is not None else STANDARD
    if data.ndim != 2 or data.shape[0] != len(names):
        raise _unreadable(path, f"ECG.data of shape {data.shape} for {len(names)} leads")
    comments = tuple(f"{key}: {_plain(ecg[key])}" for key in ("age", "sex") if key in ecg)
    assumed = [text for text, stated in (("500 Hz", fs_hz), ("mV", unit)) if stated is None]
    warnings = (
        (f"the file states no rate and no unit: {' and '.join(assumed)}, as CPSC 2018 publishes",) if assumed else ()
    )
    rate = _CPSC2018_HZ if fs_hz is None else fs_hz
    return Record(path.stem, data * UNITS_MV[unit or "mV"], rate, names, path, comments, warnings)


def _with_header(path: Path, matrix: np.ndarray, header_path: Path, fs_hz, leads, unit) -> Record:
    warnings: list[str] = []
    header = with_unit(read_header(header_path), unit, warnings)
    signals = header.signals
    rate = header.fs_hz if fs_hz is None else fs_hz
    if matrix.shape[0] != len(signals) or rate is None or any(signal.unit not in UNITS_MV for signal in signals):
        raise _unreadable(path, f"val of shape {matrix.shape} beside a header of {len(signals)} leads at {rate} Hz")
    volts = np.empty(matrix.shape)
    for row, (values, signal) in enumerate(zip(matrix, signals, strict=True)):
        volts[row] = (values - float(signal.baseline)) / signal.gain * UNITS_MV[signal.unit]
        volts[row, values == wfdb.MISSING.get(signal.format)] = np.nan
    names = tuple(signal.lead for signal in signals)
    record = Record(path.stem, volts, rate, names, path, header.comments, tuple(warnings))
    return record if leads is None else record.with_leads(leads)


def _plain(value: matfile.Value) -> str:
    return value if isinstance(value, str) else ", ".join(f"{number:g}" for number in np.ravel(value)[:3])


def _unreadable(path: Path, found: str) -> RecordUnreadable:
    return RecordUnreadable(
        f"{path} cannot be read.",
        found=found,
        expected="CPSC 2018's struct ECG, or a matrix val [leads, samples] with its header, of version 4 to 7",
        remedy="copy the file again, or convert it to CSV with one column a lead",
    )
