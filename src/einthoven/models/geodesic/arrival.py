"""Solve the eikonal equation by min-plus sweeps, and carry the gradient back along the shortest paths."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor


def arrival(starting_ms: Tensor, steps_ms: Tensor, neighbours: Tensor) -> Tensor:
    """Return when the front reaches each node.

    A sweep lets each node take the least of its own time and of each neighbour's time and the step from there. Sweeps are
    repeated until none changes a time; the result is that of Dijkstra's algorithm on the same graph.

    Parameters
    ----------
    starting_ms : Tensor [starts, nodes], ms
        Times at nodes near early sites; infinite elsewhere.
    steps_ms : Tensor [nodes, neighbours], ms
        Time of each step; positive, or infinite where there is none.
    neighbours : Tensor [nodes, neighbours]
        Node at the other end of each step.

    Returns
    -------
    Tensor [starts, nodes], ms
        Arrival times, differentiable in the first two.
    """
    reached: Tensor = _Sweeps.apply(starting_ms, steps_ms, neighbours)  # type: ignore[no-untyped-call]
    return reached


class _Sweeps(torch.autograd.Function):
    """Sweeps; backward, each node's gradient runs along its path: to each step of it, and to the start where it begins."""

    @staticmethod
    def forward(ctx: Any, starting_ms: Tensor, steps_ms: Tensor, neighbours: Tensor) -> Tensor:
        """Sweep until nothing changes, and keep from where each node was reached."""
        reached = starting_ms.detach().clone()
        while True:
            through, slot = (reached[:, neighbours] + steps_ms).min(-1)
            earlier = through < reached
            if not earlier.any():
                break
            reached = torch.where(earlier, through, reached)
        begins = starting_ms <= through
        before = neighbours.gather(1, slot.T).T
        ctx.save_for_backward(slot, before, begins)
        ctx.steps_shape = steps_ms.shape
        return reached

    @staticmethod
    def backward(ctx: Any, *of_reached: Tensor) -> tuple[Tensor, Tensor, None]:
        """Add up, at each node, the gradients of all nodes that were reached through it."""
        slot, before, begins = ctx.saved_tensors
        gathered = carried = of_reached[0]
        while True:
            carried = torch.zeros_like(gathered).scatter_add(1, before, torch.where(begins, 0.0, carried))
            if not carried.any():
                break
            gathered = gathered + carried
        along = torch.where(begins, 0.0, gathered)
        of_steps = torch.zeros(len(along), *ctx.steps_shape, dtype=along.dtype).scatter_add(
            2, slot[..., None], along[..., None]
        )
        return torch.where(begins, gathered, 0.0), of_steps.sum(0), None
