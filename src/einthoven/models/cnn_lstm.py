"""A convolutional network whose feature maps an LSTM reads in time."""

import torch
from torch import Tensor, nn

from einthoven.models.blocks import ConvStem, Dropout


class CNNLSTM(nn.Module):
    """Three convolutions that each halve the time, one bidirectional LSTM, a dense layer.

    Paper
        Song et al. 2026, arXiv 2602.17701: its best single model on MIT-BIH (macro-F1 0.951).
    Departures
        - Layer sizes are not stated there; these are ours.
        - The LSTM is bidirectional; mean and maximum of its states over time are used, not its last step.
    Receptive field
        The whole window.

    Parameters
    ----------
    n_leads, n_classes, n_samples : int
        Leads, classes, samples of a window.
    widths : tuple of int
        Channels of the convolutions.
    kernels : tuple of int
        Samples of their kernels.
    hidden : int
        Units of the LSTM in each direction.
    dropout : float
        Dropout rate after the convolutions and before the head.
    """

    def __init__(
        self,
        n_leads: int,
        n_classes: int,
        n_samples: int,
        *,
        widths: tuple[int, ...] = (32, 64, 128),
        kernels: tuple[int, ...] = (9, 7, 5),
        hidden: int = 64,
        dropout: float = 0.2,
    ):
        super().__init__()
        self.stem = ConvStem(n_leads, widths, kernels, dropout)
        self.lstm = nn.LSTM(widths[-1], hidden, batch_first=True, bidirectional=True)
        self.dropout = Dropout(dropout)
        self.head = nn.Linear(4 * hidden, n_classes)

    def features(self, x: Tensor) -> Tensor:
        """Return features [batch, features] of windows [batch, leads, samples]."""
        states, _ = self.lstm(self.stem(x).transpose(1, 2))
        features: Tensor = self.dropout(torch.cat((states.mean(dim=1), states.amax(dim=1)), dim=1))
        return features

    def forward(self, x: Tensor) -> Tensor:
        """Return logits [batch, classes] of windows [batch, leads, samples]."""
        logits: Tensor = self.head(self.features(x))
        return logits
