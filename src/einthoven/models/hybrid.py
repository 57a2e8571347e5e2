"""A convolutional network with any stack of recurrent layers on top."""

import torch
from torch import Tensor, nn

from einthoven.models.blocks import ConvBlock, Dropout, MaxPool1d, ResidualBlock

RECURRENT = {"lstm": (nn.LSTM, 1), "gru": (nn.GRU, 1), "bilstm": (nn.LSTM, 2), "bigru": (nn.GRU, 2)}


class Hybrid(nn.Module):
    """Residual convolutions for morphology, recurrent layers for its course in time, one head.

    Paper
        Jafari and Jafari 2026, arXiv 2601.18830: a CNN, and LSTM, GRU, BiLSTM and stacks of them added step by step; its best is
        one BiLSTM layer.
    Departures
        - Layer sizes are not stated there; these are ours.
        - Mean and maximum over time are joined before the head, with or without recurrence, so that two networks of this
          module differ by the recurrence alone.
    Receptive field
        Without recurrence 569 samples (5.7 s at 100 Hz); with it the whole window.

    Parameters
    ----------
    n_leads, n_classes, n_samples : int
        Leads, classes, samples of a window.
    recurrence : tuple of str
        Layers in their order, each of ``lstm``, ``gru``, ``bilstm``, ``bigru``; empty for the CNN alone.
    widths : tuple of int
        Channels of the stages; each but the first halves the time.
    kernel : int
        Samples of the kernels of the blocks; the stem's kernel is 15.
    hidden : int
        Units of each recurrent layer in each direction.
    dropout : float
        Dropout rate inside the blocks, between recurrent layers, and before the head.

    Raises
    ------
    ValueError
        If `recurrence` names an unknown layer.
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
        """Return features [batch, features] of windows [batch, leads, samples]."""
        maps = self.convolutions(x)
        if len(self.recurrence):
            states = maps.transpose(1, 2)
            for layer in self.recurrence:
                states, _ = layer(self.dropout(states))
            maps = states.transpose(1, 2)
        features: Tensor = self.dropout(torch.cat((maps.mean(dim=2), maps.amax(dim=2)), dim=1))
        return features

    def forward(self, x: Tensor) -> Tensor:
        """Return logits [batch, classes] of windows [batch, leads, samples]."""
        logits: Tensor = self.head(self.features(x))
        return logits
