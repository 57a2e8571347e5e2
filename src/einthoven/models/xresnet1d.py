"""xresnet1d101, the strongest network of the public PTB-XL benchmark."""

import torch
from torch import Tensor, nn

from einthoven.models.blocks import BatchNorm1d, Conv1d, ConvBlock, Dropout, MaxPool1d


class XResNet1d(nn.Module):
    """A stem of three convolutions, bottleneck blocks of one width, mean and maximum over time, two dense layers.

    Paper
        Strodthoff et al. 2021, arXiv 2004.13701 (xresnet1d101, 1.87 M parameters at 12 leads and 23 classes); the architecture
        is He et al. 2019, arXiv 1812.01187, in one dimension.
    Departures
        None known.
    Receptive field
        The whole window of 10 s at 100 Hz.

    Parameters
    ----------
    n_leads, n_classes, n_samples : int
        Leads, classes, samples of a window.
    n_blocks : tuple of int
        Blocks of each stage; every stage but the first halves the time.
    width : int
        Channels inside the blocks; four times as many between them.
    kernel : int
        Samples of the convolution kernels.
    hidden : int
        Units of the dense layer.
    dropout : float
        Dropout rate before the last layer, half of it before the dense layer.
    """

    def __init__(
        self,
        n_leads: int,
        n_classes: int,
        n_samples: int,
        *,
        n_blocks: tuple[int, ...] = (3, 4, 23, 3),
        width: int = 64,
        kernel: int = 5,
        hidden: int = 128,
        dropout: float = 0.5,
    ):
        super().__init__()
        self.stem = nn.Sequential(
            ConvBlock(n_leads, width // 2, kernel, stride=2),
            ConvBlock(width // 2, width // 2, kernel),
            ConvBlock(width // 2, width, kernel),
            MaxPool1d(3, 2, 1),
        )
        blocks = []
        for stage, n in enumerate(n_blocks):
            for at in range(n):
                n_in = width if stage == at == 0 else 4 * width
                blocks.append(_Bottleneck(n_in, width, kernel, 2 if stage > 0 and at == 0 else 1))
        self.blocks = nn.Sequential(*blocks)
        self.dense = nn.Sequential(
            nn.BatchNorm1d(8 * width), Dropout(dropout / 2), nn.Linear(8 * width, hidden), nn.ReLU()
        )
        self.head = nn.Sequential(nn.BatchNorm1d(hidden), Dropout(dropout), nn.Linear(hidden, n_classes))

    def features(self, x: Tensor) -> Tensor:
        """Return features [batch, features] of windows [batch, leads, samples]."""
        maps = self.blocks(self.stem(x))
        features: Tensor = self.dense(torch.cat((maps.amax(dim=2), maps.mean(dim=2)), dim=1))
        return features

    def forward(self, x: Tensor) -> Tensor:
        """Return logits [batch, classes] of windows [batch, leads, samples]."""
        logits: Tensor = self.head(self.features(x))
        return logits


class _Bottleneck(nn.Module):
    """1 x 1, k, 1 x 1; the last normalisation begins at zero, so that a block begins as its shortcut."""

    def __init__(self, n_in: int, width: int, kernel: int, stride: int):
        super().__init__()
        last = BatchNorm1d(4 * width)
        nn.init.zeros_(last.weight)
        self.body = nn.Sequential(
            ConvBlock(n_in, width, 1), ConvBlock(width, width, kernel, stride), Conv1d(width, 4 * width, 1), last
        )
        shortcut: list[nn.Module] = [nn.AvgPool1d(2, ceil_mode=True)] if stride > 1 else []
        if n_in != 4 * width:
            shortcut += [Conv1d(n_in, 4 * width, 1), BatchNorm1d(4 * width)]
        self.shortcut = nn.Sequential(*shortcut)

    def forward(self, x: Tensor) -> Tensor:
        """Return [batch, 4 * width, ceil(samples / stride)] of [batch, n_in, samples]."""
        return torch.relu(self.body(x) + self.shortcut(x))
