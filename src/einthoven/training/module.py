"""Knows one training step and one validation pass, as Lightning wants them. Does not know a corpus or a folder."""

import math
import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import lightning as L
import numpy as np
import torch
from torch import Tensor, nn

from einthoven import console
from einthoven.data.augment import AUGMENTATIONS
from einthoven.evaluation.metrics import auc, confusion, scores
from einthoven.evaluation.multilabel import counted
from einthoven.signal.context import n_numbers
from einthoven.signal.preparation import Preparation, crops
from einthoven.training.losses import Loss
from einthoven.training.recipe import Recipe

_RHYTHM_NOISE = 0.03
_PLATEAU = 5
SCORE = {False: "macro_f1", True: "macro_auroc"}
"""What the validation part is judged by, where a window bears one class, and where it can bear several."""


@contextmanager
def quiet_lightning() -> Iterator[None]:
    """Leave out Lightning's hints and its Python warnings until the block ends.

    Yields
    ------
    None
        Nothing.
    """
    with console.quieted("lightning.pytorch", "lightning.fabric"), warnings.catch_warnings():
        warnings.filterwarnings("ignore", module=r"lightning\..*")
        yield


def judged(logits: np.ndarray, truth: np.ndarray) -> dict[str, float]:
    """Scores of a validation part: macro-F1 and accuracy; macro AUROC and micro-F1 where a window can bear several classes.

    Parameters
    ----------
    logits : [n, classes]; truth : class numbers [n], or zeros and ones [n, classes]
    """
    if truth.ndim == 1:
        got = scores(confusion(truth, logits.argmax(axis=1), logits.shape[1]))
        return {"macro_f1": float(got["macro_f1"]), "accuracy": float(got["accuracy"])}
    once = np.ones((1, len(truth)), np.uint16)
    areas = [auc(there > 0, score, once)[0] for there, score in zip(truth.T, logits.T, strict=True)]
    area = float(np.nanmean(areas)) if np.isfinite(areas).any() else 0.5
    return {"macro_auroc": area, "micro_f1": float(counted(truth > 0, logits > 0, once)["micro_f1"][0])}


class Training(L.LightningModule):
    """A network, its loss and its optimiser.

    Every epoch draws from generators that seed and epoch alone decide, so that a resumed training equals an
    uninterrupted one.
    """

    def __init__(self, network: nn.Module, loss: Loss, recipe: Recipe, preparation: Preparation, steps_per_epoch: int):
        super().__init__()
        self.network, self.loss, self.recipe, self.preparation = network, loss, recipe, preparation
        self.steps_per_epoch = steps_per_epoch
        self._truth: list[Tensor] = []
        self._logits: list[Tensor] = []

    def on_train_epoch_start(self) -> None:
        """Start the epoch's own random numbers, and its own order of windows."""
        seed = int(
            np.random.SeedSequence((self.recipe.seed, self.current_epoch, self.global_rank)).generate_state(1)[0]
        )
        torch.manual_seed(seed)
        self._rng = torch.Generator().manual_seed(seed)
        self.trainer.train_dataloader.epoch = self.current_epoch

    def training_step(self, batch: tuple[Tensor, Tensor], _: int) -> Tensor:
        """Vary the windows, answer, compare."""
        x, labels = batch
        if self.preparation.crop_s:
            x = self._cropped(x)
        x = self._varied(x)
        if self.recipe.mixup:
            x, labels = self._mixed(x, labels)
        loss = self.loss(self.network(x), labels)
        self.log("loss", loss, on_step=False, on_epoch=True, prog_bar=True, batch_size=len(x))
        return loss

    def _cropped(self, x: Tensor) -> Tensor:
        """A crop of each window, where it falls."""
        wanted, there = self.preparation.n_input, x.shape[-1]
        start = torch.randint(0, there - wanted + 1, (len(x), 1, 1), generator=self._rng)
        at = (start + torch.arange(wanted)).to(x.device)
        return x.gather(2, at.expand(-1, x.shape[1], -1))

    def _mixed(self, x: Tensor, truth: Tensor) -> tuple[Tensor, Tensor]:
        """Each window mixed with another of the batch, and their classes likewise."""
        draw = torch._sample_dirichlet(torch.full((len(x), 2), self.recipe.mixup), generator=self._rng)
        share = draw.max(dim=1).values.to(x.device)
        other = torch.randperm(len(x), generator=self._rng).to(x.device)
        mixed = share[:, None, None] * x + (1 - share[:, None, None]) * x[other]
        return mixed, share[:, None] * truth + (1 - share[:, None]) * truth[other]

    def _answer(self, x: Tensor) -> Tensor:
        """Logits of windows; the mean over their crops, where the network sees crops."""
        if not self.preparation.crop_s:
            return self.network(x)
        pieces = torch.from_numpy(crops(x.cpu().numpy(), self.preparation)).to(x.device)
        return self.network(pieces.flatten(0, 1)).unflatten(0, pieces.shape[:2]).mean(dim=1)

    def _varied(self, x: Tensor) -> Tensor:
        """Windows with the recipe's variations; numbers on the rhythm get a little noise instead, measurements a little of their
        own size."""
        n_leads = len(self.preparation.leads)
        leads = x[:, :, None] if not self.preparation.patient else x[:, :-1].unflatten(1, (n_leads, 2))
        for name in self.recipe.augment:
            leads = AUGMENTATIONS[name](leads, self.preparation.fs_hz, self._rng)
        if not self.preparation.patient:
            return leads[:, :, 0]
        numbers = x[:, -1:]
        noise = _RHYTHM_NOISE * torch.randn(numbers.shape, generator=self._rng).to(x.device)
        if self.preparation.waves:
            first = n_numbers(self.preparation.rhythm, False)
            noise[:, :, first:] *= numbers[:, :, first:].abs()
        return torch.cat((leads.flatten(1, 2), numbers + noise), dim=1)

    def validation_step(self, batch: tuple[Tensor, Tensor], _: int) -> None:
        """Keep answers and truth."""
        x, labels = batch
        self._logits.append(self._answer(x).float().cpu())
        self._truth.append(labels.cpu())

    def on_validation_epoch_end(self) -> None:
        """Scores and loss over the whole validation part."""
        logits, truth = torch.cat(self._logits), torch.cat(self._truth)
        self._logits, self._truth = [], []
        values = {f"val_{name}": value for name, value in judged(logits.numpy(), truth.numpy()).items()}
        losses = nn.functional.binary_cross_entropy_with_logits, nn.functional.cross_entropy
        values["val_loss"] = float(losses[truth.ndim == 1](logits, truth))
        self.log_dict(values, prog_bar=True)

    def configure_gradient_clipping(self, optimizer, gradient_clip_val=None, gradient_clip_algorithm=None) -> None:
        """Scale the gradients down to a norm; Lightning would not where the optimiser is fused, for fp16's sake."""
        nn.utils.clip_grad_norm_(self.network.parameters(), gradient_clip_val)

    def configure_optimizers(self) -> dict:
        """AdamW with a rise over the first epoch and a cosine to zero, or halved where the validation loss stays."""
        decayed = [p for p in self.network.parameters() if p.ndim > 1]
        plain = [p for p in self.network.parameters() if p.ndim <= 1]
        groups = [{"params": decayed}, {"params": plain, "weight_decay": 0.0}]
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
