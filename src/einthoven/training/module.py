"""Training steps and validation, as a Lightning module."""

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import lightning as L
import numpy as np
import torch
from lightning.pytorch.utilities.types import OptimizerLRScheduler
from numpy.typing import NDArray
from torch import Tensor, nn

from einthoven import console
from einthoven.data.augment import AUGMENTATIONS, Batch
from einthoven.data.batches import Batches, tensors
from einthoven.evaluation.metrics import auc, confusion, scores
from einthoven.evaluation.multilabel import counted
from einthoven.models.inputs import call
from einthoven.signal.preparation import Preparation, crops
from einthoven.signal.windows import Windows
from einthoven.training.losses import Loss
from einthoven.training.recipe import Recipe

_FEATURE_NOISE = 0.03
_PLATEAU = 5
Inputs = dict[str, Tensor]
SCORE = {False: "macro_f1", True: "macro_auroc"}
"""Name of the validation score: of windows with one class (False), and of multilabel windows (True)."""


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Suppress Lightning's hints and its Python warnings until the block ends.

    Yields
    ------
    None
        Nothing.
    """
    with console.quieted("lightning.pytorch", "lightning.fabric"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"lightning\..*")
        yield


def validation_scores(logits: NDArray[Any], truth: NDArray[Any]) -> dict[str, float]:
    """Return the scores of a validation part: macro-F1 and accuracy; macro AUROC and micro-F1 of multilabel windows.

    Parameters
    ----------
    logits : array [n, classes]
        Logits.
    truth : array [n] or [n, classes]
        Class numbers; zeros and ones of multilabel windows.

    Returns
    -------
    dict of float
    """
    if truth.ndim == 1:
        got = scores(confusion(truth, logits.argmax(axis=1), logits.shape[1]))
        return {"macro_f1": float(got["macro_f1"]), "accuracy": float(got["accuracy"])}
    once = np.ones((1, len(truth)), np.uint16)
    areas = [auc(positive > 0, score, once)[0] for positive, score in zip(truth.T, logits.T, strict=True)]
    area = float(np.nanmean(areas)) if np.isfinite(areas).any() else 0.5
    return {"macro_auroc": area, "micro_f1": float(counted(truth > 0, logits > 0, once)["micro_f1"][0])}


class Training(L.LightningModule):
    """A network with its loss and its optimiser.

    The random numbers of an epoch depend on seed and epoch alone, so that a resumed training equals an uninterrupted one.

    Parameters
    ----------
    network : nn.Module
        The network.
    loss : callable
        Takes logits and truth.
    recipe : Recipe
        How to train.
    preparation : Preparation
        How the windows were prepared.
    steps_per_epoch : int
        Batches in an epoch.
    """

    def __init__(self, network: nn.Module, loss: Loss, recipe: Recipe, preparation: Preparation, steps_per_epoch: int):
        super().__init__()
        self.network, self.loss, self.recipe, self.preparation = network, loss, recipe, preparation
        self.steps_per_epoch = steps_per_epoch
        self._truth: list[Tensor] = []
        self._logits: list[Tensor] = []

    def on_train_epoch_start(self) -> None:
        """Seed the random numbers and the order of windows of the epoch."""
        seed = int(
            np.random.SeedSequence((self.recipe.seed, self.current_epoch, self.global_rank)).generate_state(1)[0]
        )
        torch.manual_seed(seed)
        self._rng = torch.Generator().manual_seed(seed)
        batches = self.trainer.train_dataloader
        assert isinstance(batches, Batches)
        batches.epoch = self.current_epoch

    def training_step(self, batch: tuple[Inputs, Tensor], _: int) -> Tensor:
        """Augment a batch and return its loss."""
        inputs, labels = batch
        if self.preparation.is_cropped:
            inputs = {"signal": self._cropped(inputs["signal"])}
        inputs = self._augmented(inputs)
        if self.recipe.mixup:
            inputs, labels = self._mixed(inputs, labels)
        loss = self.loss(call(self.network, inputs), labels)
        self.log("loss", loss, on_step=False, on_epoch=True, prog_bar=True, batch_size=len(labels))
        return loss

    def _cropped(self, x: Tensor) -> Tensor:
        """Return a random crop of each window."""
        n_crop, n_samples = self.preparation.n_input, x.shape[-1]
        start = torch.randint(0, n_samples - n_crop + 1, (len(x), 1, 1), generator=self._rng)
        at = (start + torch.arange(n_crop)).to(x.device)
        return x.gather(2, at.expand(-1, x.shape[1], -1))

    def _mixed(self, inputs: Inputs, truth: Tensor) -> tuple[Inputs, Tensor]:
        """Mix each window with another of the batch, and their classes likewise."""
        draw = torch._sample_dirichlet(torch.full((len(truth), 2), self.recipe.mixup), generator=self._rng)
        share = draw.max(dim=1).values.to(truth.device)
        other = torch.randperm(len(truth), generator=self._rng).to(truth.device)

        def mixed(x: Tensor) -> Tensor:
            part = share.reshape(-1, *[1] * (x.ndim - 1))
            return part * x + (1 - part) * x[other]

        return {name: mixed(x) for name, x in inputs.items()}, mixed(truth)

    def _logits_of(self, inputs: Inputs) -> Tensor:
        """Return the logits of windows; their mean over crops, where the network reads crops."""
        if not self.preparation.is_cropped:
            return call(self.network, inputs)
        signal = inputs["signal"]
        pieces, n = crops(Windows(signal.cpu().numpy()), self.preparation)
        cut = {name: x.to(signal.device) for name, x in tensors(pieces).items()}
        logits = call(self.network, cut)
        return logits.view(-1, n, logits.shape[1]).mean(dim=1)

    def _augmented(self, inputs: Inputs) -> Inputs:
        """Augment windows as the recipe says; measurements get a little noise, those of waves in proportion to their size."""
        batch = Batch(inputs["signal"], inputs.get("beat"), self.preparation.fs_hz, self.preparation.r_peak)
        for name in self.recipe.augment:
            batch = AUGMENTATIONS[name](batch, self._rng)
        augmented = {"signal": batch.signal} | ({} if batch.beat is None else {"beat": batch.beat})
        features = inputs.get("features")
        if features is None:
            return augmented
        noise = _FEATURE_NOISE * torch.randn(features.shape, generator=self._rng).to(features.device)
        waves = self.preparation.columns.get("waves")
        if waves is not None:
            noise[:, waves] *= features[:, waves].abs()
        return augmented | {"features": features + noise}

    def validation_step(self, batch: tuple[Inputs, Tensor], _: int) -> None:
        """Keep logits and truth."""
        inputs, labels = batch
        self._logits.append(self._logits_of(inputs).float().cpu())
        self._truth.append(labels.cpu())

    def on_validation_epoch_end(self) -> None:
        """Log scores and loss of the whole validation part."""
        logits, truth = torch.cat(self._logits), torch.cat(self._truth)
        self._logits, self._truth = [], []
        values = {f"val_{name}": value for name, value in validation_scores(logits.numpy(), truth.numpy()).items()}
        losses = nn.functional.binary_cross_entropy_with_logits, nn.functional.cross_entropy
        values["val_loss"] = float(losses[truth.ndim == 1](logits, truth))
        self.log_dict(values, prog_bar=True)

    def configure_gradient_clipping(
        self,
        optimizer: torch.optim.Optimizer,
        gradient_clip_val: float | None = None,
        gradient_clip_algorithm: str | None = None,
    ) -> None:
        """Scale the gradients down to a norm; Lightning refuses that for a fused optimiser, because of fp16."""
        assert gradient_clip_val is not None
        nn.utils.clip_grad_norm_(self.network.parameters(), gradient_clip_val)

    def configure_optimizers(self) -> OptimizerLRScheduler:
        """Return AdamW with a rise over the first epoch and a cosine to zero, or halved where the validation loss stays."""
        matrices = [p for p in self.network.parameters() if p.ndim > 1]
        vectors = [p for p in self.network.parameters() if p.ndim <= 1]
        groups: list[dict[str, Any]] = [{"params": matrices}, {"params": vectors, "weight_decay": 0.0}]
        optimizer = torch.optim.AdamW(groups, lr=self.recipe.lr, weight_decay=self.recipe.weight_decay, fused=True)
        if self.recipe.schedule == "plateau":
            halving = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, "min", factor=0.5, patience=_PLATEAU)
            return {"optimizer": optimizer, "lr_scheduler": {"scheduler": halving, "monitor": "val_loss"}}
        warm, total = self.steps_per_epoch, self.steps_per_epoch * self.recipe.epochs

        def factor(step: int) -> float:
            if step < warm:
                return (step + 1) / (warm + 1)
            return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warm) / max(1, total - warm))))

        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
