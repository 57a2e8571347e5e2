"""Say where stores, runs and bundles live, and write files and folders whole or not at all."""

import glob
import os
import re
import secrets
import shutil
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from einthoven.errors import OutputRefused

ASSETS = Path(__file__).parent / "assets"
_HOST = re.sub(r"\W", "_", socket.gethostname())[:30]


def home() -> Path:
    """Return the root of everything einthoven keeps; it is not created here.

    Returns
    -------
    Path
        ``$EINTHOVEN_HOME``, else a folder in the user's cache.
    """
    named = os.environ.get("EINTHOVEN_HOME")
    if named:
        return Path(named).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "einthoven"


def stores() -> Path:
    """Return the folder of the memory-mapped stores.

    Returns
    -------
    Path
        The folder, which need not be there yet.
    """
    return home() / "stores"


@contextmanager
def written_aside(target: Path) -> Iterator[Path]:
    """Give a path beside a file to write to, and rename it onto the file when the block ends well.

    What killed processes of this machine left beside it is removed.

    Parameters
    ----------
    target : Path
        The file.

    Yields
    ------
    Path
        An empty file beside it.

    Raises
    ------
    OutputRefused
        If the folder or the file cannot be written.
    """
    target = Path(target)
    aside = None
    try:
        if target.is_dir():
            raise IsADirectoryError(f"{target} is a folder")
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target)
        aside = _beside(target)
        aside.touch(exist_ok=False)
        yield aside
        aside.replace(target)
    except OSError as error:
        raise refused(target, error) from error
    finally:
        if aside is not None:
            aside.unlink(missing_ok=True)


@contextmanager
def folder_aside(target: Path) -> Iterator[Path]:
    """Give an empty folder beside a folder, and rename it onto the folder when the block ends well, replacing what is there.

    What killed processes of this machine left beside it is removed.

    Parameters
    ----------
    target : Path
        The folder.

    Yields
    ------
    Path
        An empty folder beside it.

    Raises
    ------
    OutputRefused
        If the folder cannot be written.
    """
    target = Path(target)
    aside = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        _sweep(target)
        aside = _beside(target)
        aside.mkdir()
        yield aside
        if target.exists():
            old = _beside(target)
            old.mkdir()
            target.replace(old / target.name)
            aside.replace(target)
            shutil.rmtree(old)
        else:
            aside.replace(target)
    except OSError as error:
        raise refused(target, error) from error
    finally:
        if aside is not None:
            shutil.rmtree(aside, ignore_errors=True)


def output_folder(folder: Path) -> Path:
    """Make a folder and prove that it can be written to.

    Parameters
    ----------
    folder : Path
        The folder.

    Returns
    -------
    Path
        The same folder.

    Raises
    ------
    OutputRefused
        If it cannot be made or written to.
    """
    require_folder(folder)
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refused(folder, error) from error
    return require_folder(folder)


def require_folder(folder: Path) -> Path:
    """Prove that a folder can be written to, or made; makes nothing.

    Parameters
    ----------
    folder : Path
        The folder.

    Returns
    -------
    Path
        The same folder.

    Raises
    ------
    OutputRefused
        If it cannot be written to.
    """
    folder = Path(folder)
    try:
        there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
        with tempfile.TemporaryFile(dir=there):
            return folder
    except OSError as error:
        raise refused(folder, error) from error


def _beside(target: Path) -> Path:
    """Return a new hidden name beside `target` that tells which process of which machine uses it; the user's umask holds."""
    mark = f"{_HOST}-{os.getpid()}-{secrets.token_hex(4)}"
    return target.with_name(f".{target.name[:120]}-{mark}{target.suffix}")


def _sweep(target: Path) -> None:
    if os.name != "posix":
        return
    for left in target.parent.glob(f".{glob.escape(target.name[:120])}-{_HOST}-*"):
        owner = left.name.rsplit("-", 2)[1]
        if not owner.isdigit() or _is_alive(int(owner)):
            continue
        if left.is_dir() and not left.is_symlink():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def refused(target: Path | str, error: OSError) -> OutputRefused:
    """Return the error for an output that could not be written.

    Parameters
    ----------
    target : Path or str
        The output.
    error : OSError
        What the system said.

    Returns
    -------
    OutputRefused
        The error to raise.
    """
    return OutputRefused(
        "the output cannot be written.",
        found=f"{target}: {error.strerror or error}",
        expected="a path in a folder that can be written to, with room on the disk",
        remedy="name another place, e.g. --out ./out",
    )
