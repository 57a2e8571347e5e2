"""Declare the study of rhythms: its model, how its trees are boosted, and the windows that its steps share."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from einthoven.paths import output_folder, written_aside
from einthoven.studies.rhythm_data import Pool
from einthoven.training.boosting import Boosting

MODEL = "rhythm-any-lead"
SEED = 0
HOW = Boosting(
    rounds=120,
    learning_rate=0.08,
    max_leaf_nodes=16,
    min_samples_leaf=20,
    l2_regularization=5.0,
    max_features=0.3,
    rare=0.0,
)
_QUICK = {"rounds": 2, "max_leaf_nodes": 4, "min_samples_leaf": 2}
FEW = 4
"""Each how many-th record is read in a smoke run."""


@dataclass(frozen=True)
class RhythmRun:
    """A study that is running."""

    source: Path
    """Folder that holds the databases."""
    folder: Path
    """Folder of the study."""
    quick: bool
    """Whether this is a smoke run."""

    @property
    def how(self) -> Boosting:
        """How the trees are boosted."""
        return replace(HOW, **_QUICK) if self.quick else HOW

    @property
    def model(self) -> Path:
        """Folder of the model."""
        return self.folder / "runs" / MODEL

    @cached_property
    def training(self) -> Pool:
        """The windows of people who train."""
        return self._read("train")

    @cached_property
    def simulated(self) -> Pool:
        """The windows of simulated flutter."""
        return self._read("simulated")

    def tested(self, name: str) -> Pool:
        """Return the windows of people who test.

        Parameters
        ----------
        name : str
            ``mitdb`` or ``ludb``.
        """
        return self._read(f"test-{name}")

    def keep(self, name: str, pool: Pool) -> dict[str, Any]:
        """Write measured windows, and return how many there are.

        Parameters
        ----------
        name : str
            What they are for.
        pool : Pool
            The windows.
        """
        output_folder(self.folder / "pools")
        with written_aside(self._file(name)) as aside, aside.open("wb") as file:
            np.savez(file, **vars(pool))
        records = {one: len(np.unique(pool.record[pool.source == one])) for one in np.unique(pool.source).tolist()}
        return {"windows": len(pool.label), "records": records}

    def _file(self, name: str) -> Path:
        return self.folder / "pools" / f"{name}.npz"

    def _read(self, name: str) -> Pool:
        with np.load(self._file(name), allow_pickle=False) as arrays:
            return Pool(**{key: arrays[key] for key in arrays.files})
