"""Run the verb info."""

import json
import shlex
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from tyro.conf import arg

from einthoven import __version__, console
from einthoven.cli.read_options import ReadOptions
from einthoven.cli.settings import MaybePath, Recordings, optional
from einthoven.errors import EinthovenError, OutputRefused, StatementMissing

if TYPE_CHECKING:
    from einthoven.bundle import Card
    from einthoven.report.about import About


@dataclass(frozen=True)
class Info(ReadOptions):
    """Say what recordings are, how good they are, and which models can answer them; the first thing to run on a file.

    Example: einthoven info 100.hea

    Example, for programs: einthoven info 100.hea 208.hea --out info.json
    """

    files: Recordings
    """Recordings. For WFDB the header, the signal file or the record name."""
    out: Annotated[MaybePath, optional("FILE.json")] = None
    """File to write the same as JSON to."""
    anonymous: Annotated[bool, arg()] = False
    """Leave out name, number, birth date, age, sex, date, device and all free text."""

    def run(self) -> int:
        """Describe each file; one that cannot be read does not stop the others."""
        if not self.files:
            raise StatementMissing(
                "No recording was given.",
                found="no file",
                expected="at least one file",
                remedy="einthoven info 100.hea",
            )
        if self.out is not None:
            _require_json(self.out, self.files)
        from einthoven import bundle
        from einthoven.paths import ASSETS, written_aside
        from einthoven.report.about import as_dict

        cards = [bundle.load_card(ASSETS / name) for name in bundle.bundled()]
        told: list[dict[str, Any]] = []
        n_failed = 0
        for file in self.files:
            try:
                found = self._about(file, cards)
                _show(found)
                told.append(as_dict(found))
            except EinthovenError as error:
                n_failed += 1
                console.fail(error)
                told.append({"file": str(file), "error": _as_dict(error)})
        if self.out is not None:
            with written_aside(self.out) as aside:
                aside.write_text(json.dumps({"einthoven": __version__, "records": told}, indent=1) + "\n")
            console.say(str(self.out))
        if n_failed and len(self.files) > 1:
            console.note(f"{n_failed} of {len(self.files)} files could not be read; the reasons are above")
        return 0 if not n_failed else 1 if n_failed < len(self.files) else 2

    def _about(self, file: Path, cards: "list[Card]") -> "About":
        from einthoven.records import title_of
        from einthoven.records.anonymous import anonymous
        from einthoven.report.about import about

        record = self.read(file)
        return about(anonymous(record) if self.anonymous else record, str(file), title_of(file), cards, self.words())


def _show(found: "About") -> None:
    from einthoven.report.about import fit_rows, is_sampled, quality_rows, rows

    console.table(("", ""), rows(found), found.file)
    console.table(
        ("lead", "quality"), quality_rows(found), "Five minutes of it, evenly spread" if is_sampled(found) else None
    )
    for finding in found.findings:
        console.say(finding.sentence)
    console.table(("model", "classes", "fits"), fit_rows(found))
    for command in found.commands or ("No bundled model fits; einthoven models lists them with their leads.",):
        console.say(command)


def _as_dict(error: EinthovenError) -> dict[str, str]:
    return {"code": error.code, "summary": error.summary} | {
        name: getattr(error, name) for name in ("found", "expected", "remedy")
    }


def _require_json(path: Path, files: tuple[Path, ...]) -> None:
    """Refuse an output that is no JSON file, or one of the recordings."""
    from einthoven.paths import require_folder

    is_read = any(file.exists() and path.exists() and path.samefile(file) for file in files)
    if path.suffix.lower() != ".json" or path.is_dir() or is_read:
        folder = path if path.is_dir() else path.parent
        raise OutputRefused(
            f"{path} cannot be written.",
            found="a recording that is read"
            if is_read
            else "a folder"
            if path.is_dir()
            else f"suffix {path.suffix or 'none'}",
            expected="the path of a JSON file that is not read",
            remedy=f"--out {shlex.quote(str(folder / 'info.json'))}",
        )
    require_folder(path.parent)
