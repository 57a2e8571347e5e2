"""Keep the best weights and log a line at the end of each epoch."""

import logging
import time
from pathlib import Path
from typing import Any

import lightning as L
from lightning.pytorch.callbacks import Callback, EMAWeightAveraging
from torch import nn

from einthoven import console
from einthoven.paths import written_aside

_log = logging.getLogger(__name__)
_PAUSE_S = 30


class Averaged(EMAWeightAveraging):
    """Callback that keeps a moving average of the weights, with which Lightning validates.

    Parameters
    ----------
    decay : float
        Share of the average that is left after a step.
    """

    def __init__(self, decay: float):
        super().__init__(decay=decay)

    def network(self) -> nn.Module:
        """Return the network with averaged weights."""
        assert self._average_model is not None, "a training has begun"
        network = self._average_model.module.network
        assert isinstance(network, nn.Module)
        return network


class KeepBest(Callback):
    """Callback that writes the weights of the best validation score, or of the last epoch, completely or not at all.

    Parameters
    ----------
    file : Path
        Target file.
    keeps_last : bool
        Whether the last epoch's weights are kept, whatever its score.
    name : str
        Name of the score.
    """

    def __init__(self, file: Path, keeps_last: bool, name: str):
        self.file, self.keeps_last, self.name, self.score, self.epoch = file, keeps_last, name, -1.0, -1

    def on_validation_end(self, trainer: L.Trainer, module: L.LightningModule) -> None:
        """Keep the weights if they are the best so far."""
        score = float(trainer.callback_metrics[f"val_{self.name}"])
        if trainer.sanity_checking or (score <= self.score and not self.keeps_last):
            return
        self.score, self.epoch = score, trainer.current_epoch
        if trainer.is_global_zero:
            from safetensors.torch import save

            averages = [callback.network() for callback in trainer.callbacks if isinstance(callback, Averaged)]  # type: ignore[attr-defined]
            network = averages[0] if averages else module.network
            assert isinstance(network, nn.Module)
            weights = network.state_dict()
            state = {name: tensor.detach().cpu().contiguous() for name, tensor in weights.items()}
            with written_aside(self.file) as aside:
                aside.write_bytes(save(state))

    def state_dict(self) -> dict[str, Any]:
        """Return the state for a checkpoint."""
        return {"score": self.score, "epoch": self.epoch}

    def load_state_dict(self, state_dict: dict[str, Any]) -> None:
        """Restore the state of a checkpoint."""
        self.score, self.epoch = state_dict["score"], state_dict["epoch"]


class Lines(Callback):
    """Callback that logs a line for each epoch, where no bar can be drawn; beside other trainings at most one in half a minute.

    Parameters
    ----------
    epochs : int
        Largest number of epochs.
    name : str
        Name of the score.
    """

    def __init__(self, epochs: int, name: str):
        self.epochs, self.name, self.done, self.started = epochs, name, 0, time.monotonic()
        self.logged = self.started

    def on_validation_end(self, trainer: L.Trainer, module: L.LightningModule) -> None:
        """Log the epoch, its scores and the time left."""
        if not trainer.is_global_zero:
            return
        self.done += 1
        if console.is_one_of_many() and time.monotonic() - self.logged < _PAUSE_S:
            return
        self.logged = time.monotonic()
        minutes = (time.monotonic() - self.started) / 60
        left = minutes / self.done * (self.epochs - trainer.current_epoch - 1)
        got = trainer.callback_metrics
        _log.info(
            f"epoch {trainer.current_epoch + 1:3d} of {self.epochs}   "
            f"validation {self.name.replace('_', ' ')} {got[f'val_{self.name}']:.4f}  loss {got['val_loss']:.4f}   "
            f"{minutes:.1f} min, at most {left:.1f} left"
        )
