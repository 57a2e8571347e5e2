"""Knows one training step and one validation pass, as Lightning wants them. Does not know a corpus or a folder."""

import math

import lightning as L
import numpy as np
import torch
from torch import Tensor, nn

from einthoven.data.augment import AUGMENTATIONS
from einthoven.evaluation.metrics import confusion, scores
from einthoven.signal.preparation import Preparation
from einthoven.training.losses import Loss
from einthoven.training.recipe import Recipe

_RHYTHM_NOISE = 0.03


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
        x = self._varied(x)
        loss = self.loss(self.network(x), labels)
        self.log("loss", loss, on_step=False, on_epoch=True, prog_bar=True, batch_size=len(x))
        return loss

    def _varied(self, x: Tensor) -> Tensor:
        """Windows with the recipe's variations; numbers on the rhythm get a little noise instead."""
        n_leads = len(self.preparation.leads)
        leads = x[:, :, None] if not self.preparation.patient else x[:, :-1].unflatten(1, (n_leads, 2))
        for name in self.recipe.augment:
            leads = AUGMENTATIONS[name](leads, self.preparation.fs_hz, self._rng)
        if not self.preparation.patient:
            return leads[:, :, 0]
        numbers = x[:, -1:] + _RHYTHM_NOISE * torch.randn(x[:, -1:].shape, generator=self._rng).to(x.device)
        return torch.cat((leads.flatten(1, 2), numbers), dim=1)

    def validation_step(self, batch: tuple[Tensor, Tensor], _: int) -> None:
        """Keep answers and truth."""
        x, labels = batch
        self._logits.append(self.network(x).float().cpu())
        self._truth.append(labels.cpu())

    def on_validation_epoch_end(self) -> None:
        """Macro-F1, accuracy and loss over the whole validation part."""
        logits, truth = torch.cat(self._logits), torch.cat(self._truth)
        self._logits, self._truth = [], []
        n_classes = logits.shape[1]
        got = scores(confusion(truth.numpy(), logits.argmax(dim=1).numpy(), n_classes))
        values = {"val_macro_f1": float(got["macro_f1"]), "val_accuracy": float(got["accuracy"])}
        values["val_loss"] = float(nn.functional.cross_entropy(logits, truth))
        self.log_dict(values, prog_bar=True)

    def configure_optimizers(self) -> dict:
        """AdamW with a rise over the first epoch and a cosine to zero."""
        decayed = [p for p in self.network.parameters() if p.ndim > 1]
        plain = [p for p in self.network.parameters() if p.ndim <= 1]
        groups = [{"params": decayed}, {"params": plain, "weight_decay": 0.0}]
        optimizer = torch.optim.AdamW(groups, lr=self.recipe.lr, weight_decay=self.recipe.weight_decay)
        warm, total = self.steps_per_epoch, self.steps_per_epoch * self.recipe.epochs

        def factor(step: int) -> float:
            if step < warm:
                return (step + 1) / (warm + 1)
            return 0.5 * (1 + math.cos(math.pi * min(1.0, (step - warm) / max(1, total - warm))))

        schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}
