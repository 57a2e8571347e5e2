"""A weighted sum for each class, of measurements and of the typical beat's principal components."""

import torch
from torch import Tensor, nn

from einthoven.models.inputs import around_r_peak


class LinearBeat(nn.Module):
    """Logistic regression on measurements and on the principal components of the typical beat.

    Paper
        None; ours, for few records. Principal components of beats are those of Karhunen and Loève (Laguna et al. 1999).
    Departures
        - Middle, scale and components are those of the training windows; only the weights of the classes are its parameters.
    Receptive field
        The typical beat, and the samples that the measurements depend on.

    Parameters
    ----------
    n_leads, n_classes, n_samples : int
        Leads, classes, samples of a window.
    n_components : int
        Principal components of the typical beat.
    beat_span : int
        Samples of the typical beat that are read, a third of them ahead of the R peak.
    limit : float
        Largest distance of a value from its middle, in its own scale, that counts.
    beat_samples : int
        Samples of the typical beat.
    r_peak : int
        Samples of the typical beat ahead of its R peak.
    n_features : int
        Number of measurements of a window.
    """

    inputs = ("beat", "features")

    def __init__(
        self,
        n_leads: int,
        n_classes: int,
        n_samples: int,
        *,
        n_components: int = 16,
        beat_span: int = 96,
        limit: float = 3.0,
        beat_samples: int = 90,
        r_peak: int = 30,
        n_features: int = 7,
    ):
        super().__init__()
        self.r_peak, self.beat_span, self.limit = r_peak, beat_span, limit
        n_values = n_leads * beat_span
        self.middle: Tensor
        self.scale: Tensor
        self.beat_middle: Tensor
        self.components: Tensor
        self.register_buffer("middle", torch.zeros(n_features))
        self.register_buffer("scale", torch.ones(n_features))
        self.register_buffer("beat_middle", torch.zeros(n_values))
        self.register_buffer("components", torch.randn(n_components, n_values) / n_values**0.5)
        self.head = nn.Linear(n_features + n_components, n_classes)

    def features(self, beat: Tensor | None, features: Tensor) -> Tensor:
        """Return the values [batch, n_features + n_components] that are weighted.

        Parameters
        ----------
        beat : Tensor [batch, leads, beat_samples]
            Typical beats.
        features : Tensor [batch, n_features]
            Measurements.
        """
        assert beat is not None
        numbers = (features.float() - self.middle) / self.scale
        of_beat = (self.flat(beat) - self.beat_middle) @ self.components.T
        return torch.cat((numbers, of_beat), dim=1).clamp(-self.limit, self.limit)

    def flat(self, beat: Tensor) -> Tensor:
        """Return the samples of typical beats that are read, all leads in a row [batch, n_leads * beat_span].

        Parameters
        ----------
        beat : Tensor [batch, leads, beat_samples]
            Typical beats.
        """
        return around_r_peak(beat.float(), self.r_peak, self.beat_span).flatten(1)

    def forward(self, *parts: Tensor) -> Tensor:
        """Return logits [batch, classes] of typical beats [batch, leads, beat_samples] and measurements."""
        logits: Tensor = self.head(self.features(*parts))
        return logits
