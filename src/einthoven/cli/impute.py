"""Run the verb impute."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from tyro.conf import Positional, arg

from einthoven import console
from einthoven.cli.read_options import ReadOptions
from einthoven.cli.settings import MaybePath, optional, value

if TYPE_CHECKING:
    from einthoven.inference.filling import Filled

_PAGES = (".html", ".png")


@dataclass(frozen=True)
class Impute(ReadOptions):
    """Fill gaps of a recording, up to 5 s long. Filled samples are guesses: they are marked, and never measured or counted.

    Example: einthoven impute 100.csv --out filled/100.csv

    Example, a page that shows what was filled: einthoven impute 100.csv --out filled.html
    """

    file: Annotated[Positional[Path], arg(metavar="FILE")]
    """Recording with missing samples. For WFDB the header, the signal file or the record name."""
    out: Annotated[Path, value("FILE")]
    """File to write: .html or .png to look at; .hea, .csv, .npy or .json, whose comments mark what was filled:
    einthoven reads those samples as missing."""
    model: Annotated[MaybePath, optional("DIR")] = None
    """Folder of a network that einthoven study pulsediff trained (default: the person's own typical beat)."""

    def run(self) -> int:
        """Fill the gaps, write the file, and print which gaps were filled."""
        from einthoven.inference.filling import impute

        filled = impute(self.read(self.file), self.model)
        if self.out.suffix.lower() in _PAGES:
            from einthoven.report.filled import write

            write(filled, self.out)
        else:
            filled.write(self.out)
        _show(filled)
        console.say(str(self.out))
        return 0


def _show(filled: "Filled") -> None:
    rows = [(lead, f"{first:.3f} to {end:.3f}", f"{end - first:.3f}") for lead, first, end in filled.gaps]
    shown = rows if len(rows) <= 40 else [*rows[:40], ("…", f"{len(rows) - 40} more", "")]
    console.table(("lead", "filled (s)", "length (s)"), shown, f"{filled.record.name}: filled by {filled.method}")
    for remark in filled.remarks:
        console.say(f"  {remark}")
    console.say("Filled samples are guesses, not measurements.")
