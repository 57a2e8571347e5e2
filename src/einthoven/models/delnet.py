"""ECG-DelNet: a U-Net that answers each sample."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class DelNet(nn.Module):
    """A U-Net of three blocks a level, with a sigmoid for each wave.

    Paper
        Jimenez-Perez et al. 2021, Scientific Reports 11:863 (arXiv 2005.05236): ECG-DelNet.
    Departures
        - Windows of any length: zeros fill one up to a multiple of what the levels halve, and are cut off again.
    Receptive field
        ±74 samples at a depth of 3, ±162 at 4, ±337 at 5.

    Parameters
    ----------
    n_leads, n_classes, n_samples : int
        Leads, waves, samples of a window.
    depth : int
        Levels; each has twice the channels and half the samples of the one above.
    width : int
        Channels of the first level.
    dropout : float
        Rate at which whole channels are dropped ahead of each convolution but the first.
    """

    answers_samples = True
    """Whether logits are given for each sample."""

    def __init__(
        self, n_leads: int, n_classes: int, n_samples: int, *, depth: int = 3, width: int = 32, dropout: float = 0.25
    ):
        super().__init__()
        widths = [width * 2**level for level in range(depth)]
        self.stem = nn.Sequential(nn.Conv1d(n_leads, width, 3, padding=1), _step(width, width, dropout))
        self.levels = nn.ModuleList(nn.Sequential(*(_block(n, n, dropout) for _ in range(3))) for n in widths)
        self.wider = nn.ModuleList(_block(n, 2 * n, dropout) for n in widths[:-1])
        self.up = nn.ModuleList(
            nn.Sequential(_block(3 * n, n, dropout), *(_block(n, n, dropout) for _ in range(2))) for n in widths[-2::-1]
        )
        self.last = nn.Sequential(nn.ReLU(), nn.BatchNorm1d(width), nn.Dropout1d(dropout))
        self.head = nn.Conv1d(width, n_classes, 1)

    def features(self, x: Tensor) -> Tensor:
        """Return features [batch, features, samples] of windows [batch, leads, samples]."""
        n_samples = x.shape[2]
        halved = 2 ** len(self.wider)
        x = self.stem(F.pad(x, (0, -n_samples % halved)))
        kept = []
        for at, level in enumerate(self.levels):
            x = level(x)
            if at < len(self.wider):
                kept.append(x)
                x = F.max_pool1d(self.wider[at](x), 3, 2, padding=1)
        for level in self.up:
            x = level(torch.cat((F.interpolate(x, scale_factor=2.0), kept.pop()), dim=1))
        features: Tensor = self.last(x)[:, :, :n_samples]
        return features

    def forward(self, x: Tensor) -> Tensor:
        """Return logits [batch, classes, samples] of windows [batch, leads, samples]."""
        logits: Tensor = self.head(self.features(x))
        return logits


def _step(n_in: int, n_out: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(nn.ReLU(), nn.BatchNorm1d(n_in), nn.Dropout1d(dropout), nn.Conv1d(n_in, n_out, 3, padding=1))


def _block(n_in: int, n_out: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(_step(n_in, n_out, dropout), _step(n_out, n_out, dropout))
