"""Knows how the state of a training is written: whole or not at all, on whatever file system the run lies."""

import io
from pathlib import Path

import torch
from lightning.fabric.plugins import TorchCheckpointIO

from einthoven.paths import written_aside


def serialised(state: dict) -> bytes:
    """A state of tensors and plain values, as torch writes it; what goes wrong on the disk is then the disk's own error."""
    sink = io.BytesIO()
    torch.save(state, sink)
    return sink.getvalue()


class WrittenAside(TorchCheckpointIO):
    """Checkpoints that are whole or not there."""

    def save_checkpoint(self, checkpoint: dict, path: str | Path, storage_options: object = None) -> None:
        with written_aside(Path(path)) as aside:
            aside.write_bytes(serialised(checkpoint))
