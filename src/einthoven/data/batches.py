"""Knows how windows come out of memory in whole batches, in an order that only seed and epoch decide."""

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor


class Batches:
    """Whole batches of windows and class numbers.

    Parameters
    ----------
    windows : array [n, leads, samples], in memory or memory-mapped
    labels : class numbers [n]
    chosen : window numbers that are served
    size : windows in a batch
    seed : of the order; None serves in the order of `chosen`, every window once
    balance : how far rare classes are drawn more often, 0 (as they come) to 1 (all alike); above 0 windows are drawn with
        replacement
    rank, world : this process's number and how many there are; each serves its share of every epoch
    """

    def __init__(
        self,
        windows: np.ndarray,
        labels: np.ndarray,
        chosen: np.ndarray,
        size: int,
        seed: int | None = None,
        rank: int = 0,
        world: int = 1,
        balance: float = 0.0,
    ):
        self.windows, self.labels, self.chosen = windows, labels, np.asarray(chosen)
        self.size, self.seed, self.rank, self.world = size, seed, rank, world
        self.epoch = 0
        self.chances = None
        if balance > 0:
            of = labels[self.chosen]
            self.chances = np.bincount(of)[of].astype(float) ** -balance
            self.chances /= self.chances.sum()

    def __len__(self) -> int:
        share = len(self.chosen) // self.world if self.seed is not None else len(self.chosen)
        return max(1, share // self.size) if self.seed is not None else -(-share // self.size)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        order = self.chosen
        if self.seed is not None:
            rng = np.random.default_rng((self.seed, self.epoch))
            order = rng.permutation(order) if self.chances is None else rng.choice(order, len(order), p=self.chances)
            order = order[self.rank :: self.world]
        for batch in range(len(self)):
            at = order[batch * self.size : (batch + 1) * self.size]
            yield torch.from_numpy(self.windows[at]), torch.from_numpy(self.labels[at])
