"""Run the verb interpret."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from tyro.conf import Positional

from einthoven import console
from einthoven.cli.read_options import ReadOptions
from einthoven.cli.settings import optional, value
from einthoven.errors import EinthovenError, StatementMissing

if TYPE_CHECKING:
    from einthoven.interpretation.interpretation import Interpretation

_SHOWN = 20


@dataclass(frozen=True)
class Interpret(ReadOptions):
    """Interpret recordings: rhythm, rate, intervals, ectopic beats, diagnoses, and how far they can be believed.

    Example: einthoven interpret 100.hea --out report.html
    """

    files: Annotated[Positional[tuple[Path, ...]], value("FILE ...")]
    """Recordings; all recordings of a folder, if it is one."""
    out: Annotated[Path | None, optional("FILE")] = None
    """File to write: .json, .csv, .html, .pdf (a page for each recording) or .png (one recording)."""
    models: Annotated[tuple[str, ...], optional("MODEL ...")] = ()
    """Models to ask instead of those that are chosen for the recording."""
    anonymous: bool = False
    """Leave name, identifier, birth date and recording date out."""
    layout: Literal["3x4+1", "6x2", "12x1", "cabrera"] = "3x4+1"
    """Where twelve leads are drawn: rows x columns, with lead II below, or the limb leads in the order of Cabrera."""
    paper: Literal["a4", "letter"] = "a4"
    """Paper of the printed page, landscape."""

    def run(self) -> int:
        """Interpret each file; one that cannot be read does not stop the others."""
        from einthoven.inference.answer import DISCLAIMER
        from einthoven.report import interpretations
        from einthoven.report.sheet import Sheet

        files = [found for file in self.files for found in _recordings(file)]
        if not files:
            raise StatementMissing(
                "No recording was given.",
                found=" ".join(map(str, self.files)) or "no file",
                expected="at least one recording, or a folder that holds some",
                remedy="einthoven interpret 100.hea --out report.html",
            )
        if self.out is not None:
            interpretations.require_writable(self.out, files)
        found, failed = self._interpreted(files)
        for one in found[:_SHOWN]:
            show(one)
        if len(found) > _SHOWN:
            console.say(f"… and {len(found) - _SHOWN} more; --out table.csv lists all")
        if found and self.out is not None:
            interpretations.write(found, failed, self.out, Sheet(self.paper, self.layout))
            console.say(str(self.out))
        console.say(DISCLAIMER)
        if failed:
            console.note(f"{len(failed)} of {len(files)} files could not be interpreted; the reasons are above")
        return (1 if found else 2) if failed else 0

    def _interpreted(self, files: list[Path]) -> "tuple[list[Interpretation], dict[Path, EinthovenError]]":
        from einthoven.interpretation.interpreter import Interpreter
        from einthoven.records.anonymous import anonymous

        interpret = Interpreter(self.models)
        found, failed = [], {}
        for file in console.progress(files, "interpreting", len(files)):
            try:
                record = self.read(file)
                found.append(interpret(anonymous(record) if self.anonymous else record))
            except EinthovenError as error:
                console.fail(error)
                failed[file] = error
        return found, failed


def show(found: "Interpretation") -> None:
    """Print an interpretation.

    Parameters
    ----------
    found : Interpretation
        The interpretation.
    """
    console.say(found.record.name)
    for statement in found.statements:
        console.say(f"  {statement.text}")
    for finding in found.findings:
        console.say(f"  {finding.sentence}")


def _recordings(file: Path) -> list[Path]:
    """Return the file, or the recordings of a folder, each once."""
    from einthoven.records import READERS

    if not file.is_dir():
        return [file]
    inside = sorted(one for one in file.iterdir() if one.is_file() and one.suffix.lower() in READERS)
    headers = {one.with_suffix("") for one in inside if one.suffix.lower() == ".hea"}
    return [one for one in inside if one.suffix.lower() == ".hea" or one.with_suffix("") not in headers]
