"""Options of the verbs that read files: what a user states because a file does not."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from einthoven.cli.settings import Leads, MaybeNumber, Rate, Unit, optional

if TYPE_CHECKING:
    from einthoven.records import Record


@dataclass(frozen=True, kw_only=True)
class ReadOptions:
    """What a user states about the recordings of a command."""

    fs: Rate = None
    leads: Leads = None
    unit: Unit = None
    gain: Annotated[MaybeNumber, optional("COUNTS")] = None
    """Counts per mV, where the values are counts of a converter."""
    zero: Annotated[MaybeNumber, optional("COUNT")] = None
    """Count at 0 mV, beside --gain (default: 0)."""
    partial: bool = False
    """Read a recording although some of its files are missing; their samples are missing then."""

    def read(self, file: Path, annotator: str | None = None) -> "Record":
        """Read one recording with what was stated.

        Parameters
        ----------
        file : Path
            The file.
        annotator : str, optional
            Suffix of a WFDB annotation file to read too.

        Returns
        -------
        Record
        """
        from einthoven.records import read
        from einthoven.records.stated import leads_of

        return read(
            file,
            fs_hz=self.fs,
            leads=leads_of(self.leads),
            unit=self.unit,
            gain=self.gain,
            zero=self.zero,
            annotator=annotator,
            partial=self.partial,
        )

    def words(self) -> list[str]:
        """Return these options as words of a command line, without those that are not stated."""
        numbers = {"--fs": self.fs, "--gain": self.gain, "--zero": self.zero}
        texts = {"--leads": self.leads, "--unit": self.unit}
        told = {name: f"{value:.12g}" for name, value in numbers.items() if value is not None}
        told |= {name: value for name, value in texts.items() if value is not None}
        return [word for pair in told.items() for word in pair] + ["--partial"] * self.partial
