"""Read recordings from files."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NoReturn

from einthoven.errors import EinthovenError, RecordUnreadable
from einthoven.records import (
    aecg,
    arrays,
    atc,
    bundles,
    comma_xml,
    dicom,
    edf,
    ishne,
    json_file,
    kardia,
    labsystem,
    matlab,
    muse,
    packed,
    prucka,
    rdt,
    table,
    vendor,
    wav,
    wfdb,
)
from einthoven.records.filled import measured
from einthoven.records.format import Format, Reader
from einthoven.records.recognition import by_kind, by_suffix, reader_of
from einthoven.records.record import Annotations, Record
from einthoven.records.stated import NOTHING, Stated, unit_named

__all__ = ["KINDS", "READERS", "Annotations", "Format", "Reader", "Record", "formats", "read"]


def formats() -> Iterator[Format]:
    """Yield every format that can be read, for tables in documentation and help.

    Yields
    ------
    Format
        Suffixes, title, and what must be stated.

    Examples
    --------
    >>> [each.title for each in formats() if not each.states_rate]
    ['table, one column a lead', 'NumPy array', 'NumPy arrays, of which one is the signal', ...]
    """
    yield Format((".hea", ".dat", ""), "WFDB record", "", True, wfdb.read_wfdb)
    needs = "sampling rate, leads and unit, as far as the file does not state them"
    yield Format(
        (".mat",),
        "MATLAB file: a WFDB record with its header, CPSC 2018's, or any matrix",
        needs,
        True,
        matlab.read_matlab,
    )
    yield Format((".csv", ".txt", ".tsv"), "table, one column a lead", needs, False, table.read_table)
    yield Format((".npy",), "NumPy array", "sampling rate, leads and unit", False, arrays.read_npy, ("npy",))
    yield Format((".npz",), "NumPy arrays, of which one is the signal", needs, False, bundles.read_npz)
    yield Format(
        (".json", ".jsonl", ".ndjson"),
        "JSON: Fitbit, Withings, Movesense, or lists of samples",
        needs,
        False,
        json_file.read_json,
    )
    yield Format((".xml",), aecg.TITLE, "", True, aecg.read_aecg, ("aecg",))
    yield Format((".xml",), muse.TITLE, "", True, muse.read_muse, ("muse",))
    yield Format((".txt",), muse.TEXT_TITLE, "sampling rate", False, muse.read_muse_text, ("muse_text",))
    yield Format((".dcm", ".dicom"), dicom.TITLE, "", True, dicom.read_dicom, ("dicom",))
    yield Format((".edf", ".bdf"), edf.TITLE, "", True, edf.read_edf, ("edf", "bdf"))
    yield Format((".xml",), comma_xml.CARDIOSOFT, "", True, comma_xml.read_cardiosoft, ("cardiosoft",))
    yield Format((".xml",), comma_xml.SCHILLER, "", True, comma_xml.read_schiller, ("schiller",))
    yield Format((".ecg",), ishne.TITLE, "", True, ishne.read_ishne, ("ishne",))
    yield Format((".atc",), atc.TITLE, "", True, atc.read_atc, ("atc",))
    yield Format((".json",), kardia.TITLE, "", True, kardia.read_kardia, ("kardia",))
    yield Format((".txt",), labsystem.TITLE, "", True, labsystem.read_labsystem, ("labsystem",))
    yield Format((".txt",), prucka.TITLE, "", True, prucka.read_prucka)
    yield Format((".rdt",), rdt.TITLE, "leads and gain", True, rdt.read_rdt)
    yield Format((".scp",), vendor.SCP, "", True, vendor.read_scp, ("scp",))
    yield Format((".xml",), vendor.SIERRA, "", True, vendor.read_sierra, ("sierra",))
    yield Format((".xml",), vendor.MORTARA, "", True, vendor.read_mortara, ("mortara",))
    yield Format((".mwf", ".mfer", ".mfr"), vendor.MFER, "", True, vendor.read_mfer, ("mfer",))
    yield Format((".arc",), vendor.EDAN, "gain", True, vendor.read_edan)
    yield Format((".wav",), wav.TITLE, "leads and gain", True, wav.read_wav, ("wav",))
    yield Format((".h5", ".hdf5", ".hdf"), "HDF5", needs, False, bundles.read_hdf5, ("hdf5",))
    yield Format((".parquet", ".pq"), "Parquet", needs, False, bundles.read_parquet, ("parquet",))
    yield Format(
        (".gz", ".zip"),
        "compressed file of one recording",
        "what the recording in it needs",
        False,
        read_packed,
        ("gzip", "zip"),
    )


def read_packed(path: Path, stated: Stated = NOTHING) -> Record:
    """Read the one recording in a compressed file.

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
        If the file is damaged or encrypted, does not hold one recording, or that cannot be read.
    StatementMissing
        If sampling rate, leads or unit are neither in the file nor stated.
    """
    with TemporaryDirectory() as folder:
        inner = packed.unpack(path, Path(folder), [suffix for suffix in READERS if suffix not in ("", ".gz", ".zip")])
        try:
            reader, told = reader_of(inner, _FORMATS)
            record = reader(inner, stated)
        except EinthovenError as error:
            parts = (part.replace(str(inner), str(path)) for part in error.args)
            raise type(error)(next(parts), found=next(parts), expected=next(parts), remedy=next(parts)) from error
    return replace(record, source=path, warnings=(*told, *record.warnings))


_FORMATS = tuple(formats())
KINDS: dict[str, Format] = by_kind(_FORMATS)
"""The format of each kind of content."""
READERS: dict[str, Reader] = by_suffix(_FORMATS)
"""The reader of each suffix, where the content does not decide: that of the first format with this suffix."""


def title_of(path: Path) -> str:
    """Return the name of the format that a file is read as.

    Parameters
    ----------
    path : Path
        A file that can be read.

    Returns
    -------
    str
    """
    reader, _ = reader_of(path, _FORMATS)
    return next(each.title for each in _FORMATS if each.reader is reader)


def read(
    path: str | Path,
    *,
    fs_hz: float | None = None,
    leads: Sequence[str] | Mapping[str, str] | None = None,
    unit: str | None = None,
    gain: float | None = None,
    zero: float | None = None,
    annotator: str | None = None,
    partial: bool = False,
) -> Record:
    """Read one recording in millivolts, in any format of :func:`formats`; content decides before the suffix does.

    Parameters
    ----------
    path : str or Path
        A header, a signal file, or the name of a WFDB record without suffix.
    fs_hz : float, Hz, optional
        Sampling rate, if the file does not state it (CSV, NPY); it overrides that of the file.
    leads : sequence of str, or mapping of str to str, optional
        Names of all leads in the file's order, or new names for some: ``{"ECG1": "MLII"}``.
    unit : str, optional
        ``V``, ``mV`` or ``uV``, if the file does not state it (CSV, NPY); it overrides that of the file.
    gain : float, counts per mV, optional
        States that the values are counts, whatever the file says.
    zero : float, counts, optional
        The count at 0 mV, beside `gain`; 0 by default.
    annotator : str, optional
        Suffix of a WFDB annotation file to read too, e.g. ``atr``.
    partial : bool
        Read a recording although some of its files are missing; their samples are missing then.

    Returns
    -------
    Record

    Raises
    ------
    RecordUnreadable
        If the file is missing, damaged or of an unknown format, or what was stated does not fit it.
    StatementMissing
        If the file does not state its sampling rate, leads or unit, and the caller does not either.
    LibraryMissing
        If the file needs an optional library.

    Examples
    --------
    >>> import numpy as np, tempfile, pathlib
    >>> file = pathlib.Path(tempfile.mkdtemp()) / "strip.npy"
    >>> np.save(file, np.zeros((1, 500)))
    >>> read(file, fs_hz=250, leads=["II"], unit="mV").duration_s
    2.0
    """
    path = Path(path)
    if "\0" in str(path):
        _refuse(repr(str(path))[1:200], "a name with a byte of zero", "ls")
    try:
        reader, told = reader_of(path, _FORMATS)
        if unit is not None:
            unit = _known_unit(path, unit)
        names = None if leads is None or isinstance(leads, Mapping) else tuple(leads)
        wanted = tuple(leads) if isinstance(leads, Mapping) else ()
        record = reader(path, Stated(fs_hz, names, unit, gain, zero, annotator, partial, wanted))
        record = replace(record, warnings=(*told, *record.warnings)) if told else record
        record = measured(record)
        return record.with_leads(dict(leads)) if isinstance(leads, Mapping) else record
    except OSError as error:
        shown = str(path) if len(str(path)) < 200 else f"{str(path)[:100]}…"
        _refuse(shown, error.strerror or type(error).__name__, "ls -l      shows whether it may be read")


def _known_unit(path: Path, unit: str) -> str:
    known = unit_named(unit)
    if known is None:
        _refuse(path, f"--unit {unit}", "--unit mV", "one of V, mV, uV")
    return known


def _refuse(
    path: Path | str, found: str, remedy: str, expected: str = "a recording in a format that docs/reading.md lists"
) -> NoReturn:
    raise RecordUnreadable(f"{path} cannot be read.", found=found, expected=expected, remedy=remedy)
