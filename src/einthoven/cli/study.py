"""Run a published study from the command line."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from tyro.conf import Positional, arg

from einthoven import console
from einthoven.cli.settings import MaybePath, MaybeText, optional, value
from einthoven.errors import ConfigurationFault, StatementMissing

_BY_THEMSELVES = ("delineation", "beats", "rhythm", "pulsediff", "geodesic")
"""Studies that declare their steps themselves: of several corpora, of no classes, or of no recording."""


@dataclass(frozen=True)
class StudyVerb:
    """Run a published study. Finished steps are not repeated: the same command continues an interrupted study.

    Example: einthoven study mitbih --from ./mitdb --protocol clean --out studies/mitbih

    Example, a simulation that reads no recordings: einthoven study geodesic --out studies/geodesic
    """

    name: Annotated[Positional[str], arg(metavar="STUDY")]
    """Name of the study: mitbih, mitbih-clean, mitbih-small, ptbxl, ptbxl-model, pediatric, challenge2017, cpsc2018,
    lstm-svm and sevggnet-beats (MIT-BIH), sevggnet (the Challenge 2017), ecg-smart-net (PTB-XL),
    delineation (its folder holds ludb and qtdb), beats (its folder holds mitdb, svdb and qtdb), rhythm (its folder holds mitdb,
    ludb, challenge-2017 and whatever else is there of cpsc2021, ptb-xl, challenge-2021 and cpsc2018),
    pulsediff (filled gaps; its folder is PTB-XL), geodesic (a simulation: no recording is
    read, and none of a patient is explained by it)."""
    out: Annotated[Path, value("DIR")]
    """Folder for runs, results.json, table.md, figures and report.html."""
    source: Annotated[MaybePath, arg(name="from", metavar="DIR|MESH", help_behavior_hint="")] = None
    """Folder of the corpus, in the publisher's layout. For geodesic a mesh of a heart in mm, if you have one (.vtk, .msh, .ply,
    .off)."""
    protocol: Annotated[str, value("PROTOCOL")] = "clean"
    """Protocol of the corpus; clean keeps patients apart, both runs all protocols of the study."""
    folds: Annotated[MaybeText, optional("FOLDS")] = None
    """For ptbxl: groups (three groups of folds, tested in turn) or official (fold 10 is tested). For cpsc2018: 10, 5 or 3 folds."""
    quick: bool = False
    """Smoke run: all steps on a few windows. Its numbers mean nothing, and the output says so."""

    def run(self) -> int:
        """Run the study and print its table."""
        from einthoven.engine.runner import run
        from einthoven.studies import STUDIES

        if self.name in _BY_THEMSELVES:
            return self._by_itself()
        if self.name not in STUDIES:
            raise ConfigurationFault(
                "Unknown study.",
                found=self.name,
                expected=", ".join((*STUDIES, *_BY_THEMSELVES)),
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
        results = run(study, self._folder(), self.protocol, self.out, self.quick, self.folds or "")
        self._show(results)
        console.say(f"{self.out}: results.json, table.md, report.html, figures")
        return 0

    def _by_itself(self) -> int:
        """Run a study that declares its steps itself."""
        from einthoven.studies import beats, delineation, geodesic, pulsediff, rhythm

        protocols = delineation.PROTOCOLS if self.name == "delineation" else ("clean",)
        if self.protocol not in protocols or self.folds is not None:
            raise ConfigurationFault(
                f"{self.name} has no such {'protocol' if self.folds is None else 'folds'}.",
                found=self.protocol if self.folds is None else f"--folds {self.folds}",
                expected=", ".join(protocols) if self.folds is None else "no --folds",
                remedy=f"--protocol {protocols[0]}" if self.folds is None else "leave out --folds",
            )
        if self.name == "geodesic":
            self._show(geodesic.run(self.source, self.out, self.quick))
        elif self.name == "delineation":
            self._show(delineation.run(self._folder(), self.protocol, self.out, self.quick))
        else:
            others = {"beats": beats.run, "rhythm": rhythm.run, "pulsediff": pulsediff.run}
            self._show(others[self.name](self._folder(), self.out, self.quick))
        console.say(f"{self.out}: results.json, table.md")
        return 0

    def _folder(self) -> Path:
        """Return the folder of the recordings."""
        if self.source is None:
            raise StatementMissing(
                f"{self.name} needs recordings.",
                found="no --from",
                expected="the folder of the corpus, in the publisher's layout",
                remedy=f"einthoven study {self.name} --from DIR --out {self.out}",
            )
        return self.source

    def _show(self, results: dict[str, Any]) -> None:
        few = [results["columns"].index(name) for name in results["shown"]]
        console.table(results["shown"], [[row[at] for at in few] for row in results["rows"]], results["title"])
        for line in results["remarks"]:
            console.say(line)
