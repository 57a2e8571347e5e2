"""Knows where stores, runs and bundles live, and how a file is written whole. Does not know what is in them."""

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
    """Root of everything einthoven keeps: ``$EINTHOVEN_HOME``, else the user's cache folder. Not created here."""
    named = os.environ.get("EINTHOVEN_HOME")
    if named:
        return Path(named).expanduser()
    return Path(os.environ.get("XDG_CACHE_HOME", "~/.cache")).expanduser() / "einthoven"


def stores() -> Path:
    """Folder of the memory-mapped stores."""
    return home() / "stores"


@contextmanager
def written_aside(target: Path) -> Iterator[Path]:
    """Give a path beside `target` to write to; rename it onto `target` when the block ends well.

    Raises
    ------
    OutputRefused
        Where the folder or the file cannot be written.
    """
    target = Path(target)
    aside = None
    try:
        if target.is_dir():
            raise IsADirectoryError(f"{target} is a folder")
        target.parent.mkdir(parents=True, exist_ok=True)
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
    """Give an empty folder beside `target`; rename it to `target` when the block ends well, replacing what is there.

    What killed processes of this machine left beside `target` is removed.

    Raises
    ------
    OutputRefused
        Where the folder cannot be written.
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
    """Make `folder` and prove that it can be written to.

    Raises
    ------
    OutputRefused
        Where it cannot.
    """
    require_folder(folder)
    try:
        Path(folder).mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise refused(folder, error) from error
    return require_folder(folder)


def require_folder(folder: Path) -> Path:
    """Prove that `folder` can be written to, or made, and make nothing.

    Raises
    ------
    OutputRefused
        Where it cannot.
    """
    folder = Path(folder)
    try:
        there = next(place for place in (folder, *folder.absolute().parents) if place.exists())
        with tempfile.TemporaryFile(dir=there):
            return folder
    except OSError as error:
        raise refused(folder, error) from error


def _beside(target: Path) -> Path:
    """A new hidden name beside `target` that tells which process of which machine uses it; the user's umask holds."""
    mark = f"{_HOST}-{os.getpid()}-{secrets.token_hex(4)}"
    return target.with_name(f".{target.name[:120]}-{mark}{target.suffix}")


def _sweep(target: Path) -> None:
    if os.name != "posix":
        return
    for left in target.parent.glob(f".{glob.escape(target.name[:120])}-{_HOST}-*"):
        owner = left.name.rsplit("-", 2)[1]
        if owner.isdigit() and not _is_alive(int(owner)):
            shutil.rmtree(left, ignore_errors=True)


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def refused(target: Path | str, error: OSError) -> OutputRefused:
    """What is said where `target` could not be written."""
    return OutputRefused(
        "the output cannot be written.",
        found=f"{target}: {error.strerror or error}",
        expected="a path in a folder that can be written to, with room on the disk",
        remedy="name another place, e.g. --out ./out",
    )
