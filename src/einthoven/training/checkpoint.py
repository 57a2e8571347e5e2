"""Write the state of a training, completely or not at all."""

import io
from pathlib import Path
from typing import Any

import torch
from lightning.fabric.plugins import TorchCheckpointIO

from einthoven.paths import written_aside


def serialised(state: dict[str, Any]) -> bytes:
    """Return a state as torch would write it, so that an error of the disk is not mistaken for one of torch.

    Parameters
    ----------
    state : dict
        Tensors and plain values.
    """
    sink = io.BytesIO()
    torch.save(state, sink)
    return sink.getvalue()


class WrittenAside(TorchCheckpointIO):
    """Lightning's writer of checkpoints, which are complete or absent."""

    def save_checkpoint(self, checkpoint: dict[str, Any], path: str | Path, storage_options: object = None) -> None:
        """Write a checkpoint."""
        with written_aside(Path(path)) as aside:
            aside.write_bytes(serialised(checkpoint))
