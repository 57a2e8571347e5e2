"""Say of files that hold no samples, or samples of a format that is not read, what they are and how to export them."""

import shlex
from pathlib import Path

from einthoven.errors import RecordUnreadable
from einthoven.records.sniff import NO_RECORDING

_SHEET = (
    "a spreadsheet",
    'pip install pandas openpyxl && python -c "import pandas, sys; pandas.read_excel(sys.argv[1]).to_csv(sys.argv[2], '
    'index=False)" {path} {csv}',
)
_OTHERS: dict[str, tuple[str, str]] = {
    ".xlsx": _SHEET,
    ".xls": _SHEET,
    ".ods": ("a spreadsheet", "libreoffice --headless --convert-to csv {path}"),
    ".docx": ("a text document", "export the samples as CSV with one column a lead"),
    ".doc": ("a text document", "export the samples as CSV with one column a lead"),
    ".acq": ("a recording of BIOPAC AcqKnowledge", "pip install bioread && acq2txt -o {txt} {path}"),
    ".adicht": ("a recording of LabChart", "export it from LabChart as a text file (File > Export)"),
    ".xdf": NO_RECORDING["xdf"],
    ".tar": ("an archive of files", "tar -xf {path}"),
    ".tgz": ("an archive of files", "tar -xf {path}"),
    ".7z": ("an archive of files", "7z x {path}"),
    ".rar": ("an archive of files", "unrar x {path}"),
    ".bz2": ("a compressed file", "bunzip2 --keep {path}"),
    ".xz": ("a compressed file", "xz --decompress --keep {path}"),
    ".zst": ("a compressed file", "zstd --decompress {path}"),
    ".pkl": (
        "a Python pickle, which is never opened: opening one runs the code in it",
        "save the array with numpy.save where it was made",
    ),
    ".pickle": (
        "a Python pickle, which is never opened: opening one runs the code in it",
        "save the array with numpy.save where it was made",
    ),
    ".pt": ("a file of PyTorch", "save the array with numpy.save where it was made"),
    ".fif": ("a recording of MNE", "export it as EDF (mne.export.export_raw)"),
    ".vhdr": ("a recording of BrainVision", "export it as EDF (mne.export.export_raw)"),
    ".atr": ("annotations of a WFDB record, without samples", "name the record itself: {hea}"),
    ".qrs": ("annotations of a WFDB record, without samples", "name the record itself: {hea}"),
    ".jpg": NO_RECORDING["picture"],
    ".png": NO_RECORDING["picture"],
    ".pdf": NO_RECORDING["pdf"],
}


def refusal(path: Path, kind: str) -> RecordUnreadable | None:
    """Return the error for a file that holds no samples to read.

    Parameters
    ----------
    path : Path
        The file.
    kind : str
        What its first bytes show, see :func:`einthoven.records.sniff.kind_of`; empty to go by its suffix.

    Returns
    -------
    RecordUnreadable or None
        None for a file that may be a recording.
    """
    suffix = path.suffix.lower()
    found: tuple[str, str] | None
    if kind in ("office", "zip"):
        found = _OTHERS.get(suffix) or NO_RECORDING.get(kind)
    elif kind:
        found = NO_RECORDING.get(kind)
    else:
        found = _OTHERS.get(suffix)
    if found is None:
        return None
    what, remedy = found
    words = {
        "path": path,
        "csv": path.with_suffix(".csv"),
        "txt": path.with_suffix(".txt"),
        "hea": path.with_suffix(".hea"),
        "folder": path.parent,
        "name": path.name,
    }
    for name, word in words.items():
        remedy = remedy.replace("{" + name + "}", shlex.quote(str(word)))
    return RecordUnreadable(
        f"{path} cannot be read.",
        found=what,
        expected="a recording in a format that docs/reading.md lists",
        remedy=remedy,
    )
