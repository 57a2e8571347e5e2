"""Train a model: start or resume, stop early, keep the best weights, write a bundle."""

import logging
import os
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import lightning as L
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint, RichProgressBar
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger
from safetensors.numpy import load_file

from einthoven import bundle, console
from einthoven.bundle import Card
from einthoven.data.batches import Batches
from einthoven.errors import ConfigurationFault
from einthoven.models import own
from einthoven.models.inputs import InputShape
from einthoven.training import requirements, run_folder
from einthoven.training.callbacks import Averaged, KeepBest, Lines
from einthoven.training.card import card_for
from einthoven.training.checkpoint import WrittenAside
from einthoven.training.grow import grow
from einthoven.training.grow_in_turn import grow_in_turn
from einthoven.training.grow_linear import grow_linear
from einthoven.training.losses import loss_for
from einthoven.training.module import SCORE, Training, quiet_lightning
from einthoven.training.recipe import Recipe
from einthoven.training.rhythms import with_rhythms
from einthoven.training.support_vectors import with_support_vectors
from einthoven.training.task import Task
from einthoven.training.warm_start import warm_started

_log = logging.getLogger(__name__)


@quiet_lightning()
def fit(
    task: Task,
    architecture: str,
    settings: Mapping[str, Any],
    recipe: Recipe,
    folder: Path,
    devices: int | str = "auto",
    start: str | Path | None = None,
) -> Card | None:
    """Train a model, or resume a killed run; the same command ends with the same weights. A forest is grown.

    Parameters
    ----------
    task : Task
        Windows, labels and the parts of the split.
    architecture : str
        Name of an architecture, or the file of a user's own.
    settings : mapping
        Settings that differ from the architecture's defaults.
    recipe : Recipe
        How to train.
    folder : Path
        Folder of the run: run.json, logs, last.ckpt, best.safetensors, and bundle/ at the end.
    devices : int or str
        Number of GPUs, or ``auto`` for all; ignored where there is none.
    start : str or Path, optional
        A model whose weights the training starts from, see :func:`einthoven.training.warm_start.warm_started`.

    Returns
    -------
    Card or None
        The card of ``folder/bundle``; None in the second and later processes of a training on several GPUs.

    Raises
    ------
    ConfigurationFault
        If architecture, windows and recipe do not fit together, or the folder holds a run with other settings.
    FileDamaged
        If the checkpoint of a killed run cannot be read.
    """
    architecture = requirements.require_model(architecture)
    task = replace(task, provenance=task.provenance | own.provenance(architecture))
    requirements.require_inputs(architecture, task.preparation)
    if architecture in _GROWN:
        return _grown(architecture, task, settings, recipe.seed, folder, start)
    requirements.require_recipe(recipe, task)
    torch.manual_seed(recipe.seed)
    network = requirements.network_for(architecture, InputShape.of(task.preparation), len(task.classes), settings)
    if start is not None:
        task = warm_started(network, architecture, task, start)
    precision = recipe.precision
    if precision == "auto":
        precision = "bf16" if requirements.native_bf16() else "fp32"
    decisive = {
        "architecture": architecture,
        "settings": settings,
        "recipe": recipe.as_dict(),
        "precision": precision,
        "preparation": task.preparation.as_dict(),
        "provenance": task.provenance,
    }
    loss = loss_for(recipe, torch.from_numpy(task.counts(task.train)), len(task.train) if task.multilabel else None)
    if recipe.simulate:
        task = with_rhythms(task, recipe.simulate, recipe.simulated, recipe.seed)
    finished = run_folder.enter(folder, decisive)
    own.keep_copy(architecture, folder)
    if finished is not None:
        _log.info("%s is finished; nothing to train", folder)
        return finished
    train = _batches(task, recipe, devices)
    module = Training(network, loss, recipe, task.preparation, len(train))
    trained = _Run(task, recipe, folder, precision, devices).train(module, train)
    if trained is None:
        return None
    weights = load_file(folder / run_folder.BEST)
    if architecture in _ENDED:
        settings, weights = _ENDED[architecture](task, settings, weights, recipe.seed)
    card = card_for(task, architecture, settings, folder, trained)
    return bundle.save(folder / "bundle", card, weights)


_GROWN: dict[str, Callable[[Task, Mapping[str, Any], int, Path], Card]] = {
    "forest": grow,
    "beat_forest": grow_in_turn,
    "linear_beat": grow_linear,
}
"""Architectures that are grown, not trained by gradients, and what grows them."""
_ENDED = {"lstm_svm": with_support_vectors}
"""Architectures whose head is fitted when the training by gradients has ended, and what fits it."""


def _grown(
    architecture: str,
    task: Task,
    settings: Mapping[str, Any],
    seed: int,
    folder: Path,
    start: str | Path | None,
) -> Card:
    if start is not None:
        raise ConfigurationFault(
            "A forest cannot start from another model.",
            found=f"start {start}",
            expected="no start",
            remedy="leave out --start",
        )
    decisive = {"architecture": architecture, "settings": settings, "seed": seed}
    decisive |= {"preparation": task.preparation.as_dict(), "provenance": task.provenance}
    return run_folder.enter(folder, decisive) or _GROWN[architecture](task, settings, seed, folder)


def _batches(task: Task, recipe: Recipe, devices: int | str) -> Batches:
    """Return the training batches that this process serves."""
    rank = int(os.environ.get("LOCAL_RANK", 0))
    world = max(1, torch.cuda.device_count()) if devices == "auto" else int(devices)
    return Batches(
        task.windows, task.labels, task.train, recipe.batch, recipe.seed, rank, world, recipe.balance, task.targets
    )


@dataclass
class _Run:
    """A training in its folder."""

    task: Task
    recipe: Recipe
    folder: Path
    precision: str
    devices: int | str

    def train(self, module: Training, train: Batches) -> dict[str, Any] | None:
        """Train to the end; return values for the card, or None in every process but the first."""
        recipe, score = self.recipe, SCORE[self.task.multilabel]
        validation = Batches(self.task.windows, self.task.labels, self.task.validation, 2 * recipe.batch)
        keeper = KeepBest(self.folder / run_folder.BEST, recipe.keep == "last", score)
        trainer, last = self._trainer(keeper, score), self.folder / run_folder.LAST
        started = time.monotonic()
        if not run_folder.has_stopped(last, keeper, recipe.patience):
            resumed = str(last) if last.exists() else None
            try:
                trainer.fit(module, train, validation, ckpt_path=resumed, weights_only=True)
            except SystemExit as error:  # Lightning leaves so when it is interrupted, and ignores the next interruption
                signal.signal(signal.SIGINT, signal.default_int_handler)
                raise KeyboardInterrupt from error
        if not trainer.is_global_zero:
            return None
        return {
            "recipe": recipe.as_dict(),
            "precision": self.precision,
            "best_epoch": keeper.epoch,
            f"validation_{score}": round(keeper.score, 6),
            "minutes_since_last_start": round((time.monotonic() - started) / 60, 2),
        }

    def _trainer(self, keeper: KeepBest, score: str) -> L.Trainer:
        logs, last = self.folder / "logs", run_folder.LAST
        version = f"start{len(list(logs.glob('csv/*')))}"
        callbacks: list[Callback] = [
            keeper,
            EarlyStopping(f"val_{score}", mode="max", patience=self.recipe.patience),
            ModelCheckpoint(self.folder, last.removesuffix(".ckpt"), monitor=None, enable_version_counter=False),
            RichProgressBar(leave=True) if console.is_terminal() else Lines(self.recipe.epochs, score),
        ]
        if self.recipe.average:
            callbacks.insert(0, Averaged(self.recipe.average))
        return L.Trainer(
            max_epochs=self.recipe.epochs,
            devices=self.devices,
            precision="bf16-mixed" if self.precision == "bf16" else "32-true",
            gradient_clip_val=self.recipe.clip_norm,
            callbacks=callbacks,
            logger=[
                CSVLogger(logs, name="csv", version=version),
                TensorBoardLogger(logs, name="tensorboard", version=""),
            ],
            plugins=[WrittenAside()],
            default_root_dir=self.folder,
            enable_model_summary=False,
            enable_progress_bar=console.is_terminal(),
            num_sanity_val_steps=0,
            use_distributed_sampler=False,
            log_every_n_steps=50,
            deterministic="warn",
        )
