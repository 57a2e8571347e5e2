"""Knows how a study goes: step after step, each done once and its result on disk before the next begins. Knows no model."""

import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from einthoven import console
from einthoven.errors import ConfigurationFault, StudyDamaged
from einthoven.paths import output_folder, written_aside
from einthoven.report import study as page

_SETTINGS = "study.json"


@dataclass(frozen=True)
class Study:
    """One published study.

    name, title : of the study; protocols : it can be run by; run : (source, protocol, folder, quick) to the results; folds : ways
    to part the publisher's folds that it takes besides, as ``folds=``, its own first
    """

    name: str
    title: str
    corpus: str
    protocols: tuple[str, ...]
    run: Callable[..., dict]
    folds: tuple[str, ...] = ()


class Steps:
    """The steps of a study and what each gave; a step that is done is not done again.

    Parameters
    ----------
    folder : of the study
    settings : plain values that decide every result; a folder of other settings is refused
    costs : of each step by its name, in any unit; for the time left

    Raises
    ------
    ConfigurationFault
        Where the folder holds a study of other settings.
    """

    def __init__(self, folder: Path, settings: dict, costs: dict[str, float]):
        self.folder, self.costs = output_folder(folder), costs
        self._spent = self._measured = 0.0
        file = self.folder / _SETTINGS
        settings = json.loads(json.dumps(settings))
        if not file.exists():
            with written_aside(file) as aside:
                aside.write_text(json.dumps(settings, indent=1) + "\n")
            return
        known = _read(file)
        if known != settings:
            other = [name for name in sorted({*known, *settings}) if known.get(name) != settings.get(name)]
            raise ConfigurationFault(
                f"{folder} holds a study of other settings.",
                found=f"another {', '.join(other)}",
                expected="the settings it was started with, so that it can go on",
                remedy="name a new folder with --out, or remove this one",
            )

    def do(self, name: str, work: Callable[[], dict]) -> dict:
        """The result of a step: read, where it is done; else worked out and written.

        Parameters
        ----------
        name : of the step, one of `costs`; work : gives plain values
        """
        file = self.folder / "steps" / f"{name}.json"
        if file.exists():
            return _read(file)
        done = [known for known in self.costs if (self.folder / "steps" / f"{known}.json").exists()]
        console.note(f"step {len(done) + 1} of {len(self.costs)}: {name}{self._left(done)}")
        started = time.monotonic()
        result = work()
        seconds = time.monotonic() - started
        self._spent, self._measured = self._spent + seconds, self._measured + self.costs[name]
        with written_aside(file) as aside:
            aside.write_text(json.dumps(result | {"seconds": round(seconds, 1)}, indent=1) + "\n")
        return _read(file)

    def of(self, part: str) -> "Steps":
        """The same steps for a part of the study: their names begin with its name."""
        return _Part(self, part)

    @property
    def seconds(self) -> dict[str, float]:
        """What each finished step took."""
        return {file.stem: _read(file)["seconds"] for file in sorted((self.folder / "steps").glob("*.json"))}

    def _left(self, done: list[str]) -> str:
        if not self._measured:
            return ""
        left = sum(cost for name, cost in self.costs.items() if name not in done)
        return f"   about {left * self._spent / self._measured / 60:.0f} min left"


class _Part(Steps):
    def __init__(self, whole: Steps, part: str):
        self.whole, self.part = whole, part

    def do(self, name: str, work: Callable[[], dict]) -> dict:
        return self.whole.do(f"{self.part}-{name}", work)


def write_results(results: dict, folder: Path) -> None:
    """Write results.json, table.md and report.html, with every figure of the folder."""
    for name, content in (
        ("results.json", json.dumps(results, indent=1) + "\n"),
        ("table.md", page.markdown(results)),
        ("report.html", page.render(results, sorted((folder / "figures").glob("*.png")))),
    ):
        with written_aside(folder / name) as aside:
            aside.write_text(content, encoding="utf-8")


def _read(file: Path) -> dict:
    try:
        return json.loads(file.read_text())
    except (OSError, ValueError) as error:
        raise StudyDamaged(
            f"a step of the study cannot be read: {file}.",
            found=f"{type(error).__name__}: {error}",
            expected="the JSON that the step had written",
            remedy=f"rm {file}      the step is then done again",
        ) from error
