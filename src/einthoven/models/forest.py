"""A forest of decision trees over the typical beat and measurements, stored in tensors; training/grow.py grows one."""

import torch
from torch import Tensor, nn

from einthoven.models.inputs import around_r_peak
from einthoven.models.trees import leaves_reached


class Forest(nn.Module):
    """The mean over trees that decide on the typical beat of each lead (means over its course, extremes) and on measurements.

    Paper
        Geurts, Ernst and Wehenkel 2006 (extremely randomised trees); the measurements are ours.
    Departures
        - The trees are stored in tensors, so that a forest is loaded, fused and exported like any network; thresholds and branches
          are fixed, the values of the leaves are its parameters.
    Receptive field
        The typical beat, and the samples that the measurements depend on.

    Parameters
    ----------
    n_leads, n_classes, n_samples : int
        Leads, classes, samples of a window.
    n_trees : int
        Number of trees; training decides it where it is not set.
    n_nodes : int
        Nodes of the largest tree; training decides it.
    depth : int
        Depth of the deepest tree; training decides it.
    beat_samples : int
        Samples of the typical beat.
    r_peak : int
        Samples of the typical beat ahead of its R peak.
    n_features : int
        Number of measurements of a window.
    n_read : int
        How many of them are read, from the first on.
    beat_span : int
        Samples of the typical beat that are read, a third of them ahead of the R peak.
    n_bins : int
        Spans of the typical beat that are averaged; 0 reads the measurements alone.
    multilabel : bool
        Whether a window can have more than one class; logits are logarithms of odds then, otherwise of probabilities.
    summed : bool
        Whether leaves hold shares of the logits, which are summed (gradient boosting, Friedman 2001), not probabilities.
    apart : bool
        Whether each class has as many trees of its own, those of the first class first; their leaves hold one number.
    upright : bool
        Whether the beat of a lead whose QRS complex points down is inverted before it is measured.

    Raises
    ------
    ValueError
        If the trees cannot be distributed evenly among the classes, or `apart` is set without `summed`.
    """

    inputs: tuple[str, ...] = ("beat", "features")

    def __init__(
        self,
        n_leads: int,
        n_classes: int,
        n_samples: int,
        *,
        n_trees: int = 16,
        n_nodes: int = 15,
        depth: int = 3,
        beat_samples: int = 90,
        r_peak: int = 30,
        n_features: int = 7,
        n_read: int = 7,
        beat_span: int = 96,
        n_bins: int = 32,
        multilabel: bool = False,
        summed: bool = False,
        apart: bool = False,
        upright: bool = False,
    ):
        super().__init__()
        if apart and (not summed or n_trees % n_classes):
            raise ValueError(
                f"{n_trees} trees apart for {n_classes} classes, summed {summed}; expected as many for each, summed"
            )
        self.summed, self.apart, self.upright, self.n_classes = summed, apart, upright, n_classes
        self.inputs = ("beat", "features") if n_bins else ("features",)
        self.r_peak, self.beat_span, self.n_read, self.depth = r_peak, beat_span, min(n_read, n_features), depth
        self.n_leads, self.n_bins = n_leads, min(n_bins, beat_span)
        n_measured = n_leads * (self.n_bins + 3) * bool(n_bins) + self.n_read
        at = torch.arange(n_nodes).expand(n_trees, -1)
        self.feature: Tensor
        self.threshold: Tensor
        self.left: Tensor
        self.right: Tensor
        self.register_buffer("feature", torch.randint(n_measured, (n_trees, n_nodes)).int())
        self.register_buffer("threshold", 0.1 * torch.randn(n_trees, n_nodes))
        self.register_buffer("left", torch.where(2 * at + 2 < n_nodes, 2 * at + 1, at).int().contiguous())
        self.register_buffer("right", torch.where(2 * at + 2 < n_nodes, 2 * at + 2, at).int().contiguous())
        self.leaves = nn.Parameter(torch.rand(n_trees, n_nodes, 1 if apart else n_classes))
        self.head = nn.Identity() if summed else _Logits(multilabel)

    def measured(self, beat: Tensor | None, features: Tensor) -> Tensor:
        """Return the values that the trees decide on.

        Parameters
        ----------
        beat : Tensor [batch, leads, beat_samples], optional
            Typical beats.
        features : Tensor [batch, n_features]
            Measurements.

        Returns
        -------
        Tensor [batch, values]
        """
        numbers = features[:, : self.n_read].float()
        if beat is None or not self.n_bins:
            return numbers
        beat = around_r_peak(beat.float(), self.r_peak, self.beat_span)
        width = self.beat_span // self.n_bins
        if self.upright:
            middle = beat - beat.mean(dim=2, keepdim=True)
            qrs = middle[:, :, self.beat_span // 3 - width : self.beat_span // 3 + width]
            beat = beat * torch.where(qrs.amax(dim=2, keepdim=True) < -qrs.amin(dim=2, keepdim=True), -1.0, 1.0)
        bins = beat[:, :, : width * self.n_bins].reshape(*beat.shape[:2], self.n_bins, width).mean(dim=3)
        level = bins[:, :, :2].mean(dim=2, keepdim=True)
        high, low = beat.amax(dim=2, keepdim=True), beat.amin(dim=2, keepdim=True)
        of_beat = torch.cat((bins, high - level, low - level, high - low), dim=2).flatten(1)
        return torch.cat((of_beat, numbers), dim=1)

    def features(self, *parts: Tensor) -> Tensor:
        """Return the mean (or sum) over the leaves that a window reaches [batch, classes]."""
        values = self.measured(parts[0] if self.n_bins else None, parts[-1])
        n_trees = len(self.feature)
        node = leaves_reached(values, self.feature, self.threshold, self.left, self.right, self.depth)
        leaves = self.leaves.flatten(0, 1).index_select(0, node).view(-1, n_trees, self.leaves.shape[2])
        if self.apart:
            return leaves.view(-1, self.n_classes, n_trees // self.n_classes).sum(dim=2)
        return leaves.sum(dim=1) if self.summed else leaves.mean(dim=1)

    def multiply_accumulates(self, x: Tensor) -> int:
        """Count the multiply-accumulates of the means over the beat and over the leaves; a comparison counts as one.

        Parameters
        ----------
        x : Tensor
            First part of the input, which does not matter.
        """
        n_trees, n_values = self.leaves.shape[0], self.leaves.shape[2]
        return self.n_leads * self.beat_span * bool(self.n_bins) + n_trees * (self.depth + n_values)

    def forward(self, *parts: Tensor) -> Tensor:
        """Return logits [batch, classes] of typical beats [batch, leads, beat_samples], if they are read, and measurements."""
        logits: Tensor = self.head(self.features(*parts))
        return logits


class _Logits(nn.Module):
    def __init__(self, multilabel: bool):
        super().__init__()
        self.multilabel = multilabel

    def forward(self, p: Tensor) -> Tensor:
        """Return the logits of probabilities [batch, classes]."""
        clipped = p.clamp(1e-4, 1 - 1e-4)
        return torch.logit(clipped) if self.multilabel else clipped.log()
