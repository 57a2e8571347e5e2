"""The two networks of inter- and intra-period pre-training: one reads the whole strip, one its median beat."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from einthoven.models.blocks import ResidualBlock

_WIDTHS = (64, 64, 128, 128, 256, 256, 512, 512)
_WIDE = 512


class IntraInter(nn.Module):
    """Sixteen residual blocks over the whole strip, and the mean over time.

    Paper
        arXiv 2410.18094, the network of the strip: 8,385,798 parameters for eight leads (I, II, V1 to V6) at 500 Hz and two
        classes, with age and sex beside the features. It is pre-trained with :class:`BeatNet`, :class:`Projection` and
        :class:`RRHead`.
    Departures
        - The last layer reads measurements only where `n_read` names some; a model of this package knows neither age nor sex.
    Receptive field
        The whole window.

    Parameters
    ----------
    n_leads, n_classes, n_samples : int
        Leads, classes, samples of a window.
    n_features : int
        Number of measurements of a window.
    n_read : int
        How many of them the last layer reads, from the first on; 0 for none.
    """

    inputs: tuple[str, ...] = ("signal",)

    def __init__(self, n_leads: int, n_classes: int, n_samples: int, *, n_features: int = 7, n_read: int = 0):
        super().__init__()
        self.n_read = min(n_read, n_features)
        self.inputs = ("signal", "features") if self.n_read else ("signal",)
        stem = nn.Conv1d(n_leads, _WIDTHS[0], 11, stride=5, bias=False)
        self.stem = nn.Sequential(stem, nn.BatchNorm1d(_WIDTHS[0]), nn.ReLU(), nn.MaxPool1d(3, 2, 1))
        self.trunk = nn.Sequential(*_groups())
        self.head = nn.Linear(_WIDE + self.n_read, n_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv1d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def features(self, *parts: Tensor) -> Tensor:
        """Return features [batch, features] of windows [batch, leads, samples], with measurements where it reads some."""
        x = parts[0]
        x = F.pad(x, (0, max(0, 11 - x.shape[2])))
        means = self.trunk(self.stem(x)).mean(dim=2)
        return torch.cat((means, parts[1][:, : self.n_read]), dim=1) if self.n_read else means

    def forward(self, *parts: Tensor) -> Tensor:
        """Return logits [batch, classes] of windows [batch, leads, samples], with measurements where it reads some."""
        logits: Tensor = self.head(self.features(*parts))
        return logits


def _groups() -> list[nn.Module]:
    """Return eight groups of two basic blocks; the first of each but the first group halves the time."""
    blocks: list[nn.Module] = []
    n_in = _WIDTHS[0]
    for at, width in enumerate(_WIDTHS):
        blocks += [ResidualBlock(n_in, width, 3, 2 if at else 1, 0.0), ResidualBlock(width, width, 3, 1, 0.0)]
        n_in = width
    return blocks


class BeatNet(nn.Module):
    """Three dilated convolutions over the median beat, and the mean over time: 566,912 parameters for eight leads.

    Parameters
    ----------
    n_leads : int
        Leads of the beat.
    """

    def __init__(self, n_leads: int):
        super().__init__()
        layers: list[nn.Module] = []
        for n_in, n_out, kernel, dilation in ((n_leads, 128, 7, 2), (128, 256, 5, 4), (256, _WIDE, 3, 8)):
            padding = dilation * (kernel // 2)
            layers += [
                nn.Conv1d(n_in, n_out, kernel, dilation=dilation, padding=padding),
                nn.BatchNorm1d(n_out),
                nn.ReLU(),
            ]
        self.layers = nn.Sequential(*layers)

    def forward(self, beat: Tensor) -> Tensor:
        """Return features [batch, 512] of beats [batch, leads, samples]."""
        means: Tensor = self.layers(beat).mean(dim=2)
        return means


class Projection(nn.Sequential):
    """What the features of either network are projected by before they are contrasted: 526,336 parameters."""

    def __init__(self) -> None:
        super().__init__(nn.Linear(_WIDE, _WIDE), nn.BatchNorm1d(_WIDE), nn.ReLU(), nn.Linear(_WIDE, _WIDE))


class RRHead(nn.Sequential):
    """Mean and standard deviation of the RR intervals from the features of the strip: 264,706 parameters."""

    def __init__(self) -> None:
        super().__init__(nn.Linear(_WIDE, _WIDE), nn.BatchNorm1d(_WIDE), nn.ReLU(), nn.Linear(_WIDE, 2))
