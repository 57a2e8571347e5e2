"""Serve whole batches of windows, in an order that seed and epoch alone decide."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from einthoven.signal.windows import Windows, WindowSource

Array = NDArray[Any]


class Batches:
    """Whole batches of windows and class numbers.

    Parameters
    ----------
    windows : WindowSource
        Windows in memory or of a store.
    labels : array [n] or [n, classes]
        Class numbers; zeros and ones where a window can have more than one class.
    chosen : array
        Window numbers that are served.
    size : int
        Windows in a batch.
    seed : int, optional
        Seed of the order; None serves every window once, in the order of `chosen`.
    rank : int
        Number of this process; it serves its share of every epoch.
    world : int
        Number of processes.
    balance : float
        How far rare classes are drawn more often, from 0 (not at all) to 1 (all classes equally often); above 0 windows are
        drawn with replacement.
    targets : array [n, classes], optional
        What is served in place of the labels, which still say how often a window is drawn.
    """

    def __init__(
        self,
        windows: WindowSource,
        labels: Array,
        chosen: Array,
        size: int,
        seed: int | None = None,
        rank: int = 0,
        world: int = 1,
        balance: float = 0.0,
        targets: Array | None = None,
    ):
        self.windows, self.chosen = windows, np.asarray(chosen)
        self.targets = labels if targets is None else targets
        self.size, self.seed, self.rank, self.world = size, seed, rank, world
        self.epoch = 0
        self.chances: Array | None = None
        if balance > 0:
            drawn_from = labels[self.chosen]
            self.chances = np.bincount(drawn_from)[drawn_from].astype(float) ** -balance
            self.chances /= self.chances.sum()

    def __len__(self) -> int:
        share = len(self.chosen) // self.world if self.seed is not None else len(self.chosen)
        return max(1, share // self.size) if self.seed is not None else -(-share // self.size)

    def __iter__(self) -> Iterator[tuple[dict[str, Tensor], Tensor]]:
        order = self.chosen
        if self.seed is not None:
            rng = np.random.default_rng((self.seed, self.epoch))
            order = rng.permutation(order) if self.chances is None else rng.choice(order, len(order), p=self.chances)
            order = order[self.rank :: self.world]
        for batch in range(len(self)):
            at = order[batch * self.size : (batch + 1) * self.size]
            yield tensors(self.windows[at]), torch.from_numpy(self.targets[at])


def tensors(windows: Windows) -> dict[str, Tensor]:
    """Return the parts of windows as tensors, by name.

    Parameters
    ----------
    windows : Windows
        Windows in memory.

    Returns
    -------
    dict of Tensor
    """
    return {
        name: torch.from_numpy(np.require(values, requirements=["C", "W"])) for name, values in windows.parts.items()
    }
