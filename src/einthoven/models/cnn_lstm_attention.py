"""A CNN-LSTM whose time steps are weighted by attention."""

import torch
from torch import Tensor, nn

from einthoven.models.blocks import ConvStem, Dropout


class CNNLSTMAttention(nn.Module):
    """Three convolutions, one bidirectional LSTM, attention (a softmax over time), a dense layer.

    Paper
        Song et al. 2026, arXiv 2602.17701: attention as a softmax over time of an alignment between the LSTM's hidden
        states and a learned context vector (as Yang et al. 2016, hierarchical attention networks).
    Departures
        - Layer sizes are not stated there; these are ours.
        - The LSTM is bidirectional.
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
        self.alignment = nn.Linear(2 * hidden, 2 * hidden)
        self.context = nn.Linear(2 * hidden, 1, bias=False)
        self.dropout = Dropout(dropout)
        self.head = nn.Linear(2 * hidden, n_classes)

    def attention(self, x: Tensor) -> Tensor:
        """Return the weights of the time steps.

        Parameters
        ----------
        x : Tensor [batch, leads, samples]
            Windows.

        Returns
        -------
        Tensor [batch, steps]
            Each row sums to one.
        """
        states, _ = self.lstm(self.stem(x).transpose(1, 2))
        return self._weights(states)

    def features(self, x: Tensor) -> Tensor:
        """Return features [batch, features] of windows [batch, leads, samples]."""
        states, _ = self.lstm(self.stem(x).transpose(1, 2))
        features: Tensor = self.dropout((states * self._weights(states).unsqueeze(2)).sum(dim=1))
        return features

    def forward(self, x: Tensor) -> Tensor:
        """Return logits [batch, classes] of windows [batch, leads, samples]."""
        logits: Tensor = self.head(self.features(x))
        return logits

    def _weights(self, states: Tensor) -> Tensor:
        return torch.softmax(self.context(torch.tanh(self.alignment(states))).squeeze(2), dim=1)
