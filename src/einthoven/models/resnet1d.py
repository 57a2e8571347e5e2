"""A one-dimensional residual network."""

import torch
from torch import Tensor, nn

from einthoven.models.blocks import ConvBlock, Dropout, MaxPool1d, ResidualBlock

PEDIATRIC = {"widths": (64, 128, 256, 512), "pooling": "mean"}
"""8,747,155 parameters at 12 leads and 19 classes."""
RESNET18 = {"widths": (64, 128, 256, 512), "first_shortcut": True}
"""8,750,857 parameters at 12 leads and nine classes."""


class ResNet1d(nn.Module):
    """A stem that quarters the time, stages of two residual blocks, mean and maximum over time, a dense layer.

    Paper
        Song et al. 2026, arXiv 2602.17701: the ResNet-1D of its comparison; the block is He et al. 2016.
    Departures
        - Layer sizes are not stated there; these are ours. Other sizes give the ResNet-1D of Chen 2025, arXiv 2510.03780, and the
          ResNet-18-1D of Thota et al. 2025, arXiv 2511.08650 (:data:`PEDIATRIC`, :data:`RESNET18`).
        - Mean and maximum over time are joined.
    Receptive field
        With three stages of kernel 7, 619 samples.

    Parameters
    ----------
    n_leads, n_classes, n_samples : int
        Leads, classes, samples of a window.
    widths : tuple of int
        Channels of the stages; each but the first halves the time.
    kernel : int
        Samples of the kernels of the blocks; the stem's kernel is 15.
    n_blocks : int
        Residual blocks in each stage.
    dropout : float
        Dropout rate inside the blocks and before the head.
    first_shortcut : bool
        Whether the shortcut of the first block is a convolution, although its size does not change.
    pooling : str
        ``both`` joins mean and maximum over time; ``mean`` takes the mean alone.

    Raises
    ------
    ValueError
        If `pooling` is neither.
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
        """Return features [batch, features] of windows [batch, leads, samples]."""
        maps = self.stages(self.stem(x))
        mean = maps.mean(dim=2)
        features: Tensor = self.dropout(mean if self.pooling == "mean" else torch.cat((mean, maps.amax(dim=2)), dim=1))
        return features

    def forward(self, x: Tensor) -> Tensor:
        """Return logits [batch, classes] of windows [batch, leads, samples]."""
        logits: Tensor = self.head(self.features(x))
        return logits
