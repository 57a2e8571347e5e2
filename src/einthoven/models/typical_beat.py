"""A network that classifies a window by its typical beat, with the window itself beside it."""

import torch
from torch import Tensor, nn

from einthoven.models.blocks import BatchNorm1d, ConvBlock, Dropout
from einthoven.models.inputs import around_r_peak


class TypicalBeat(nn.Module):
    """Convolutions over the aligned typical beat and a dense layer, convolutions over the window, measurements on its rhythm.

    Paper
        None; ours, for few records. A median over the beats of ten seconds has less noise than any of them, and its waves are
        always at the same place. Electrocardiographs measure on median beats in all leads, and ECG-SMART-NET (2024,
        arXiv 2405.09567) reads them.
    Departures
        None: there is no paper.
    Receptive field
        The whole window.

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
    n_read : int
        How many of them are read, from the first on.
    beat_span : int
        Samples of the typical beat that are read, a third of them ahead of the R peak.
    width : int
        Channels of the convolutions over the beat.
    window_width : int
        Channels of the convolutions over the window; 0 leaves the window out.
    hidden : int
        Units of the dense layer.
    dropout : float
        Dropout rate before and after the dense layer.
    """

    inputs = ("signal", "beat", "features")

    def __init__(
        self,
        n_leads: int,
        n_classes: int,
        n_samples: int,
        *,
        beat_samples: int = 90,
        r_peak: int = 30,
        n_features: int = 7,
        n_read: int = 7,
        beat_span: int = 96,
        width: int = 48,
        window_width: int = 32,
        hidden: int = 128,
        dropout: float = 0.4,
    ):
        super().__init__()
        self.r_peak, self.beat_span, self.n_read = r_peak, beat_span, min(n_read, n_features)
        self.own = nn.Sequential(
            BatchNorm1d(n_leads),
            ConvBlock(n_leads, width, 9, stride=2),
            Dropout(0.2),
            ConvBlock(width, width, 7, pool=2),
            Dropout(0.2),
            ConvBlock(width, width, 5),
            nn.Flatten(),
            Dropout(dropout),
            nn.Linear(width * -(-beat_span // 4), hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(),
        )
        self.window = None
        if window_width:
            sizes = ((n_leads, 11), (window_width, 9), (window_width, 7), (2 * window_width, 7))
            blocks: list[nn.Module] = [BatchNorm1d(n_leads)]
            for n_in, kernel in sizes:
                n_out = window_width if kernel > 7 else 2 * window_width
                blocks += [ConvBlock(n_in, n_out, kernel, stride=2), Dropout(0.1)]
            self.window = nn.Sequential(*blocks)
        self.numbers = nn.BatchNorm1d(self.n_read)
        self.dropout = Dropout(dropout)
        self.head = nn.Linear(hidden + 4 * window_width + self.n_read, n_classes)

    @property
    def convolves_trace(self) -> bool:
        """Whether its last convolution is over the trace, not over the typical beat."""
        return self.window is not None

    def features(self, signal: Tensor, beat: Tensor, features: Tensor) -> Tensor:
        """Return features [batch, features] of windows, typical beats and measurements."""
        numbers = self.numbers(features[:, : self.n_read])
        parts = [self.own(around_r_peak(beat, self.r_peak, self.beat_span))]
        if self.window is not None:
            maps = self.window(signal)
            parts += [maps.mean(dim=2), maps.amax(dim=2)]
        return torch.cat((self.dropout(torch.cat(parts, dim=1)), numbers), dim=1)

    def forward(self, signal: Tensor, beat: Tensor, features: Tensor) -> Tensor:
        """Return logits [batch, classes] of windows [batch, leads, samples]."""
        logits: Tensor = self.head(self.features(signal, beat, features))
        return logits
