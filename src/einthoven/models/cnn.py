"""A plain convolutional network for beats and short windows."""

from torch import Tensor, nn

from einthoven.models.blocks import Binned, ConvBlock, Dropout


class CNN(nn.Module):
    """Convolutions, pools, and a dense layer over eight spans of time.

    Paper
        Song et al. 2026, arXiv 2602.17701: the CNN of its comparison.
    Departures
        - Layer sizes are not stated there; these are ours.
        - Eight spans are averaged instead of the whole, so that the place in the window is kept.
    Receptive field
        196 samples.

    Parameters
    ----------
    n_leads, n_classes, n_samples : int
        Leads, classes, samples of a window.
    widths : tuple of int
        Channels of the blocks; each block halves the time.
    kernel : int
        Samples of every convolution kernel.
    n_bins : int
        Spans of time that are averaged.
    dropout : float
        Dropout rate before the head.
    """

    def __init__(
        self,
        n_leads: int,
        n_classes: int,
        n_samples: int,
        *,
        widths: tuple[int, ...] = (32, 64, 96, 128),
        kernel: int = 7,
        n_bins: int = 8,
        dropout: float = 0.3,
    ):
        super().__init__()
        blocks = []
        for n_in, n_out in zip((n_leads, *widths), widths, strict=False):
            blocks += [ConvBlock(n_in, n_out, kernel), ConvBlock(n_out, n_out, kernel, pool=2)]
        self.blocks = nn.Sequential(*blocks)
        self.pool = nn.Sequential(Binned(n_bins), Dropout(dropout))
        self.head = nn.Linear(widths[-1] * n_bins, n_classes)

    def features(self, x: Tensor) -> Tensor:
        """Return features [batch, features] of windows [batch, leads, samples]."""
        features: Tensor = self.pool(self.blocks(x))
        return features

    def forward(self, x: Tensor) -> Tensor:
        """Return logits [batch, classes] of windows [batch, leads, samples]."""
        logits: Tensor = self.head(self.features(x))
        return logits
