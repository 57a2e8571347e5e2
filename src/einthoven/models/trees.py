"""Decision trees in tensors: their structure as buffers, the values of their leaves as parameters."""

import torch
from torch import Tensor, nn


class Trees(nn.Module):
    """Trees that give one number each, those of the first output first; the numbers of an output are summed.

    Parameters
    ----------
    n_values : int
        Number of values that they decide on.
    n_outputs : int
        Number of outputs, each with as many trees.
    n_trees, n_nodes, depth : int
        Number of trees, nodes of the largest, depth of the deepest.

    Raises
    ------
    ValueError
        If the trees cannot be distributed evenly among the outputs.
    """

    def __init__(self, n_values: int, n_outputs: int, n_trees: int, n_nodes: int, depth: int):
        super().__init__()
        if n_trees % n_outputs:
            raise ValueError(f"{n_trees} trees for {n_outputs} outputs; expected as many for each")
        self.n_outputs, self.depth = n_outputs, depth
        at = torch.arange(n_nodes).expand(n_trees, -1)
        self.feature: Tensor
        self.threshold: Tensor
        self.left: Tensor
        self.right: Tensor
        self.register_buffer("feature", torch.randint(n_values, (n_trees, n_nodes)).int())
        self.register_buffer("threshold", 0.1 * torch.randn(n_trees, n_nodes))
        self.register_buffer("left", torch.where(2 * at + 2 < n_nodes, 2 * at + 1, at).int().contiguous())
        self.register_buffer("right", torch.where(2 * at + 2 < n_nodes, 2 * at + 2, at).int().contiguous())
        self.leaves = nn.Parameter(torch.rand(n_trees, n_nodes, 1))

    def forward(self, values: Tensor) -> Tensor:
        """Return the sums [batch, n_outputs] for values [batch, n_values]."""
        reached = leaves_reached(values, self.feature, self.threshold, self.left, self.right, self.depth)
        found = (
            self.leaves.flatten().index_select(0, reached).view(-1, self.n_outputs, len(self.feature) // self.n_outputs)
        )
        return found.sum(dim=2)


def leaves_reached(
    values: Tensor, feature: Tensor, threshold: Tensor, left: Tensor, right: Tensor, depth: int
) -> Tensor:
    """Return which node of all trees, counted in a row, each window ends at in each tree.

    Parameters
    ----------
    values : Tensor [batch, values]
        What the trees decide on.
    feature, threshold, left, right : Tensor [trees, nodes]
        For each node the value it compares, with what, and the nodes below; itself, for a leaf.
    depth : int
        Depth of the deepest tree.

    Returns
    -------
    Tensor [batch * trees]
        The trees of the first window first.
    """
    n_trees, n_nodes = feature.shape
    begin = (torch.arange(n_trees, device=values.device) * n_nodes).expand(values.shape[0], -1).flatten()
    compared, below, above = (one.flatten().long() for one in (feature, left, right))
    limits = threshold.flatten()
    node = begin
    for _ in range(depth):
        measured = values.gather(1, compared.index_select(0, node).view(-1, n_trees)).flatten()
        goes_right = measured > limits.index_select(0, node)
        node = begin + torch.where(goes_right, above.index_select(0, node), below.index_select(0, node))
    return node
