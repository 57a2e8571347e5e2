"""Make the names of uploaded files safe, so that none leaves its folder."""

import re
from pathlib import PurePosixPath

_DEPTH, _LONGEST = 12, 120
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
_ODD = re.compile(r"[^\w.+=@()\[\]' -]")


def safe_path(name: str) -> PurePosixPath | None:
    r"""Return the path that an upload has inside its folder.

    Parameters
    ----------
    name : str
        Name of a file, or its path in a folder that was dropped; not to be trusted.

    Returns
    -------
    PurePosixPath or None
        A relative path without ``..``; None where nothing is left of the name, or the file is hidden, as those that systems
        leave in folders.

    Examples
    --------
    >>> str(safe_path("../../etc/passwd")), str(safe_path(r"C:\ecg\100.hea")), safe_path("ecg/.DS_Store")
    ('etc/passwd', 'C_/ecg/100.hea', None)
    """
    parts = [part for part in re.split(r"[/\\]+", name) if part not in ("", ".", "..")]
    if not parts or parts[-1].startswith(".") or "__MACOSX" in parts:
        return None
    return PurePosixPath(*(_safe(part) for part in parts[-_DEPTH:]))


def _safe(part: str) -> str:
    kept = _ODD.sub("_", part.lstrip(".- ")).rstrip(". ") or "_"
    if len(kept) > _LONGEST:
        suffix = PurePosixPath(kept).suffix[:16]
        kept = kept[: _LONGEST - len(suffix)] + suffix
    kept = kept.encode()[:240].decode(errors="ignore")  # file systems count bytes
    return f"_{kept}" if _RESERVED.fullmatch(kept) else kept
