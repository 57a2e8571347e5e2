"""Knows how a study goes: step after step, each done once and its result on disk before the next begins. Knows no model."""

import json
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from einthoven import workers
from einthoven.errors import ConfigurationFault, StudyDamaged
from einthoven.paths import output_folder, written_aside
from einthoven.report import study as page

_log = logging.getLogger(__name__)

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
    settings : plain values that decide every result; a folder of other settings is refused. ``quick`` is one of them: a smoke run
        stays in one process
    costs : of each step by its name, in any unit; for the time left

    Raises
    ------
    ConfigurationFault
        Where the folder holds a study of other settings.
    """

    def __init__(self, folder: Path, settings: dict, costs: dict[str, float]):
        self.folder, self.costs = output_folder(folder), costs
        self._in_one_process = bool(settings["quick"])
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
        file = self.file(name)
        if file.exists():
            return _read(file)
        done = [known for known in self.costs if self.file(known).exists()]
        _log.info("step %d of %d: %s%s", len(done) + 1, len(self.costs), name, self._left(done))
        started = time.monotonic()
        result = work()
        seconds = time.monotonic() - started
        with written_aside(file) as aside:
            aside.write_text(json.dumps(result | {"seconds": round(seconds, 1)}, indent=1) + "\n")
        return _read(file)

    def each(self, works: dict[str, Callable[[], dict]]) -> list[dict]:
        """As :meth:`do`, of steps that do not lean on one another: one on each core, where there is no GPU."""
        waiting = {name: work for name, work in works.items() if not self.file(name).exists()}
        if len(waiting) > 1 and self._cores > 1:
            workers.side_by_side({name: partial(self.do, name, work) for name, work in waiting.items()})
        return [self.do(name, work) for name, work in works.items()]

    def of(self, part: str) -> "Steps":
        """The same steps for a part of the study: their names begin with its name."""
        return _Part(self, part)

    @property
    def seconds(self) -> dict[str, float]:
        """What each finished step took."""
        return {file.stem: _read(file)["seconds"] for file in sorted((self.folder / "steps").glob("*.json"))}

    @property
    def _cores(self) -> int:
        if self._in_one_process:
            return 1
        import torch

        return 1 if torch.cuda.is_available() else workers.n_cores()

    def file(self, name: str) -> Path:
        """Where the result of a step lies once it is done."""
        return self.folder / "steps" / f"{name}.json"

    def _left(self, done: list[str]) -> str:
        if not done:
            return ""
        known = self.seconds
        pace = sum(known[name] for name in done) / sum(self.costs[name] for name in done)
        left = sum(cost for name, cost in self.costs.items() if name not in done)
        return f"   about {max(1, round(left * pace / self._cores / 60))} min left"


class _Part(Steps):
    def __init__(self, whole: Steps, part: str):
        self.whole, self.part = whole, part

    def do(self, name: str, work: Callable[[], dict]) -> dict:
        return self.whole.do(f"{self.part}-{name}", work)

    def file(self, name: str) -> Path:
        return self.whole.file(f"{self.part}-{name}")

    def each(self, works: dict[str, Callable[[], dict]]) -> list[dict]:
        return self.whole.each({f"{self.part}-{name}": work for name, work in works.items()})


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
