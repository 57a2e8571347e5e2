"""Knows a convolutional net with any stack of recurrent layers on top. Does not know what its classes mean."""

import torch
from torch import Tensor, nn

from einthoven.models.blocks import ConvBlock, Dropout, MaxPool1d, ResidualBlock

RECURRENT = {"lstm": (nn.LSTM, 1), "gru": (nn.GRU, 1), "bilstm": (nn.LSTM, 2), "bigru": (nn.GRU, 2)}


class Hybrid(nn.Module):
    """Residual convolutions that read morphology, recurrent layers that read its course, one head.

    Paper
        Jafari and Jafari 2026, arXiv 2601.18830: a CNN, and LSTM, GRU, BiLSTM and stacks of them added step by step; its best is
        one BiLSTM layer.
    Departures
        - Layer sizes are not stated there; these are ours.
        - Mean and largest value over time are joined before the head, with or without recurrence, so that only the recurrence
          differs between two nets of this module.
    Receptive field
        Without recurrence 569 samples (5.7 s at 100 Hz); with it the whole window.

    Parameters
    ----------
    n_leads, n_classes, n_samples : shape of input and output
    recurrence : layers in their order, each one of lstm, gru, bilstm, bigru; empty for the CNN alone
    widths : channels of the stages; each but the first halves the time
    kernel : of the blocks, samples; the stem's is 15
    hidden : of each recurrent layer and direction
    dropout : inside the blocks, between recurrent layers, and before the head
    """

    def __init__(
        self,
        n_leads: int,
        n_classes: int,
        n_samples: int,
        *,
        recurrence: tuple[str, ...] = ("bilstm",),
        widths: tuple[int, ...] = (48, 64, 96, 128),
        kernel: int = 7,
        hidden: int = 64,
        dropout: float = 0.3,
    ):
        super().__init__()
        if unknown := set(recurrence) - set(RECURRENT):
            raise ValueError(f"recurrence is {', '.join(sorted(unknown))}; expected {', '.join(RECURRENT)}")
        stages: list[nn.Module] = [ConvBlock(n_leads, widths[0], 15, stride=2), MaxPool1d(2)]
        for n_in, n_out in zip((widths[0], *widths), widths, strict=False):
            stages.append(ResidualBlock(n_in, n_out, kernel, 1 if n_in == n_out else 2, dropout))
        self.convolutions = nn.Sequential(*stages)
        layers, width = [], widths[-1]
        for name in recurrence:
            kind, directions = RECURRENT[name]
            layers.append(kind(width, hidden, batch_first=True, bidirectional=directions == 2))
            width = hidden * directions
        self.recurrence = nn.ModuleList(layers)
        self.dropout = Dropout(dropout)
        self.head = nn.Linear(2 * width, n_classes)

    def features(self, x: Tensor) -> Tensor:
        """[batch, leads, samples] to [batch, features]."""
        maps = self.convolutions(x)
        if len(self.recurrence):
            states = maps.transpose(1, 2)
            for layer in self.recurrence:
                states, _ = layer(self.dropout(states))
            maps = states.transpose(1, 2)
        return self.dropout(torch.cat((maps.mean(dim=2), maps.amax(dim=2)), dim=1))

    def forward(self, x: Tensor) -> Tensor:
        """[batch, leads, samples] to logits [batch, classes]."""
        return self.head(self.features(x))
