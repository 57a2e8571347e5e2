"""Keep uploads in a temporary folder of the server, and remove what is left of it, whatever happens."""

import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

_PREFIX = "einthoven-serve-"
_LOCK = "lock"


@contextmanager
def workplace() -> Iterator[Path]:
    """Give a temporary folder until the block ends, and remove those that killed servers left.

    Yields
    ------
    Path
        The folder.
    """
    _sweep(Path(tempfile.gettempdir()))
    root = Path(tempfile.mkdtemp(prefix=_PREFIX))
    with (root / _LOCK).open("w") as lock:
        _hold(lock)
        try:
            yield root
        finally:
            shutil.rmtree(root, ignore_errors=True)


def new_folder(root: Path) -> Path:
    """Make an empty folder for one upload.

    Parameters
    ----------
    root : Path
        The server's temporary folder.

    Returns
    -------
    Path
        The folder, which holds ``files`` for what is uploaded and ``scratch`` for what is unpacked.
    """
    folder = root / secrets.token_hex(12)
    for name in ("files", "scratch"):
        (folder / name).mkdir(parents=True)
    return folder


def _sweep(place: Path) -> None:
    """Remove folders whose server is gone: nobody holds their lock."""
    for left in place.glob(f"{_PREFIX}*"):
        with suppress(OSError), (left / _LOCK).open("r+") as lock:
            if _hold(lock):
                shutil.rmtree(left, ignore_errors=True)


def _hold(lock: IO[str]) -> bool:
    """Return whether the lock could be taken; the system releases it when its process ends."""
    try:
        import fcntl
    except ImportError:  # Windows, where a folder in use cannot be removed
        return False
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
