"""Files in, Record out. READERS maps a suffix to its reader; read() is the only way in."""

from pathlib import Path

from einthoven.errors import RecordUnreadable
from einthoven.records import matlab, table, wfdb
from einthoven.records.record import Annotations, Record, unit_named

READERS = {
    ".hea": wfdb.read_wfdb,
    ".dat": wfdb.read_wfdb,
    "": wfdb.read_wfdb,
    ".mat": matlab.read_matlab,
    ".csv": table.read_csv,
    ".txt": table.read_csv,
    ".tsv": table.read_csv,
    ".npy": table.read_npy,
}
__all__ = ["READERS", "Annotations", "Record", "read"]


def read(
    path: str | Path,
    *,
    fs_hz: float | None = None,
    leads: "tuple[str, ...] | list[str] | dict[str, str] | None" = None,
    unit: str | None = None,
    annotator: str | None = None,
) -> Record:
    """Read one recording in millivolts from WFDB, MATLAB, CSV or NPY.

    Parameters
    ----------
    path : a header, a signal file, or a WFDB record's name without suffix
    fs_hz : the rate, where the file does not state it (CSV, NPY); stated here it wins over the file's
    leads : all names in the file's order, or a map ``{"ECG1": "MLII"}``
    unit : ``V``, ``mV`` or ``uV``, where the file does not state it (CSV, NPY)
    annotator : suffix of a WFDB annotation file to read too, e.g. ``atr``

    Raises
    ------
    RecordUnreadable, StatementMissing, RecordUnreadable
        With what was found, what was expected, and the remedy.

    Examples
    --------
    >>> import numpy as np, tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "strip.npy"
    >>> np.save(file, np.zeros((1, 500)))
    >>> read(file, fs_hz=250, leads=["II"], unit="mV").duration_s
    2.0
    """
    path = Path(path)
    try:
        return _read(path, fs_hz, leads, unit, annotator)
    except OSError as error:
        shown = str(path) if len(str(path)) < 200 else f"{str(path)[:100]}…"
        _refuse(shown, error.strerror or type(error).__name__, "ls -l      shows whether it may be read")


def _read(path: Path, fs_hz, leads, unit, annotator) -> Record:
    reader = READERS.get(path.suffix.lower())
    if reader is None and path.with_name(path.name + ".hea").exists():
        reader = wfdb.read_wfdb
    if path.is_dir():
        _refuse(path, "a folder", "name one of its recordings, e.g. " + str(path / "100.hea"))
    there = path.exists() or (reader is wfdb.read_wfdb and path.with_name(path.name + ".hea").exists())
    if not there:
        _refuse(path, "nothing there", f"ls {path.parent}")
    if path.exists() and path.stat().st_size == 0:
        _refuse(path, "a file of zero bytes", "copy the file again")
    if reader is None:
        known = ", ".join(suffix for suffix in READERS if suffix)
        _refuse(path, f"suffix {path.suffix}", "convert it, e.g. to CSV with one column a lead", f"one of {known}")
    if unit is not None:
        known_unit = unit_named(unit)
        if known_unit is None:
            _refuse(path, f"--unit {unit}", "--unit mV", "one of V, mV, uV")
        unit = known_unit
    stated = None if leads is None or isinstance(leads, dict) else tuple(leads)
    record = reader(path, fs_hz=fs_hz, leads=stated, unit=unit, annotator=annotator)
    return record.with_leads(leads) if isinstance(leads, dict) else record


def _refuse(
    path: Path | str, found: str, remedy: str, expected: str = "a recording (WFDB, MATLAB, CSV or NPY)"
) -> None:
    raise RecordUnreadable(f"{path} cannot be read.", found=found, expected=expected, remedy=remedy)
