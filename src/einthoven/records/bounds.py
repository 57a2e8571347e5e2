"""Check files before they are opened, and sizes before memory is taken."""

import stat
from pathlib import Path

from einthoven.errors import RecordUnreadable

MOST_MISSING = 1 << 27
"""Most missing samples [leads x samples] that are written into memory because a file says that they are missing."""
_ALWAYS_UNPACKED = 64 << 20
_MOST_UNPACKED = 4 << 30
_MOST_RATIO = 100  # recordings shrink to a half or a tenth, seldom to a fiftieth


def require_regular(path: Path) -> int:
    """Refuse what is no regular file: a pipe or a device would block, or never end.

    Parameters
    ----------
    path : Path
        A file that is about to be opened.

    Returns
    -------
    int
        Its size in bytes.

    Raises
    ------
    RecordUnreadable
        If it is a pipe, a socket, a device or a folder.
    OSError
        If it is missing.
    """
    found = path.stat()
    if stat.S_ISREG(found.st_mode):
        return found.st_size
    kinds = {stat.S_IFIFO: "a named pipe", stat.S_IFSOCK: "a socket", stat.S_IFDIR: "a folder"}
    raise RecordUnreadable(
        f"{path} cannot be read.",
        found=kinds.get(stat.S_IFMT(found.st_mode), "a device"),
        expected="a regular file",
        remedy="copy the recording into a file; einthoven stream reads from a pipe or a device",
    )


def content(path: Path, most_bytes: int) -> bytes:
    """Read a whole file of limited size.

    Parameters
    ----------
    path : Path
        The file.
    most_bytes : int
        Its largest size.

    Returns
    -------
    bytes

    Raises
    ------
    RecordUnreadable
        If it is larger, or no regular file.
    OSError
        If it cannot be read.
    """
    size = require_regular(path)
    if size > most_bytes:
        raise RecordUnreadable(
            f"{path} cannot be read.",
            found=f"{size:,} bytes",
            expected=f"at most {most_bytes:,} bytes in a file of this kind",
            remedy="copy the file again, or cut the recording",
        )
    return path.read_bytes()


def most_unpacked(n_packed: int) -> int:
    """Return how large compressed data may become: a recording does not shrink as far as a file made to fill memory.

    Parameters
    ----------
    n_packed : int
        Compressed size in bytes.

    Returns
    -------
    int
        Bytes; 64 MiB for small files, at most 4 GiB.

    Examples
    --------
    >>> most_unpacked(1_000) >> 20, most_unpacked(2_000_000) >> 20
    (64, 190)
    """
    return min(max(_ALWAYS_UNPACKED, _MOST_RATIO * n_packed), _MOST_UNPACKED)
