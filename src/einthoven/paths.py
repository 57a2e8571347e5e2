"""Knows where stores, runs and bundles live, and how a file is written whole. Does not know what is in them."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from einthoven.errors import OutputRefused

ASSETS = Path(__file__).parent / "assets"


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
        handle, name = tempfile.mkstemp(dir=target.parent, prefix=f".{target.name}-", suffix=target.suffix)
        os.close(handle)
        aside = Path(name)
        yield aside
        aside.chmod(0o644)
        aside.replace(target)
    except OSError as error:
        raise _refused(target, error) from error
    finally:
        if aside is not None:
            aside.unlink(missing_ok=True)


@contextmanager
def folder_aside(target: Path) -> Iterator[Path]:
    """Give an empty folder beside `target`; rename it to `target` when the block ends well, replacing what is there.

    Raises
    ------
    OutputRefused
        Where the folder cannot be written.
    """
    target = Path(target)
    aside = None
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        aside = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-"))
        yield aside
        aside.chmod(0o755)
        if target.exists():
            old = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-old-"))
            target.replace(old / target.name)
            aside.replace(target)
            shutil.rmtree(old)
        else:
            aside.replace(target)
    except OSError as error:
        raise _refused(target, error) from error
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
    folder = Path(folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            return folder
    except OSError as error:
        raise _refused(folder, error) from error


def _refused(target: Path, error: OSError) -> OutputRefused:
    return OutputRefused(
        "the output cannot be written.",
        found=f"{target}: {error.strerror or error}",
        expected="a path in a folder that can be written to, with room on the disk",
        remedy="name another place, e.g. --out ./out",
    )
