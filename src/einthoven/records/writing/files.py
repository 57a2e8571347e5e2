"""Write the files of one recording whole or not at all, and never over a recording that is read."""

import os
import re
import secrets
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from einthoven.errors import OutputRefused
from einthoven.paths import output_folder, refused

_LONGEST = 80
_RESERVED = {"con", "prn", "aux", "nul"}


def safe_name(name: str) -> str:
    """Return a name that is a file name on every system and a record name of WFDB: letters, digits, ``_`` and ``-``.

    Parameters
    ----------
    name : str
        A name out of a file, not to be trusted.

    Returns
    -------
    str

    Examples
    --------
    >>> safe_name("../../etc/passwd"), safe_name("Doe, Jane"), safe_name("100"), safe_name("...")
    ('etc_passwd', 'Doe_Jane', '100', 'recording')
    """
    kept = re.sub(r"[^A-Za-z0-9_-]+", "_", name).strip("_-")[:_LONGEST]
    return "recording" if not kept or kept.lower() in _RESERVED else kept


@contextmanager
def placed(main: Path, others: Sequence[Path], kept: Sequence[Path]) -> Iterator[Path]:
    """Give an empty folder for the files of a recording, and move them to their place when the block ends well.

    Of its files, those that are not written any more are removed, and the main file comes last: a recording that is
    there is complete.

    Parameters
    ----------
    main : Path
        The file by which the recording is named.
    others : sequence of Path
        Files that may belong to it.
    kept : sequence of Path
        Recordings that are read, and must stay as they are.

    Yields
    ------
    Path
        The folder; a file in it has the name of its place.

    Raises
    ------
    OutputRefused
        If a file cannot be written, or is part of a recording that must stay.
    """
    require_free((main, *others), kept)
    output_folder(main.parent)
    aside = main.parent / f".{main.stem[:60]}-{os.getpid()}-{secrets.token_hex(4)}"
    try:
        aside.mkdir()
        yield aside
        main.unlink(missing_ok=True)
        for place in (*others, main):
            if (aside / place.name).exists():
                (aside / place.name).replace(place)
            else:
                place.unlink(missing_ok=True)
    except OSError as error:
        raise refused(main, error) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def require_free(places: Sequence[Path], kept: Sequence[Path]) -> None:
    """Refuse places where a recording lies that is read.

    Parameters
    ----------
    places : sequence of Path
        Files that would be written.
    kept : sequence of Path
        Recordings that are read; all files of the same name beside them belong to them.

    Raises
    ------
    OutputRefused
        If one is.
    """
    for place in places:
        if place.is_dir():
            raise _not_there(place, "a folder", place.parent / "converted")
        if not os.path.lexists(place):
            continue
        for source in kept:
            if place.stem.split(".")[0] == source.stem.split(".")[0] and _same_folder(place, source):
                raise _not_there(place, f"part of {source}, which is read", place.parent / "converted")


def _same_folder(place: Path, source: Path) -> bool:
    return source.parent.exists() and place.parent.resolve() == source.parent.resolve()


def _not_there(place: Path, found: str, better: Path) -> OutputRefused:
    return OutputRefused(
        f"{place} cannot be written.",
        found=found,
        expected="a place where no recording is read from",
        remedy=f"--to {better}",
    )
