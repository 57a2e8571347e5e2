"""A small U-Net that answers each sample of one lead: P, QRS, T or none of them."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from einthoven.models.blocks import BatchNorm1d, Conv1d


class Delineator(nn.Module):
    """A U-Net that takes four samples at a time, for one lead; leads are joined after it.

    Paper
        Ronneberger et al. 2015, arXiv 1505.04597: the U-Net; Moskalenko et al. 2020, arXiv 1908.00009, for electrocardiograms.
    Departures
        - One dimension, four levels, kernels of nine, linear upsampling, 0.25 million weights.
        - Four samples are the channels of one step, and each step answers for all four: a third of the work, the same resolution.
        - Four classes that exclude each other, so that the absence of a P wave is an answer too.
    Receptive field
        ±759 samples.

    Parameters
    ----------
    n_leads, n_classes, n_samples : int
        Leads, classes, samples of a window.
    widths : tuple of int
        Channels of the levels; each level halves the time.
    kernel : int
        Steps of every convolution kernel.
    step : int
        Samples of a step.
    dropout : float
        Rate at which whole channels are dropped below the first level.
    """

    answers_samples = True
    """Whether logits are given for each sample."""

    def __init__(
        self,
        n_leads: int,
        n_classes: int,
        n_samples: int,
        *,
        widths: tuple[int, ...] = (32, 32, 48, 64),
        kernel: int = 9,
        step: int = 4,
        dropout: float = 0.1,
    ):
        super().__init__()
        self.step = step
        ins = (n_leads * step, *widths[:-1])
        below = [0.0, *(dropout for _ in widths[1:])]
        self.down = nn.ModuleList(map(_level, ins, widths, [kernel] * len(widths), below))
        self.up = nn.ModuleList(
            _level(widths[at] + widths[at + 1], widths[at], kernel, below[at])
            for at in reversed(range(len(widths) - 1))
        )
        self.head = _EachSample(widths[0], n_classes, step, n_samples)

    def features(self, x: Tensor) -> Tensor:
        """Return features [batch, features, steps] of windows [batch, leads, samples]."""
        n_batch, n_leads, n_samples = x.shape
        whole = self.step * 2 ** len(self.up)
        x = F.pad(x, (0, -n_samples % whole)).reshape(n_batch, n_leads, -1, self.step)
        x = x.transpose(2, 3).reshape(n_batch, n_leads * self.step, -1)
        kept: list[Tensor] = []
        for level in self.down:
            x = level(F.max_pool1d(kept[-1], 2) if kept else x)
            kept.append(x)
        kept.pop()
        for level in self.up:
            x = F.interpolate(x, scale_factor=2.0, mode="linear", align_corners=False)
            x = level(torch.cat((x, kept.pop()), dim=1))
        return x

    def forward(self, x: Tensor) -> Tensor:
        """Return logits [batch, classes, samples] of windows [batch, leads, samples]."""
        logits: Tensor = self.head(self.features(x))
        return logits


class _EachSample(nn.Module):
    """Logits of each sample of a step, without the samples that filled the window."""

    def __init__(self, n_in: int, n_classes: int, step: int, n_samples: int):
        super().__init__()
        self.n_classes, self.step, self.n_samples = n_classes, step, n_samples
        self.dense = nn.Conv1d(n_in, n_classes * step, 1)

    def forward(self, x: Tensor) -> Tensor:
        """Return logits [batch, classes, samples] of features [batch, features, steps]."""
        n_batch, _, n_steps = x.shape
        logits = self.dense(x).reshape(n_batch, self.n_classes, self.step, n_steps).transpose(2, 3)
        each: Tensor = logits.reshape(n_batch, self.n_classes, -1)
        return each[:, :, : self.n_samples]


def _level(n_in: int, n_out: int, kernel: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        Conv1d(n_in, n_out, kernel),
        BatchNorm1d(n_out),
        nn.ReLU(),
        nn.Dropout1d(dropout),
        Conv1d(n_out, n_out, kernel),
        BatchNorm1d(n_out),
        nn.ReLU(),
    )
