"""Copies of a network with the layers that a runtime computes fastest."""

import copy
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import nn


def with_folded_norms(network: "nn.Module") -> "nn.Module":
    """Return a copy in which each batch normalisation after a convolution is part of that convolution.

    Parameters
    ----------
    network : nn.Module
        The network; it is not changed.

    Returns
    -------
    nn.Module
        The copy, in eval mode; its answers are the same.
    """
    from torch import nn

    network = copy.deepcopy(network).eval()
    for layers in [module for module in network.modules() if isinstance(module, nn.Sequential)]:
        for at in range(len(layers) - 1):
            conv, norm = layers[at], layers[at + 1]
            if isinstance(conv, nn.Conv1d) and isinstance(norm, nn.BatchNorm1d):
                _fold(conv, norm)
                layers[at + 1] = nn.Identity()
    return network


def _fold(conv: "nn.Conv1d", norm: "nn.BatchNorm1d") -> None:
    """Scale and shift a convolution as the normalisation after it would."""
    from torch.nn.utils.fusion import fuse_conv_bn_weights

    assert norm.running_mean is not None and norm.running_var is not None
    conv.weight, conv.bias = fuse_conv_bn_weights(
        conv.weight, conv.bias, norm.running_mean, norm.running_var, norm.eps, norm.weight, norm.bias
    )


def with_torch_layers(network: "nn.Module") -> "nn.Module":
    """Return a folded copy whose layers are torch's own: the fastest for int8 and OpenVINO, but not for ONNX Runtime in fp32.

    Parameters
    ----------
    network : nn.Module
        The network; it is not changed.

    Returns
    -------
    nn.Module
        The copy, in eval mode; its answers are the same.
    """
    network = with_folded_norms(network)
    for module in list(network.modules()):
        for name, layer in module.named_children():
            as_torch = getattr(layer, "as_torch", None)
            if callable(as_torch):
                setattr(module, name, as_torch())
    return network.eval()
