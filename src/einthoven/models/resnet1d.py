"""Knows the one-dimensional residual net. Does not know what its classes mean."""

import torch
from torch import Tensor, nn

from einthoven.models.blocks import ConvBlock, Dropout, MaxPool1d, ResidualBlock

PEDIATRIC = {"widths": (64, 128, 256, 512), "pooling": "mean"}
"""8,747,155 parameters at 12 leads and 19 classes."""
RESNET18 = {"widths": (64, 128, 256, 512), "first_shortcut": True}
"""8,750,857 parameters at 12 leads and nine classes."""


class ResNet1d(nn.Module):
    """A stem that quarters the time, stages of two residual blocks, mean and largest value over time, a dense layer.

    Paper
        Song et al. 2026, arXiv 2602.17701: the ResNet-1D of its comparison; the block is He et al. 2016.
    Departures
        - Layer sizes are not stated there; these are ours. Other sizes give the ResNet-1D of Chen 2025, arXiv 2510.03780, and the
          ResNet-18-1D of Thota et al. 2025, arXiv 2511.08650 (:data:`PEDIATRIC`, :data:`RESNET18`).
        - Mean and largest value over time are joined.
    Receptive field
        With three stages of kernel 7, 619 samples.

    Parameters
    ----------
    n_leads, n_classes, n_samples : shape of input and output
    widths : channels of the stages; every stage but the first halves the time
    kernel : of the blocks, samples; the stem's is 15
    n_blocks : residual blocks in each stage
    dropout : inside the blocks and before the head
    first_shortcut : a convolution in the shortcut of the first block, though nothing changes its size
    pooling : ``both``: mean and largest value over time are joined; ``mean``
    """

    def __init__(
        self,
        n_leads: int,
        n_classes: int,
        n_samples: int,
        *,
        widths: tuple[int, ...] = (32, 64, 128),
        kernel: int = 7,
        n_blocks: int = 2,
        dropout: float = 0.2,
        first_shortcut: bool = False,
        pooling: str = "both",
    ):
        super().__init__()
        if pooling not in ("both", "mean"):
            raise ValueError(f"pooling is {pooling}; expected both or mean")
        self.stem = nn.Sequential(ConvBlock(n_leads, widths[0], 15, stride=2), MaxPool1d(3, 2, 1))
        stages = []
        for stage, (n_in, n_out) in enumerate(zip((widths[0], *widths), widths, strict=False)):
            for block in range(n_blocks):
                stride = 2 if stage > 0 and block == 0 else 1
                forced = first_shortcut and stage == block == 0
                stages.append(ResidualBlock(n_in if block == 0 else n_out, n_out, kernel, stride, dropout, forced))
        self.stages = nn.Sequential(*stages)
        self.dropout = Dropout(dropout)
        self.pooling = pooling
        self.head = nn.Linear((2 if pooling == "both" else 1) * widths[-1], n_classes)

    def features(self, x: Tensor) -> Tensor:
        """[batch, leads, samples] to [batch, features]."""
        maps = self.stages(self.stem(x))
        if self.pooling == "mean":
            return self.dropout(maps.mean(dim=2))
        return self.dropout(torch.cat((maps.mean(dim=2), maps.amax(dim=2)), dim=1))

    def forward(self, x: Tensor) -> Tensor:
        """[batch, leads, samples] to logits [batch, classes]."""
        return self.head(self.features(x))
