"""Do the steps of a study once each, with their results on disk."""

import json
import logging
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from einthoven import workers
from einthoven.errors import ConfigurationFault, FileDamaged
from einthoven.paths import output_folder, written_aside

_log = logging.getLogger(__name__)
_SETTINGS = "study.json"


class Steps:
    """The steps of a study and their results; finished steps are not repeated.

    Parameters
    ----------
    folder : Path
        Folder of the study.
    settings : dict
        Plain values that decide every result; a folder of other settings is refused. With ``quick``, a smoke run, all steps run in
        one process.
    costs : dict of float
        Cost of each step by its name, in any unit; for the estimate of the time left.

    Raises
    ------
    ConfigurationFault
        If the folder holds a study of other settings.
    """

    def __init__(self, folder: Path, settings: dict[str, Any], costs: dict[str, float]) -> None:
        self.folder, self.costs = output_folder(folder), costs
        self._in_one_process = bool(settings["quick"])
        file = self.folder / _SETTINGS
        settings = json.loads(json.dumps(settings))
        if not file.exists():
            _write(file, settings)
            return
        known = _read(file)
        if known != settings:
            other = [name for name in sorted({*known, *settings}) if known.get(name) != settings.get(name)]
            raise ConfigurationFault(
                f"{folder} holds a study of other settings.",
                found=f"another {', '.join(other)}",
                expected="the settings that it was started with",
                remedy="name a new folder with --out, or remove this one",
            )

    def do(self, name: str, work: Callable[[], dict[str, Any]]) -> dict[str, Any]:
        """Return the result of a step and its ``seconds``; do the step if there is no file of its result.

        Parameters
        ----------
        name : str
            Name of the step.
        work : callable
            Does the step and returns its result, plain values.

        Raises
        ------
        FileDamaged
            If the file of a finished step cannot be read.
        """
        file = self.file(name)
        if file.exists():
            return _read(file)
        done = [known for known in self.costs if self.file(known).exists()]
        _log.info("step %d of %d: %s%s", len(done) + 1, len(self.costs), name, self._left(done))
        started = time.monotonic()
        result = work()
        _write(file, result | {"seconds": round(time.monotonic() - started, 1)})
        return _read(file)

    def side_by_side(self, works: dict[str, Callable[[], dict[str, Any]]]) -> list[dict[str, Any]]:
        """Return the results of independent steps; without a GPU, one step runs on each core.

        Parameters
        ----------
        works : dict of callable
            The steps by name, as :meth:`do` takes them.
        """
        waiting = {name: work for name, work in works.items() if not self.file(name).exists()}
        if len(waiting) > 1 and self._n_cores > 1:
            workers.side_by_side({name: partial(self.do, name, work) for name, work in waiting.items()})
        return [self.do(name, work) for name, work in works.items()]

    @property
    def seconds(self) -> dict[str, float]:
        """Duration of each finished step, s."""
        return {file.stem: _read(file)["seconds"] for file in sorted((self.folder / "steps").glob("*.json"))}

    def file(self, name: str) -> Path:
        """Return the file of the result of a step.

        Parameters
        ----------
        name : str
            Name of the step.
        """
        return self.folder / "steps" / f"{name}.json"

    @property
    def _n_cores(self) -> int:
        if self._in_one_process:
            return 1
        import torch

        return 1 if torch.cuda.is_available() else workers.n_cores()

    def _left(self, done: list[str]) -> str:
        if not done:
            return ""
        known = self.seconds
        pace = sum(known[name] for name in done) / sum(self.costs[name] for name in done)
        left = sum(cost for name, cost in self.costs.items() if name not in done)
        return f"   about {max(1, round(left * pace / self._n_cores / 60))} min left"


def _write(file: Path, values: dict[str, Any]) -> None:
    with written_aside(file) as aside:
        aside.write_text(json.dumps(values, indent=1) + "\n")


def _read(file: Path) -> dict[str, Any]:
    try:
        found = json.loads(file.read_text())
        if not isinstance(found, dict):
            raise ValueError(f"{type(found).__name__}, not an object")
        return found
    except (OSError, ValueError) as error:
        raise FileDamaged(
            f"The result of a step cannot be read: {file}.",
            found=f"{type(error).__name__}: {error}",
            expected="the JSON that the step wrote",
            remedy=f"rm {file}      the step is then done again",
        ) from error
