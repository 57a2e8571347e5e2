"""Recognise the format of a file: by its content, else by its suffix."""

import itertools
import shlex
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from einthoven.errors import RecordUnreadable
from einthoven.records import foreign, prucka, vendor
from einthoven.records.bounds import require_regular
from einthoven.records.format import Format, Reader
from einthoven.records.printable import printable
from einthoven.records.sniff import head_of, kind_of, xml_root
from einthoven.records.table import read_table
from einthoven.records.table_layout import is_table
from einthoven.records.wfdb import read_wfdb

_MOST_LISTED = 10_000
_EXPORT = "export it as HL7 aECG, DICOM or CSV from the program that made it"


def by_kind(formats: Sequence[Format]) -> dict[str, Format]:
    """Return the format of each kind of content.

    Parameters
    ----------
    formats : sequence of Format
        All formats.

    Returns
    -------
    dict of str to Format
    """
    return {kind: each for each in formats for kind in each.kinds}


def by_suffix(formats: Sequence[Format]) -> dict[str, Reader]:
    """Return the reader of each suffix, where the content does not decide: that of the first format with this suffix.

    Parameters
    ----------
    formats : sequence of Format
        All formats.

    Returns
    -------
    dict of str to Reader
    """
    found: dict[str, Reader] = {}
    for each in formats:
        for suffix in each.suffixes:
            found.setdefault(suffix, each.reader)
    return found


def reader_of(path: Path, formats: Sequence[Format]) -> tuple[Reader, tuple[str, ...]]:
    """Return what reads a file, by its content, else by its suffix.

    Parameters
    ----------
    path : Path
        A file that may not be there, or be no recording.
    formats : sequence of Format
        All formats.

    Returns
    -------
    reader : Reader
        Its reader.
    warnings : tuple of str
        What is odd about its name.

    Raises
    ------
    RecordUnreadable
        If it is missing, no file, or of no known format.
    """
    readers = by_suffix(formats)
    if path.is_dir():
        _refuse(path, "a folder", f"name one of its recordings, e.g. {shlex.quote(str(_first_in(path, readers)))}")
    suffix = path.suffix.lower()
    reader = readers.get(suffix)
    header_exists = _has_header(path)
    if reader is None and header_exists:
        reader = read_wfdb
    if not path.exists() and not (reader is read_wfdb and header_exists):
        _refuse(path, "nothing there", f"ls {shlex.quote(str(path.parent))}")
    if path.exists() and require_regular(path) == 0:
        _refuse(path, "a file of zero bytes", "copy the file again")
    if vendor.is_edan_pair(path):
        return vendor.read_edan, ()
    if prucka.described_by(path) is not None:
        return prucka.read_prucka, ()
    head = head_of(path) if path.exists() and not _is_wfdb(path) else b""
    found = _by_content(path, head, formats)
    if found is not None:
        odd = suffix and suffix not in found.suffixes and suffix in readers
        return found.reader, (f"the file is {found.title}, although its name ends in {suffix}",) if odd else ()
    if suffix == "" and not header_exists and is_table(head):
        return read_table, ()
    if reader is None:
        refusal = foreign.refusal(path, "")
        if refusal is not None:
            raise refusal
        if is_table(head):
            return read_table, (f"a name that ends in {path.suffix!r} says no format; the file is read as a table",)
        known = ", ".join(suffix for suffix in readers if suffix)
        _refuse(path, f"suffix {path.suffix}", "convert it, e.g. to CSV with one column a lead", f"one of {known}")
    return reader, ()


def _has_header(path: Path) -> bool:
    """Return whether a header of WFDB has the name of the file and a suffix more."""
    try:
        return any(path.with_name(path.name + suffix).exists() for suffix in (".hea", ".HEA"))
    except OSError:  # a name that is too long with the suffix
        return False


def _first_in(folder: Path, readers: Mapping[str, Reader]) -> Path:
    """Return a recording in a folder, a header if there is one; a made-up name if there is none."""
    names = sorted(itertools.islice((file.name for file in folder.iterdir() if file.is_file()), _MOST_LISTED))
    known = [name for name in names if Path(name).suffix.lower() in readers and Path(name).suffix]
    headers = [name for name in known if name.lower().endswith(".hea")]
    return folder / (headers or known or ["100.hea"])[0]


def _is_wfdb(path: Path) -> bool:
    """Return whether a header of WFDB names the file, whatever its samples look like."""
    return path.suffix.lower() in (".dat", ".mat", "") and path.with_suffix(".hea").exists()


def _by_content(path: Path, head: bytes, formats: Sequence[Format]) -> Format | None:
    """Return the format that the first bytes show; None if they do not decide."""
    kind = kind_of(head)
    refusal = foreign.refusal(path, kind) if kind else None
    if refusal is not None:
        raise refusal
    if kind == "zip" and path.suffix.lower() == ".npz":
        return None
    if kind == "xml":
        known = ", ".join(each.title for each in formats if ".xml" in each.suffixes)
        root = xml_root(head)
        _refuse(
            path,
            f"XML with the root <{printable(root[:60])}>" if root else "XML without a root",
            _EXPORT,
            f"one of {known}",
        )
    return by_kind(formats).get(kind)


def _refuse(
    path: Path | str, found: str, remedy: str, expected: str = "a recording in a format that docs/reading.md lists"
) -> NoReturn:
    raise RecordUnreadable(f"{path} cannot be read.", found=found, expected=expected, remedy=remedy)
