"""Measure what a network costs: parameters, multiply-accumulates, and windows a second."""

import time
from collections.abc import Callable

import torch
from torch import Tensor, nn

from einthoven.models import cost
from einthoven.models.inputs import InputShape, call


def measured(
    network: nn.Module, shape: InputShape, inputs: dict[str, Tensor], n_crops: int = 1, repeats: int = 5
) -> dict[str, float]:
    """Count what a network costs for a window, and time how many windows a second it handles.

    Parameters
    ----------
    network : nn.Module
        Left in evaluation mode.
    shape : InputShape
        Of its input.
    inputs : dict of Tensor
        Windows that are handled at once.
    n_crops : int
        Crops that a window is answered in; `inputs` then are crops.
    repeats : int
        The fastest of so many counts.

    Returns
    -------
    dict of float
        ``parameters``, ``multiply_accumulates`` for a window, ``training_windows_per_s`` (crops, if there are some) and
        ``inference_windows_per_s``.
    """
    n_windows = len(inputs["signal"])
    trained_s = _fastest(lambda: call(network.train(), inputs).square().mean().backward(), repeats)
    with torch.inference_mode():
        answered_s = _fastest(lambda: call(network.eval(), inputs), repeats)
    return {
        "parameters": cost.parameters(network),
        "multiply_accumulates": n_crops * cost.multiply_accumulates(network, shape),
        "training_windows_per_s": round(n_windows / trained_s, 1),
        "inference_windows_per_s": round(n_windows / n_crops / answered_s, 1),
    }


def _fastest(work: Callable[[], object], repeats: int) -> float:
    """Seconds; a first time is not counted."""
    taken = []
    for _ in range(repeats + 1):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken[1:])
