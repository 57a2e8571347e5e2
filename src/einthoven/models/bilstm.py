"""A two-layer bidirectional LSTM over the samples."""

import torch
from torch import Tensor, nn

from einthoven.models.blocks import LSTM, Dropout


class BiLSTM(nn.Module):
    """Two bidirectional LSTM layers over the samples; their last states are classified.

    Paper
        Chen 2025, arXiv 2510.03780: the BiLSTM of its comparison, 545,555 parameters at 12 leads and 19 classes.
    Departures
        - The last step of each direction is read: the backward one's is the first sample of the window.
    Receptive field
        The whole window.

    Parameters
    ----------
    n_leads, n_classes, n_samples : int
        Leads, classes, samples of a window.
    hidden : int
        Units of the LSTM in each direction.
    n_layers : int
        Number of LSTM layers.
    dropout : float
        Dropout rate between the layers and before the head.
    """

    def __init__(
        self,
        n_leads: int,
        n_classes: int,
        n_samples: int,
        *,
        hidden: int = 128,
        n_layers: int = 2,
        dropout: float = 0.5,
    ):
        super().__init__()
        between = dropout if n_layers > 1 else 0.0
        self.lstm = LSTM(n_leads, hidden, n_layers, between)
        self.dropout = Dropout(dropout)
        self.head = nn.Linear(2 * hidden, n_classes)

    def features(self, x: Tensor) -> Tensor:
        """Return features [batch, features] of windows [batch, leads, samples]."""
        _, (last, _) = self.lstm(x.transpose(1, 2))
        features: Tensor = self.dropout(torch.cat((last[-2], last[-1]), dim=1))
        return features

    def forward(self, x: Tensor) -> Tensor:
        """Return logits [batch, classes] of windows [batch, leads, samples]."""
        logits: Tensor = self.head(self.features(x))
        return logits
