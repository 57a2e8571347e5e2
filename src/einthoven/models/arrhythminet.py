"""ArrhythmiNet: two very small networks of depthwise-separable convolutions."""

import itertools

import torch
from torch import Tensor, nn

from einthoven.models.blocks import BatchNorm1d, Conv1d, ConvBlock, Dropout


class ArrhythmiNetV1(nn.Module):
    """A stem, depthwise-separable blocks (a convolution for each channel, then one across them), the mean over time.

    Paper
        ArrhythmiNet 2025, arXiv 2505.03787: 302.18 KB of float32 weights, MIT-BIH's N, L, R, A and V.
    Departures
        - Layer sizes are not stated there; these are ours, within its size.
    Receptive field
        351 samples.

    Parameters
    ----------
    n_leads, n_classes, n_samples : int
        Leads, classes, samples of a window.
    widths : tuple of int
        Channels of the blocks; a block that widens halves the time.
    kernel : int
        Samples of the depthwise kernels; the stem's kernel is 15.
    dropout : float
        Dropout rate before the head.
    """

    def __init__(
        self,
        n_leads: int,
        n_classes: int,
        n_samples: int,
        *,
        widths: tuple[int, ...] = (24, 48, 48, 96, 96, 144, 144),
        kernel: int = 9,
        dropout: float = 0.2,
    ):
        super().__init__()
        blocks: list[nn.Module] = [ConvBlock(n_leads, widths[0], 15, stride=2)]
        for n_in, n_out in itertools.pairwise(widths):
            blocks.append(separable(n_in, n_out, kernel, 2 if n_out > n_in else 1))
        self.blocks = nn.Sequential(*blocks)
        self.dropout = Dropout(dropout)
        self.head = nn.Linear(widths[-1], n_classes)

    def features(self, x: Tensor) -> Tensor:
        """Return features [batch, features] of windows [batch, leads, samples]."""
        features: Tensor = self.dropout(self.blocks(x).mean(dim=2))
        return features

    def forward(self, x: Tensor) -> Tensor:
        """Return logits [batch, classes] of windows [batch, leads, samples]."""
        logits: Tensor = self.head(self.features(x))
        return logits


class ArrhythmiNetV2(nn.Module):
    """A stem, inverted residual blocks (widen, a convolution for each channel, narrow), the mean over time.

    Paper
        ArrhythmiNet 2025, arXiv 2505.03787: 157.76 KB of float32 weights; the block is Sandler et al. 2018 (MobileNetV2).
    Departures
        - Layer sizes are not stated there; these are ours, within its size.
    Receptive field
        223 samples.

    Parameters
    ----------
    n_leads, n_classes, n_samples : int
        Leads, classes, samples of a window.
    widths : tuple of int
        Channels of the blocks; a block that widens halves the time.
    expand : int
        Factor by which a block is wider inside.
    kernel : int
        Samples of the depthwise kernels; the stem's kernel is 15.
    last : int
        Channels before the mean over time.
    dropout : float
        Dropout rate before the head.
    """

    def __init__(
        self,
        n_leads: int,
        n_classes: int,
        n_samples: int,
        *,
        widths: tuple[int, ...] = (16, 24, 24, 32, 32, 40),
        expand: int = 3,
        kernel: int = 9,
        last: int = 96,
        dropout: float = 0.1,
    ):
        super().__init__()
        blocks: list[nn.Module] = [ConvBlock(n_leads, widths[0], 15, stride=2)]
        for n_in, n_out in itertools.pairwise(widths):
            blocks.append(_InvertedResidual(n_in, n_out, expand * n_in, kernel, 2 if n_out > n_in else 1))
        self.blocks = nn.Sequential(*blocks, ConvBlock(widths[-1], last, 1))
        self.dropout = Dropout(dropout)
        self.head = nn.Linear(last, n_classes)

    def features(self, x: Tensor) -> Tensor:
        """Return features [batch, features] of windows [batch, leads, samples]."""
        features: Tensor = self.dropout(self.blocks(x).mean(dim=2))
        return features

    def forward(self, x: Tensor) -> Tensor:
        """Return logits [batch, classes] of windows [batch, leads, samples]."""
        logits: Tensor = self.head(self.features(x))
        return logits


def separable(n_in: int, n_out: int, kernel: int, stride: int) -> nn.Sequential:
    """Return a depthwise convolution and a pointwise one, each with its normalisation.

    Parameters
    ----------
    n_in, n_out : int
        Channels of input and output.
    kernel : int
        Samples of the depthwise kernel, odd.
    stride : int
        Samples between two outputs.

    Returns
    -------
    nn.Sequential
    """
    depthwise = Conv1d(n_in, n_in, kernel, stride, groups=n_in)
    return nn.Sequential(depthwise, BatchNorm1d(n_in), nn.ReLU(), *ConvBlock(n_in, n_out, 1))


class _InvertedResidual(nn.Module):
    def __init__(self, n_in: int, n_out: int, inside: int, kernel: int, stride: int):
        super().__init__()
        self.body = nn.Sequential(
            ConvBlock(n_in, inside, 1),
            Conv1d(inside, inside, kernel, stride, groups=inside),
            BatchNorm1d(inside),
            nn.ReLU(),
            Conv1d(inside, n_out, 1),
            BatchNorm1d(n_out),
        )
        self.keeps = stride == 1 and n_in == n_out

    def forward(self, x: Tensor) -> Tensor:
        """Return [batch, n_out, ceil(samples / stride)] of [batch, n_in, samples]."""
        return torch.add(x, self.body(x)) if self.keeps else self.body(x)
