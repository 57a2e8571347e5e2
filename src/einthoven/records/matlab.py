"""Read recordings in MATLAB files: the struct of CPSC 2018, and the ``val`` matrix of the Challenges with its header."""

import re
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from einthoven.errors import RecordUnreadable
from einthoven.records import bundles, matfile, wfdb
from einthoven.records.arrays import Value, record_of_variables
from einthoven.records.calibration import uncalibrated, with_stated_scale
from einthoven.records.facts import Facts
from einthoven.records.header import read_header
from einthoven.records.labchart_matrix import is_labchart, read_labchart
from einthoven.records.record import Record
from einthoven.records.samples import MISSING
from einthoven.records.stated import NOTHING, UNITS_MV, Stated, unit_named
from einthoven.signal.leads import STANDARD

_MOST_INFO_BYTES = 100_000
_CPSC2018_HZ = 500.0  # Liu et al. 2018, J Med Imaging Health Inform 8:1368: 500 Hz, twelve leads, mV


def read_matlab(path: Path, stated: Stated = NOTHING) -> Record:
    """Read a MATLAB file in mV.

    A ``val`` matrix with a header beside it is a WFDB record. A struct ``ECG`` with ``data`` is CPSC 2018's: twelve
    leads in standard order, 500 Hz, mV. Of other variables the signal is found by name or size; rate, leads and unit are read
    from variables beside it (``fs``, ``leads``, ``unit``) and PhysioNet's ``.info``, or must be stated.

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
    LibraryMissing
        If the file is of version 7.3, and h5py is not installed.
    StatementMissing
        If sampling rate, leads or unit are neither in the file nor stated.
    """
    header_path = path.with_suffix(".hea")
    with path.open("rb") as file:
        first = file.read(10)
    is_signal_file = matfile.is_version_4(first[:4])
    if header_path.exists() and is_signal_file:
        return wfdb.read_wfdb(header_path, stated)
    if first == b"MATLAB 7.3":
        return bundles.read_hdf5(path, stated)
    try:
        content = matfile.load(path)
    except ValueError as error:
        raise _unreadable(path, str(error)) from error
    struct = content.get("ECG")
    if isinstance(struct, dict) and isinstance(struct.get("data"), np.ndarray):
        return _from_struct(path, struct, stated)
    matrix = content.get("val")
    if header_path.exists() and isinstance(matrix, np.ndarray) and matrix.ndim == 2:
        return _with_header(path, matrix, header_path, stated)
    if not content:
        raise _unreadable(path, "no variable")
    variables = _flat(content)
    if is_labchart(variables):
        return read_labchart(path, variables, stated)
    return record_of_variables(path, variables, stated, atm_facts(path))


def _flat(content: dict[str, matfile.Value]) -> dict[str, Value]:
    """Return the variables, and the fields of structs under the names of both."""
    found: dict[str, Value] = {}
    for name, value in content.items():
        if isinstance(value, dict):
            found |= {f"{name}.{field}": inner for field, inner in _flat(value).items()}
        else:
            found[name] = value
    return found


def atm_facts(path: Path) -> Facts:
    """Read the text that PhysioNet's ATM writes beside a matrix: rate, leads, gain, count at 0 mV and unit.

    Parameters
    ----------
    path : Path
        The MATLAB file; the text has its name and ends in ``.info``.

    Returns
    -------
    Facts
        Empty if there is no such text, or its leads differ in gain.
    """
    beside = path.with_suffix(".info")
    if not beside.is_file() or beside.stat().st_size > _MOST_INFO_BYTES:
        return Facts()
    text = beside.read_text("utf-8", "replace")
    rate = re.search(r"Sampling frequency:\s*([\d.]{1,12})\s*Hz", text)
    rows = [words for line in text.splitlines() if len(words := line.split()) > 4 and words[0].isdecimal()]
    scales = {tuple(words[-3:]) for words in rows}
    if rate is None or len(scales) != 1:
        return Facts()
    try:
        (gain, zero, unit), *_ = scales
        per_mv = float(gain) / UNITS_MV[unit_named(unit) or ""]
        facts = Facts(
            fs_hz=float(rate[1]), rate_source=beside.name, leads=tuple(" ".join(words[1:-3]) for words in rows)
        )
        return facts.but(gain=per_mv, zero=float(zero)) if per_mv > 0 else facts
    except (ValueError, KeyError, ZeroDivisionError):
        return Facts()


def _from_struct(path: Path, ecg: dict[str, matfile.Value], stated: Stated) -> Record:
    data = np.asarray(ecg["data"])
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
        expected="a MATLAB file with a matrix of numbers [leads, samples]",
        remedy="copy the file again, or convert it to CSV with one column a lead",
    )
