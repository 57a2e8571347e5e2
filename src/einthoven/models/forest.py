"""A forest of decision trees over the typical beat and measurements, as tensors; training/grow.py grows one."""

import torch
from torch import Tensor, nn

from einthoven.models.inputs import around_r_peak


class Forest(nn.Module):
    """Measurements of each lead's typical beat (means over its course, extremes), numbers on the rhythm; the mean over all trees.

    Paper
        Geurts, Ernst and Wehenkel 2006 (extremely randomised trees); what is measured is ours.
    Departures
        - The trees lie in tensors, so that a forest is loaded, fused and exported as any network; thresholds and branches are
          fixed, the answers of the leaves are its parameters.
    Receptive field
        The typical beat, and whatever the numbers were measured on.

    Parameters
    ----------
    n_leads, n_classes, n_samples : int
        Leads, classes, samples of a window.
    beat_samples, r_peak : int
        Samples of the typical beat, and of it ahead of the R peak.
    n_features : int
        Measurements on each window.
    n_read : int
        How many of these are read, from the first on.
    n_trees, n_nodes, depth : int
        Of the forest; the largest tree decides over nodes and depth.
    beat_span : int
        Samples of the typical beat that are read, a third of them ahead of the R peak.
    n_bins : int
        Spans of the typical beat that are averaged; 0 reads the measurements alone.
    multilabel : bool
        Whether a window can bear several classes; logits are then logarithms of odds, else of probabilities.
    summed : bool
        Whether leaves hold shares of the logits, which are summed (gradient boosting, Friedman 2001), not probabilities.
    apart : bool
        Whether each class has as many trees of its own, those of the first class first; their leaves hold a number each.
    upright : bool
        Whether the beat of a lead whose QRS complex points down is inverted before it is measured.

    Raises
    ------
    ValueError
        Where the trees cannot be shared out among the classes, or are apart and not summed.
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
        self.register_buffer("feature", torch.randint(n_measured, (n_trees, n_nodes)).int())
        self.register_buffer("threshold", 0.1 * torch.randn(n_trees, n_nodes))
        self.register_buffer("left", torch.where(2 * at + 2 < n_nodes, 2 * at + 1, at).int().contiguous())
        self.register_buffer("right", torch.where(2 * at + 2 < n_nodes, 2 * at + 2, at).int().contiguous())
        self.leaves = nn.Parameter(torch.rand(n_trees, n_nodes, 1 if apart else n_classes))
        self.head = nn.Identity() if summed else _Logits(multilabel)

    def measured(self, beat: Tensor | None, features: Tensor) -> Tensor:
        """Return what the trees ask about [batch, measurements]."""
        numbers = features[:, : self.n_read].float()
        if beat is None or not self.n_bins:
            return numbers
        beat = around_r_peak(beat.float(), self.r_peak, self.beat_span)
        width = self.beat_span // self.n_bins
        if self.upright:
            middle = beat - beat.mean(dim=2, keepdim=True)
            qrs = middle[:, :, self.beat_span // 3 - width : self.beat_span // 3 + width]
            beat = beat * torch.where(qrs.amax(dim=2, keepdim=True) < -qrs.amin(dim=2, keepdim=True), -1.0, 1.0)
        bins = beat[:, :, : width * self.n_bins].unflatten(2, (self.n_bins, width)).mean(dim=3)
        level = bins[:, :, :2].mean(dim=2, keepdim=True)
        high, low = beat.amax(dim=2, keepdim=True), beat.amin(dim=2, keepdim=True)
        of_beat = torch.cat((bins, high - level, low - level, high - low), dim=2).flatten(1)
        return torch.cat((of_beat, numbers), dim=1)

    def features(self, *parts: Tensor) -> Tensor:
        """Return the mean (or sum) over the leaves that a window falls into [batch, classes]."""
        asked = self.measured(parts[0] if self.n_bins else None, parts[-1])
        n_trees, n_nodes = self.feature.shape
        begin = (torch.arange(n_trees, device=asked.device) * n_nodes).expand(asked.shape[0], -1).flatten()
        feature, left, right = (values.flatten().long() for values in (self.feature, self.left, self.right))
        threshold = self.threshold.flatten()
        node = begin
        for _ in range(self.depth):
            measured = asked.gather(1, feature.index_select(0, node).unflatten(0, (-1, n_trees))).flatten()
            above = measured > threshold.index_select(0, node)
            node = begin + torch.where(above, right.index_select(0, node), left.index_select(0, node))
        fallen = self.leaves.flatten(0, 1).index_select(0, node).unflatten(0, (-1, n_trees))
        if self.apart:
            return fallen.flatten(1).unflatten(1, (self.n_classes, -1)).sum(dim=2)
        return fallen.sum(dim=1) if self.summed else fallen.mean(dim=1)

    def multiply_accumulates(self, _: Tensor) -> int:
        """Return those of the means over the beat and of the leaves' mean; a comparison counts as one."""
        n_trees, _, n_answers = self.leaves.shape
        return self.n_leads * self.beat_span * bool(self.n_bins) + n_trees * (self.depth + n_answers)

    def forward(self, *parts: Tensor) -> Tensor:
        """Return logits [batch, classes] of typical beats [batch, leads, beat_samples], where read, and measurements."""
        return self.head(self.features(*parts))


class _Logits(nn.Module):
    def __init__(self, multilabel: bool):
        super().__init__()
        self.multilabel = multilabel

    def forward(self, p: Tensor) -> Tensor:
        """Probabilities [batch, classes] to logits."""
        clipped = p.clamp(1e-4, 1 - 1e-4)
        return torch.logit(clipped) if self.multilabel else clipped.log()
