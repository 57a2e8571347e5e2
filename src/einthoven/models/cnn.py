"""Knows the plain convolutional net for beats and short windows. Does not know what its classes mean."""

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
    n_leads, n_classes, n_samples : shape of input and output
    widths : channels of the blocks
    kernel : of every convolution, samples
    n_bins : spans of time that are averaged
    dropout : before the head
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
        """[batch, leads, samples] to [batch, features]."""
        return self.pool(self.blocks(x))

    def forward(self, x: Tensor) -> Tensor:
        """[batch, leads, samples] to logits [batch, classes]."""
        return self.head(self.features(x))
