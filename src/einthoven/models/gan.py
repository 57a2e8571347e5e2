"""Knows a pair of networks that learn to make windows of a class. Not in MODELS: neither of them classifies."""

import torch
from torch import Tensor, nn


class Generator(nn.Module):
    """Noise and a class in, a window out.

    Paper
        Gulrajani et al. 2017, arXiv 1704.00028 (WGAN with gradient penalty); that rare beats are made so is Song et al. 2026.
    Departures
        - Both leave the network free; it is ours: a dense layer, then four doublings of time, each with a convolution.

    Parameters
    ----------
    n_leads, n_classes, n_samples : shape of the windows and number of classes it can make
    n_noise : numbers drawn for each window
    width : channels of the last convolution; the first has four times as many
    """

    def __init__(self, n_leads: int, n_classes: int, n_samples: int, *, n_noise: int = 64, width: int = 32):
        super().__init__()
        self.n_noise, self.n_samples, self.n_first = n_noise, n_samples, -(-n_samples // 16)
        self.label = nn.Embedding(n_classes, n_noise)
        self.dense = nn.Linear(2 * n_noise, 4 * width * self.n_first)
        layers: list[nn.Module] = []
        for n_in, n_out in ((4 * width, 4 * width), (4 * width, 2 * width), (2 * width, width), (width, width)):
            layers += [nn.Upsample(scale_factor=2), nn.Conv1d(n_in, n_out, 7, padding=3), nn.LeakyReLU(0.2)]
        self.body = nn.Sequential(*layers, nn.Conv1d(width, n_leads, 7, padding=3))

    def forward(self, noise: Tensor, labels: Tensor) -> Tensor:
        """[batch, n_noise] and class numbers [batch] to windows [batch, leads, samples]."""
        first = self.dense(torch.cat((noise, self.label(labels)), dim=1)).unflatten(1, (-1, self.n_first))
        return self.body(first)[:, :, : self.n_samples]


class Critic(nn.Module):
    """A window and a class in, a number out: how real it looks. No batch normalisation, which the penalty forbids.

    Paper
        As :class:`Generator`; the class enters by projection (Miyato and Koyama 2018, arXiv 1802.05637).

    Parameters
    ----------
    n_leads, n_classes, n_samples : as for the generator; width : channels of the first convolution
    """

    def __init__(self, n_leads: int, n_classes: int, n_samples: int, *, width: int = 32):
        super().__init__()
        layers: list[nn.Module] = []
        for n_in, n_out in ((n_leads, width), (width, 2 * width), (2 * width, 4 * width), (4 * width, 4 * width)):
            layers += [nn.Conv1d(n_in, n_out, 7, stride=2, padding=3), nn.LeakyReLU(0.2)]
        self.body = nn.Sequential(*layers, nn.Flatten())
        n_features = 4 * width * -(-n_samples // 16)
        self.value = nn.Linear(n_features, 1)
        self.label = nn.Embedding(n_classes, n_features)

    def forward(self, x: Tensor, labels: Tensor) -> Tensor:
        """[batch, leads, samples] and class numbers [batch] to [batch]."""
        features = self.body(x)
        return self.value(features).squeeze(1) + (features * self.label(labels)).mean(dim=1)
