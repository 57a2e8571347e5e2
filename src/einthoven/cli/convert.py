"""Run the verb convert."""

import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from tyro.conf import arg

from einthoven import console
from einthoven.cli.read_options import ReadOptions
from einthoven.cli.settings import MaybeText, Recordings, optional, value
from einthoven.errors import EinthovenError, StatementMissing
from einthoven.paths import require_folder

if TYPE_CHECKING:
    from einthoven.records import Record

_FORMATS = Literal["wfdb", "csv", "edf", "npy", "json", "dicom"]


@dataclass(frozen=True)
class Convert(ReadOptions):
    """Write recordings in another format, with leads, rate, annotations and identity, or without whose they are.

    Example: einthoven convert 100.hea --to converted --format csv

    Example, with nothing that tells whose they are: einthoven convert 100.hea 208.hea --to shared --format edf --anonymous
    """

    files: Recordings
    """Recordings. For WFDB the header, the signal file or the record name."""
    to: Annotated[Path, value("DIR")]
    """Folder for the new files. A recording that is read is never written over."""
    format: Annotated[_FORMATS, arg(metavar="wfdb|csv|edf|npy|json|dicom")]
    """Format of the new files; edf and dicom need einthoven[clinical]."""
    annotator: Annotated[MaybeText, optional("SUFFIX")] = None
    """Suffix of the WFDB annotation files to convert too (default: atr, where there is one)."""
    anonymous: Annotated[bool, arg()] = False
    """Leave out name, number, birth date, age, sex, date, device and all free text; the files get names of their own."""

    def run(self) -> int:
        """Convert each file; one that cannot be converted does not stop the others."""
        from einthoven.records.writing import TARGETS, write

        if not self.files:
            raise StatementMissing(
                "No recording was given.",
                found="no file",
                expected="at least one file",
                remedy=f"einthoven convert 100.hea --to {shlex.quote(str(self.to))} --format {self.format}",
            )
        require_folder(self.to)
        taken: set[str] = set()
        n_failed = 0
        for file in console.progress(self.files, "converting", len(self.files)):
            try:
                record = self.read(file, self.annotator or _reference(file))
                place = self.to / f"{self._name(record, taken)}{TARGETS[self.format].suffix}"
                write(record, place, anonymous=self.anonymous, keep=self.files)
                console.say(f"{file}: {place}")
            except EinthovenError as error:
                n_failed += 1
                console.fail(error)
        if n_failed:
            console.note(f"{n_failed} of {len(self.files)} files could not be converted; the reasons are above")
        return 0 if not n_failed else 1 if n_failed < len(self.files) else 2

    def _name(self, record: "Record", taken: set[str]) -> str:
        """Return the name of the new file, which none of this command has yet."""
        from einthoven.records.anonymous import anonymous
        from einthoven.records.writing import safe_name

        name = wanted = safe_name(anonymous(record).name if self.anonymous else record.name)
        again = 2
        while name.lower() in taken:  # some file systems do not tell case apart
            name, again = f"{wanted}-{again}", again + 1
        taken.add(name.lower())
        return name


def _reference(file: Path) -> str | None:
    """Return the suffix of the reference annotations of a WFDB record, if they are there."""
    return "atr" if file.with_suffix(".atr").is_file() and file.with_suffix(".hea").is_file() else None
