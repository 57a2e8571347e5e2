"""Write one answer a file into a folder, and a table and a page of all; an interrupted folder goes on where it stopped."""

import glob
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from einthoven import __version__
from einthoven.errors import OutputRefused
from einthoven.interpretation.annotated import annotations_of
from einthoven.interpretation.interpretation import SCHEMA, Interpretation
from einthoven.paths import output_folder, written_aside
from einthoven.report import interpretation_tables, interpretations
from einthoven.report.interpretation_tables import Failed, Plain
from einthoven.report.interpretations_index import render

TABLE, LONG_TABLE, INDEX = "table.csv", "table.long.csv", "index.html"
_RESERVED = ("table", "table.long", "index")


def names_of(files: Sequence[Path]) -> dict[Path, str]:
    """Return the name of the answer of each file: its stem, or with its folders, where two files would have one name.

    Parameters
    ----------
    files : sequence of Path
        Files, each once.

    Returns
    -------
    dict of Path to str
        Names that differ on file systems that do not tell capital letters, too.

    Examples
    --------
    >>> list(names_of([Path("a/100.hea"), Path("b/100.hea"), Path("b/101.hea")]).values())
    ['a-100.hea', 'b-100.hea', '101']
    """
    stems = [file.stem.casefold() for file in files]
    names: dict[Path, str] = {}
    taken = set(_RESERVED)
    for file, stem in zip(files, stems, strict=True):
        name = (
            file.stem
            if stems.count(stem) == 1 and stem not in taken
            else "-".join(file.parts).strip("/").replace("/", "")
        )
        number, first = 2, name
        while name.casefold() in taken:
            name, number = f"{first}-{number}", number + 1
        taken.add(name.casefold())
        names[file] = name
    return names


class AnswersFolder:
    """A folder of answers.

    Parameters
    ----------
    folder : Path
        The folder; it is made.
    files : sequence of Path
        The recordings, each once.
    options : sequence of str
        Options that change answers; answers of other options are made again.
    is_anonymous : bool
        Name answers after a checksum, not after their files.

    Raises
    ------
    OutputRefused
        If the folder cannot be written to, or holds one of the recordings.
    """

    def __init__(self, folder: Path, files: Sequence[Path], options: Sequence[str], is_anonymous: bool = False) -> None:
        inside = next((file for file in files if file.parent.resolve() == folder.resolve()), None)
        if inside is not None:
            raise OutputRefused(
                f"{folder} cannot take the answers.",
                found=f"recordings in it ({inside.name})",
                expected="a folder without recordings that are read: annotations beside them could be overwritten",
                remedy=f"--out {folder / 'answers'}",
            )
        self._folder = output_folder(folder)
        self._options = list(options)
        # The name of a file may be that of a person.
        self._names = {file: f"recording-{_digest(file)[:10]}" for file in files} if is_anonymous else names_of(files)

    def kept(self, file: Path) -> Plain | None:
        """Return the answer that is already there.

        Parameters
        ----------
        file : Path
            A recording.

        Returns
        -------
        dict or None
            Its plain values; None if it is missing, or of another version, other options or another content of the recording.
        """
        try:
            content = json.loads((self._folder / f"{self._names[file]}.json").read_text(encoding="utf-8"))
            is_ours = (content["schema"], content["einthoven"]) == (SCHEMA, __version__)
            if is_ours and content["made_from"] == self._made_from(file):
                return dict(content["records"][0])
        except (OSError, ValueError, KeyError, IndexError, TypeError):
            return None
        return None

    def write(self, file: Path, found: Interpretation) -> Plain:
        """Write page, annotations and JSON of a recording; the JSON last, so that a recording with it is complete.

        Parameters
        ----------
        file : Path
            The recording.
        found : Interpretation
            Its interpretation.

        Returns
        -------
        dict
            Its plain values.
        """
        name = self._names[file]
        made_from = self._made_from(file)
        self._text(f"{name}.html", interpretations.as_html([found], {}))
        with written_aside(self._folder / f"{name}.atr") as aside:
            aside.write_bytes(annotations_of(found))
        content = json.loads(interpretations.as_json([found], {})) | {"made_from": made_from}
        self._text(f"{name}.json", json.dumps(content, indent=1) + "\n")
        return found.to_dict()

    def finish(self, plains: Mapping[Path, Plain], failed: Failed) -> Path:
        """Write the tables and the page of all.

        Parameters
        ----------
        plains : mapping of Path to dict
            Plain values of what was interpreted.
        failed : mapping of Path to EinthovenError
            Why files were not interpreted.

        Returns
        -------
        Path
            The page.
        """
        rows = list(plains.values())
        self._text(TABLE, interpretation_tables.wide(rows, failed))
        self._text(LONG_TABLE, interpretation_tables.long(rows, failed))
        pages = [(f"{self._names[file]}.html", plain) for file, plain in plains.items()]
        self._text(INDEX, render(pages, failed))
        return self._folder / INDEX

    def _text(self, name: str, text: str) -> None:
        with written_aside(self._folder / name) as aside:
            aside.write_text(text, encoding="utf-8")

    def _made_from(self, file: Path) -> dict[str, Any]:
        return {"options": self._options, "sha256": _digest(file)}


def _digest(file: Path) -> str:
    """Return a checksum of the path, and of names, sizes and times of all files of a recording."""
    told: list[Any] = [str(file)]
    beside = file.parent.glob(f"{glob.escape(file.stem)}.*") if file.parent.is_dir() else ()
    for one in sorted(beside):
        if one.is_file():
            state = one.stat()
            told.append([one.name, state.st_size, state.st_mtime_ns])
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()
