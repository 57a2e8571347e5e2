"""InceptionTime: parallel convolutions of several kernel lengths."""

import torch
from torch import Tensor, nn

from einthoven.models.blocks import BatchNorm1d, Conv1d, Dropout, MaxPool1d


class Inception1d(nn.Module):
    """Modules of parallel convolutions with three kernel lengths, and a shortcut over every three modules.

    Paper
        Ismail Fawaz et al. 2020, arXiv 1909.04939 (InceptionTime); in the public PTB-XL benchmark (arXiv 2004.13701) inception1d.
    Departures
        - The signal is halved before the second group of three modules.
        - Mean and maximum over time are joined.
    Receptive field
        With kernels to 39, 344 samples.

    Parameters
    ----------
    n_leads, n_classes, n_samples : int
        Leads, classes, samples of a window.
    width : int
        Channels of each branch; a module returns four times as many.
    kernels : tuple of int
        Samples of the kernels of the branches.
    n_modules : int
        Number of modules, a multiple of three.
    dropout : float
        Dropout rate before the head.
    """

    def __init__(
        self,
        n_leads: int,
        n_classes: int,
        n_samples: int,
        *,
        width: int = 32,
        kernels: tuple[int, ...] = (39, 19, 9),
        n_modules: int = 6,
        dropout: float = 0.3,
    ):
        super().__init__()
        self.groups = nn.ModuleList(
            _Group(n_leads if at == 0 else 4 * width, width, kernels) for at in range(n_modules // 3)
        )
        self.halve = MaxPool1d(2)
        self.dropout = Dropout(dropout)
        self.head = nn.Linear(8 * width, n_classes)

    def features(self, x: Tensor) -> Tensor:
        """Return features [batch, features] of windows [batch, leads, samples]."""
        for at, group in enumerate(self.groups):
            x = group(x if at == 0 else self.halve(x))
        features: Tensor = self.dropout(torch.cat((x.mean(dim=2), x.amax(dim=2)), dim=1))
        return features

    def forward(self, x: Tensor) -> Tensor:
        """Return logits [batch, classes] of windows [batch, leads, samples]."""
        logits: Tensor = self.head(self.features(x))
        return logits


class _Group(nn.Module):
    def __init__(self, n_in: int, width: int, kernels: tuple[int, ...]):
        super().__init__()
        n_out = (len(kernels) + 1) * width
        self.modules_ = nn.Sequential(*[_Inception(n_in if at == 0 else n_out, width, kernels) for at in range(3)])
        self.shortcut = nn.Sequential(Conv1d(n_in, n_out, 1), BatchNorm1d(n_out))

    def forward(self, x: Tensor) -> Tensor:
        """Return [batch, 4 * width, samples] of [batch, n_in, samples]."""
        return torch.relu(self.modules_(x) + self.shortcut(x))


class _Inception(nn.Module):
    def __init__(self, n_in: int, width: int, kernels: tuple[int, ...]):
        super().__init__()
        self.narrow = Conv1d(n_in, width, 1) if n_in > width else nn.Identity()
        n_narrow = width if n_in > width else n_in
        self.branches = nn.ModuleList(Conv1d(n_narrow, width, kernel) for kernel in kernels)
        self.pooled = nn.Sequential(MaxPool1d(3, 1, 1), Conv1d(n_in, width, 1))
        self.norm = BatchNorm1d((len(kernels) + 1) * width)

    def forward(self, x: Tensor) -> Tensor:
        """Return [batch, 4 * width, samples] of [batch, n_in, samples]."""
        narrow = self.narrow(x)
        return torch.relu(self.norm(torch.cat([*(branch(narrow) for branch in self.branches), self.pooled(x)], dim=1)))
