"""Boosted trees that decide about a beat in turn: by its shape whether it is ventricular, by its timing whether it is early."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from einthoven.models.trees import Trees


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
    n_trees : int
        Number of trees of the first decision, 0 for one a class; training decides it, and all that follow.
    n_nodes : int
        Nodes of its largest tree.
    depth : int
        Depth of its deepest tree.
    n_timing_trees : int
        Number of trees of the second decision.
    n_timing_nodes : int
        Nodes of its largest tree.
    timing_depth : int
        Depth of its deepest tree.
    beat_samples : int
        Samples of a typical beat, which is not read.
    r_peak : int
        Samples of it ahead of its R peak.
    n_features : int
        Number of measurements of a beat.
    """

    inputs: tuple[str, ...] = ("features",)

    def __init__(
        self,
        n_leads: int,
        n_classes: int,
        n_samples: int,
        *,
        n_trees: int = 0,
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
        self.first = Trees(n_features, n_classes - 1, n_trees or n_classes - 1, n_nodes, depth)
        self.second = Trees(n_features, 2, n_timing_trees, n_timing_nodes, timing_depth)
        self.head = _InTurn(n_classes - 1)

    def features(self, *parts: Tensor) -> Tensor:
        """Return the logits of both decisions [batch, classes + 1] for measurements [batch, n_features]."""
        return torch.cat((self.first(parts[-1].float()), self.second(parts[-1].float())), dim=1)

    def multiply_accumulates(self, x: Tensor) -> int:
        """Count the comparisons and sums of the trees of both decisions.

        Parameters
        ----------
        x : Tensor
            First part of the input, which does not matter.
        """
        return sum(len(trees.feature) * (trees.depth + 1) for trees in (self.first, self.second))

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
