"""A network that compares a beat's shape with the patient's typical beat, and its timing with the rhythm."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from einthoven.models.blocks import BatchNorm1d, Conv1d, Dropout


class PatientContext(nn.Module):
    """Two decisions: by shape, whether a beat is of another class than the first two; if not, by rhythm, which of the two.

    Paper
        None; ours, for unseen patients. Shapes separate ventricular from other beats, and intervals supraventricular from
        normal ones (de Chazal, O'Dwyer and Reilly 2004). In our cross-validation over DS1, a network that sees shapes for both
        decisions recognises supraventricular beats by the shapes of its training patients.
    Departures
        - The first two classes (N and S) are distinguished by the rhythm alone: ``P(S) = P(N or S) * P(S | N or S)``.
    Receptive field
        The whole window; for the rhythm, as far as the preparation measures it.

    Parameters
    ----------
    n_leads, n_classes, n_samples : int
        Leads, classes, samples of a window.
    beat_samples : int
        Samples of the typical beat, which is as long as the window; 0 stands for that length.
    r_peak : int
        Samples of the typical beat ahead of its R peak.
    n_features : int
        Number of measurements of a beat.
    n_read : int
        How many of them are read, from the first on.
    n_timing : int
        How many of them, from the first on, describe the rhythm; the rest is used with the shape only.
    width : int
        Channels of the first convolutions.
    hidden : int
        Units of the dense layers.
    dropout : float
        Dropout rate before the dense layers.

    Raises
    ------
    ValueError
        If the typical beat is not as long as the window.
    """

    inputs = ("signal", "beat", "features")

    def __init__(
        self,
        n_leads: int,
        n_classes: int,
        n_samples: int,
        *,
        beat_samples: int = 0,
        r_peak: int = 0,
        n_features: int = 56,
        n_read: int = 56,
        n_timing: int = 41,
        width: int = 32,
        hidden: int = 48,
        dropout: float = 0.3,
    ):
        super().__init__()
        if beat_samples not in (0, n_samples):
            raise ValueError(f"typical beats of {beat_samples} samples beside windows of {n_samples}; expected as many")
        self.n_read = min(n_read, n_features)
        self.n_timing = min(n_timing, self.n_read)
        sizes = ((2 * n_leads, width, 7), (width, width, 5), (width, 2 * width, 5), (2 * width, 2 * width, 3))
        layers: list[nn.Module] = []
        for n_in, n_out, kernel in sizes:
            layers += [Conv1d(n_in, n_out, kernel, stride=2), BatchNorm1d(n_out), nn.ReLU()]
        n_left = -(-n_samples // 16)
        self.shape = nn.Sequential(*layers, nn.Flatten(), Dropout(dropout), nn.Linear(2 * width * n_left, hidden))
        self.beside = _dense(self.n_read, hidden, dropout)
        self.timing = _dense(self.n_timing, hidden, dropout)
        self.head = _InTurn(2 * hidden, hidden, n_classes, dropout)

    def features(self, signal: Tensor, beat: Tensor, features: Tensor) -> Tensor:
        """Return features [batch, features] of windows: of the shape and all measurements, then of the timing."""
        shapes = torch.stack((signal, beat), dim=2).flatten(1, 2)  # a lead, then its typical beat
        timing = self.timing(features[:, : self.n_timing])
        return torch.cat((self.shape(shapes), self.beside(features[:, : self.n_read]), timing), dim=1)

    def forward(self, signal: Tensor, beat: Tensor, features: Tensor) -> Tensor:
        """Return logits [batch, classes] of windows [batch, leads, samples]."""
        logits: Tensor = self.head(self.features(signal, beat, features))
        return logits


class _InTurn(nn.Module):
    """The log-probabilities of all classes from two decisions, the second among the first two classes."""

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
        """Return [batch, classes] of [batch, features]."""
        first = F.log_softmax(self.first(features[:, : self.n_shape]).float(), dim=1)
        second = F.log_softmax(self.second(features[:, self.n_shape :]).float(), dim=1)
        return torch.cat((first[:, :1] + second, first[:, 1:]), dim=1)


def _dense(n_in: int, hidden: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(
        nn.BatchNorm1d(n_in), nn.Linear(n_in, hidden), nn.ReLU(), Dropout(dropout), nn.Linear(hidden, hidden)
    )
