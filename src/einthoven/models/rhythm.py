"""A network that classifies a rhythm from the window, its typical beat and measurements on it."""

import torch
from torch import Tensor, nn

from einthoven.models.blocks import BatchNorm1d, ConvBlock, Dropout, MaxPool1d, ResidualBlock
from einthoven.models.inputs import around_r_peak


class RhythmNet(nn.Module):
    """Residual convolutions over the window, convolutions over its typical beat, a dense layer over its measurements; one head.

    Paper
        None; ours. The entries of the Challenge 2017 showed that measurements of the intervals and a network over the signal
        complement each other (Clifford et al. 2017; Hong et al. 2017, ENCASE).
    Departures
        None: there is no paper.
    Receptive field
        The whole window, through the measurements; 10.1 s at 150 Hz for the convolutions.

    Parameters
    ----------
    n_leads, n_classes, n_samples : int
        Leads, classes, samples of a window.
    beat_samples : int
        Samples of the typical beat.
    r_peak : int
        Samples of the typical beat ahead of its R peak.
    n_features : int
        Number of measurements of a window.
    widths : tuple of int
        Channels of the stages over the window; each but the first halves the time.
    kernel : int
        Samples of the kernels of the stages; the stem's kernel is 15.
    beat_span : int
        Samples of the typical beat that are read, a third of them ahead of the R peak.
    beat_width : int
        Channels of the convolutions over the beat.
    hidden : int
        Units of the dense layers over the beat and over the measurements.
    dropout : float
        Dropout rate before the head, half of it inside the blocks.
    """

    inputs = ("signal", "beat", "features")

    def __init__(
        self,
        n_leads: int,
        n_classes: int,
        n_samples: int,
        *,
        widths: tuple[int, ...] = (24, 32, 48, 64, 96),
        kernel: int = 9,
        beat_samples: int = 135,
        r_peak: int = 45,
        n_features: int = 116,
        beat_span: int = 135,
        beat_width: int = 32,
        hidden: int = 64,
        dropout: float = 0.3,
    ):
        super().__init__()
        self.r_peak, self.beat_span = r_peak, beat_span
        stages: list[nn.Module] = [ConvBlock(n_leads, widths[0], 15, stride=2), MaxPool1d(2)]
        for n_in, n_out in zip((widths[0], *widths), widths, strict=False):
            stages.append(ResidualBlock(n_in, n_out, kernel, 1 if n_in == n_out else 2, dropout / 2))
        self.stretch = nn.Sequential(*stages)
        self.own = nn.Sequential(
            BatchNorm1d(n_leads),
            ConvBlock(n_leads, beat_width, 9, stride=2),
            ConvBlock(beat_width, beat_width, 7, pool=2),
            nn.Flatten(),
            Dropout(dropout),
            nn.Linear(beat_width * -(-beat_span // 4), hidden),
            nn.ReLU(),
        )
        self.numbers = nn.Sequential(
            nn.BatchNorm1d(n_features), nn.Linear(n_features, hidden), nn.BatchNorm1d(hidden), nn.ReLU()
        )
        self.dropout = Dropout(dropout)
        self.head = nn.Linear(2 * widths[-1] + 2 * hidden, n_classes)

    def features(self, signal: Tensor, beat: Tensor, features: Tensor) -> Tensor:
        """Return features [batch, features] of windows, typical beats and measurements."""
        maps = self.stretch(signal)
        of_beat = self.own(around_r_peak(beat, self.r_peak, self.beat_span))
        parts = maps.mean(dim=2), maps.amax(dim=2), of_beat, self.numbers(features)
        joined: Tensor = self.dropout(torch.cat(parts, dim=1))
        return joined

    def forward(self, signal: Tensor, beat: Tensor, features: Tensor) -> Tensor:
        """Return logits [batch, classes] of windows [batch, leads, samples]."""
        logits: Tensor = self.head(self.features(signal, beat, features))
        return logits
