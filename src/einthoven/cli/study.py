"""Run a published study from the command line."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import Positional, arg

from einthoven import console
from einthoven.cli.settings import Source, optional, value
from einthoven.errors import ConfigurationFault


@dataclass(frozen=True)
class StudyVerb:
    """Run a published study. Finished steps are not repeated: the same command continues an interrupted study.

    Example: einthoven study mitbih --from ./mitdb --protocol clean --out studies/mitbih
    """

    name: Annotated[Positional[str], arg(metavar="STUDY")]
    """Name of the study: mitbih, mitbih-clean, mitbih-small, ptbxl, ptbxl-model, pediatric, challenge2017, cpsc2018,
    delineation (its folder holds ludb and qtdb)."""
    source: Source
    out: Annotated[Path, value("DIR")]
    """Folder for runs, results.json, table.md, figures and report.html."""
    protocol: Annotated[str, value("PROTOCOL")] = "clean"
    """Protocol of the corpus; clean keeps patients apart, both runs all protocols of the study."""
    folds: Annotated[str | None, optional("FOLDS")] = None
    """For ptbxl: groups (three groups of folds, tested in turn) or official (fold 10 is tested). For cpsc2018: 10, 5 or 3 folds."""
    quick: bool = False
    """Smoke run: all steps on a few windows. Its numbers mean nothing, and the output says so."""

    def run(self) -> int:
        """Run the study and print its table."""
        from einthoven.engine.runner import run
        from einthoven.studies import STUDIES, delineation

        if self.name == "delineation":
            return self._delineation(delineation.PROTOCOLS)
        if self.name not in STUDIES:
            raise ConfigurationFault(
                "Unknown study.",
                found=self.name,
                expected=", ".join((*STUDIES, "delineation")),
                remedy="einthoven study mitbih",
            )
        study = STUDIES[self.name]
        if self.protocol not in study.choices:
            raise ConfigurationFault(
                f"{study.name} has no such protocol.",
                found=self.protocol,
                expected=", ".join(study.choices),
                remedy=f"--protocol {study.choices[0]}",
            )
        if self.folds is not None and self.folds not in study.folds:
            raise ConfigurationFault(
                f"{study.name} has no such folds.",
                found=f"--folds {self.folds}",
                expected=", ".join(study.folds) or "no --folds",
                remedy=f"--folds {study.folds[0]}" if study.folds else "leave out --folds",
            )
        results = run(study, self.source, self.protocol, self.out, self.quick, self.folds or "")
        self._show(results)
        console.say(f"{self.out}: results.json, table.md, report.html, figures")
        return 0

    def _delineation(self, protocols: tuple[str, ...]) -> int:
        """Run the study of delineators, whose answers are of samples and not of windows."""
        from einthoven.studies.delineation import run

        if self.protocol not in protocols or self.folds is not None:
            raise ConfigurationFault(
                "delineation has no such protocol." if self.folds is None else "delineation has no such folds.",
                found=self.protocol if self.folds is None else f"--folds {self.folds}",
                expected=", ".join(protocols) if self.folds is None else "no --folds",
                remedy=f"--protocol {protocols[0]}" if self.folds is None else "leave out --folds",
            )
        self._show(run(self.source, self.protocol, self.out, self.quick))
        console.say(f"{self.out}: results.json, table.md")
        return 0

    def _show(self, results: dict[str, Any]) -> None:
        few = [results["columns"].index(name) for name in results["shown"]]
        console.table(results["shown"], [[row[at] for at in few] for row in results["rows"]], results["title"])
        for line in results["remarks"]:
            console.say(line)
