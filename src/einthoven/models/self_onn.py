"""A self-organised operational network, whose neurons learn polynomials of their input."""

import torch
from torch import Tensor, nn

from einthoven.models.blocks import Conv1d, Dropout


class SelfONN(nn.Module):
    """Operational layers with tanh and pools between them, then dense layers.

    Paper
        Kiranyaz et al. 2021, arXiv 2110.02215: a compact 1-D Self-ONN for each patient, Q up to 7; the layer is the sum over q of
        a convolution of the q-th power of its input.
    Departures
        - Layer sizes, beyond two operational and two dense layers, are ours.
        - The input is scaled by tanh, so that its powers stay between -1 and 1.
    Receptive field
        The whole window.

    Parameters
    ----------
    n_leads, n_classes, n_samples : int
        Leads, classes, samples of a window.
    q : int
        Highest power; 1 gives a convolutional network.
    widths : tuple of int
        Neurons of the operational layers.
    kernel : int
        Samples of their kernels.
    pool : int
        Samples that are pooled after each of them.
    hidden : int
        Units of the first dense layer.
    dropout : float
        Dropout rate before the first dense layer.
    """

    def __init__(
        self,
        n_leads: int,
        n_classes: int,
        n_samples: int,
        *,
        q: int = 7,
        widths: tuple[int, ...] = (32, 16),
        kernel: int = 15,
        pool: int = 6,
        hidden: int = 32,
        dropout: float = 0.2,
    ):
        super().__init__()
        layers: list[nn.Module] = [nn.Tanh()]
        for n_in, n_out in zip((n_leads, *widths), widths, strict=False):
            layers += [OperationalConv1d(n_in, n_out, kernel, q), nn.AvgPool1d(pool, ceil_mode=True), nn.Tanh()]
            n_samples = -(-n_samples // pool)
        self.layers = nn.Sequential(*layers)
        self.dense = nn.Sequential(nn.Flatten(), Dropout(dropout), nn.Linear(widths[-1] * n_samples, hidden), nn.Tanh())
        self.head = nn.Linear(hidden, n_classes)

    def features(self, x: Tensor) -> Tensor:
        """Return features [batch, features] of windows [batch, leads, samples]."""
        features: Tensor = self.dense(self.layers(x))
        return features

    def forward(self, x: Tensor) -> Tensor:
        """Return logits [batch, classes] of windows [batch, leads, samples]."""
        logits: Tensor = self.head(self.features(x))
        return logits


class OperationalConv1d(nn.Module):
    """The sum over q = 1 … Q of a convolution of ``x ** q``; computed as one convolution of all powers side by side, with a bias.

    Parameters
    ----------
    n_in, n_out : int
        Channels of input and output.
    kernel : int
        Samples of the kernels, odd.
    q : int
        Highest power Q.

    Raises
    ------
    ValueError
        If `q` is below 1.
    """

    def __init__(self, n_in: int, n_out: int, kernel: int, q: int):
        super().__init__()
        if q < 1:
            raise ValueError(f"q is {q}; expected 1 or more")
        self.q = q
        self.powers = Conv1d(q * n_in, n_out, kernel, bias=True)

    def forward(self, x: Tensor) -> Tensor:
        """Return [batch, n_out, samples] of [batch, n_in, samples]."""
        raised = [x]
        for _ in range(self.q - 1):
            raised.append(raised[-1] * x)
        output: Tensor = self.powers(torch.cat(raised, dim=1))
        return output
