"""Knows the net that judges a beat's shape beside the patient's typical beat, and its timing by the rhythm. No file, no corpus."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from einthoven.models.blocks import BatchNorm1d, Conv1d, Dropout


class PatientContext(nn.Module):
    """Two branches that answer one after the other: is it another class than the first two, by shape; if not, which, by rhythm.

    Paper
        None; ours, for patients whom nobody has seen. That shapes decide between ventricular and other beats and intervals
        between supraventricular and normal ones is de Chazal, O'Dwyer and Reilly 2004; in our cross-validation over
        DS1 a network that sees shapes for both takes supraventricular beats for those of people it knows.
    Departures
        - The first two classes (N and S) are told apart by the rhythm alone: ``P(S) = P(N or S) * P(S | N or S)``.
    Receptive field
        The whole window; the rhythm reaches as far as the preparation does.

    Parameters
    ----------
    n_leads, n_classes, n_samples : rows (windows and typical beats, the numbers on the rhythm last), classes, samples
    n_rhythm, n_alike : numbers at the beginning of the last row: on the rhythm, and on how alike its neighbours are; the
        second go with the shape only
    width : of the first convolutions; hidden : of the dense layers; dropout : before them
    """

    def __init__(
        self,
        n_leads: int,
        n_classes: int,
        n_samples: int,
        *,
        n_rhythm: int = 41,
        n_alike: int = 15,
        width: int = 32,
        hidden: int = 48,
        dropout: float = 0.3,
    ):
        super().__init__()
        self.n_shapes = max(1, n_leads - 1)
        self.n_rhythm, self.n_numbers = min(n_rhythm, n_samples), min(n_rhythm + n_alike, n_samples)
        sizes = ((self.n_shapes, width, 7), (width, width, 5), (width, 2 * width, 5), (2 * width, 2 * width, 3))
        layers: list[nn.Module] = []
        for n_in, n_out, kernel in sizes:
            layers += [Conv1d(n_in, n_out, kernel, stride=2), BatchNorm1d(n_out), nn.ReLU()]
        n_left = -(-n_samples // 16)
        self.shape = nn.Sequential(*layers, nn.Flatten(), Dropout(dropout), nn.Linear(2 * width * n_left, hidden))
        self.beside = _dense(self.n_numbers, hidden, dropout)
        self.timing = _dense(self.n_rhythm, hidden, dropout)
        self.head = _InTurn(2 * hidden, hidden, n_classes, dropout)

    def features(self, x: Tensor) -> Tensor:
        """[batch, leads, samples] to [batch, features]: of shape, with the rhythm beside it; then of timing."""
        numbers = x[:, -1, : self.n_numbers]
        timing = self.timing(numbers[:, : self.n_rhythm])
        return torch.cat((self.shape(x[:, : self.n_shapes]), self.beside(numbers), timing), dim=1)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, leads, samples] to logits [batch, classes]."""
        return self.head(self.features(x))


class _InTurn(nn.Module):
    """Log-probabilities of all classes from two decisions, the second among the first two classes."""

    def __init__(self, n_shape: int, n_timing: int, n_classes: int, dropout: float):
        super().__init__()
        self.n_shape = n_shape
        hidden = n_timing
        self.first = nn.Sequential(
            nn.ReLU(), nn.Linear(n_shape, hidden), nn.ReLU(), Dropout(dropout), nn.Linear(hidden, n_classes - 1)
        )
        self.second = nn.Sequential(
            nn.ReLU(), nn.Linear(n_timing, hidden), nn.ReLU(), Dropout(dropout), nn.Linear(hidden, 2)
        )

    def forward(self, features: Tensor) -> Tensor:
        """[batch, features] to [batch, classes]."""
        first = F.log_softmax(self.first(features[:, : self.n_shape]).float(), dim=1)
        second = F.log_softmax(self.second(features[:, self.n_shape :]).float(), dim=1)
        return torch.cat((first[:, :1] + second, first[:, 1:]), dim=1)


def _dense(n_in: int, hidden: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.BatchNorm1d(n_in), nn.Linear(n_in, hidden), nn.ReLU(), Dropout(dropout), nn.Linear(hidden, hidden)
    )
