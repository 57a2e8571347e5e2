"""What a network costs: parameters, and multiply-accumulates for one window."""

import torch
from torch import nn

from einthoven.models.inputs import InputShape, call


def parameters(network: nn.Module) -> int:
    """Trained numbers."""
    return sum(p.numel() for p in network.parameters())


def multiply_accumulates(network: nn.Module, shape: InputShape) -> int:
    """Return the multiplications with an addition that one window takes.

    Convolutions, dense layers, recurrent layers and attention are counted from the shapes that pass through them; a layer with a
    method ``multiply_accumulates(input)`` adds its own; additions, normalisation and activations are not counted.
    """
    total = 0

    def count(layer: nn.Module, given: tuple, answer: object) -> None:
        nonlocal total
        total += _of(layer, given[0], answer)

    hooks = [layer.register_forward_hook(count) for layer in network.modules()]
    was_training = network.training
    try:
        call(network.eval(), shape.sample())  # with gradients: without, torch fuses what hooks would see
    finally:
        for hook in hooks:
            hook.remove()
        network.train(was_training)
    return total


def _of(layer: nn.Module, given: torch.Tensor, answer: object) -> int:
    own = getattr(layer, "multiply_accumulates", None)
    if own is not None:
        return own(given)
    if isinstance(layer, nn.Conv1d):
        return answer.numel() // layer.out_channels * layer.weight.numel()
    if isinstance(layer, nn.Linear):
        return answer.numel() // layer.out_features * layer.weight.numel()
    if isinstance(layer, nn.LSTM | nn.GRU):
        weights = sum(p.numel() for name, p in layer.named_parameters() if name.startswith("weight"))
        return given.shape[0] * given.shape[1] * weights
    if isinstance(layer, nn.MultiheadAttention):
        batch, n = given.shape[:2]
        return batch * n * (layer.in_proj_weight.numel() + layer.embed_dim**2 + 2 * n * layer.embed_dim)
    return 0
