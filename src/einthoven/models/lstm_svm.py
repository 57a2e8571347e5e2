"""Two LSTM layers over ten seconds, and a support vector machine on their last state; training/support_vectors.py fits it."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class LSTMSVM(nn.Module):
    """Two LSTM layers over frames of the signal; a support vector machine, or a dense layer, reads the last state.

    Paper
        arXiv 2312.09442 (abstract alone): segments of ten seconds, no beats detected, two LSTM layers, a support vector machine
        on top. Units, rate, kernel, labels and split are not stated in it.
    Departures
        - Frames of 36 samples are a step: 3,600 single samples are slow, and an LSTM forgets the first of them.
        - 64 and 32 units; 26,112 and 12,544 parameters for one lead. The paper's are not known.
        - The kernel is a radial basis function. Each class is decided against all others, and its decision value is turned into
          a logit by Platt's method on validation windows.
    Receptive field
        The whole window.

    Parameters
    ----------
    n_leads, n_classes, n_samples : int
        Leads, classes, samples of a window.
    frame : int
        Samples of a step; zeros ahead of the window fill its first frame.
    hidden : tuple of int
        Units of each LSTM layer.
    svm : bool
        Whether training ends with a support vector machine; the network's own last layer is kept otherwise.
    n_vectors : int
        Number of support vectors; training decides it. With 0 the head is the dense layer.
    """

    def __init__(
        self,
        n_leads: int,
        n_classes: int,
        n_samples: int,
        *,
        frame: int = 36,
        hidden: tuple[int, ...] = (64, 32),
        svm: bool = True,
        n_vectors: int = 0,
    ):
        super().__init__()
        self.frame = frame
        sizes = zip((n_leads * frame, *hidden), hidden, strict=False)
        self.layers = nn.ModuleList(nn.LSTM(n_in, n_out, batch_first=True) for n_in, n_out in sizes)
        width = hidden[-1]
        fitted = svm and n_vectors
        self.head = SupportVectors(width, n_classes, n_vectors) if fitted else nn.Linear(width, n_classes)

    def features(self, x: Tensor) -> Tensor:
        """Return features [batch, features] of windows [batch, leads, samples]."""
        x = F.pad(x, (-x.shape[2] % self.frame, 0))
        batch, n_leads, n_samples = x.shape
        states = x.reshape(batch, n_leads, n_samples // self.frame, self.frame).transpose(1, 2).flatten(2)
        for layer in self.layers:
            states, _ = layer(states)
        last: Tensor = states[:, -1]
        return last

    def forward(self, x: Tensor) -> Tensor:
        """Return logits [batch, classes] of windows [batch, leads, samples]."""
        logits: Tensor = self.head(self.features(x))
        return logits


class SupportVectors(nn.Module):
    """Support vector machines, one for each class against all others, on vectors that they share; all of it is fixed.

    Parameters
    ----------
    width : int
        Size of a state.
    n_classes : int
        Classes.
    n_vectors : int
        Support vectors.
    """

    def __init__(self, width: int, n_classes: int, n_vectors: int):
        super().__init__()
        self.vectors: Tensor
        self.coefficients: Tensor
        self.intercept: Tensor
        self.gamma: Tensor
        self.slope: Tensor
        self.offset: Tensor
        self.register_buffer("vectors", torch.randn(n_vectors, width))
        self.register_buffer("coefficients", torch.randn(n_classes, n_vectors))
        for name in ("intercept", "offset"):
            self.register_buffer(name, torch.zeros(n_classes))
        self.register_buffer("slope", torch.ones(n_classes))
        self.register_buffer("gamma", torch.tensor(1 / width))

    def decisions(self, states: Tensor) -> Tensor:
        """Return the decision value of each class [batch, classes].

        Parameters
        ----------
        states : Tensor [batch, width]
            Last states of the recurrent layers.
        """
        squares = states.square().sum(dim=1, keepdim=True) + self.vectors.square().sum(dim=1)
        distances = (squares - 2 * states @ self.vectors.T).clamp(min=0)
        return torch.exp(-self.gamma * distances) @ self.coefficients.T + self.intercept

    def forward(self, states: Tensor) -> Tensor:
        """Return logits [batch, classes] of states [batch, width]."""
        return self.slope * self.decisions(states) + self.offset

    def multiply_accumulates(self, given: Tensor) -> int:
        """Return the multiply-accumulates for some states.

        Parameters
        ----------
        given : Tensor [batch, width]
            The states.
        """
        return len(given) * self.vectors.shape[0] * (self.vectors.shape[1] + len(self.coefficients))
