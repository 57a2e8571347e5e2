"""Measure how many windows a network handles a second."""

import time
from collections.abc import Callable

import torch
from torch import nn


def training_windows_per_s(network: nn.Module, windows: torch.Tensor, repeats: int) -> float:
    """Return how many windows a second pass forward and backward.

    Parameters
    ----------
    network : nn.Module
        Left in training mode.
    windows : torch.Tensor [n, leads, samples]
        Handled at once.
    repeats : int
        The fastest of so many counts.

    Returns
    -------
    float
        Windows a second.
    """
    return len(windows) / _fastest(lambda: network.train()(windows).square().mean().backward(), repeats)


def inference_windows_per_s(network: nn.Module, windows: torch.Tensor, repeats: int) -> float:
    """Return how many windows a second pass forward, in inference mode.

    Parameters
    ----------
    network : nn.Module
        Left in evaluation mode.
    windows : torch.Tensor [n, leads, samples]
        Handled at once.
    repeats : int
        The fastest of so many counts.

    Returns
    -------
    float
        Windows a second.
    """
    with torch.inference_mode():
        return len(windows) / _fastest(lambda: network.eval()(windows), repeats)


def _fastest(work: Callable[[], object], repeats: int) -> float:
    """Seconds; a first time is not counted."""
    taken = []
    for _ in range(repeats + 1):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken[1:])
