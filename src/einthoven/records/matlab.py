"""Knows MATLAB files: CPSC 2018's struct, and the Challenges' ``val`` matrix with its header. Does not know HDF5 (version 7.3)."""

from pathlib import Path

import numpy as np

from einthoven.errors import RecordUnreadable, StatementMissing
from einthoven.records import wfdb
from einthoven.records.record import UNITS_MV, Record
from einthoven.signal.leads import STANDARD

_CPSC2018_HZ = 500.0  # Liu et al. 2018, J Med Imaging Health Inform 8:1368: 500 Hz, twelve leads, mV


def read_matlab(path: Path, *, fs_hz=None, leads=None, unit=None, annotator=None) -> Record:
    """Read a MATLAB file in mV; see :func:`einthoven.records.read`.

    A ``val`` matrix with a header beside it is a WFDB record. A struct ``ECG`` with ``data`` is CPSC 2018's: twelve
    leads in standard order, 500 Hz, mV. A ``val`` matrix alone needs rate, leads and unit stated.
    """
    header_path = path.with_suffix(".hea")
    if header_path.exists() and _is_version_4(path):
        return wfdb.read_wfdb(header_path, fs_hz=fs_hz, leads=leads, unit=unit, annotator=annotator)
    content = _load(path)
    if "ECG" in content:
        return _from_struct(path, content["ECG"], fs_hz, leads, unit)
    if "val" not in content:
        _refuse(path, f"variables {', '.join(content) or 'none'}")
    matrix = np.asarray(content["val"], np.float64)
    if matrix.ndim != 2:
        _refuse(path, f"val of shape {matrix.shape}")
    if header_path.exists():
        return _with_header(path, matrix, wfdb.read_header(header_path), fs_hz, leads)
    missing = [flag for flag, value in (("--fs", fs_hz), ("--leads", leads), ("--unit", unit)) if value is None]
    if missing:
        raise StatementMissing(
            f"{path} holds a matrix and no header lies beside it.",
            found=f"val of shape {matrix.shape}, no {header_path.name}",
            expected=f"rate, leads and unit; not stated: {', '.join(missing)}",
            remedy="--fs 300 --leads I --unit mV",
        )
    return Record(path.stem, matrix * UNITS_MV[unit], fs_hz, tuple(leads), source=path)


def _from_struct(path: Path, struct, fs_hz, leads, unit) -> Record:
    try:
        struct = struct.item() if struct.dtype.names is None else struct[0, 0]
        data = np.asarray(struct["data"], np.float64)
        comments = tuple(f"{key}: {np.ravel(struct[key])[0]}" for key in ("age", "sex") if key in struct.dtype.names)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise RecordUnreadable(
            f"{path} cannot be read.",
            found="a variable ECG that is not CPSC 2018's struct",
            expected="a struct ECG with sex, age and data [12, samples]",
            remedy="convert it to CSV with one column a lead",
        ) from error
    names = tuple(leads) if leads is not None else STANDARD
    if data.ndim != 2 or data.shape[0] != len(names):
        _refuse(path, f"ECG.data of shape {data.shape}")
    assumed = () if fs_hz else ("the file states no rate and no unit: 500 Hz and mV, as CPSC 2018 publishes",)
    factor = UNITS_MV[unit or "mV"]
    return Record(path.stem, data * factor, fs_hz or _CPSC2018_HZ, names, path, comments, assumed)


def _with_header(path: Path, matrix: np.ndarray, header: wfdb.Header, fs_hz, leads) -> Record:
    signals = header.signals
    rate = fs_hz or header.fs_hz
    if matrix.shape[0] != len(signals) or not rate or any(signal.unit not in UNITS_MV for signal in signals):
        _refuse(path, f"val of shape {matrix.shape} beside a header of {len(signals)} leads at {rate} Hz")
    gains = np.array([signal.gain / UNITS_MV[signal.unit] for signal in signals])
    baselines = np.array([signal.baseline for signal in signals])
    names = tuple(leads) if leads is not None else tuple(signal.lead for signal in signals)
    signal_mv = (matrix - baselines[:, None]) / gains[:, None]
    return Record(path.stem, signal_mv, rate, names, path, header.comments)


def _is_version_4(path: Path) -> bool:
    """Version 4 begins with a number below 5000, little-endian; later versions with a text."""
    with path.open("rb") as file:
        first = file.read(4)
    return len(first) == 4 and int.from_bytes(first, "little") < 5000


def _load(path: Path) -> dict:
    from scipy.io import loadmat

    try:
        content = loadmat(path, appendmat=False)
    except NotImplementedError:
        _refuse(path, "a MATLAB 7.3 (HDF5) file", "save it in MATLAB with -v7")
    except Exception as error:
        found = f"{type(error).__name__}: {str(error).splitlines()[0][:120] if str(error) else ''}"
        raise RecordUnreadable(
            f"{path} cannot be read.",
            found=found,
            expected="a MATLAB file of version 4 to 7",
            remedy="copy the file again",
        ) from error
    return {name: value for name, value in content.items() if not name.startswith("__")}


def _refuse(path: Path, found: str, remedy: str = "convert it to CSV with one column a lead") -> None:
    expected = "CPSC 2018's struct ECG, or a matrix val [leads, samples] with its header"
    raise RecordUnreadable(f"{path} cannot be read.", found=found, expected=expected, remedy=remedy)
