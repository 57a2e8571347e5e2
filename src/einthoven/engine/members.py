"""Train one model of a study on one split, and predict with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

from einthoven.corpora.corpus import Protocol
from einthoven.data.store import Store
from einthoven.engine.declaration import Results, StudyModel
from einthoven.evaluation.calibration import METHODS
from einthoven.evaluation.predictions import Predictions
from einthoven.inference.calibrated import calibrate
from einthoven.inference.kept import predictions_for_part, read_predictions, require_trained
from einthoven.training.fit import fit
from einthoven.training.recipe import Recipe
from einthoven.training.task import Task, task_of

if TYPE_CHECKING:
    from einthoven.engine.study_run import StudyRun


@dataclass(frozen=True, eq=False)
class Member:
    """One training of a study."""

    run: StudyRun = field(repr=False)
    """The running study that it belongs to."""
    label: str
    """Name of its folder."""
    model: str
    """The study's name of its model."""
    protocol_name: str
    """The study's name of its protocol."""
    fold: int | None = None
    """Fold that validates; None for the protocol's own validation set."""
    seed: int = 0
    """Seed of its weights and of its batches."""
    group: str = ""
    """Name of what is tested in turn, such as a group of folds."""
    labels: str | None = None
    """Name of the corpus's label set; None for the protocol's own."""
    within: str = ""
    """Part of the study's folder that the run is in."""
    work: Callable[[Member], Results] | None = None
    """What is done; the training alone, if None."""
    ahead: str = "train"
    """What the name of its step begins with, before the label."""
    _predicted: dict[str, Predictions] = field(default_factory=dict, repr=False)

    @property
    def step(self) -> str:
        """Name of its step."""
        return "-".join(filter(None, (self.within, self.ahead, self.label)))

    @property
    def study_model(self) -> StudyModel:
        """Its model, as the study declares it."""
        return self.run.study.models[self.model]

    @property
    def protocol(self) -> Protocol:
        """The protocol that it is trained by, with its label set."""
        return self.run.corpus.with_labels(self.run.corpus.protocol(self.protocol_name), self.labels)

    @property
    def store(self) -> Store:
        """The store that it reads."""
        return self.run.stores[self.study_model.store]

    @property
    def folder(self) -> Path:
        """Folder of its run."""
        return self.run.folder / self.within / "runs" / self.label

    @property
    def bundle(self) -> Path:
        """Folder of its bundle."""
        return self.folder / "bundle"

    @property
    def recipe(self) -> Recipe:
        """Its recipe; that of a whole database where there is one, and a short one in a smoke run."""
        study = self.run.study
        changes = study.full.recipe if study.full is not None and self.run.is_full else {}
        shorter = study.quick.recipe if self.run.quick else {}
        return replace(self.study_model.recipe, **(changes | shorter | {"seed": self.seed}))

    @property
    def task(self) -> Task:
        """What it is trained on; a part of it in a smoke run."""
        task = task_of(self.run.corpus, self.protocol, self.store, 0, (), self.fold)
        if self.study_model.crop_s:
            preparation = task.preparation.with_settings(crop_s=self.study_model.crop_s)
            task = replace(task, preparation=preparation)
        if not self.run.quick:
            return task
        most, every = self.run.study.quick.at_most, self.run.study.quick.train_every
        if most is None:
            return replace(task, train=task.train[::every])
        thin = [part[:: max(1, len(part) // n)] for part, n in ((task.train, most), (task.validation, most // 2))]
        return replace(task, train=thin[0], validation=thin[1])

    def train(self, task: Task | None = None) -> Results:
        """Train it, and remove the predictions of an earlier training.

        Parameters
        ----------
        task : Task or None
            What it is trained on instead of :attr:`task`.

        Returns
        -------
        dict
            The number of parameters, and what the study reports of a training.
        """
        for kept in self._kept("*").parent.glob(self._kept("*").name):
            kept.unlink()
        model = self.study_model
        card = fit(task or self.task, model.architecture, model.settings, self.recipe, self.folder, devices=1)
        assert card is not None, "one device, one process"
        methods = METHODS[:1] if self.run.quick else METHODS
        validation = (task or self.task).validation
        card = calibrate(self.folder, self.run.corpus, self.protocol, self.store, validation, methods)
        return {"n_parameters": card.n_parameters} | self.run.study.trained(card)

    def predict(self, part: str) -> Predictions:
        """Predict a part of its protocol, once.

        Parameters
        ----------
        part : str
            ``validation`` or ``test``.

        Returns
        -------
        Predictions
            One row for each window or record.
        """
        if part not in self._predicted:
            self._predicted[part] = self._predictions(part)
        return self._predicted[part]

    def _predictions(self, part: str) -> Predictions:
        """Read the predictions, or predict; those of a cross-validation are kept on disk."""
        file = self._kept(part)
        if not file.exists():
            require_trained(self.folder, self.run.steps.file(self.step))
            found = predictions_for_part(self.folder, self.run.corpus, self.protocol, self.store, self.fold, part)
            if not self.run.study.cross_validated:
                return found
            found.write(file)
        return read_predictions(file)

    def _kept(self, part: str) -> Path:
        return self.run.folder / self.within / "answers" / f"{self.label}-{part}.csv"
