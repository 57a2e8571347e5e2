"""Generator and critic of a conditional WGAN for windows; neither classifies, so they are not in MODELS."""

import torch
from torch import Tensor, nn


class Generator(nn.Module):
    """A network that turns noise and a class into a window.

    Paper
        Gulrajani et al. 2017, arXiv 1704.00028 (WGAN with gradient penalty); Song et al. 2026 generate rare beats with it.
    Departures
        - Neither paper fixes the network; ours is a dense layer, then four doublings of time, each with a convolution.

    Parameters
    ----------
    n_leads, n_classes, n_samples : int
        Leads, classes (number of them that can be generated), samples of a window.
    n_noise : int
        Random numbers for each window.
    width : int
        Channels of the last convolution; the first has four times as many.
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
        """Return windows [batch, leads, samples] of noise [batch, n_noise] and class numbers [batch]."""
        first = self.dense(torch.cat((noise, self.label(labels)), dim=1)).unflatten(1, (-1, self.n_first))
        windows: Tensor = self.body(first)[:, :, : self.n_samples]
        return windows


class Critic(nn.Module):
    """A network that scores how real a window of a class looks; without batch normalisation, which the penalty forbids.

    Paper
        As :class:`Generator`; the class enters by projection (Miyato and Koyama 2018, arXiv 1802.05637).

    Parameters
    ----------
    n_leads, n_classes, n_samples : int
        Leads, classes (number of them that can be generated), samples of a window.
    width : int
        Channels of the first convolution.
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
        """Return scores [batch] of windows [batch, leads, samples] and class numbers [batch]."""
        features = self.body(x)
        score: Tensor = self.value(features).squeeze(1) + (features * self.label(labels)).mean(dim=1)
        return score
