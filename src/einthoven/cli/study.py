"""Knows the verb study."""

from dataclasses import dataclass
from pathlib import Path

from tyro.conf import Positional

from einthoven import console
from einthoven.cli.prepare import From
from einthoven.errors import UnknownName


@dataclass(frozen=True)
class StudyVerb:
    """Run a published study whole; what is done is not done again, so a killed one goes on with the same command.

    Example: einthoven study mitbih --from ./mitdb --protocol clean --out studies/mitbih
    """

    name: Positional[str]
    """Name of the study: mitbih, mitbih-clean, ptbxl, ptbxl-model, pediatric, challenge2017, cpsc2018, mitbih-small."""
    source: From
    """Folder of the corpus as its publisher lays it out."""
    out: Path
    """Folder for runs, results.json, table.md, figures and report.html."""
    protocol: str = "clean"
    """How the corpus is parted; clean keeps patients apart."""
    folds: str | None = None
    """Of ptbxl: groups (three groups of folds are tested in turn) or official (fold 10 is tested); of cpsc2018: how many of ten."""
    quick: bool = False
    """A smoke run: the whole path on a few windows; its numbers mean nothing, and say so."""

    def run(self) -> int:
        """Run, and print the table."""
        from einthoven.studies import STUDIES

        if self.name not in STUDIES:
            raise UnknownName(
                "there is no such study.", found=self.name, expected=", ".join(STUDIES), remedy="einthoven study mitbih"
            )
        study = STUDIES[self.name]
        if self.protocol not in study.protocols:
            raise UnknownName(
                f"{study.name} is not run by this protocol.",
                found=self.protocol,
                expected=", ".join(study.protocols),
                remedy=f"--protocol {study.protocols[0]}",
            )
        if self.folds is not None and self.folds not in study.folds:
            raise UnknownName(
                f"{study.name} does not part its folds so.",
                found=f"--folds {self.folds}",
                expected=", ".join(study.folds) or "no --folds",
                remedy=f"--folds {study.folds[0]}" if study.folds else "leave out --folds",
            )
        more = {"folds": self.folds or study.folds[0]} if study.folds else {}
        results = study.run(self.source, self.protocol, self.out, self.quick, **more)
        few = [results["columns"].index(name) for name in results["shown"]]
        console.table(results["shown"], [[row[at] for at in few] for row in results["rows"]], results["title"])
        for line in results["remarks"]:
            console.say(line)
        console.say(f"{self.out}: results.json, table.md, report.html, figures")
        return 0
