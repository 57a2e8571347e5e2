"""Boosted trees that decide about a beat in turn: by its shape whether it is ventricular, by its timing whether it is early."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from einthoven.models.forest import Forest


class BeatForest(nn.Module):
    """Two decisions by boosted trees over measurements: by shape and timing, then by timing and P waves alone.

    Paper
        None; ours. Two decisions, as in :class:`einthoven.models.patient_context.PatientContext`, after de Chazal, O'Dwyer and
        Reilly 2004; gradient boosting, Friedman 2001. Trees that see QRS complexes for both decisions recognise supraventricular
        beats by the shapes of the people who trained them.
    Departures
        - The first two classes (N and S) are distinguished by the second decision alone:
          ``P(S) = P(N or S) * P(S | N or S)``. Which measurements it may use is decided when its trees are grown.
    Receptive field
        As far as the measurements depend on the recording, which is all of it for some.

    Parameters
    ----------
    n_leads, n_classes, n_samples : int
        Leads, classes, samples of a window.
    n_trees, n_nodes, depth : int
        Number of trees of the first decision, nodes of the largest, depth of the deepest; training decides them.
    n_timing_trees, n_timing_nodes, timing_depth : int
        The same of the second decision.
    beat_samples, r_peak : int
        Of a typical beat, which is not read.
    n_features : int
        Number of measurements of a beat.

    Raises
    ------
    ValueError
        If there are fewer than three classes.
    """

    inputs: tuple[str, ...] = ("features",)

    def __init__(
        self,
        n_leads: int,
        n_classes: int,
        n_samples: int,
        *,
        n_trees: int = 6,
        n_nodes: int = 7,
        depth: int = 2,
        n_timing_trees: int = 4,
        n_timing_nodes: int = 7,
        timing_depth: int = 2,
        beat_samples: int = 0,
        r_peak: int = 0,
        n_features: int = 56,
    ):
        super().__init__()
        if n_classes < 3:
            raise ValueError(f"{n_classes} classes; expected the two that timing distinguishes, and others")
        fixed: dict[str, Any] = {
            "summed": True,
            "n_bins": 0,
            "n_features": n_features,
            "n_read": n_features,
            "apart": True,
        }
        sizes: dict[str, Any] = {"n_trees": n_trees, "n_nodes": n_nodes, "depth": depth}
        self.first = Forest(n_leads, n_classes - 1, n_samples, **sizes, **fixed)
        sizes = {"n_trees": n_timing_trees, "n_nodes": n_timing_nodes, "depth": timing_depth}
        self.second = Forest(n_leads, 2, n_samples, **sizes, **fixed)
        self.head = _InTurn(n_classes - 1)

    def features(self, *parts: Tensor) -> Tensor:
        """Return the logits of both decisions [batch, classes + 1] for measurements [batch, n_features]."""
        return torch.cat((self.first(*parts), self.second(*parts)), dim=1)

    def multiply_accumulates(self, x: Tensor) -> int:
        """Count the comparisons and sums of the trees of both decisions.

        Parameters
        ----------
        x : Tensor
            First part of the input, which does not matter.
        """
        return self.first.multiply_accumulates(x) + self.second.multiply_accumulates(x)

    def forward(self, *parts: Tensor) -> Tensor:
        """Return logarithms of probabilities [batch, classes] for measurements [batch, n_features]."""
        logits: Tensor = self.head(self.features(*parts))
        return logits


class _InTurn(nn.Module):
    """The logits of both decisions [batch, n_first + 2] to logarithms of probabilities [batch, n_first + 1]."""

    def __init__(self, n_first: int):
        super().__init__()
        self.n_first = n_first

    def forward(self, decisions: Tensor) -> Tensor:
        """Multiply the probability of the first two classes by the probability of each among them."""
        first, second = (
            F.log_softmax(part, dim=1) for part in (decisions[:, : self.n_first], decisions[:, self.n_first :])
        )
        return torch.cat((first[:, :1] + second, first[:, 1:]), dim=1)
