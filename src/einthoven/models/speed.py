"""Measure the speed of a network beside its parameters and multiply-accumulates."""

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
        The network; left in evaluation mode.
    shape : InputShape
        Shape of its input.
    inputs : dict of Tensor
        Windows of one batch.
    n_crops : int
        Crops in which a window is seen; `inputs` are crops then.
    repeats : int
        Number of timings; the fastest counts.

    Returns
    -------
    dict of float
        ``parameters``, ``multiply_accumulates`` for a window, ``training_windows_per_s`` (crops, if there are any) and
        ``inference_windows_per_s``.
    """
    n_windows = len(inputs["signal"])

    def train() -> None:
        call(network.train(), inputs).square().mean().backward()  # type: ignore[no-untyped-call]  # torch does not annotate it

    trained_s = _fastest(train, repeats)
    with torch.inference_mode():
        predicted_s = _fastest(lambda: call(network.eval(), inputs), repeats)
    return {
        "parameters": cost.parameters(network),
        "multiply_accumulates": n_crops * cost.multiply_accumulates(network, shape),
        "training_windows_per_s": round(n_windows / trained_s, 1),
        "inference_windows_per_s": round(n_windows / n_crops / predicted_s, 1),
    }


def _fastest(work: Callable[[], object], repeats: int) -> float:
    """Return the seconds of the fastest run; a first run is not counted."""
    taken = []
    for _ in range(repeats + 1):
        started = time.perf_counter()
        work()
        taken.append(time.perf_counter() - started)
    return min(taken[1:])
