"""Run the verb delineate."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from einthoven import console
from einthoven.cli.read_options import ReadOptions
from einthoven.cli.settings import MaybePath, Recordings, optional, value
from einthoven.errors import EinthovenError, StatementMissing

if TYPE_CHECKING:
    from einthoven.inference.delineator import Delineation


@dataclass(frozen=True)
class Delineate(ReadOptions):
    """Find onset and offset of every P wave, QRS complex and T wave, and print the intervals.

    Example: einthoven delineate 100.hea --out waves.csv

    Example, a page with the boundaries on the trace: einthoven delineate 100.hea --out waves.html
    """

    files: Recordings
    """Recordings. For WFDB the header, the signal file or the record name."""
    out: Annotated[MaybePath, optional("FILE")] = None
    """File to write: .csv, .json, .html, or .atr (WFDB annotations)."""
    model: Annotated[str, value("MODEL")] = "waves-ludb"
    """Name of a bundled delineator, its folder, or exported file."""

    def run(self) -> int:
        """Delineate each file; one that cannot be read does not stop the others."""
        from einthoven.inference.answer import DISCLAIMER
        from einthoven.report import waves

        if not self.files:
            raise StatementMissing(
                "No recording was given.",
                found="no file",
                expected="at least one file",
                remedy="einthoven delineate 100.hea --out waves.csv",
            )
        if self.out is not None:
            waves.require_writable(self.out, len(self.files))
        found = self._found()
        if not found:
            return 2
        if self.out is not None:
            waves.write(found, self.out)
        for one in found:
            show(one)
        if self.out is not None:
            console.say(str(self.out))
        console.say(DISCLAIMER)
        n_failed = len(self.files) - len(found)
        if n_failed:
            console.note(f"{n_failed} of {len(self.files)} files could not be delineated; the reasons are above")
        return 1 if n_failed else 0

    def _found(self) -> "list[Delineation]":
        """Delineate each file that can be read, and print why the others cannot."""
        from einthoven.inference.delineator import Delineator
        from einthoven.inference.predictor import load

        delineator = Delineator(load(self.model))
        found = []
        for file in console.progress(self.files, "delineating", len(self.files)):
            try:
                found.append(delineator(self.read(file)))
            except EinthovenError as error:
                console.fail(error)
        return found


def show(one: "Delineation") -> None:
    """Print the intervals of a record, and how many waves were found.

    Parameters
    ----------
    one : Delineation
        The record.
    """
    from einthoven.signal.boundaries import WAVES

    counts = ", ".join(f"{len(one.all_leads.of(kind)):,} {name}" for kind, name in enumerate(WAVES))
    rows = [(row.name, row.text, f"{row.n:,}" if row.n else "") for row in one.intervals.measurements]
    title = (
        f"{one.record.name}: {counts} in {len(one.by_lead)} of {len(one.record.leads)} leads  ({one.card.display_name})"
    )
    console.table(("measurement", "median (quartiles)", "beats"), rows, title)
    for remark in one.remarks:
        console.say(f"  {remark}")
