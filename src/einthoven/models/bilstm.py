"""Knows the two-layer bidirectional LSTM of the pediatric benchmark. Does not know what its classes mean."""

import torch
from torch import Tensor, nn

from einthoven.models.blocks import LSTM, Dropout


class BiLSTM(nn.Module):
    """Two LSTM layers that read the samples both ways; the last step is answered from.

    Paper
        Chen 2025, arXiv 2510.03780: the BiLSTM of its comparison, 545,555 parameters at 12 leads and 19 classes.
    Departures
        - The last step of each direction is read: the backward one's is the first sample of the window.
    Receptive field
        The whole window.

    Parameters
    ----------
    n_leads, n_classes, n_samples : shape of input and output
    hidden : of each direction; n_layers : layers; dropout : between them and before the head
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
        """[batch, leads, samples] to [batch, features]."""
        _, (last, _) = self.lstm(x.transpose(1, 2))
        return self.dropout(torch.cat((last[-2], last[-1]), dim=1))

    def forward(self, x: Tensor) -> Tensor:
        """[batch, leads, samples] to logits [batch, classes]."""
        return self.head(self.features(x))
