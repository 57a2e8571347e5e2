"""Write recordings to files; TARGETS lists the formats."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from einthoven.errors import ConfigurationFault
from einthoven.records.anonymous import anonymous as without_identity
from einthoven.records.ours import ANNOTATIONS
from einthoven.records.record import Record
from einthoven.records.writing.arrays import write_json, write_npy
from einthoven.records.writing.dicom import write_dicom
from einthoven.records.writing.edf import write_edf
from einthoven.records.writing.files import placed, safe_name
from einthoven.records.writing.table import write_csv
from einthoven.records.writing.wfdb import write_wfdb

__all__ = ["TARGETS", "Target", "safe_name", "write"]


@dataclass(frozen=True)
class Target:
    """A format that recordings are written in."""

    suffix: str
    """Suffix of the file by which a recording is named."""
    beside: tuple[str, ...]
    """Ends of the names of the files that may lie beside it, in place of the suffix."""
    title: str
    """Name of the format."""
    loses: str
    """What it does not keep; empty for nothing."""
    writer: Callable[[Record, Path], None]
    """Writes a record."""


TARGETS = {
    "wfdb": Target(
        ".hea", (".dat", ".atr"), "WFDB record, format 16, 24 or 32, with annotations", "median beats", write_wfdb
    ),
    "csv": Target(
        ".csv", (ANNOTATIONS,), "table with a head that states rate, leads and unit", "median beats", write_csv
    ),
    "edf": Target(".edf", (), "EDF+, 16 bits", "median beats; gaps are refused", write_edf),
    "npy": Target(".npy", (".json",), "NumPy array [leads, samples] in mV, all else as JSON beside it", "", write_npy),
    "json": Target(".json", (), "JSON", "", write_json),
    "dicom": Target(".dcm", (), "DICOM waveform (twelve-lead, general, 32-bit, ambulatory)", "", write_dicom),
}
"""The formats, by the names that ``einthoven convert --format`` takes."""


def write(record: Record, path: str | Path, *, anonymous: bool = False, keep: Sequence[str | Path] = ()) -> Path:
    """Write one recording, whole or not at all; the suffix of the path decides on the format.

    What is read again from the file is the same to half a count, and the count is not larger than that of the source.

    Parameters
    ----------
    record : Record
        The recording.
    path : str or Path
        The file: ``.hea`` (WFDB), ``.csv``, ``.edf``, ``.npy``, ``.json`` or ``.dcm`` (DICOM).
    anonymous : bool
        Leave out all that may tell whose recording it is, see :func:`einthoven.records.anonymous.anonymous`. The name of the
        file is yours.
    keep : sequence of str or Path
        Recordings that must not be written over; that which the record was read from never is.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    ConfigurationFault
        If no format has that suffix.
    OutputRefused
        If it cannot be written, would replace a recording that is read, or cannot hold this one.
    LibraryMissing
        If an optional library is needed.

    Examples
    --------
    >>> import numpy as np, tempfile
    >>> from einthoven.records import read
    >>> record = Record("strip", np.zeros((1, 500)), 250, ("II",))
    >>> read(write(record, tempfile.mkdtemp() + "/strip.csv")).fs_hz
    250.0
    """
    path = Path(path)
    target = next((each for each in TARGETS.values() if each.suffix == path.suffix.lower()), None)
    if target is None:
        raise ConfigurationFault(
            "No format for recordings has this suffix.",
            found=path.suffix or "no suffix",
            expected=", ".join(each.suffix for each in TARGETS.values()),
            remedy=str(path.with_suffix(".hea")),
        )
    if target.writer is write_wfdb and safe_name(path.stem) != path.stem:
        raise ConfigurationFault(
            "A WFDB record cannot have this name.",
            found=path.stem,
            expected="letters, digits, _ and -",
            remedy=str(path.with_stem(safe_name(path.stem))),
        )
    kept = [Path(one) for one in (*keep, *([record.source] if record.source else []))]
    others = [path.with_name(path.stem + end) for end in target.beside]
    with placed(path, others, kept) as folder:
        target.writer(without_identity(record) if anonymous else record, folder / path.name)
    return path
