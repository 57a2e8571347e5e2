"""Knows the self-organised operational net, whose neurons learn polynomials of their input. Knows no class."""

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
    n_leads, n_classes, n_samples : shape of input and output
    q : highest power; 1 is a convolutional net
    widths : neurons of the operational layers; kernel : theirs, samples
    pool : samples that are pooled behind each of them; hidden : of the first dense layer; dropout : ahead of it
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
        """[batch, leads, samples] to [batch, features]."""
        return self.dense(self.layers(x))

    def forward(self, x: Tensor) -> Tensor:
        """[batch, leads, samples] to logits [batch, classes]."""
        return self.head(self.features(x))


class OperationalConv1d(nn.Module):
    """The sum over q = 1 … Q of a convolution of ``x ** q``; one bias. Computed as one convolution of all powers side by side."""

    def __init__(self, n_in: int, n_out: int, kernel: int, q: int):
        super().__init__()
        if q < 1:
            raise ValueError(f"q is {q}; expected 1 or more")
        self.q = q
        self.powers = Conv1d(q * n_in, n_out, kernel, bias=True)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, n_in, samples] to [batch, n_out, samples]."""
        raised = [x]
        for _ in range(self.q - 1):
            raised.append(raised[-1] * x)
        return self.powers(torch.cat(raised, dim=1))
