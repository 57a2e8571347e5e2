"""SEVGGNet-LSTM: VGG blocks in one dimension with squeeze-and-excitation, and an LSTM over what they give."""

from torch import Tensor, nn

from einthoven.models.blocks import ConvBlock, MaxPool1d


class SEVGGNetLSTM(nn.Module):
    """Blocks of small convolutions, each weighted channel by channel, then an LSTM and its mean over time.

    Paper
        SEVGGNet-LSTM, arXiv 2210.17111 (abstract alone): VGG blocks with squeeze-and-excitation, then an LSTM. No size and no
        figure of it is known; this is a network after its description.
    Departures
        - Sizes are ours: kernels of three samples with batch normalisation, a pool of two after each block, squeeze-and-excitation
          with a ratio of 16 after each block, 128 units of the LSTM.
        - The mean over time is classified, not the last state.
    Receptive field
        The whole window.

    Parameters
    ----------
    n_leads, n_classes, n_samples : int
        Leads, classes, samples of a window.
    blocks : tuple of int
        Convolutions of each block.
    widths : tuple of int
        Channels of each block.
    hidden : int
        Units of the LSTM.
    squeeze : bool
        Whether each block is followed by squeeze-and-excitation.
    ratio : int
        Channels for each unit of the squeezed layer.
    """

    def __init__(
        self,
        n_leads: int,
        n_classes: int,
        n_samples: int,
        *,
        blocks: tuple[int, ...] = (2, 2, 3, 3),
        widths: tuple[int, ...] = (32, 64, 128, 128),
        hidden: int = 128,
        squeeze: bool = True,
        ratio: int = 16,
    ):
        super().__init__()
        layers: list[nn.Module] = []
        n_in = n_leads
        for n, width in zip(blocks, widths, strict=True):
            for _ in range(n):
                layers.append(ConvBlock(n_in, width, 3))
                n_in = width
            layers.append(MaxPool1d(2))
            if squeeze:
                layers.append(SqueezeExcitation(width, ratio))
        self.convolutions = nn.Sequential(*layers)
        self.lstm = nn.LSTM(n_in, hidden, batch_first=True)
        self.head = nn.Linear(hidden, n_classes)

    def features(self, x: Tensor) -> Tensor:
        """Return features [batch, features] of windows [batch, leads, samples]."""
        states, _ = self.lstm(self.convolutions(x).transpose(1, 2))
        mean: Tensor = states.mean(dim=1)
        return mean

    def forward(self, x: Tensor) -> Tensor:
        """Return logits [batch, classes] of windows [batch, leads, samples]."""
        logits: Tensor = self.head(self.features(x))
        return logits


class SqueezeExcitation(nn.Module):
    """Weight each channel by what the means of all channels over time say (Hu et al. 2018).

    Parameters
    ----------
    width : int
        Channels.
    ratio : int
        Channels for each unit of the squeezed layer.
    """

    def __init__(self, width: int, ratio: int):
        super().__init__()
        squeezed = max(1, width // ratio)
        self.weigh = nn.Sequential(nn.Linear(width, squeezed), nn.ReLU(), nn.Linear(squeezed, width), nn.Sigmoid())

    def forward(self, x: Tensor) -> Tensor:
        """Return [batch, channels, samples] of the same shape."""
        weighted: Tensor = x * self.weigh(x.mean(dim=2))[:, :, None]
        return weighted
