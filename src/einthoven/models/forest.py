"""Knows a forest of decision trees over measurements of the typical beat, as tensors. Grows none: see training/grow.py."""

import torch
from torch import Tensor, nn


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
    n_leads, n_classes, n_samples : rows (window and typical beat of each lead, numbers last), classes, samples
    n_trees, n_nodes, depth : of the forest; the largest tree decides over nodes and depth
    beat, n_bins : samples about the middle of a row that hold the typical beat, and spans of it that are averaged; without spans
        nothing but the numbers is asked about
    n_numbers : numbers at the beginning of the last row
    several : whether a window can bear several classes; logits are then logarithms of odds, else of probabilities
    summed : the leaves hold shares of the logits, which are summed (gradient boosting, Friedman 2001), not probabilities
    apart : each class has as many trees of its own, those of the first class first; their leaves hold a number each
    upright : the beat of a lead whose QRS complex points down is turned over before it is measured

    Raises
    ------
    ValueError
        Where the trees cannot be shared out among the classes, or are apart and not summed.
    """

    def __init__(
        self,
        n_leads: int,
        n_classes: int,
        n_samples: int,
        *,
        n_trees: int = 16,
        n_nodes: int = 15,
        depth: int = 3,
        beat: int = 96,
        n_bins: int = 32,
        n_numbers: int = 7,
        several: bool = False,
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
        self.leads = max(1, (n_leads - 1) // 2)
        self.beat, self.n_numbers, self.depth = min(beat, n_samples), min(n_numbers, n_samples), depth
        self.n_bins = min(n_bins, self.beat)
        n_measured = self.leads * (self.n_bins + 3) * bool(n_bins) + self.n_numbers
        at = torch.arange(n_nodes).expand(n_trees, -1)
        self.register_buffer("feature", torch.randint(n_measured, (n_trees, n_nodes)).int())
        self.register_buffer("threshold", 0.1 * torch.randn(n_trees, n_nodes))
        self.register_buffer("left", torch.where(2 * at + 2 < n_nodes, 2 * at + 1, at).int().contiguous())
        self.register_buffer("right", torch.where(2 * at + 2 < n_nodes, 2 * at + 2, at).int().contiguous())
        self.leaves = nn.Parameter(torch.rand(n_trees, n_nodes, 1 if apart else n_classes))
        self.head = nn.Identity() if summed else _Logits(several)

    def measured(self, x: Tensor) -> Tensor:
        """[batch, rows, samples] to what the trees ask about [batch, measurements]."""
        numbers = x[:, -1, : self.n_numbers]
        if not self.n_bins:
            return numbers
        first = max(0, min(x.shape[2] // 2 - self.beat // 3, x.shape[2] - self.beat))
        rows = x[:, 1 : 2 * self.leads : 2] if x.shape[1] > 2 else x[:, :1]
        beat = rows[:, :, first : first + self.beat]
        width = self.beat // self.n_bins
        if self.upright:
            middle = beat - beat.mean(dim=2, keepdim=True)
            qrs = middle[:, :, self.beat // 3 - width : self.beat // 3 + width]
            beat = beat * torch.where(qrs.amax(dim=2, keepdim=True) < -qrs.amin(dim=2, keepdim=True), -1.0, 1.0)
        bins = beat[:, :, : width * self.n_bins].unflatten(2, (self.n_bins, width)).mean(dim=3)
        level = bins[:, :, :2].mean(dim=2, keepdim=True)
        high, low = beat.amax(dim=2, keepdim=True), beat.amin(dim=2, keepdim=True)
        of_beat = torch.cat((bins, high - level, low - level, high - low), dim=2).flatten(1)
        return torch.cat((of_beat, numbers), dim=1)

    def features(self, x: Tensor) -> Tensor:
        """[batch, rows, samples] to the mean (or sum) over the leaves it falls into [batch, classes]."""
        asked = self.measured(x.float())
        n_trees, n_nodes = self.feature.shape
        begin = (torch.arange(n_trees, device=x.device) * n_nodes).expand(x.shape[0], -1).flatten()
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

    def multiply_accumulates(self, x: Tensor) -> int:
        """Of the means over the beat, and of the leaves' mean; a comparison counts as one."""
        n_trees, _, n_answers = self.leaves.shape
        return self.leads * self.beat * bool(self.n_bins) + n_trees * (self.depth + n_answers)

    def forward(self, x: Tensor) -> Tensor:
        """[batch, rows, samples] to logits [batch, classes]."""
        return self.head(self.features(x))


class _Logits(nn.Module):
    def __init__(self, several: bool):
        super().__init__()
        self.several = several

    def forward(self, p: Tensor) -> Tensor:
        """Probabilities [batch, classes] to logits."""
        clipped = p.clamp(1e-4, 1 - 1e-4)
        return torch.logit(clipped) if self.several else clipped.log()
