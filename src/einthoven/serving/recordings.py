"""Find the recordings among the files of an upload."""

from pathlib import Path

from einthoven.records import READERS

_HEADER = ".hea"
_MOST_HEADER_BYTES = 1 << 20
SUFFIXES = sorted({suffix for suffix in READERS if suffix} - {".ecg"})
"""Suffixes of recordings; where files have them, others among them are notes. ``.ecg`` may be annotations too."""


def recordings_in(folder: Path) -> list[Path]:
    """Return the files by which recordings are named, each recording once.

    Parameters
    ----------
    folder : Path
        A folder of uploaded files.

    Returns
    -------
    list of Path
        Headers of WFDB, without those of segments of another record, and files that no header names. A file that is alone is
        always among them.
    """
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    named: set[Path] = set()
    for header in (file for file in files if file.suffix.lower() == _HEADER):
        named |= _named_by(header, files)
    found = [file for file in files if file not in named]
    surely = [file for file in found if file.suffix.lower() in SUFFIXES]
    return surely or found


def _named_by(header: Path, files: list[Path]) -> set[Path]:
    """Return the files beside a header that belong to it: signal files, segments, annotations."""
    beside = {file for file in files if file.parent == header.parent and file != header}
    with header.open("rb") as content:
        lines = content.read(_MOST_HEADER_BYTES).decode("latin-1").splitlines()
    first = {words[0] for line in lines if (words := line.split())}
    stems = {header.stem, *(file.stem for file in beside if file.suffix.lower() == _HEADER and file.stem in first)}
    return {file for file in beside if file.name in first or any(file.name.startswith(f"{stem}.") for stem in stems)}
