"""Knows the net that reads a rhythm: the stretch, its typical beat, measurements on it. Knows no class."""

import torch
from torch import Tensor, nn

from einthoven.models.blocks import BatchNorm1d, ConvBlock, Dropout, MaxPool1d, ResidualBlock


class RhythmNet(nn.Module):
    """Residual convolutions over the stretch, convolutions over its typical beat, a dense layer over its measurements; one head.

    Paper
        None; ours. That measurements on the intervals and a net that reads the signal know different things, and more together,
        is what the Challenge 2017's entries showed (Clifford et al. 2017; Hong et al. 2017, ENCASE).
    Departures
        Not a paper's.
    Receptive field
        The whole stretch, through the measurements; 10.1 s at 150 Hz for the convolutions.

    Parameters
    ----------
    n_leads, n_classes, n_samples : rows (window and typical beat of each lead, numbers last), classes, samples
    widths : channels of the stages over the stretch; each but the first halves the time; kernel : theirs, samples
    beat : samples about the middle of a row that hold the typical beat; beat_width : of the convolutions over it
    n_numbers : numbers at the beginning of the last row; hidden : of the dense layers over the beat and over the numbers
    dropout : before the head, half of it inside the blocks
    """

    def __init__(
        self,
        n_leads: int,
        n_classes: int,
        n_samples: int,
        *,
        widths: tuple[int, ...] = (24, 32, 48, 64, 96),
        kernel: int = 9,
        beat: int = 135,
        beat_width: int = 32,
        n_numbers: int = 116,
        hidden: int = 64,
        dropout: float = 0.3,
    ):
        super().__init__()
        self.leads = leads = max(1, (n_leads - 1) // 2)
        self.beat, self.n_numbers = min(beat, n_samples), min(n_numbers, n_samples)
        stages: list[nn.Module] = [ConvBlock(leads, widths[0], 15, stride=2), MaxPool1d(2)]
        for n_in, n_out in zip((widths[0], *widths), widths, strict=False):
            stages.append(ResidualBlock(n_in, n_out, kernel, 1 if n_in == n_out else 2, dropout / 2))
        self.stretch = nn.Sequential(*stages)
        self.own = nn.Sequential(
            BatchNorm1d(leads),
            ConvBlock(leads, beat_width, 9, stride=2),
            ConvBlock(beat_width, beat_width, 7, pool=2),
            nn.Flatten(),
            Dropout(dropout),
            nn.Linear(beat_width * -(-self.beat // 4), hidden),
            nn.ReLU(),
        )
        self.numbers = nn.Sequential(
            nn.BatchNorm1d(self.n_numbers), nn.Linear(self.n_numbers, hidden), nn.BatchNorm1d(hidden), nn.ReLU()
        )
        self.dropout = Dropout(dropout)
        self.head = nn.Linear(2 * widths[-1] + 2 * hidden, n_classes)

    def features(self, x: Tensor) -> Tensor:
        """[batch, rows, samples] to [batch, features]."""
        first = max(0, min(x.shape[2] // 2 - self.beat // 3, x.shape[2] - self.beat))
        rows = x[:, : 2 * self.leads] if x.shape[1] > 2 else x[:, :1].expand(-1, 2, -1)
        maps = self.stretch(rows[:, 0::2])
        own = self.own(rows[:, 1::2, first : first + self.beat])
        parts = maps.mean(dim=2), maps.amax(dim=2), own, self.numbers(x[:, -1, : self.n_numbers])
        return self.dropout(torch.cat(parts, dim=1))

    def forward(self, x: Tensor) -> Tensor:
        """[batch, rows, samples] to logits [batch, classes]."""
        return self.head(self.features(x))
