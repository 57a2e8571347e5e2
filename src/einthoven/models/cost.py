"""Count what a network costs: parameters, and multiply-accumulates for one window."""

from collections.abc import Callable
from typing import Any

from torch import Tensor, nn

from einthoven.models.inputs import InputShape, call


def parameters(network: nn.Module) -> int:
    """Return the number of trained parameters.

    Parameters
    ----------
    network : nn.Module
        The network.
    """
    return sum(p.numel() for p in network.parameters())


def multiply_accumulates(network: nn.Module, shape: InputShape) -> int:
    """Count the multiply-accumulates of one window.

    Convolutions, dense layers, recurrent layers and attention are counted from the shapes that pass through them; a layer with a
    method ``multiply_accumulates(input)`` adds its own; additions, normalisation and activations are not counted.

    Parameters
    ----------
    network : nn.Module
        The network; its mode stays as it is.
    shape : InputShape
        Shape of its input.

    Returns
    -------
    int
    """
    total = 0

    def count(layer: nn.Module, inputs: tuple[Tensor, ...], output: Any) -> None:
        nonlocal total
        total += _of_layer(layer, inputs[0], output)

    hooks = [layer.register_forward_hook(count) for layer in network.modules()]
    was_training = network.training
    try:
        call(network.eval(), shape.sample())  # with gradients: without, torch fuses what hooks would see
    finally:
        for hook in hooks:
            hook.remove()
        network.train(was_training)
    return total


def _of_layer(layer: nn.Module, given: Tensor, output: Any) -> int:
    own_count: Callable[[Tensor], int] | None = getattr(layer, "multiply_accumulates", None)
    if own_count is not None:
        return own_count(given)
    if isinstance(layer, nn.Conv1d | nn.Linear):
        n_out = layer.out_channels if isinstance(layer, nn.Conv1d) else layer.out_features
        return int(output.numel()) // n_out * layer.weight.numel()
    if isinstance(layer, nn.LSTM | nn.GRU):
        weights = sum(p.numel() for name, p in layer.named_parameters() if name.startswith("weight"))
        return given.shape[0] * given.shape[1] * weights
    if isinstance(layer, nn.MultiheadAttention):
        batch, n = given.shape[:2]
        projected = layer.in_proj_weight.numel() + layer.embed_dim**2
        return int(batch * n * (projected + 2 * n * layer.embed_dim))
    return 0
