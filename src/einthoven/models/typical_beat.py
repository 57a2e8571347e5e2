"""Knows the net that reads a stretch by its typical beat, the stretch beside it. Does not know what its classes mean."""

import torch
from torch import Tensor, nn

from einthoven.models.blocks import BatchNorm1d, ConvBlock, Dropout


class TypicalBeat(nn.Module):
    """Typical beats, aligned, into a dense layer that knows where in the beat it is; the stretch itself; numbers on its rhythm.

    Paper
        None; ours, for few records: a median over the beats of ten seconds is quieter than any of them, and what is aligned need
        not be found. Median beats in all leads are what electrocardiographs measure on, and what ECG-SMART-NET (2024,
        arXiv 2405.09567) reads.
    Departures
        Not a paper's.
    Receptive field
        The whole window.

    Parameters
    ----------
    n_leads, n_classes, n_samples : rows (window and typical beat of each lead, numbers last), classes, samples
    beat : samples about the middle of a row that hold the typical beat
    n_numbers : numbers at the beginning of the last row
    width : of the convolutions over the beat; window_width : over the window, 0 leaves the window out
    hidden : of the dense layer; dropout : before it and behind it
    """

    def __init__(
        self,
        n_leads: int,
        n_classes: int,
        n_samples: int,
        *,
        beat: int = 96,
        n_numbers: int = 7,
        width: int = 48,
        window_width: int = 32,
        hidden: int = 128,
        dropout: float = 0.4,
    ):
        super().__init__()
        self.leads = leads = max(1, (n_leads - 1) // 2)
        self.beat, self.n_numbers = min(beat, n_samples), min(n_numbers, n_samples)
        self.own = nn.Sequential(
            BatchNorm1d(leads),
            ConvBlock(leads, width, 9, stride=2),
            Dropout(0.2),
            ConvBlock(width, width, 7, pool=2),
            Dropout(0.2),
            ConvBlock(width, width, 5),
            nn.Flatten(),
            Dropout(dropout),
            nn.Linear(width * -(-self.beat // 4), hidden),
            nn.BatchNorm1d(hidden),
            nn.ReLU(),
        )
        self.window = None
        if window_width:
            sizes = ((leads, 11), (window_width, 9), (window_width, 7), (2 * window_width, 7))
            blocks: list[nn.Module] = [BatchNorm1d(leads)]
            for n_in, kernel in sizes:
                n_out = window_width if kernel > 7 else 2 * window_width
                blocks += [ConvBlock(n_in, n_out, kernel, stride=2), Dropout(0.1)]
            self.window = nn.Sequential(*blocks)
        self.numbers = nn.BatchNorm1d(self.n_numbers)
        self.dropout = Dropout(dropout)
        self.head = nn.Linear(hidden + 4 * window_width + self.n_numbers, n_classes)

    @property
    def convolves_trace(self) -> bool:
        """Whether its last convolution is one over the trace, not over the typical beat."""
        return self.window is not None

    def features(self, x: Tensor) -> Tensor:
        """[batch, rows, samples] to [batch, features]."""
        first = max(0, min(x.shape[2] // 2 - self.beat // 3, x.shape[2] - self.beat))
        numbers = self.numbers(x[:, -1, : self.n_numbers])
        rows = x[:, : 2 * self.leads] if x.shape[1] > 2 else x[:, :1].expand(-1, 2, -1)
        parts = [self.own(rows[:, 1::2, first : first + self.beat])]
        if self.window is not None:
            maps = self.window(rows[:, 0::2])
            parts += [maps.mean(dim=2), maps.amax(dim=2)]
        return torch.cat((self.dropout(torch.cat(parts, dim=1)), numbers), dim=1)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, rows, samples] to logits [batch, classes]."""
        return self.head(self.features(x))
