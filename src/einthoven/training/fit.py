"""Knows how a run goes: start or resume, stop early, keep the best weights, leave a bundle. Opens no test window."""

import json
import logging
import os
import platform
import signal
import time
from pathlib import Path

import lightning as L
import numpy as np
import torch
from lightning.pytorch.callbacks import Callback, EarlyStopping, ModelCheckpoint, RichProgressBar
from lightning.pytorch.loggers import CSVLogger, TensorBoardLogger

from einthoven import __version__, bundle, console
from einthoven.bundle import Card
from einthoven.data.augment import AUGMENTATIONS
from einthoven.data.batches import Batches
from einthoven.errors import BundleDamaged, ConfigurationFault, UnknownName
from einthoven.models import MODELS, OF_TYPICAL_BEATS
from einthoven.paths import output_folder, written_aside
from einthoven.signal.leads import STANDARD
from einthoven.training.checkpoint import WrittenAside
from einthoven.training.grow import grow
from einthoven.training.losses import loss_for
from einthoven.training.module import SCORE, Training, quiet_lightning
from einthoven.training.recipe import Recipe
from einthoven.training.rhythms import with_rhythms
from einthoven.training.start import begun
from einthoven.training.task import Task

_log = logging.getLogger(__name__)
_PAUSE_S = 30
_RUN, _BEST, _LAST = "run.json", "best.safetensors", "last.ckpt"


def require_model(architecture: str) -> None:
    """Refuse a name that is not in MODELS.

    Raises
    ------
    UnknownName
        Naming those there are.
    """
    if architecture not in MODELS:
        raise UnknownName(
            "there is no such architecture.",
            found=architecture,
            expected=", ".join(MODELS),
            remedy=f"--model {next(iter(MODELS))}",
        )


def network_for(architecture: str, n_leads: int, n_classes: int, n_samples: int, settings: dict) -> torch.nn.Module:
    """A network of MODELS.

    Raises
    ------
    UnknownName, ConfigurationFault
        Where the name is not in MODELS, or a setting is not the architecture's.
    """
    require_model(architecture)
    plain = {name: tuple(value) if isinstance(value, list) else value for name, value in settings.items()}
    try:
        network = MODELS[architecture](n_leads, n_classes, n_samples, **plain)
        with torch.no_grad():
            network.eval()(torch.zeros(1, n_leads, n_samples))
        return network.train()
    except (TypeError, ValueError, RuntimeError, IndexError) as error:
        raise ConfigurationFault(
            f"{architecture} cannot be built with these settings.",
            found=f"{settings} on {n_leads} x {n_samples}: {str(error).splitlines()[0]}",
            expected=f"keyword arguments of {MODELS[architecture].__name__}",
            remedy="einthoven models",
        ) from error


def native_bf16() -> bool:
    """Whether this machine multiplies bf16 natively: a GPU that does, or a CPU with AVX-512 BF16, AMX or Arm BF16."""
    if torch.cuda.is_available():
        return torch.cuda.is_bf16_supported(including_emulation=False)
    cpuinfo = Path("/proc/cpuinfo")
    flags = cpuinfo.read_text().split() if platform.system() == "Linux" and cpuinfo.exists() else []
    return bool({"avx512_bf16", "amx_bf16", "bf16"} & set(flags))


@quiet_lightning()
def fit(
    task: Task,
    architecture: str,
    settings: dict,
    recipe: Recipe,
    folder: Path,
    devices: int | str = "auto",
    start: Path | None = None,
) -> Card | None:
    """Train, or go on where a killed run stopped; the same command ends with the same weights. A forest is grown.

    Parameters
    ----------
    task : what is learned from what
    architecture, settings : the network
    recipe : how
    devices : GPUs that share the work, where there are any
    folder : the run: run.json, logs, last.ckpt, best.safetensors, and bundle/ at the end
    start : a model that it begins from, see :func:`einthoven.training.start.begun`

    Returns
    -------
    the card of ``folder/bundle``; None in the second and later processes of a training on several GPUs

    Raises
    ------
    ConfigurationFault
        Where the folder holds a run with other settings.
    """
    if architecture in OF_TYPICAL_BEATS and not task.preparation.patient:
        raise ConfigurationFault(
            f"{architecture} reads typical beats, and these windows have none.",
            found="patient False",
            expected="each lead's typical beat beside its window",
            remedy="--prepare.patient True",
        )
    if architecture == "forest":
        if start is not None:
            raise ConfigurationFault(
                "a forest is grown, it does not begin from another.",
                found=f"start {start}",
                expected="no start",
                remedy="leave out --start",
            )
        grown = {"architecture": architecture, "settings": settings, "seed": recipe.seed}
        stated = grown | {"preparation": task.preparation.as_dict(), "provenance": task.provenance}
        return _enter(folder, stated) or grow(task, settings, recipe.seed, folder)
    precision = recipe.precision if recipe.precision != "auto" else ("bf16" if native_bf16() else "fp32")
    unknown = sorted(set(recipe.augment) - set(AUGMENTATIONS))
    if unknown:
        raise UnknownName(
            "there is no such variation of the training windows.",
            found=", ".join(unknown),
            expected=", ".join(AUGMENTATIONS),
            remedy=f"--train.augment {' '.join(list(AUGMENTATIONS)[:3])}",
        )
    if (recipe.balance and task.multi) or (recipe.mixup and not task.multi):
        raise ConfigurationFault(
            "the recipe does not suit these windows.",
            found=f"balance {recipe.balance:g}, mixup {recipe.mixup:g}, several classes: {task.multi}",
            expected="balance where a window bears one class, mixup where it can bear several",
            remedy=f"--train.{'balance' if task.multi else 'mixup'} 0",
        )
    if "rotated" in recipe.augment and task.preparation.leads != STANDARD:
        raise ConfigurationFault(
            "only the twelve standard leads can be rotated.",
            found=", ".join(task.preparation.leads),
            expected=", ".join(STANDARD),
            remedy="leave rotated out of --train.augment",
        )
    torch.manual_seed(recipe.seed)
    network = network_for(architecture, task.windows.shape[1], len(task.classes), task.preparation.n_input, settings)
    if start is not None:
        task = begun(network, architecture, task, start)
    stated = {
        "architecture": architecture,
        "settings": settings,
        "recipe": recipe.as_dict(),
        "precision": precision,
        "preparation": task.preparation.as_dict(),
        "provenance": task.provenance,
    }
    counts = torch.from_numpy(task.counts(task.train))
    loss = loss_for(recipe, counts, len(task.train) if task.multi else None)
    score = SCORE[task.multi]
    if recipe.simulate:
        task = with_rhythms(task, recipe.simulate, recipe.simulated, recipe.seed)
    finished = _enter(folder, stated)
    if finished is not None:
        _log.info("%s is finished; nothing to train", folder)
        return finished

    rank, world = (
        int(os.environ.get("LOCAL_RANK", 0)),
        max(1, torch.cuda.device_count()) if devices == "auto" else int(devices),
    )
    train = Batches(task.windows, task.labels, task.train, recipe.batch, recipe.seed, rank, world, recipe.balance)
    validation = Batches(task.windows, task.labels, task.validation, 2 * recipe.batch)
    module = Training(network, loss, recipe, task.preparation, len(train))
    keeper = _KeepBest(folder / _BEST, recipe.keep == "last", score)
    logs, last = folder / "logs", folder / _LAST
    version = f"start{len(list(logs.glob('csv/*')))}"
    callbacks: list[Callback] = [
        keeper,
        EarlyStopping(f"val_{score}", mode="max", patience=recipe.patience),
        ModelCheckpoint(folder, _LAST.removesuffix(".ckpt"), monitor=None, enable_version_counter=False),
        RichProgressBar(leave=True) if console.is_terminal() else _Lines(recipe.epochs, score),
    ]
    trainer = L.Trainer(
        max_epochs=recipe.epochs,
        devices=devices,
        precision="bf16-mixed" if precision == "bf16" else "32-true",
        gradient_clip_val=recipe.clip_norm,
        callbacks=callbacks,
        logger=[CSVLogger(logs, name="csv", version=version), TensorBoardLogger(logs, name="tensorboard", version="")],
        plugins=[WrittenAside()],
        default_root_dir=folder,
        enable_model_summary=False,
        enable_progress_bar=console.is_terminal(),
        num_sanity_val_steps=0,
        use_distributed_sampler=False,
        log_every_n_steps=50,
        deterministic="warn",
    )
    started = time.monotonic()
    if not _has_stopped(last, keeper, recipe):
        try:
            trainer.fit(module, train, validation, ckpt_path=str(last) if last.exists() else None, weights_only=True)
        except SystemExit as error:  # so Lightning leaves when it is interrupted, deaf to the next interruption
            signal.signal(signal.SIGINT, signal.default_int_handler)
            raise KeyboardInterrupt from error
    if not trainer.is_global_zero:
        return None
    card = Card(
        name=folder.resolve().name,
        architecture=architecture,
        settings=settings,
        classes=task.classes,
        labels=task.label_set,
        meanings=task.meanings,
        preparation=task.preparation,
        training={
            **task.provenance,
            "counts": {part: _counts(task, getattr(task, part)) for part in ("train", "validation")},
            "recipe": recipe.as_dict(),
            "precision": precision,
            "best_epoch": keeper.epoch,
            f"validation_{score}": round(keeper.score, 6),
            "minutes_since_last_start": round((time.monotonic() - started) / 60, 2),
            "versions": {"einthoven": __version__, "torch": torch.__version__, "python": platform.python_version()},
        },
        multilabel=task.multi,
        attribution=task.attribution,
    )
    from safetensors.numpy import load_file

    return bundle.save(folder / "bundle", card, load_file(folder / _BEST))


def _enter(folder: Path, stated: dict) -> Card | None:
    """Make a new run, or make sure an old one had the same settings; the card, if it is finished."""
    file = output_folder(folder) / _RUN
    stated = json.loads(json.dumps(stated))
    if not file.exists():
        with written_aside(file) as aside:
            aside.write_text(json.dumps(stated, indent=1))
        return None
    try:
        known = json.loads(file.read_text())
    except ValueError:
        known = {}
    if known != stated:
        other = [name for name in stated if known.get(name) != stated[name]]
        raise ConfigurationFault(
            f"{folder} holds a run with other settings.",
            found=f"another {', '.join(other)}",
            expected="the settings it was started with, so that it can resume",
            remedy="name a new folder with --out, or remove this one",
        )
    return bundle.load_card(folder / "bundle") if (folder / "bundle").exists() else None


def _has_stopped(last: Path, keeper: "_KeepBest", recipe: Recipe) -> bool:
    """Whether a killed run had already stopped early; the keeper then knows its best epoch again.

    Raises
    ------
    BundleDamaged
        Where the checkpoint cannot be read.
    """
    if not last.exists():
        return False
    try:
        state = torch.load(last, map_location="cpu", weights_only=True)["callbacks"]
        waited = next(kept["wait_count"] for name, kept in state.items() if name.startswith("EarlyStopping"))
        keeper.load_state_dict(state[keeper.state_key])
    except Exception as error:
        raise BundleDamaged(
            f"the checkpoint {last} cannot be read.",
            found=f"{type(error).__name__}: {str(error).splitlines()[0][:120]}",
            expected="what the killed run had written",
            remedy=f"rm {last}      the training then starts again from its first epoch",
        ) from error
    return waited >= recipe.patience


def _counts(task: Task, chosen: np.ndarray) -> dict[str, int]:
    return dict(zip(task.classes, task.counts(chosen).tolist(), strict=True))


class _KeepBest(Callback):
    """Writes the weights of the best validation score, or of the last epoch, whole or not at all."""

    def __init__(self, file: Path, keeps_last: bool, name: str):
        self.file, self.keeps_last, self.name, self.score, self.epoch = file, keeps_last, name, -1.0, -1

    def on_validation_end(self, trainer: L.Trainer, module: Training) -> None:
        score = float(trainer.callback_metrics[f"val_{self.name}"])
        if trainer.sanity_checking or (score <= self.score and not self.keeps_last):
            return
        self.score, self.epoch = score, trainer.current_epoch
        if trainer.is_global_zero:
            from safetensors.torch import save

            state = {name: tensor.detach().cpu().contiguous() for name, tensor in module.network.state_dict().items()}
            with written_aside(self.file) as aside:
                aside.write_bytes(save(state))

    def state_dict(self) -> dict:
        return {"score": self.score, "epoch": self.epoch}

    def load_state_dict(self, state: dict) -> None:
        self.score, self.epoch = state["score"], state["epoch"]


class _Lines(Callback):
    """One line an epoch, where no bar can be drawn; beside other trainings, one in half a minute."""

    def __init__(self, epochs: int, name: str):
        self.epochs, self.name, self.done, self.started = epochs, name, 0, time.monotonic()
        self.spoke = self.started

    def on_validation_end(self, trainer: L.Trainer, module: Training) -> None:
        if not trainer.is_global_zero:
            return
        self.done += 1
        if console.is_one_of_many() and time.monotonic() - self.spoke < _PAUSE_S:
            return
        self.spoke = time.monotonic()
        minutes = (time.monotonic() - self.started) / 60
        left = minutes / self.done * (self.epochs - trainer.current_epoch - 1)
        got = trainer.callback_metrics
        _log.info(
            f"epoch {trainer.current_epoch + 1:3d} of {self.epochs}   "
            f"validation {self.name.replace('_', ' ')} {got[f'val_{self.name}']:.4f}  loss {got['val_loss']:.4f}   "
            f"{minutes:.1f} min, at most {left:.1f} left"
        )
