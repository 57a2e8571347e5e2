"""Read recordings in MATLAB files: the struct of CPSC 2018, and the ``val`` matrix of the Challenges with its header."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import RecordUnreadable, StatementMissing
from einthoven.records import matfile, wfdb
from einthoven.records.calibration import uncalibrated, with_stated_scale
from einthoven.records.header import read_header
from einthoven.records.record import Record
from einthoven.records.samples import MISSING
from einthoven.records.stated import NOTHING, UNITS_MV, Stated
from einthoven.signal.leads import STANDARD

_CPSC2018_HZ = 500.0  # Liu et al. 2018, J Med Imaging Health Inform 8:1368: 500 Hz, twelve leads, mV


def read_matlab(path: Path, stated: Stated = NOTHING) -> Record:
    """Read a MATLAB file in mV.

    A ``val`` matrix with a header beside it is a WFDB record. A struct ``ECG`` with ``data`` is CPSC 2018's: twelve
    leads in standard order, 500 Hz, mV. For a ``val`` matrix alone sampling rate, leads and unit must be stated.

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
        If the file is damaged or holds no recording.
    StatementMissing
        If there is no header, and sampling rate, leads or unit are not stated.
    """
    header_path = path.with_suffix(".hea")
    with path.open("rb") as file:
        is_signal_file = matfile.is_version_4(file.read(4))
    if header_path.exists() and is_signal_file:
        return wfdb.read_wfdb(header_path, stated)
    try:
        content = matfile.load(path)
    except ValueError as error:
        raise _unreadable(path, str(error)) from error
    if "ECG" in content:
        return _from_struct(path, content["ECG"], stated)
    matrix = content.get("val")
    if not isinstance(matrix, np.ndarray) or matrix.ndim != 2:
        found = (
            f"variables {', '.join(content)}" if matrix is None else f"a variable val that is no matrix: {path.name}"
        )
        raise _unreadable(path, found if content else "no variable")
    if header_path.exists():
        return _with_header(path, matrix, header_path, stated)
    if stated.fs_hz is None or stated.leads is None or not stated.states_scale:
        needed = (("--fs", stated.fs_hz), ("--leads", stated.leads), ("--unit", stated.states_scale or None))
        missing = [flag for flag, value in needed if value is None]
        raise StatementMissing(
            f"{path} holds a matrix, and there is no header beside it.",
            found=f"val of shape {matrix.shape}, no {header_path.name}",
            expected=f"sampling rate, leads and unit; not stated: {', '.join(missing)}",
            remedy="--fs 300 --leads I --unit mV",
        )
    return Record(path.stem, np.asarray(stated.to_mv(matrix), np.float32), stated.fs_hz, stated.leads, source=path)


def _from_struct(path: Path, ecg: matfile.Value, stated: Stated) -> Record:
    data = ecg.get("data") if isinstance(ecg, dict) else None
    if not isinstance(ecg, dict) or not isinstance(data, np.ndarray):
        raise _unreadable(path, "a variable ECG that is not the struct of CPSC 2018")
    names = stated.leads if stated.leads is not None else STANDARD
    if data.ndim != 2 or data.shape[0] != len(names):
        raise _unreadable(path, f"ECG.data of shape {data.shape} for {len(names)} leads")
    comments = tuple(f"{key}: {_plain(ecg[key])}" for key in ("age", "sex") if key in ecg)
    known = (("500 Hz", stated.fs_hz is not None), ("mV", stated.states_scale))
    assumed = [text for text, is_stated in known if not is_stated]
    warnings = (
        (f"the file does not state sampling rate and unit: {' and '.join(assumed)}, as in CPSC 2018",)
        if assumed
        else ()
    )
    rate = _CPSC2018_HZ if stated.fs_hz is None else stated.fs_hz
    signal_mv = np.asarray(stated.to_mv(data), np.float32)
    return Record(path.stem, signal_mv, rate, names, path, comments, warnings)


def _with_header(
    path: Path,
    matrix: NDArray[Any],
    header_path: Path,
    stated: Stated,
) -> Record:
    warnings: list[str] = []
    header = with_stated_scale(read_header(header_path), stated, warnings)
    signals = header.signals
    rate = header.fs_hz if stated.fs_hz is None else stated.fs_hz
    if matrix.shape[0] != len(signals) or rate is None or any(signal.unit not in UNITS_MV for signal in signals):
        raise _unreadable(path, f"val of shape {matrix.shape} beside a header of {len(signals)} leads at {rate} Hz")
    volts = np.empty(matrix.shape)
    for row, (values, signal) in enumerate(zip(matrix, signals, strict=True)):
        volts[row] = (values - float(signal.baseline)) / signal.gain * UNITS_MV[signal.unit]
        volts[row, values == MISSING.get(signal.format)] = np.nan
    names = tuple(signal.lead for signal in signals)
    record = Record(
        name=path.stem,
        signal_mv=volts.astype(np.float32),
        fs_hz=rate,
        leads=names,
        source=path,
        comments=header.comments,
        warnings=tuple(warnings),
        findings=uncalibrated(header.signals),
    )
    return record if stated.leads is None else record.with_leads(stated.leads)


def _plain(value: matfile.Value) -> str:
    return ", ".join(f"{number:g}" for number in np.ravel(value)[:3]) if isinstance(value, np.ndarray) else str(value)


def _unreadable(path: Path, found: str) -> RecordUnreadable:
    return RecordUnreadable(
        f"{path} cannot be read.",
        found=found,
        expected="the struct ECG of CPSC 2018, or a matrix val [leads, samples] with its header, of version 4 to 7",
        remedy="copy the file again, or convert it to CSV with one column a lead",
    )
