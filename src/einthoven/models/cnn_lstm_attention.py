"""Knows the CNN-LSTM whose steps are weighed by attention. Does not know what its classes mean."""

import torch
from torch import Tensor, nn

from einthoven.models.blocks import ConvStem, Dropout


class CNNLSTMAttention(nn.Module):
    """Three convolutions, one bidirectional LSTM, a softmax over time that says which steps count, a dense layer.

    Paper
        Song et al. 2026, arXiv 2602.17701: attention as a softmax over time of an alignment between the LSTM's hidden
        states and a learned context vector (as Yang et al. 2016, hierarchical attention networks).
    Departures
        - Layer sizes are not stated there; these are ours.
        - The LSTM runs both ways.
    Receptive field
        The whole window.

    Parameters
    ----------
    n_leads, n_classes, n_samples : shape of input and output
    widths, kernels : of the convolutions
    hidden : of the LSTM, for each direction
    dropout : after the convolutions and before the head
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
        self.alignment = nn.Linear(2 * hidden, 2 * hidden)
        self.context = nn.Linear(2 * hidden, 1, bias=False)
        self.dropout = Dropout(dropout)
        self.head = nn.Linear(2 * hidden, n_classes)

    def attention(self, x: Tensor) -> Tensor:
        """Weights of the steps, [batch, steps], each row summing to one."""
        states, _ = self.lstm(self.stem(x).transpose(1, 2))
        return self._weights(states)

    def features(self, x: Tensor) -> Tensor:
        """[batch, leads, samples] to [batch, features]."""
        states, _ = self.lstm(self.stem(x).transpose(1, 2))
        return self.dropout((states * self._weights(states).unsqueeze(2)).sum(dim=1))

    def forward(self, x: Tensor) -> Tensor:
        """[batch, leads, samples] to logits [batch, classes]."""
        return self.head(self.features(x))

    def _weights(self, states: Tensor) -> Tensor:
        return torch.softmax(self.context(torch.tanh(self.alignment(states))).squeeze(2), dim=1)
