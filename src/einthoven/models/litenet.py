"""A lightweight CNN-Attention-BiLSTM for one to twelve leads."""

import torch
from torch import Tensor, nn

from einthoven.models.blocks import BatchNorm1d, Dropout, MaxPool1d, SameConv1d

_EPS, _MOMENTUM = 1e-3, 0.01


class LiteNet(nn.Module):
    """Three blocks of two convolutions, a gate, two bidirectional LSTMs, the mean over time, two dense layers.

    Paper
        Thota et al. 2025, arXiv 2511.08650, layer by layer: 946,505 parameters at 12 leads and nine classes, 941,225 at one.
    Departures
        - An LSTM has torch's two biases where the authors' framework has one.
        - Where the paper has an L2 penalty on convolutions and the dense layer, a recipe has AdamW's weight decay on all matrices.
    Receptive field
        The whole window.

    Parameters
    ----------
    n_leads, n_classes, n_samples : int
        Leads, classes, samples of a window.
    widths : tuple of int
        Channels of the three blocks.
    kernel : int
        Samples of the convolution kernels.
    hidden : tuple of int
        Units of the two LSTMs in each direction.
    dense : int
        Units of the dense layer.
    """

    def __init__(
        self,
        n_leads: int,
        n_classes: int,
        n_samples: int,
        *,
        widths: tuple[int, int, int] = (32, 64, 128),
        kernel: int = 15,
        hidden: tuple[int, int] = (128, 64),
        dense: int = 128,
    ):
        super().__init__()
        blocks: list[nn.Module] = []
        for n_in, n_out, dropout in zip((n_leads, *widths), widths, (0.2, 0.3, 0.3), strict=False):
            for first, stride in ((n_in, 2), (n_out, 1)):
                blocks += [SameConv1d(first, n_out, kernel, stride), _norm(n_out), nn.ReLU()]
            blocks += [MaxPool1d(2), Dropout(dropout)]
        self.blocks = nn.Sequential(*blocks)
        self.gate = nn.Conv1d(widths[-1], widths[-1], 1)
        self.pool = nn.Sequential(MaxPool1d(2), Dropout(0.4))
        self.first = nn.LSTM(widths[-1], hidden[0], batch_first=True, bidirectional=True)
        self.second = nn.LSTM(2 * hidden[0], hidden[1], batch_first=True, bidirectional=True)
        self.between = Dropout(0.3)
        self.dense = nn.Sequential(Dropout(0.5), nn.Linear(2 * hidden[1], dense), nn.ReLU(), Dropout(0.4))
        self.head = nn.Linear(dense, n_classes)
        self._initialise()

    def _initialise(self) -> None:
        """Initialise the first block He-normal, the rest Glorot; recurrent weights orthogonal, the forget gate open."""
        convolutions = [layer for layer in self.blocks if isinstance(layer, nn.Conv1d)]
        for at, convolution in enumerate(convolutions):
            (nn.init.kaiming_normal_ if at < 2 else nn.init.xavier_uniform_)(convolution.weight)
        remaining: list[nn.Conv1d | nn.Linear] = [
            self.gate,
            *(one for one in self.dense if isinstance(one, nn.Linear)),
            self.head,
        ]
        for layer in (*convolutions, *remaining):
            assert layer.bias is not None
            nn.init.zeros_(layer.bias)
        for layer in remaining:
            nn.init.xavier_uniform_(layer.weight)
        for lstm in (self.first, self.second):
            for name, values in lstm.named_parameters():
                if name.startswith("weight_ih"):
                    nn.init.xavier_uniform_(values)
                elif name.startswith("weight_hh"):
                    nn.init.orthogonal_(values)
                else:
                    nn.init.zeros_(values)
                    if name.startswith("bias_ih"):
                        with torch.no_grad():
                            values[lstm.hidden_size : 2 * lstm.hidden_size] = 1.0

    def maps(self, x: Tensor) -> Tensor:
        """Return the gated feature maps of windows.

        Parameters
        ----------
        x : Tensor [batch, leads, samples]
            Windows.

        Returns
        -------
        Tensor [batch, channels, about samples / 128]
        """
        ungated = self.blocks(x)
        gated: Tensor = self.pool(ungated * torch.sigmoid(self.gate(ungated)))
        return gated

    def features(self, x: Tensor) -> Tensor:
        """Return features [batch, features] of windows [batch, leads, samples]."""
        states, _ = self.first(self.maps(x).transpose(1, 2))
        states, _ = self.second(states)
        features: Tensor = self.dense(self.between(states).mean(dim=1))
        return features

    def forward(self, x: Tensor) -> Tensor:
        """Return logits [batch, classes] of windows [batch, leads, samples]."""
        logits: Tensor = self.head(self.features(x))
        return logits


def _norm(n: int) -> BatchNorm1d:
    return BatchNorm1d(n, eps=_EPS, momentum=_MOMENTUM)
